"""Client of a media worker: implements :class:`mediaserver.api.MediaEngine` over :mod:`mediaserver.rpc.protocol`."""

import asyncio
import logging
import os
from collections import deque
from collections.abc import AsyncIterator, Mapping
from itertools import count
from typing import Any

from mediaserver import errors
from mediaserver.api import (
    EVERYONE,
    ConnectionQuality,
    EngineLost,
    Event,
    Held,
    Layout,
    RoomOptions,
    RoomState,
    SeatOptions,
)
from mediaserver.rpc import protocol, reply_check
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


class RemoteEngine:
    """One connection to a worker. When it ends, every call raises EngineGone and the events end with EngineLost.

    A worker that sends a malformed message is disconnected. Without a `descriptor_sender` the worker opens the files of
    recordings itself.
    """

    def __init__(self, link: Link, descriptor_sender: DescriptorSender | None = None) -> None:
        # given
        self._link = link
        self._descriptor_sender = descriptor_sender
        # owned
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
            link.write({"owner": owner, "version": protocol.VERSION})
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
            self._link.write({"id": number, "call": call, "arguments": protocol.pack(arguments)})
            async with asyncio.timeout(CALL_TIMEOUT_S):
                return await future
        except TimeoutError as exc:
            raise errors.EngineLate("the media worker does not answer") from exc
        finally:
            del self._waiting[number]

    async def open_room(self, room: str, options: RoomOptions) -> None:
        """See :meth:`mediaserver.api.MediaEngine.open_room`; so for the calls below."""
        await self._call("open_room", room=room, options=options)

    async def close_room(self, room: str) -> None:
        """Close a room."""
        await self._call("close_room", room=room)

    async def set_names(self, room: str, title: str, names: Mapping[str, str]) -> None:
        """Change the title and the names of absent points."""
        await self._call("set_names", room=room, title=title, names=dict(names))

    async def add_seat(self, room: str, options: SeatOptions) -> None:
        """Add a seat, or change the options of one that exists."""
        await self._call("add_seat", room=room, options=options)

    async def remove_seat(self, room: str, seat: str) -> None:
        """Remove a seat."""
        await self._call("remove_seat", room=room, seat=seat)

    async def connect(self, room: str, seat: str, offer: str, plain: bool = False) -> str:
        """Answer an SDP offer."""
        answer: str = await self._call("connect", room=room, seat=seat, offer=offer, plain=plain)
        return answer

    async def invite(self, room: str, seat: str, host: str = "") -> str:
        """Return an SDP offer to call a room system with."""
        offer: str = await self._call("invite", room=room, seat=seat, host=host)
        return offer

    async def accept(self, room: str, seat: str, answer: str) -> None:
        """Take the SDP answer of a room system."""
        await self._call("accept", room=room, seat=seat, answer=answer)

    async def refresh_picture(self, room: str, seat: str) -> None:
        """Send a seat a key frame."""
        await self._call("refresh_picture", room=room, seat=seat)

    async def set_floor(self, room: str, seat: str, open_: bool) -> None:
        """Open or close the floor of a seat."""
        await self._call("set_floor", room=room, seat=seat, open_=open_)

    async def set_gain(self, room: str, seat: str, decibels: float) -> None:
        """Set the gain of a seat's voice in dB."""
        await self._call("set_gain", room=room, seat=seat, decibels=decibels)

    async def set_layout(self, room: str, layout: Layout | None, audience: str = EVERYONE) -> None:
        """Change the picture composed for an audience."""
        await self._call("set_layout", room=room, layout=layout, audience=audience)

    async def set_content(self, room: str, seat: str | None) -> None:
        """Choose the seat whose shared screen is shown."""
        await self._call("set_content", room=room, seat=seat)

    async def set_view(self, room: str, seat: str, source: str, lines: int = 0) -> None:
        """Choose the source that a seat sees."""
        await self._call("set_view", room=room, seat=seat, source=source, lines=lines)

    async def start_recording(self, room: str, path: str) -> None:
        """Record into `path`."""
        try:
            await self._call("start_recording", room=room, path=path)
        except errors.EngineLate:
            self._send_files(path)  # it may still begin
            raise
        self._send_files(path)

    def _send_files(self, path: str) -> None:
        if self._descriptor_sender is not None:
            self._descriptor_sender.give(path)

    async def pause_recording(self, room: str, paused: bool) -> None:
        """Pause or resume the recording."""
        await self._call("pause_recording", room=room, paused=paused)

    async def record_voices(self, room: str, on: bool) -> None:
        """Start or stop recording each point's sound in a file of its own."""
        await self._call("record_voices", room=room, on=on)

    async def recorded(self, room: str) -> float | None:
        """Return the seconds recorded so far."""
        seconds: float | None = await self._call("recorded", room=room)
        return seconds

    async def stop_recording(self, room: str) -> None:
        """Stop the recording."""
        await self._call("stop_recording", room=room)

    async def lines(self, room: str) -> Mapping[str, ConnectionQuality]:
        """Return the connection quality of each connected seat of a room."""
        lines: dict[str, ConnectionQuality] = await self._call("lines", room=room)
        return lines

    async def held(self) -> Held:
        """Return the rooms, files and ends that a server that takes over has to ask for or to acknowledge."""
        held: Held = await self._call("held")
        return held

    async def room_state(self, room: str) -> RoomState:
        """Return the state of a room for a server that takes over."""
        state: RoomState = await self._call("room_state", room=room)
        return state

    async def noted(self, path: str) -> None:
        """Tell the worker that the end of a recording is stored."""
        await self._call("noted", path=path)

    async def stats(self) -> dict[str, object]:
        """Return the counters of the engine."""
        counters: dict[str, object] = await self._call("stats")
        return counters

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
