"""The media worker: a :class:`LocalEngine` served to the roof over a unix socket."""

import asyncio
import logging
import os
from typing import Any

from mediaserver import channel, errors
from mediaserver.engine import LocalEngine
from mediaserver.faults import Faults
from mediaserver.link import Link, StreamLink

logger = logging.getLogger(__name__)


class Worker:
    """Serves one engine; the process ends when its only client does."""

    def __init__(self, engine: LocalEngine, socket_path: str) -> None:
        # given
        self._engine = engine
        self._path = socket_path
        # owned
        self._done = asyncio.Event()
        self._clients: dict[asyncio.Task[None], Link] = {}
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
        for link in self._clients.values():
            link.close()
        await asyncio.gather(*self._clients)

    def stop(self) -> None:
        """End :meth:`run`."""
        self._done.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.current_task()
        assert serving is not None
        link = StreamLink(reader, writer)
        self._clients[serving] = link
        await serve(self._engine, link)
        del self._clients[serving]
        self.stop()


async def serve(engine: LocalEngine, link: Link) -> None:
    """Answer calls and tell what happens, until the roof hangs up. Raises ValueError for what is no message."""
    calls: set[asyncio.Task[None]] = set()
    events = asyncio.ensure_future(_tell(engine, link))
    try:
        while (message := await link.read()) is not None:
            task = asyncio.ensure_future(_answer(engine, message, link))
            calls.add(task)
            task.add_done_callback(calls.discard)
    finally:
        events.cancel()
        link.close()


async def _tell(engine: LocalEngine, link: Link) -> None:
    faults = Faults(logger)
    async for event in engine.events():
        fields = {name: getattr(event, name) for name in event.__dataclass_fields__}
        try:
            link.write({"event": type(event).__name__, "fields": fields})
        except Exception:
            faults.caught("x telling %s", type(event).__name__)


async def _answer(engine: LocalEngine, message: dict[str, Any], link: Link) -> None:
    answer: dict[str, Any] = {"id": message["id"]}
    try:
        arguments = channel.unpack(message["call"], message["arguments"])
        found = await getattr(engine, message["call"])(**arguments)
        answer["result"] = channel.pack(found) if isinstance(found, dict) else found
    except errors.MediaError as exc:
        answer.update(error=type(exc).__name__, text=str(exc))
    except Exception as exc:
        logger.exception("x %s", message.get("call"))
        answer.update(error="MediaError", text=f"{type(exc).__name__} in the media worker")
    link.write(answer)
