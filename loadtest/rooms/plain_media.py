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
from collections.abc import Callable, Iterable, Sequence
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
from loadtest.media.perception import LOUD, Colour, Rgb, hears
from loadtest.media.text_card import numbered, text_card
from loadtest.media.tone import AMPLITUDE, LOOP_PACKETS
from loadtest.rooms.descriptions import RTX, generic
from loadtest.rooms.h264_profile import profiles
from loadtest.rooms.keyframes import SERVER_PERIOD, KeyframeTimes, time_to_keyframe
from loadtest.rooms.lossy_line import LossyLine
from mediaserver.rtp import rtcp
from mediaserver.rtp.packet import HEADER, Packet, parse
from mediaserver.rtp.payload import is_keyframe
from mediaserver.rtp.rtx import unwrap
from mediaserver.transport.ice import Address
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
TICK_S, TICKS = 0.02, 50
"""Seconds from one packet of sound to the next, and packets a second."""
KEYFRAME_INTERVAL_S = 1.0
PERIOD = FPS
"""Pictures from one key frame of its own to the next."""
SIZE, BPS = (640, 360), 500_000
FULL_HD_SIZE, FULL_HD_FPS, FULL_HD_BPS = (1920, 1080), 30, 1_400_000
"""Size, pictures a second and bit/s of slides that move: a little less than the server asks for."""
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
    only counted. With `high` its camera sends H.264 of that profile, and with `moving` its slides are 1080p30 with a
    number.
    """

    def __init__(
        self,
        host: str,
        tone_hz: int,
        colour: Colour,
        slides: Colour,
        *,
        spare_host: str = "",
        decodes: bool = True,
        high: bool = False,
        moving: bool = False,
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
        self.tone_hz, self.colour = tone_hz, colour
        """The tone and the colour of its first picture."""
        self._tone = _g722(tone_hz)
        self._high = high
        shown = moving_clip(slides) if moving else slides_clip(slides)
        self._cameras = {"video": _layer(plain_clip(colour, high=high)), "slides": _layer(shown)}
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
        self.line: LossyLine | None = None
        """What loses packets of the picture, if anything does; it asks for those (NACK), and reports them."""
        self.profiles = set[int]()
        """Profiles of H.264 of the pictures that came (`profile_idc`)."""
        self.torn = 0
        """Packets of the picture with which a key frame was needed, since what was lost had not come in time."""
        self.overheard: Callable[[bytes, bytes, Address], None] | None = None
        """Called with header, payload and destination of each packet before it is sent."""
        self.limit_taken = False
        """Whether the server keeps to the limit of its picture that it was asked for last (TMMBN)."""
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
        """Send nothing more, and forget what came. Raises what ended its sender: a fault of this endpoint."""
        if self._sending is not None and self._sending.done():
            self._sending.result()
        self._remote = {}
        self._sound.clear()
        self._keyframes = KeyframeTimes(SERVER_PERIOD)
        self.pressed = ""
        self.line, self.limit_taken = None, False
        self.torn = 0
        self.profiles.clear()
        self.frames.clear()
        self.picture.forget()
        self.slides.forget()

    def show(self, colour: Colour) -> None:
        """Send another colour, from a key frame at the next picture."""
        self._cameras["video"].show(plain_clip(colour, high=self._high))

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

    def hears_anything(self) -> bool:
        """Return whether any sound is in the last second."""
        return any(bool((np.abs(frame.astype(np.int32)) >= LOUD).any()) for frame in self._sound)

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
            for name, camera in self._cameras.items():
                if tick * camera.fps // TICKS > (tick - 1) * camera.fps // TICKS:
                    self._out(name, camera.next()[0])
            if tick % TICKS == 0:
                for name in self._remote:
                    self._say(name, rtcp.receiver_report(ssrc, self._blocks(name)) + rtcp.name(ssrc))
            tick += 1
            await asyncio.sleep(max(0.0, began + TICK_S * tick - time.monotonic()))

    def _blocks(self, name: str) -> list[rtcp.Block]:
        return [self.line.block(self._ssrcs[name])] if self.line is not None and name == "video" else []

    def limit(self, bps: int) -> None:
        """Ask the server to send its picture with at most so many bit/s (TMMBR)."""
        self.limit_taken = False
        self._say("video", rtcp.receiver_report(1, []) + rtcp.bitrate_limit(1, self._ssrcs["video"], bps, 40))

    def _out(self, name: str, packets: Iterable[Outgoing]) -> None:
        remote = self._remote.get(name)
        if remote is None or (name == "slides" and not remote.takes):  # on hold the server must not take the others
            return
        for number, sequence, timestamp, ssrc, payload in packets:
            kind = self.tones if number & 0x7F == self.tones else remote.number
            head = HEADER.pack(0x80, number & 0x80 | kind, sequence, timestamp & 0xFFFFFFFF, ssrc)
            if self.overheard is not None:
                self.overheard(head, payload, (remote.host, remote.port))
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
            for each in rtcp.parse(data, time.time()):
                if isinstance(each, rtcp.KeyframeRequest):
                    self._cameras[name].restart()
                self.limit_taken |= isinstance(each, rtcp.BitrateLimitTaken)
            return
        packet, _ = parse(data, len(data))
        repair = name == "video" and packet.payload_type == RTX
        if repair:
            remote = self._remote.get(name)
            original = None if remote is None else unwrap(packet, self._ssrcs[name], remote.number)
            if original is None:  # of a call that has ended, or padding
                return
            packet, data = original, _written(original)
        self._ssrcs[name] = packet.ssrc
        line, now = self.line if name == "video" else None, time.monotonic()
        if line is not None and not line.carries(packet.sequence, now, repair=repair):
            report = rtcp.receiver_report(1, []) + rtcp.name(1)
            self._say(name, report + rtcp.nack(1, packet.ssrc, [packet.sequence]))
            return
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
            self.profiles |= profiles(packet.payload)
            self._keyframes.picture(packet.timestamp, now, keyframe=begins)
        watch = self.picture if name == "video" else self.slides
        if watch.packet("H264", memoryview(data), len(data), now):
            if name == "video":
                self.torn += 1
                self._keyframes.disturb(now)
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


def _written(packet: Packet) -> bytes:
    """Return a packet as it would have come at first."""
    second = packet.marker << 7 | packet.payload_type
    return HEADER.pack(0x80, second, packet.sequence, packet.timestamp, packet.ssrc) + packet.payload


@cache
def plain_clip(colour: Colour, *, high: bool = False) -> Clip:
    """Return a second of one colour in H.264, which begins with a key frame."""
    return _clip(np.full((SIZE[1], SIZE[0], 3), colour, np.uint8), high=high)


def payloads(tone_hz: int, colour: Colour) -> list[bytes]:
    """Return the payloads of a tone, and of a picture of one colour, in the order in which they are sent."""
    return [*_g722(tone_hz), *(payload for frame in plain_clip(colour).frames for payload in frame.payloads)]


@cache
def slides_clip(colour: Colour, text: str = SLIDES_TEXT) -> Clip:
    """Return a second of text on a colour in H.264, which begins with a key frame."""
    return _clip(text_card(text, colour, SIZE))


@cache
def moving_clip(colour: Colour) -> Clip:
    """Return a second of text with a number from 0 on, which begins with a key frame."""
    card = text_card(SLIDES_TEXT, colour, FULL_HD_SIZE)
    return _coded([numbered(card, number) for number in range(FULL_HD_FPS)], FULL_HD_BPS)


def _clip(picture: Rgb, *, high: bool = False) -> Clip:
    return _coded([picture] * FPS, BPS, high=high)


def _coded(pictures: Sequence[Rgb], bps: int, *, high: bool = False) -> Clip:
    """Encode the pictures of a second; those after the first refer to the one before."""
    (height, width, _), fps = pictures[0].shape, len(pictures)
    encoder = VideoEncoder("H264", width, height, fps, bps, high=high)
    frames = (VideoFrame.from_ndarray(each, "rgb24").reformat(format="yuv420p") for each in pictures)
    coded = [encoder.encode(frame, keyframe=at == 0) for at, frame in enumerate(frames)]
    return make_clip("H264", width, height, [EncodedPicture(data, key) for data, key in coded], fps)


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
