"""The commands of :class:`mediaserver.api.MediaEngine`, each written once as one call by name with its arguments."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from mediaserver.api import EVERYONE, ConnectionQuality, Held, Layout, RoomOptions, RoomState, SeatOptions


class EngineCommands(ABC):
    """Base of engines that pass commands on: to another process, or to the worker of a room.

    A subclass says where a command goes (:meth:`_call`), and overrides the commands for which it has to do more.
    """

    @abstractmethod
    async def _call(self, call: str, **arguments: Any) -> Any:
        """Pass a command on, by its name and arguments; return its result. Raises MediaError."""

    async def open_room(self, room: str, options: RoomOptions) -> None:
        """See :meth:`mediaserver.api.MediaEngine.open_room`, which says more; so for the commands below."""
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
        await self._call("start_recording", room=room, path=path)

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
