"""Runs baresip as a room system on loopback, without camera, microphone or screen.

    async with room(tmp_path, name="Phòng họp Nha Trang") as peer:
        await agent.invite(Target(*peer.address), offer, name="Sở Y tế")
        await peer.event("CALL_ESTABLISHED")

It sends a tone (880 Hz unless told otherwise) and a still picture, or a film (`film`). What it
sees is counted by `command("video_debug")` and drawn by `snapshot()`; what it hears is in `heard()` after the call.
This is Debian's baresip 1.1.0, which is fragile beside this recipe: no `stdio` module, no `aufile`, one control
connection in a life, an address instead of `lo`.
"""

import asyncio
import contextlib
import json
import random
import shutil
import socket
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from loadtest.rooms.room import RoomFailed

LOOPBACK = "127.0.0.1"


READY_S = 20.0
EVENT_S = 15.0
END_S = 2.0
"""Asked to end during a call that rings, it can hang; it is killed then."""
BLUE = "color=blue:size=1280x720:rate=25"
FULL_HD = "color=blue:size=1920x1080:rate=30"
YELLOW = "color=yellow:size=640x360:rate=25"
COLOURS = "testsrc2=size=640x360:rate=25"
"""Moving colours and a running clock."""
STILL_S = 2.0
PNG_END = b"IEND\xaeB`\x82"
PORTS = range(20000, 29990, 10)
"""Below the ports the system gives away. TLS takes the port after its own, so peers keep a distance."""

CONFIG = """
poll_method epoll
sip_listen {host}:{port}
net_interface {host}
call_local_timeout 120
call_max_calls {calls}
audio_player aubridge,spk
audio_source ausine,{tone}
audio_alert aubridge,alert
ringback_disabled yes
ausrc_srate 48000
auplay_srate 48000
ausrc_channels 1
auplay_channels 1
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
audio_buffer 20-160
video_source {picture}
video_display fakevideo,nil
video_size {width}x{height}
video_bitrate {bitrate}
video_fps {fps}
videnc_format yuv420p
rtp_ports 30000-32700
rtp_stats yes
rtcp_mux no
jitter_buffer_type fixed
jitter_buffer_delay 5-10
rtp_timeout 0
module_path /usr/lib/baresip/modules
module g722.so
module g711.so
module opus.so
module ausine.so
module aubridge.so
module sndfile.so
module avcodec.so
module avformat.so
module snapshot.so
module fakevideo.so
module srtp.so
module dtls_srtp.so
module_tmp uuid.so
module_tmp account.so
module_app debug_cmd.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {host}:{control}
snd_path {folder}/heard
avcodec_h264enc libx264
avcodec_h264dec h264
"""
ACCOUNT = (
    '"{name}" <sip:{user}@{host}:{port}>;regint={regint};answermode={answer};audio_codecs={audio};video_codecs={video};'
    "dtmfmode=rtpevent{more}\n"
)
AUDIO = "g722/16000/1,pcma/8000/1,pcmu/8000/1"
"""Names need rate and channels: a bare `g722` is not found."""


class Baresip:
    """One running room system. `address` is where it takes calls, UDP and TCP."""

    def __init__(self, folder: Path, address: tuple[str, int], process: asyncio.subprocess.Process) -> None:
        self.folder = folder
        self.address = address
        self._process = process
        self.events: deque[dict[str, Any]] = deque(maxlen=1000)
        """Those that nobody has asked for yet."""
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue(100)
        self._news = asyncio.Condition()
        self._reader: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def log(self) -> str:
        """Return its output so far, every SIP message included."""
        return (self.folder / "log").read_text("utf-8", "replace")

    async def command(self, name: str, parameters: str = "") -> str:
        """Have it `dial`, `hangup`, `accept`, `hold`, `resume`, `reinvite`, print `video_debug`…; return its output."""
        assert self._writer is not None
        data = json.dumps({"command": name, "params": parameters, "token": name}).encode()
        self._writer.write(b"%d:%b," % (len(data), data))
        async with asyncio.timeout(EVENT_S):
            reply = await self._answers.get()
        if not reply["ok"] and name != "resume":  # which it does, and says that it did not
            raise RoomFailed(str(reply))
        return str(reply["data"])

    async def event(self, kind: str, parameter: str = "", seconds: float = EVENT_S) -> dict[str, Any]:
        """Wait for the first event of a kind not yet asked for: `CALL_ESTABLISHED`, `CALL_CLOSED`, `CALL_RTPESTAB`…"""
        try:
            async with asyncio.timeout(seconds), self._news:
                while True:
                    for event in self.events:
                        if event.get("type") == kind and parameter in event.get("param", ""):
                            self.events.remove(event)
                            return event
                    await self._news.wait()
        except TimeoutError:
            raise RoomFailed(f"no {kind} {parameter} from baresip:\n{self.log[-6000:]}") from None

    async def snapshot(self) -> Path:
        """Write its received picture as a PNG file."""
        with tempfile.TemporaryDirectory() as folder:  # it cuts names off after 100 letters
            written = Path(folder) / "seen.png"
            await self.command("snapshot_recv", str(written))
            await self.event("MODULE", "snapshot,wrote")
            until = time.monotonic() + EVENT_S
            while not written.read_bytes().endswith(PNG_END):  # it says so before it has
                if time.monotonic() > until:
                    raise RoomFailed("baresip does not end its picture")
                await asyncio.sleep(0.01)
            return Path(shutil.move(written, self.folder / f"seen-{random.randrange(10**9)}.png"))

    def heard(self) -> list[Path]:
        """Return recordings (WAV) of received sound, oldest call first."""
        return sorted((self.folder / "heard").glob("dump-*-dec.wav"))

    async def _connect(self, control: int) -> None:
        async with asyncio.timeout(READY_S):
            while "baresip is ready" not in self.log:
                if self._process.returncode is not None:
                    raise RoomFailed(self.log)
                await asyncio.sleep(0.05)
            reader, self._writer = await asyncio.open_connection(self.address[0], control)
        self._reader = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = int((await reader.readuntil(b":"))[:-1])
                message = json.loads((await reader.readexactly(length + 1))[:-1])
                if message.get("response"):
                    self._answers.put_nowait(message)
                    continue
                async with self._news:
                    self.events.append(message)
                    self._news.notify_all()

    async def _end(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(END_S):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()


@asynccontextmanager
async def room(
    folder: Path,
    *,
    name: str = "Phòng họp Nha Trang",
    user: str = "room",
    answer: str = "auto",
    tone: int = 880,
    film: Path | None = None,
    size: tuple[int, int] = (640, 360),
    bitrate: int = 800_000,
    fps: int = 25,
    audio: str = AUDIO,
    video: str = "h264",
    calls: int = 4,
    host: str = LOOPBACK,
    registrar: str = "",
    more: str = "",
    certificate: Path | None = None,
    authority: Path | None = None,
) -> AsyncIterator[Baresip]:
    """Run a peer in a new folder below `folder`; it ends with the block. `answer` is `auto` or `manual`.

    It registers at `registrar` (address:port), if one is given. `more` is appended to its account, e.g.
    `;mediaenc=srtp-mand` or `;answerdelay=500`. A `certificate` is a file with a key, too, for calls by TLS to the port
    above that of its address. With an `authority` it calls no server by TLS that has no certificate of that.
    """
    if shutil.which("baresip") is None:
        raise RoomFailed("baresip is not installed: make packages")
    port = free_port(host)
    home = Path(tempfile.mkdtemp(prefix="b-", dir=folder))  # short: baresip cuts the paths of recordings off
    (home / "heard").mkdir()
    facts = {"host": host, "port": port, "control": port + 2, "folder": home, "calls": calls, "tone": tone}
    facts["regint"] = 60 if registrar else 0
    more += f';outbound="sip:{registrar}"' if registrar else ""
    picture = f"avformat,{film}" if film else "fakevideo,nil"
    config = CONFIG.format(**facts, picture=picture, width=size[0], height=size[1], bitrate=bitrate, fps=fps)
    if certificate is not None:
        config += f"sip_certificate {certificate}\n"
    if authority is not None:
        config += f"sip_cafile {authority}\nsip_verify_server yes\n"
    account = ACCOUNT.format(**facts, name=name, user=user, answer=answer, audio=audio, video=video, more=more)
    (home / "config").write_text(config)
    (home / "accounts").write_text(account)
    (home / "contacts").write_text("")
    with (home / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *("baresip", "-4", "-v", "-s", "-f", str(home)), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    peer = Baresip(home, (host, port), process)
    try:
        await peer._connect(port + 2)
        yield peer
    finally:
        await peer._end()


async def film(path: Path, picture: str = BLUE, seconds: float = 60) -> Path:
    """Make a film for `room`, H.264 without sound. After its end baresip sends no pictures any more.

    One colour is encoded for two seconds, which are repeated: a minute of it would cost three seconds of a core.
    """
    encoder = ("-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-g", "50", "-pix_fmt", "yuv420p")
    still = picture.startswith("color=") and seconds > STILL_S
    encoded = path.with_name(f"still-{path.name}") if still else path
    length = STILL_S if still else seconds
    await _ffmpeg("-f", "lavfi", "-i", picture, "-t", str(length), *encoder, str(encoded))
    if still:
        await _ffmpeg("-stream_loop", "-1", "-i", str(encoded), "-c", "copy", "-t", str(seconds), str(path))
    return path


async def _ffmpeg(*arguments: str) -> None:
    """Have ffmpeg write a file, the last argument. Raises RoomFailed."""
    command = ("ffmpeg", "-v", "error", "-y", *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL)
    if await process.wait() != 0:
        raise RoomFailed(f"ffmpeg made no {arguments[-1]}")


def free_port(host: str) -> int:
    """Return a port of an address where it and the two after it are free, UDP and TCP."""
    while True:
        port = random.choice(PORTS)
        with contextlib.ExitStack() as sockets, contextlib.suppress(OSError):
            for at in (port, port + 1, port + 2):
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    sockets.enter_context(socket.socket(socket.AF_INET, kind)).bind((host, at))
            return port
