"""A scripted room system with slides: a second video m-line, and BFCP by UDP or TCP, whichever side opens it."""

import asyncio
import contextlib
import re
import socket
import time
from itertools import pairwise

from mediaserver.bfcp.message import HEADER, Status, payload_bytes
from mediaserver.rtp import rtcp
from mediaserver.rtp.packet import HEADER as RTP_HEADER
from mediaserver.rtp.packet import parse
from mediaserver.rtp.payload import packetize_h264, single_nals
from mediaserver.video.codecs import VideoEncoder
from tests.mediaserver import pictures
from tests.mediaserver.bfcp.client import Client
from tests.mediaserver.meeting import COLOURS, PATIENCE_S, WatchingDecoder
from tests.mediaserver.room_system import RoomSystem

HOST = "127.0.0.1"
CONFID, USER, FLOOR = 7, 18, 2
SSRC = 0x511DE5


class SlidesSystem(RoomSystem):
    """Shows slides of one colour once it is granted the floor, and watches others'. `setup` is that of its offer over
    TCP, "" for UDP, and "token" where it has the token of H.239 instead of BFCP."""

    def __init__(self, mode: int, version: int, setup: str, slides: str, sound: str = "PCMA") -> None:
        super().__init__(sound, mode, "blue", 1000)
        self.setup = "" if setup == "token" else setup
        self.token = setup == "token"
        self.picture_of_slides = pictures.plain(320, 180, COLOURS[slides])
        self.floor_client_port = 0
        """UDP port of another program that does its floor control; 0: it does that itself."""
        self.slides = WatchingDecoder()
        """What it sees of others' slides."""
        self.slide_times: list[int] = []
        """The RTP timestamps of their packets."""
        self.level = "max-fs=8192;max-mbps=245760"
        self.bandwidth = 4_000_000
        self.client = Client(self._tell, CONFID, USER, FLOOR, version)
        self.client.acknowledges = not setup
        self._slides_encoder: VideoEncoder | None = None
        self._floor: socket.socket | None = None
        self._listener: socket.socket | None = None
        self._reading: asyncio.Task[None] | None = None
        self.floor_server: tuple[str, int] = (HOST, 0)
        self._number = self._shown = 0
        """Packets and pictures of its slides that were sent."""

    async def open(self, host: str = HOST) -> None:
        await super().open(host)
        loop = asyncio.get_running_loop()
        for name in ("slides", "slides rtcp"):
            await self.add_socket(loop, name, host)
        kind = socket.SOCK_STREAM if self.setup else socket.SOCK_DGRAM
        self._floor = socket.socket(socket.AF_INET, kind)
        self._floor.setblocking(False)
        if self.setup == "passive":
            self._listener, self._floor = self._floor, None
            self._listener.bind((host, 0))
            self._listener.listen(1)
        else:
            self._floor.bind((host, 0))

    @property
    def floor_port(self) -> int:
        """Return the port in its BFCP m-line."""
        if self.floor_client_port:
            return self.floor_client_port
        if self.setup in ("active", "actpass"):
            return 9
        port: int = (self._floor or self._listener).getsockname()[1]  # type: ignore[union-attr]
        return port

    def sdp(self, *, camera: bool = True) -> str:
        lines = ["m=application 9 H.239 *"] if self.token else self._floor_control()
        lines += [f"m=video {self.sockets['slides'].port} RTP/AVP {self.number}", f"b=TIAS:{self.bandwidth}"]
        lines += [f"a=rtcp:{self.sockets['slides rtcp'].port}", f"a=rtpmap:{self.number} H264/90000"]
        lines += [f"a=fmtp:{self.number} profile-level-id=428028;packetization-mode={self.mode};{self.level}"]
        lines += ["a=rtcp-fb:* nack pli", "a=content:slides", "a=label:13", ""]
        return super().sdp(camera=camera) + "\r\n".join(lines)

    def _floor_control(self) -> list[str]:
        lines = [f"m=application {self.floor_port} {'TCP' if self.setup else 'UDP'}/BFCP *"]
        lines += ["a=floorctrl:c-s", f"a=confid:{CONFID}", f"a=userid:{USER}", f"a=floorid:{FLOOR} mstrm:13"]
        return [*lines, *([f"a=setup:{self.setup}", "a=connection:new"] if self.setup else ["a=bfcpver:2 1"])]

    def set_destinations(self, sdp: str) -> None:
        main, _, slides = sdp.partition("m=application")
        super().set_destinations(main)
        (port,) = re.findall(r"^ (\d+)", slides)
        self.floor_server = (HOST, int(port))
        if numbers := re.findall(r"a=confid:(\d+)\r\na=userid:(\d+)\r\na=floorid:(\d+)", slides):
            confid, user, floor = map(int, numbers[0])
            self.client = Client(self._tell, confid, user, floor, self.client.version)
            self.client.acknowledges = not self.setup
        for each in re.findall(r"m=video (\d+)", slides):
            self.destinations["slides"], self.destinations["slides rtcp"] = (HOST, int(each)), (HOST, int(each) + 1)

    async def connect(self) -> None:
        """Open floor control: connect, or wait for the connection."""
        loop = asyncio.get_running_loop()
        if self._listener is not None:
            async with asyncio.timeout(PATIENCE_S):
                floor, _ = await loop.sock_accept(self._listener)
            await self._end_floor()
            self._floor = floor
            self._floor.setblocking(False)
        elif self.setup:
            assert self._floor is not None
            await loop.sock_connect(self._floor, self.floor_server)
        self._reading = asyncio.ensure_future(self._read_floor())

    async def _read_floor(self) -> None:
        loop, data = asyncio.get_running_loop(), b""
        assert self._floor is not None
        while read := await loop.sock_recv(self._floor, 4096):  # until the connection is closed
            data += read
            while (size := payload_bytes(data)) is not None and len(data) >= HEADER.size + size:
                message, data = data[: HEADER.size + size], data[HEADER.size + size :]
                self.client.receive(message)
                self.packet_added.set()

    def _tell(self, data: bytes) -> None:
        assert self._floor is not None
        if self.setup:
            self._floor.send(data)
        else:
            self._floor.sendto(data, self.floor_server)

    @property
    def slide_intervals(self) -> list[int]:
        """Return the intervals between others' slides in ticks of the RTP clock."""
        times = list(dict.fromkeys(self.slide_times))
        return [(later - sooner) & 0xFFFFFFFF for sooner, later in pairwise(times)]

    async def granted(self) -> None:
        """Ask for the floor and wait until it is granted."""
        self.client.ask()
        await self.until(lambda: self.client.states[-1:] == [Status.GRANTED])

    def show_slides(self) -> bool:
        """Send one picture of its slides; return True, so that a condition can send one each time it is checked."""
        picture = self.picture_of_slides
        if self._slides_encoder is None:
            self._slides_encoder = VideoEncoder("H264", picture.width, picture.height, 25, 1_500_000)
        data, _ = self._slides_encoder.encode(picture, keyframe=True)
        payloads = packetize_h264(data) if self.mode else single_nals(data)
        self._shown += 1
        for payload in payloads:
            number = self.number | (payload is payloads[-1]) << 7
            head = RTP_HEADER.pack(0x80, number, self._number & 0xFFFF, self._shown * 3600, SSRC)
            self._number += 1
            self.sockets["slides"].transport.sendto(head + payload, self.destinations["slides"])
        return True

    def received(self, name: str, data: bytes, address: tuple[str, int]) -> None:
        if name == "slides":
            packet, _ = parse(data, len(data))
            self.slide_times.append(packet.timestamp)
            if self.slides.packet("H264", memoryview(data), len(data), time.monotonic()):
                report = rtcp.receiver_report(SSRC, []) + rtcp.name(SSRC) + rtcp.picture_loss(SSRC, packet.ssrc)
                self.say("slides", report)
        elif name != "slides rtcp":
            super().received(name, data, address)
        self.packet_added.set()

    async def _end_floor(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await self._reading
        if self._floor is not None:
            self._floor.close()

    async def close(self) -> None:
        await self._end_floor()
        if self._listener is not None:
            self._listener.close()
        await super().close()
