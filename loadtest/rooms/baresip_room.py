"""Baresip as the room system of a lane: what it hears is read from the recording it makes of the call."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from loadtest.media.perception import Colour, Rgb, heard_in, loud_in, picture_of
from loadtest.rooms import baresip
from loadtest.rooms.baresip import Baresip
from mediaserver.transport.ice import Address

LOGGED = 30_000
"""Characters of a call's log that are kept."""

_SHOWN = re.compile(r"vidisp: .* frames=(\d+)")


class BaresipRoom:
    """A room system that is baresip, in one call at a time. It calls by the `proxy`, if there is one."""

    keyframe_period = 250
    """Pictures from one key frame of its encoder to the next."""

    def __init__(self, running: Baresip, films: Mapping[Colour, Path], proxy: Address | None) -> None:
        self._running = running
        self._films = films
        self._proxy = proxy
        self._began_at = 0
        """Length of its log when this call began."""
        self._is_set_up = False

    @property
    def address(self) -> tuple[str, int]:
        """The IP address it calls from, and the port on which it takes calls."""
        return self._running.address

    @property
    def said(self) -> str:
        """The end of its log of this call, with every SIP message."""
        return self.messages[-LOGGED:]

    @property
    def messages(self) -> str:
        """Its whole log of this call."""
        return self._running.log[self._began_at :]

    async def dial(self, uri: str) -> None:
        """Begin to call a SIP URI. Raises RoomFailed."""
        await self.expect()
        if self._proxy is not None:
            uri = re.sub("@[^;]*", "@{}:{}".format(*self._proxy), uri)
        await self._running.command("dial", uri)

    async def expect(self) -> None:
        """Be ready to take one call: recordings of earlier ones go, whose names are those of a second."""
        self._began_at, self._is_set_up = len(self._running.log), False
        for path in self._running.heard():
            path.unlink()

    async def established(self) -> None:
        """Wait until the call is set up. Raises RoomFailed."""
        if not self._is_set_up:
            await self._running.event("CALL_ESTABLISHED")
            self._is_set_up = True

    async def picture(self) -> Rgb:
        """Return the newest picture that came. Raises RoomFailed, OSError."""
        return picture_of(await self._running.snapshot())

    async def show(self, colour: Colour) -> None:
        """Send another of its films. Raises RoomFailed."""
        await self._running.command("vidsrc", f"avformat,{self._films[colour]}")

    async def pictures(self) -> int:
        """Return the number of pictures that it has shown. Raises RoomFailed."""
        found = _SHOWN.search(await self._running.command("video_debug"))
        return 0 if found is None else int(found[1])

    def hears(self, hertz: int) -> bool:
        """Return whether a tone is in the sound that came in this call."""
        return heard_in(self._running.heard(), hertz)

    def hears_anything(self) -> bool:
        """Return whether any sound is in what came in this call."""
        return loud_in(self._running.heard())

    async def hang_up(self) -> None:
        """End the call, and wait until it has ended. Raises RoomFailed."""
        await self._running.command("hangup")
        await self._running.event("CALL_CLOSED")

    async def hold(self) -> None:
        """Put the call on hold. Raises RoomFailed."""
        await self._running.command("hold")

    async def resume(self) -> None:
        """Take the call off hold. Raises RoomFailed."""
        await self._running.command("resume")

    async def press(self, keys: str) -> None:
        """Press keys of the remote control, which are sent as telephone events (RFC 4733). Raises RoomFailed."""
        await self._running.command("sndcode", keys)


@asynccontextmanager
async def baresip_room(
    folder: Path,
    film: Path | None,
    tone_hz: int,
    account: str,
    certificate: Path | None,
    films: Mapping[Colour, Path] = MappingProxyType({}),
    *,
    full_hd: bool = False,
    proxy: Address | None = None,
) -> AsyncIterator[BaresipRoom]:
    """Run baresip with a film, or coloured bars, and a tone; `account` is appended to its account.

    It may show other `films`, by their colours. With `full_hd` it encodes 1080p30.
    """
    size, fps = ((1920, 1080), 30) if full_hd else ((640, 360), 25)
    async with baresip.room(
        folder, film=film, tone=tone_hz, more=account, certificate=certificate, size=size, fps=fps
    ) as running:
        yield BaresipRoom(running, films, proxy)
