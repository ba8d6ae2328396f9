"""linphone (Debian's linphonec) as a room system, without camera, microphone or screen: an H.264 encoder by OpenH264.

It sends a still picture and a tone from files, writes what it hears into a file, and takes snapshots of what it sees.
It is told what to do by lines on its standard input, one at a time: of several that come at once it reads the last.
"""

import asyncio
import os
import shutil
import tempfile
import time
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from loadtest.media.perception import WAV_HEADER, Colour, Rgb, hears, picture_of
from loadtest.rooms.baresip import free_port
from loadtest.rooms.logged_room import LOGGED, POLL_S, LoggedRoom
from loadtest.rooms.room import RoomFailed

SNAPSHOT_S = 2.0
END_S = 2.0
OPUS_HZ = 48_000
"""Sample rate of what it hears: it takes Opus. It writes a file's header, which says so, when the call has ended."""
RATE_HZ = 16_000
TONE_S = 60
"""Length of the tone that each call begins anew: longer than a call that passes."""
LOUDNESS = 8_000
SIZE = (640, 480)
PROMPT = "linphonec> "

# MSVoidSink takes the pictures that a window would show: without a screen there is no window.
CONFIG = """[sip]
sip_port={port}
sip_tcp_port={port}
sip_tls_port=-2
verify_server_certs=0
verify_server_cn=0
media_encryption={encryption}
media_encryption_mandatory={encrypted:d}
contact="Phong hop" <sip:{user}@{host}:{port}>
[auth_info_0]
username={user}
passwd={password}
realm=diemcau
[rtp]
audio_rtp_port=-1
video_rtp_port=-1
[sound]
echocancellation=0
[video]
enabled=1
capture=1
display=1
displaytype=MSVoidSink
automatically_initiate=1
automatically_accept=1
show_local=0
size=vga
[audio_codec_0]
mime=opus
rate=48000
channels=2
enabled=1
[video_codec_0]
mime=H264
rate=90000
enabled=1
recv_fmtp=profile-level-id=42801F;packetization-mode=1
"""


class LinphoneRoom(LoggedRoom):
    """A room system that is linphone, in one call at a time."""

    keyframe_period = 25
    """Pictures from one key frame of its encoder to the next, at the least: of 30 none was one."""

    def __init__(
        self, folder: Path, address: tuple[str, int], process: asyncio.subprocess.Process, commands: int, colour: Colour
    ) -> None:
        super().__init__(folder, address, process)
        self._colour = colour
        self._commands = commands
        """File descriptor of its standard input."""

    @property
    def said(self) -> str:
        """The end of its log of this call, without a line for each picture that no window shows."""
        lines = self._log[self._began_at :].splitlines(keepends=True)
        return "".join(each for each in lines if "MSVoidSink" not in each)[-LOGGED:]

    async def start(self) -> None:
        """Wait until it runs, and have it send a tone and a picture from files. Raises RoomFailed."""
        await self._until(lambda: PROMPT in self._log, "linphone does not start")
        await self._command("soundcard use files")
        await self._command(f"play {self._folder / 'tone.wav'}")
        await self.show(self._colour)

    async def dial(self, uri: str) -> None:
        """Begin to call a SIP URI. Raises RoomFailed."""
        await self.expect()
        await self._command(f"call {uri}")

    async def expect(self) -> None:
        """Be ready to take one call, whose sound is written into a file of its own. Raises RoomFailed."""
        self._begin()
        await self._command(f"record {self._heard}")

    async def established(self) -> None:
        """Wait until the call is set up. Raises RoomFailed."""
        await self._until(lambda: "Media streams established" in self.said, "linphone is in no call")

    async def picture(self) -> Rgb | None:
        """Return the newest picture that came; None before the first. Raises RoomFailed."""
        path = self._folder / "seen.jpg"
        path.unlink(missing_ok=True)
        await self._command(f"snapshot {path}")
        until = time.monotonic() + SNAPSHOT_S
        while time.monotonic() < until:
            try:
                return picture_of(path)
            except OSError:  # it is not there yet, or not whole
                await asyncio.sleep(POLL_S)
        return None

    async def show(self, colour: Colour) -> None:
        """Send a picture of another colour. Raises RoomFailed."""
        path = self._folder / "card-{}-{}-{}.jpg".format(*colour)
        Image.new("RGB", SIZE, colour).save(path)
        await self._command(f"staticpic set {path}")

    def hears(self, hertz: int) -> bool:
        """Return whether a tone is in the newest half second of sound that came in this call."""
        if not self._heard.exists():
            return False
        samples = np.fromfile(self._heard, np.int16, offset=WAV_HEADER)
        return hears(samples[-OPUS_HZ // 2 :], OPUS_HZ, hertz)

    async def hang_up(self) -> None:
        """End the call, and wait until it has ended. Raises RoomFailed."""
        await self._command("terminate")
        await self._until(lambda: " ended (" in self.said, "linphone does not hang up")

    async def _command(self, line: str) -> None:
        """Give a command, and wait until it asks for the next. Raises RoomFailed."""
        prompts = self._log.count(PROMPT)
        os.write(self._commands, f"{line}\n".encode())
        await self._until(lambda: self._log.count(PROMPT) > prompts, f"linphone does not {line.partition(' ')[0]}")


@asynccontextmanager
async def linphone_room(
    folder: Path, tone_hz: int, colour: Colour, account: tuple[str, str], host: str, *, encrypted: bool
) -> AsyncIterator[LinphoneRoom]:
    """Run linphone with a tone and a picture of one colour; `account` is its user and its password. Raises RoomFailed.

    It takes calls on all addresses of the machine; `host` is the one that it names. With `encrypted` it takes SRTP
    alone, with keys of SDES.
    """
    if shutil.which("linphonec") is None:
        raise RoomFailed("linphone is not installed: make packages")
    port = free_port(host)
    home = Path(tempfile.mkdtemp(prefix="linphone-", dir=folder))
    (home / ".local/share/linphone").mkdir(parents=True)
    user, password = account
    facts = {"host": host, "port": port, "user": user, "password": password}
    encryption = "srtp" if encrypted else "none"
    (home / "config").write_text(CONFIG.format(**facts, encryption=encryption, encrypted=encrypted))
    _write_tone(home / "tone.wav", tone_hz)
    reading, commands = os.pipe()
    try:
        with (home / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *("linphonec", "-V", "-a", "-c", str(home / "config")),
                stdin=reading,
                stdout=log,
                stderr=log,
                cwd=home,
                env={**os.environ, "HOME": str(home), "DISPLAY": ""},
            )
        room = LinphoneRoom(home, (host, port), process, commands, colour)
        try:
            await room.start()
            yield room
        finally:
            await _end(process)
    finally:
        os.close(reading)
        os.close(commands)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(END_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _write_tone(path: Path, hertz: int) -> None:
    samples = LOUDNESS * np.sin(2 * np.pi * hertz * np.arange(TONE_S * RATE_HZ) / RATE_HZ)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())
