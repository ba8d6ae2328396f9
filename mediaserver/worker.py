"""The media worker: a :class:`LocalEngine` served to the roof over a unix socket."""

import asyncio
import logging
import os
from typing import Any

from mediaserver import channel, errors
from mediaserver.engine import LocalEngine

logger = logging.getLogger(__name__)


class Worker:
    """Serves one engine; the process ends when its only client does."""

    def __init__(self, engine: LocalEngine, socket_path: str) -> None:
        # given
        self._engine = engine
        self._path = socket_path
        # owned
        self._done = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        self._clients: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._server: asyncio.Server | None = None

    async def run(self) -> None:
        """Serve until the client leaves or :meth:`stop` is called, then close the engine."""
        self._engine.start()
        temporary = f"{self._path}.new"  # renamed once it listens: who sees the socket can connect to it
        self._server = await asyncio.start_unix_server(self._serve, temporary, limit=channel.MAX_MESSAGE_BYTES)
        os.rename(temporary, self._path)
        await self._done.wait()
        self._server.close()
        await self._engine.close()
        for writer in self._clients.values():
            writer.close()
        await asyncio.gather(*self._clients)

    def stop(self) -> None:
        """End :meth:`run`."""
        self._done.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.current_task()
        assert serving is not None
        self._clients[serving] = writer
        events = asyncio.ensure_future(self._send_events(writer))
        while (message := await channel.read(reader)) is not None:
            task = asyncio.ensure_future(self._answer(message, writer))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)
        del self._clients[serving]
        events.cancel()
        writer.close()
        self.stop()

    async def _send_events(self, writer: asyncio.StreamWriter) -> None:
        async for event in self._engine.events():
            fields = {name: getattr(event, name) for name in event.__dataclass_fields__}
            channel.write(writer, {"event": type(event).__name__, "fields": fields})

    async def _answer(self, message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        answer: dict[str, Any] = {"id": message["id"]}
        try:
            arguments = channel.unpack(message["call"], message["arguments"])
            found = await getattr(self._engine, message["call"])(**arguments)
            answer["result"] = channel.pack(found) if isinstance(found, dict) else found
        except errors.MediaError as exc:
            answer.update(error=type(exc).__name__, text=str(exc))
        except Exception as exc:
            logger.exception("x %s", message.get("call"))
            answer.update(error="MediaError", text=f"{type(exc).__name__} in the media worker")
        if not writer.is_closing():  # a roof that went away wants no answer
            channel.write(writer, answer)
