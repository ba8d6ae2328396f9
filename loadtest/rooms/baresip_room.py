"""Baresip as the room system of a lane: what it hears is read from the recording it makes of the call."""

import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from loadtest.media.perception import Colour, Rgb, heard_in, loud_in, picture_of
from loadtest.rooms import baresip
from loadtest.rooms.baresip import Baresip
from loadtest.rooms.keyframe_asker import KeyframeAsker
from loadtest.rooms.keyframes import SERVER_PERIOD, KeyframeTimes, time_to_keyframe
from mediaserver.transport.ice import Address

LOGGED = 30_000
"""Characters of a call's log that are kept."""

_SHOWN = re.compile(r"vidisp: .* frames=(\d+)")
_KEYFRAMES = re.compile(r"n_keyframes=(\d+), n_picup=(\d+)")
"""Key frames that it decoded, and requests for one that it made."""
_IN_CLEAR = re.compile(r"^o=(\S+) (?:(?!^o=).)*?^m=video ([1-9]\d*) RTP/AVP ", re.MULTILINE | re.DOTALL)
"""Writer and port of pictures in the clear, in each session description."""


class DecodedPictures:
    """The pictures that it decodes, of an encoder that sends a key frame by itself after `period` of them."""

    def __init__(self, period: int) -> None:
        self.times = KeyframeTimes(period)
        self._shown = self._keyframes = self._requests = 0

    def look(self, told: str, now: float) -> None:
        """Take what `video_debug` tells at a time in seconds."""
        shown, counted = _SHOWN.search(told), _KEYFRAMES.search(told)
        if shown is None or counted is None:
            return
        pictures, (keyframes, requests) = int(shown[1]), map(int, counted.groups())
        for each in range(max(self._shown, pictures - self.times.period), pictures):
            self.times.picture(each + 1, now, keyframe=False)
        if requests > self._requests:
            self.times.disturb(now)
        if keyframes > self._keyframes:
            self.times.picture(pictures, now, keyframe=True)
        self._shown, self._keyframes, self._requests = pictures, keyframes, requests


class BaresipRoom:
    """A room system that is baresip, in one call at a time. It calls by the `proxy`, if there is one.

    With `by_tls` it is called by TLS, at the port above its other one.
    """

    keyframe_period = 250
    """Pictures from one key frame of its encoder to the next."""

    def __init__(
        self, running: Baresip, films: Mapping[Colour, Path], proxy: Address | None, *, by_tls: bool = False
    ) -> None:
        self._running = running
        self._films = films
        self._proxy = proxy
        self._by_tls = by_tls
        self._began_at = 0
        """Length of its log when this call began."""
        self._is_set_up = False
        self._asker: KeyframeAsker | None = None

    @property
    def address(self) -> tuple[str, int]:
        """The IP address it calls from, and the port on which it takes calls."""
        host, port = self._running.address
        return host, port + self._by_tls

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
        self.ask_no_more()
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

    async def keyframe_ms(self) -> float | None:
        """Ask for a key frame in its name; return the milliseconds until it has decoded the one that answers, or None
        if none does, and where its pictures are encrypted. Raises RoomFailed, OSError."""
        ports = {writer == "diemcau": int(port) + 1 for writer, port in _IN_CLEAR.findall(self.messages)}
        if len(ports) < 2:
            return None
        self.ask_no_more()
        asker = self._asker = KeyframeAsker((self.address[0], ports[True]), (self.address[0], ports[False]))
        await asker.open()
        watch = DecodedPictures(SERVER_PERIOD)

        async def look() -> None:
            watch.look(await self._running.command("video_debug"), time.monotonic())

        return await time_to_keyframe(watch.times, asker.ask, look)

    @property
    def asks_from(self) -> Address | None:
        """The address that asked for a key frame in its name, and passes on what comes; None without one."""
        return None if self._asker is None else self._asker.address

    def ask_no_more(self) -> None:
        """Close the port from which key frames were asked for in this call."""
        if self._asker is not None:
            self._asker.close()
            self._asker = None

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

    async def refused(self, reason: str) -> None:
        """Wait until its call has ended for a reason, as `488 Not Acceptable Here`. Raises RoomFailed."""
        await self._running.event("CALL_CLOSED", reason)

    async def give_up(self) -> None:
        """End a call that nobody answered, unless it has ended by itself, as after half a minute. Raises RoomFailed."""
        await self._running.command("hangupall")  # `hangup` knows no call that has not rung
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
    authority: Path | None = None,
    by_tls: bool = False,
) -> AsyncIterator[BaresipRoom]:
    """Run baresip with a film, or coloured bars, and a tone; `account` is appended to its account.

    It may show other `films`, by their colours. With `full_hd` it encodes 1080p30. With an `authority` it demands that
    the server has a certificate of that.
    """
    size, fps = ((1920, 1080), 30) if full_hd else ((640, 360), 25)
    async with baresip.room(
        folder,
        film=film,
        tone=tone_hz,
        more=account,
        certificate=certificate,
        authority=authority,
        size=size,
        fps=fps,
    ) as running:
        held = BaresipRoom(running, films, proxy, by_tls=by_tls)
        try:
            yield held
        finally:
            held.ask_no_more()
