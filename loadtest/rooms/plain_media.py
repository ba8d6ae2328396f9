"""The media of a scripted room system: G.722 and H.264 over RTP in the clear, one tone, one colour at a time, slides.

It answers requests for key frames, asks for them, and decodes what comes. Its signalling is another's.
"""

import asyncio
import re
import secrets
import socket
import struct
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from typing import Any

import av
import numpy as np
from av import AudioFrame, VideoFrame
from av.audio.codeccontext import AudioCodecContext

from loadtest.endpoint.decoder import Decoder, mono
from loadtest.endpoint.sender import CameraLayer
from loadtest.media.clip import FPS, Clip, EncodedPicture, make_clip
from loadtest.media.perception import Colour, Rgb, hears
from loadtest.media.text_card import text_card
from loadtest.media.tone import AMPLITUDE, LOOP_PACKETS
from loadtest.rooms.descriptions import generic
from loadtest.rooms.keyframes import KeyframeTimes, time_to_keyframe
from mediaserver.rtp import rtcp
from mediaserver.rtp.packet import HEADER, parse
from mediaserver.rtp.payload import is_keyframe
from mediaserver.transport.srtp import Outgoing
from mediaserver.video.codecs import VideoEncoder

G722, H264 = 9, 97
"""Payload types, which its session descriptions name."""
G722_HZ = 16_000
SOUND_STEP = 160
"""20 ms of G.722's RTP clock, which is half its sampling rate (RFC 3551, 4.5.2)."""
TONES, KEYS = 101, "0123456789*#"
"""Payload type of telephone events, and the keys by their codes (RFC 4733)."""
PRESSED, VOLUME = 5, 10
"""Packets for which a key is pressed, and as long between two keys; its volume in -dBm0."""
TICK_S = 0.02
KEYFRAME_INTERVAL_S = 1.0
PERIOD = FPS
"""Pictures from one key frame of its own to the next."""
SERVER_PERIOD = 125
"""The least of the server's: ten seconds of 12.5 pictures."""
SIZE = 640, 360
NOWHERE = "0.0.0.0"  # noqa: S104 - an address in a description, where nothing is sent to
SLIDES_TEXT = "Quyết định số 680 về họp trực tuyến"
_CONNECTION = re.compile(r"^c=IN IP4 ([\d.]+)", re.MULTILINE)
_TAKES_NOTHING = re.compile(r"^a=(sendonly|inactive)", re.MULTILINE)
_H264 = re.compile(r"^a=rtpmap:(\d+) H264/", re.MULTILINE)
Pair = tuple[socket.socket, socket.socket]
PLACES = "audio", "video", "slides", "camera"
"""Its m-lines with RTP; each has a port, and RTCP one above. That of its camera's control sends nothing."""
FRAMES = 100
"""Frames of camera control that are kept."""


class PlainMedia:
    """Ports of a room system, what it sends from them, and what came. Ports are kept over all of its calls.

    A move is to other ports at the `spare_host`, or at the same address without one. Without `decodes` what comes is
    only counted.
    """

    def __init__(
        self, host: str, tone_hz: int, colour: Colour, slides: Colour, *, spare_host: str = "", decodes: bool = True
    ) -> None:
        self.host = host
        """The address of its sound and picture."""
        self.spare_host = spare_host or host
        """That of sound and picture after the next move."""
        self.ports: dict[str, int] = {}
        self.picture = Decoder()
        """What it sees of the meeting."""
        self.slides = Decoder()
        """What it sees of others' slides."""
        self._spare: dict[str, Pair] = {}
        self._transports: dict[str, asyncio.DatagramTransport] = {}
        self._remote: dict[str, _Remote] = {}
        """Where it sends to, by m-line."""
        self._tone = _g722(tone_hz)
        self._cameras = {"video": _layer(plain_clip(colour)), "slides": _layer(slides_clip(slides))}
        self.received = dict.fromkeys(PLACES, 0)
        """Packets that came, by m-line."""
        self.frames: deque[bytes] = deque(maxlen=FRAMES)
        """Frames of camera control that came (H.224)."""
        self.tones = TONES
        """The payload type of the telephone events that it sends."""
        self.pressed = ""
        """Keys that came."""
        self._pressed_at = -1
        """The RTP timestamp of the last one, which all of its packets have."""
        self._decodes = decodes
        self._ssrcs = dict.fromkeys(PLACES, 0)
        """SSRCs that came."""
        self._asked_at = 0.0
        self._keyframes = KeyframeTimes(SERVER_PERIOD)
        """Key frames of the meeting."""
        self._decoder = _codec("r")
        self._sound: list[np.ndarray[Any, np.dtype[np.int16]]] = []
        self._events: deque[_Event | None] = deque()
        """Telephone events that are sent instead of the tone, and the sound between two keys."""
        self._sending: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open all ports and send from them, once there is somewhere to send to. Raises OSError."""
        for name in PLACES:
            await self._listen(name, _pair(self.host))
        self._keep_spare()
        self._sending = asyncio.create_task(self._send())

    async def move(self) -> None:
        """Send and receive sound and picture on the spare ports from now on; those before are closed.

        The address before is the spare one then. Raises OSError.
        """
        self.host, self.spare_host = self.spare_host, self.host
        for name, pair in self._spare.items():
            await self._listen(name, pair)
        self._keep_spare()

    def _keep_spare(self) -> None:
        self._spare = {name: _pair(self.spare_host) for name in ("audio", "video")}

    @property
    def spare_ports(self) -> dict[str, int]:
        """The ports of sound and picture after the next move, by m-line."""
        return {name: rtp.getsockname()[1] for name, (rtp, _) in self._spare.items()}

    async def _listen(self, name: str, pair: "Pair") -> None:
        loop = asyncio.get_running_loop()
        self.ports[name] = pair[0].getsockname()[1]
        for sock, part in zip(pair, (name, f"{name} rtcp"), strict=True):
            old = self._transports.get(part)
            transport, _ = await loop.create_datagram_endpoint(partial(_Port, self, part), sock=sock)
            self._transports[part] = transport
            if old is not None:
                old.close()

    @property
    def description(self) -> str:
        """Return a session description of its sound and picture."""
        return generic(self.host, self.ports)

    def send_to(self, sdp: str) -> None:
        """Send to the ports that the other side's session description names, from now on; to port 0 nothing."""
        remotes = zip(PLACES, _remotes(sdp), strict=False)
        self._remote = {name: remote for name, remote in remotes if remote.port and remote.host != NOWHERE}
        self.restart()

    def restart(self) -> None:
        """Send key frames at the next pictures."""
        for camera in self._cameras.values():
            camera.restart()

    def stop(self) -> None:
        """Send nothing more, and forget what came."""
        self._remote = {}
        self._sound.clear()
        self._keyframes = KeyframeTimes(SERVER_PERIOD)
        self.pressed = ""
        self.frames.clear()
        self.picture.forget()
        self.slides.forget()

    def show(self, colour: Colour) -> None:
        """Send another colour, from a key frame at the next picture."""
        self._cameras["video"].show(plain_clip(colour))

    def press(self, keys: str) -> None:
        """Press keys, each for 100 ms: telephone events, the last of which is sent three times."""
        for key in keys:
            packets = [_Event(KEYS.index(key), at) for at in range(PRESSED + 3)]
            self._events.extend([*packets, *[None] * PRESSED])

    async def keyframe_ms(self) -> float | None:
        """Ask for a key frame, again and again as devices do; return the milliseconds until the one that answers came,
        or None if none does."""
        self._keyframes.answered_after = None
        return await time_to_keyframe(self._keyframes, lambda: self._ask("video"))

    def seen(self) -> Rgb | None:
        """Return the newest picture that came; None before the first."""
        return self.picture.picture

    def hears(self, hertz: int) -> bool:
        """Return whether a tone is in the last half second of sound."""
        newest = np.concatenate(self._sound)[-G722_HZ // 2 :] if self._sound else np.zeros(0, np.int16)
        return hears(newest, G722_HZ, hertz)

    async def close(self) -> None:
        """Stop sending and close the ports."""
        if self._sending is not None:
            self._sending.cancel()
        for transport in self._transports.values():
            transport.close()
        for pair in self._spare.values():
            for sock in pair:
                sock.close()

    async def _send(self) -> None:
        began, tick = time.monotonic(), 0
        sequence, timestamp, ssrc = secrets.randbits(15), secrets.randbits(31), secrets.randbits(31)
        while True:
            number, at, payload = G722, tick, self._tone[tick % LOOP_PACKETS]
            if event := self._events.popleft() if self._events else None:
                number, at, payload = self.tones, tick - event.at, event.payload()
            self._out("audio", [(number, (sequence + tick) & 0xFFFF, timestamp + SOUND_STEP * at, ssrc, payload)])
            if tick % 2 == 0:
                for name, camera in self._cameras.items():
                    self._out(name, camera.next()[0])
            if tick % 50 == 0:
                for name in self._remote:
                    self._say(name, rtcp.receiver_report(ssrc, []) + rtcp.name(ssrc))
            tick += 1
            await asyncio.sleep(max(0.0, began + TICK_S * tick - time.monotonic()))

    def _out(self, name: str, packets: Iterable[Outgoing]) -> None:
        remote = self._remote.get(name)
        if remote is None or (name == "slides" and not remote.takes):  # on hold the server must not take the others
            return
        for number, sequence, timestamp, ssrc, payload in packets:
            kind = self.tones if number & 0x7F == self.tones else remote.number
            head = HEADER.pack(0x80, number & 0x80 | kind, sequence, timestamp & 0xFFFFFFFF, ssrc)
            self._transports[name].sendto(head + payload, (remote.host, remote.port))

    def stray(self, host: str) -> None:
        """Send a packet of sound from another address of this machine than the session description names."""
        remote, head = self._remote["audio"], HEADER.pack(0x80, G722, 0, 0, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
            elsewhere.bind((host, 0))
            elsewhere.sendto(head + self._tone[0], (remote.host, remote.port))

    def _say(self, name: str, data: bytes) -> None:
        remote = self._remote[name]
        self._transports[f"{name} rtcp"].sendto(data, (remote.host, remote.port + 1))

    def _ask(self, name: str) -> bool:
        """Ask for a key frame, at most once a second; return whether it was asked for now."""
        now = time.monotonic()
        if name not in self._remote or now - self._asked_at < KEYFRAME_INTERVAL_S:
            return False
        self._asked_at = now
        report = rtcp.receiver_report(1, []) + rtcp.name(1)
        self._say(name, report + rtcp.picture_loss(1, self._ssrcs[name]))
        return True

    def receive(self, part: str, data: bytes) -> None:
        """Take one datagram of a port."""
        name, _, control = part.partition(" ")
        if control:
            if any(isinstance(each, rtcp.KeyframeRequest) for each in rtcp.parse(data, time.time())):
                self._cameras[name].restart()
            return
        packet, _ = parse(data, len(data))
        self._ssrcs[name] = packet.ssrc
        self.received[name] += 1
        if not self._decodes:
            return
        if name == "camera":
            self.frames.append(bytes(packet.payload))
            return
        if name == "audio":
            self._hear(packet.payload_type, packet.timestamp, packet.payload)
            return
        if name == "video":
            begins = is_keyframe("H264", packet.payload)
            self._keyframes.picture(packet.timestamp, time.monotonic(), keyframe=begins)
        watch = self.picture if name == "video" else self.slides
        if watch.packet("H264", memoryview(data), len(data)):
            if name == "video":
                self._keyframes.disturb(time.monotonic())
            self._ask(name)

    def _hear(self, number: int, timestamp: int, payload: bytes) -> None:
        if number == self.tones and timestamp != self._pressed_at:
            self._pressed_at = timestamp
            self.pressed += KEYS[payload[0]]
        elif number == G722:
            self._sound += [mono(frame) for frame in self._decoder.decode(av.Packet(payload))]
            del self._sound[:-50]


class _Port(asyncio.DatagramProtocol):
    def __init__(self, media: PlainMedia, part: str) -> None:
        self._media, self._part = media, part

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        self._media.receive(self._part, data)


@dataclass(frozen=True, slots=True)
class _Event:
    """A packet of a key: its code, and its place among the packets of the event."""

    code: int
    at: int

    def payload(self) -> bytes:
        """Return the payload (RFC 4733, 2.3): pressed ever longer, then released three times over."""
        released = self.at >= PRESSED
        return struct.pack("!BBH", self.code, released << 7 | VOLUME, min(self.at + 1, PRESSED) * SOUND_STEP)


@dataclass(frozen=True, slots=True)
class _Remote:
    """The address at which an m-line of the other side takes RTP, the payload type that it names, and whether it takes
    RTP now."""

    host: str
    port: int
    number: int
    takes: bool


def _remotes(sdp: str) -> list[_Remote]:
    """Return those of the m-lines of sound and pictures, in their order."""
    session, *sections = re.split(r"^m=", sdp, flags=re.MULTILINE)
    found = []
    for section in sections:
        line = re.match(r"(audio|video) (\d+)", section)
        if line is not None:
            host = _CONNECTION.search(section) or _CONNECTION.search(session)
            named = _H264.search(section)
            number = G722 if line[1] == "audio" or named is None else int(named[1])
            takes = _TAKES_NOTHING.search(section) is None
            found.append(_Remote(host[1] if host else "", int(line[2]), number, takes))
    return found


def _pair(host: str) -> Pair:
    """Bind an even port and the one above it (RFC 3550, 11). Raises OSError."""
    for _ in range(100):
        first, second = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        try:
            port = 2 * (5_000 + secrets.randbelow(5_000))  # below those of baresip
            first.bind((host, port))
            second.bind((host, port + 1))
        except OSError:
            first.close()
            second.close()
        else:
            return first, second
    raise OSError("no two ports are free")


def _layer(clip: Clip) -> CameraLayer:
    return CameraLayer(secrets.randbits(31), H264, clip, b"")


@cache
def plain_clip(colour: Colour) -> Clip:
    """Return a second of one colour in H.264, which begins with a key frame."""
    return _clip(np.full((SIZE[1], SIZE[0], 3), colour, np.uint8))


@cache
def slides_clip(colour: Colour, text: str = SLIDES_TEXT) -> Clip:
    """Return a second of text on a colour in H.264, which begins with a key frame."""
    return _clip(text_card(text, colour, SIZE))


def _clip(picture: Rgb) -> Clip:
    width, height = SIZE
    frame = VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")
    encoder = VideoEncoder("H264", width, height, FPS, 500_000)
    coded = [encoder.encode(frame, keyframe=at == 0) for at in range(FPS)]
    return make_clip("H264", width, height, [EncodedPicture(data, key) for data, key in coded])


@cache
def _g722(hertz: int) -> tuple[bytes, ...]:
    """Return two seconds of a tone as G.722, in packets of 20 ms."""
    samples = G722_HZ // 50
    moments = np.arange(LOOP_PACKETS * samples) / G722_HZ
    wave = (np.sin(2 * np.pi * hertz * moments) * AMPLITUDE * 32767).astype(np.int16)
    encoder, packets = _codec("w"), []
    for piece in wave.reshape(-1, samples):
        frame = AudioFrame.from_ndarray(piece[np.newaxis], "s16", "mono")
        frame.sample_rate = G722_HZ
        packets.append(b"".join(bytes(packet) for packet in encoder.encode(frame)))
    return tuple(packets)


def _codec(mode: Any) -> AudioCodecContext:
    context: AudioCodecContext = av.CodecContext.create("g722", mode)
    context.sample_rate, context.layout, context.format = G722_HZ, "mono", "s16"
    if mode == "w":
        context.time_base = Fraction(1, G722_HZ)
    return context
