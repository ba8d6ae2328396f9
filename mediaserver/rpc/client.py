"""Client of a media worker: implements :class:`mediaserver.api.MediaEngine` over :mod:`mediaserver.rpc.protocol`."""

import asyncio
import logging
import os
from collections import deque
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

from mediaserver import errors, logs
from mediaserver.api import ComposedWhen, EngineLost, Event
from mediaserver.rpc import protocol, reply_check, version
from mediaserver.rpc.commands import EngineCommands
from mediaserver.rpc.descriptors import DescriptorSender
from mediaserver.rpc.unix_socket import Link, SocketLink

logger = logging.getLogger(__name__)

CALL_TIMEOUT_S = 10.0
GREETING_S = 5.0
MAX_EVENTS = 10_000


async def ask_to_end(socket_path: str, owner: str) -> None:
    """Ask a worker to close its rooms and end; a worker of another user cannot be sent a signal. Raises OSError."""
    link = await SocketLink.dial(socket_path)
    link.write({"owner": owner, "end": True})
    link.close()


class RemoteEngine(EngineCommands):
    """One connection to a worker. When it ends, every call raises EngineGone and the events end with EngineLost.

    A worker that sends a malformed message is disconnected. Without a `descriptor_sender` the worker opens the files of
    recordings itself.
    """

    def __init__(self, link: Link, descriptor_sender: DescriptorSender | None = None) -> None:
        self._link = link
        self._descriptor_sender = descriptor_sender
        self._ids = count(1)
        self._waiting: dict[int, tuple[str, asyncio.Future[Any]]] = {}
        self._events: deque[Event] = deque(maxlen=MAX_EVENTS)
        self._event_added = asyncio.Event()
        self._gone = False
        self._reading = asyncio.ensure_future(self._read())

    @classmethod
    async def dial(cls, socket_path: str, owner: str = "") -> "RemoteEngine":
        """Connect to a worker's socket as the server of the data directory `owner`.

        Raises OSError and Refused, and PermissionError where the socket and its directory have different owners.
        """
        link = await SocketLink.dial(socket_path)
        try:
            if link.peer != os.stat(os.path.dirname(socket_path)).st_uid:
                raise PermissionError(f"user {link.peer}, who listens on {socket_path}, does not own its directory")
            link.write({"owner": owner, **version.greeting()})
            async with asyncio.timeout(GREETING_S):
                verdict = await link.read()
            if verdict is None:
                raise ConnectionResetError("the media worker hung up")
            if "welcome" not in verdict:
                raise errors.Refused(str(verdict.get("refused", "the media worker gives no reason")))
        except BaseException:
            link.close()
            raise
        return cls(link, DescriptorSender(link))

    async def _read(self) -> None:
        try:
            while (message := await self._link.read()) is not None:
                self._handle(message)
        except (ValueError, KeyError, TypeError) as exc:
            logger.warning("x a media worker says what none can say: %.300r", exc)
        finally:
            self._gone = True
            self._link.close()
            if self._descriptor_sender is not None:
                self._descriptor_sender.close()
            self._push(EngineLost())
            for _, future in self._waiting.values():
                if not future.done():
                    future.set_exception(errors.EngineGone("the media worker is gone"))

    def _handle(self, message: dict[str, Any]) -> None:
        if "event" in message:
            if message["event"] in protocol.EVENTS:
                self._push(reply_check.event(message))
            return
        call, future = self._waiting.get(message["id"], ("", None))
        if future is None or future.done():
            return
        result = reply_check.result(call, message)
        if isinstance(result, errors.MediaError):
            future.set_exception(result)
        else:
            future.set_result(result)

    def _push(self, event: Event) -> None:
        self._events.append(event)
        self._event_added.set()

    async def _call(self, call: str, **arguments: Any) -> Any:
        if self._gone:
            raise errors.EngineGone("the media worker is gone")
        number = next(self._ids)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = (call, future)
        try:
            traced = {} if (trace := logs.trace_id()) is None else {"trace": trace}
            self._link.write({"id": number, "call": call, "arguments": protocol.pack(arguments), **traced})
            async with asyncio.timeout(CALL_TIMEOUT_S):
                return await future
        except TimeoutError as exc:
            raise errors.EngineLate("the media worker does not answer") from exc
        finally:
            del self._waiting[number]

    async def start_recording(self, room: str, path: str, composed: ComposedWhen = "live") -> None:
        """Record into `path`; send the descriptors of its files to a worker that cannot open them."""
        try:
            await super().start_recording(room, path, composed)
        except errors.EngineLate:
            self._send_files(path)  # it may still begin
            raise
        self._send_files(path)

    def _send_files(self, path: str) -> None:
        if self._descriptor_sender is not None:
            self._descriptor_sender.give(path)

    async def events(self) -> AsyncIterator[Event]:
        """Yield events in order; ends after EngineLost."""
        while True:
            while self._events:
                event = self._events.popleft()
                yield event
                if isinstance(event, EngineLost):
                    return
            self._event_added.clear()
            await self._event_added.wait()

    async def close(self) -> None:
        """Hang up. The worker holds its rooms for the next server."""
        self._link.close()
        await asyncio.wait([self._reading])
