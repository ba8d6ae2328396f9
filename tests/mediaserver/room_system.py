"""A scripted room system: RTP or SRTP, one tone, one colour, key frames only on request."""

import asyncio
import re
import secrets
import time
from collections import deque
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av import AudioFrame
from av.audio.codeccontext import AudioCodecContext
from pylibsrtp import Error, Policy, Session

from loadtest.endpoint.decoder import mono
from mediaserver.rtp import rtcp
from mediaserver.rtp.h264_sps import parameter_set
from mediaserver.rtp.packet import HEADER, Packet, parse
from mediaserver.rtp.payload import SINGLE_NAL, packetize_h264, single_nals
from mediaserver.sdp import sdes
from mediaserver.sdp.sdes import Crypto
from mediaserver.video.codecs import VideoEncoder
from tests.mediaserver import pictures
from tests.mediaserver.meeting import COLOURS, WatchingDecoder

SIZE = (320, 180)
NUMBERS = {"PCMU": 0, "PCMA": 8, "G722": 9, "opus": 96}
EVENTS = 101
"""The payload type of telephone events."""
_RATES = {"PCMU": 8000, "PCMA": 8000, "G722": 16000, "opus": 48_000}
_FFMPEG = {"PCMU": "pcm_mulaw", "PCMA": "pcm_alaw", "G722": "g722", "opus": "libopus"}
SSRC = 0x5EED0001
"""Of its reports."""


@dataclass(slots=True)
class UdpSocket:
    """A UDP socket with the datagrams that came and the last sender."""

    transport: asyncio.DatagramTransport
    datagrams: list[bytes] = field(default_factory=list)
    sender: tuple[str, int] | None = None

    @property
    def port(self) -> int:
        """Return its port number."""
        return int(self.transport.get_extra_info("sockname")[1])


class _DatagramReceiver(asyncio.DatagramProtocol):
    def __init__(self, system: "RoomSystem", name: str) -> None:
        self.system, self.name = system, name

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.system.received(self.name, data, addr)


class RoomSystem(WatchingDecoder):
    """Speaks `sound` and H.264 in packetization-mode `mode`; with
    `ignores_keyframe_requests` no request brings a key frame."""

    def __init__(self, sound: str, mode: int, colour: str, hertz: int) -> None:
        super().__init__()
        self.sound_name, self.mode, self.colour_name, self.hertz = sound, mode, colour, hertz
        self.host = "127.0.0.1"
        self.sockets: dict[str, UdpSocket] = {}
        self.destinations: dict[str, tuple[str, int]] = {}
        self.profile = "RTP/AVP"
        self.keys: dict[str, Crypto] = {}
        """Its own keys of audio and video; see :meth:`encrypt`."""
        self.undecryptable = 0
        """Packets that came and could not be decrypted."""
        self._srtp: dict[str, tuple[Session, Session]] = {}
        """Of audio and video: for what it sends, and for what comes."""
        self.feedback: tuple[str, ...] = ("nack pli",)
        """What it says that it understands."""
        self.number = 96
        """The payload type of H.264."""
        self.ignores_keyframe_requests = False
        self.requests = 0
        """Key frames asked for."""
        self.modes: set[int] = set()
        """Kinds of NAL units that came."""
        self.profiles: list[tuple[int, int]] = []
        """Payload types and `profile_idc` of the sequence parameter sets that came, without repetitions."""
        self.reports: list[rtcp.Heard] = []
        self.sounds = deque[Packet](maxlen=1000)
        """Packets of the audio m-line, telephone events too."""
        self.ssrcs: dict[str, int] = {}
        self._ssrc = secrets.randbits(31)
        self._wanted = True
        self._sequences = {"audio": 65_000, "video": 65_500}
        self._encoder = VideoEncoder("H264" if mode else SINGLE_NAL, *SIZE, 25, 500_000)
        self._audio_encoder, self._audio_decoder = _context(sound, "w"), _context(sound, "r")
        self._sending: asyncio.Task[None] | None = None

    async def open(self, host: str = "127.0.0.1") -> None:
        """Open a socket for RTP and RTCP of audio and video."""
        self.host = host
        loop = asyncio.get_running_loop()
        for name in ("audio", "audio rtcp", "video", "video rtcp"):
            await self.add_socket(loop, name, host)

    async def add_socket(self, loop: asyncio.AbstractEventLoop, name: str, host: str) -> None:
        """Open one socket."""
        transport, _ = await loop.create_datagram_endpoint(lambda: _DatagramReceiver(self, name), (host, 0))
        self.sockets[name] = UdpSocket(transport)

    def encrypt(self, profile: str, suite: str) -> None:
        """Name fresh keys in each description from now on."""
        self.profile, self.keys = profile, {kind: sdes.make(1, suite) for kind in ("audio", "video")}

    def choose(self, tag: int) -> None:
        """Answer the line with this tag of an offer."""
        self.keys = {kind: replace(each, tag=tag) for kind, each in self.keys.items()}

    def _key(self, kind: str) -> list[str]:
        return [f"a=crypto:{self.keys[kind]}"] if kind in self.keys else []

    def sdp(self, *, camera: bool = True) -> str:
        """Return an offer, or the answer to one, as Polycom spaces it; FECC between the others and BFCP behind."""
        lines = ["v=0", f"o=room 1 1 IN IP4 {self.host}", "s=-", f"c=IN IP4 {self.host}", "b=AS:2048", "t=0 0"]
        static = NUMBERS[self.sound_name]
        lines += [
            f"m=audio {self.sockets['audio'].port} {self.profile} {static} 101",
            f"a=rtcp:{self.sockets['audio rtcp'].port}",
        ]
        lines += [f"a=rtpmap:{static} opus/48000/2"] if self.sound_name == "opus" else []
        lines += [
            *self._key("audio"),
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
            "a=label:11",
            "a=sendrecv",
        ]
        port, number = self.sockets["video"].port if camera else 0, self.number
        lines += [
            f"m=video {port} {self.profile} {number}",
            *self._key("video"),
            f"a=rtcp:{self.sockets['video rtcp'].port}",
        ]
        lines += [f"a=rtpmap:{number} H264/90000"]
        lines += [f"a=fmtp:{number} profile-level-id=42801f; packetization-mode={self.mode}; max-fs=3600"]
        lines += [f"a=rtcp-fb:* {each}" for each in self.feedback]
        lines += ["a=content:main", "a=label:12", "a=sendrecv"]
        return "\r\n".join([*lines, ""])

    def set_destinations(self, sdp: str) -> None:
        """Send to the ports in the other side's SDP; slides, behind all else, are not for it."""
        sdp = sdp.partition("m=application")[0]
        for kind, port in re.findall(r"m=(audio|video) (\d+)", sdp):
            self.destinations[kind], self.destinations[f"{kind} rtcp"] = (
                ("127.0.0.1", int(port)),
                ("127.0.0.1", int(port) + 1),
            )
        for section in sdp.split("m=")[1:]:
            kind = section.split()[0]
            tag = self.keys[kind].tag if kind in self.keys else 0
            theirs = re.search(rf"a=crypto:({tag} .*)\r", section)
            self._srtp.pop(kind, None)
            if theirs is not None and kind in self.keys:
                received = sdes.parse(theirs[1])
                assert received is not None
                ends = (self.keys[kind], Policy.SSRC_ANY_OUTBOUND), (received, Policy.SSRC_ANY_INBOUND)
                self._srtp[kind] = tuple(_session(*each) for each in ends)  # type: ignore[assignment]

    def begin(self) -> None:
        """Send a tone and a colour from now on."""
        self._sending = asyncio.ensure_future(self._send())

    async def _send(self) -> None:
        started_at = time.monotonic()
        for tick in range(100_000):
            self._speak(tick)
            if not tick % 2:
                self._show(tick // 2)
            if not tick % 50:
                self.report()
            await asyncio.sleep(max(0.0, started_at + 0.02 * (tick + 1) - time.monotonic()))

    def _speak(self, tick: int) -> None:
        rate = _RATES[self.sound_name]
        moments = (np.arange(rate // 50) + tick * (rate // 50)) / rate
        wave = (np.sin(2 * np.pi * self.hertz * moments) * 8000).astype(np.int16)
        frame = AudioFrame.from_ndarray(wave[np.newaxis], "s16", "mono")
        frame.sample_rate = rate
        payload = b"".join(bytes(packet) for packet in self._audio_encoder.encode(frame))
        self.packet_out(
            "audio", NUMBERS[self.sound_name], 0xFFFFF000 + (960 if self.sound_name == "opus" else 160) * tick, payload
        )

    def _show(self, tick: int) -> None:
        picture = pictures.plain(*SIZE, COLOURS[self.colour_name])
        wanted, self._wanted = self._wanted, False
        data, _ = self._encoder.encode(picture, keyframe=wanted)
        payloads = packetize_h264(data) if self.mode else single_nals(data)
        for payload in payloads:
            self.packet_out("video", self.number, 3600 * tick, payload, marker=payload is payloads[-1])

    def packet_out(self, kind: str, number: int, timestamp: int, payload: bytes, *, marker: bool = False) -> None:
        """Send one RTP packet."""
        if kind not in self.destinations:
            return
        sequence = self._sequences[kind]
        self._sequences[kind] = (sequence + 1) & 0xFFFF
        head = HEADER.pack(0x80, number | marker << 7, sequence, timestamp & 0xFFFFFFFF, self._ssrc + (kind == "video"))
        packet = head + payload
        if kind in self._srtp:
            packet = self._srtp[kind][0].protect(packet)
        self.sockets[kind].transport.sendto(packet, self.destinations[kind])

    def report(self) -> None:
        """Send a receiver report for each m-line, in compound packets."""
        for kind in ("audio", "video"):
            if kind in self.destinations:
                blocks = [rtcp.Block(self.ssrcs[kind], 0, 0, 1, 0, 0, 0)] if kind in self.ssrcs else []
                data = rtcp.receiver_report(SSRC, blocks) + rtcp.name(SSRC)
                self.say(kind, data)

    def say(self, kind: str, data: bytes) -> None:
        """Send RTCP of an m-line."""
        if kind in self._srtp:
            data = self._srtp[kind][0].protect_rtcp(data)
        self.sockets[f"{kind} rtcp"].transport.sendto(data, self.destinations[f"{kind} rtcp"])

    def received(self, name: str, data: bytes, address: tuple[str, int]) -> None:
        """Take one datagram."""
        endpoint = self.sockets[name]
        endpoint.sender = address
        endpoint.datagrams.append(data)
        kind, _, report = name.partition(" ")
        if kind in self._srtp:
            try:
                session = self._srtp[kind][1]
                data = session.unprotect_rtcp(data) if report else session.unprotect(data)
            except Error:
                self.undecryptable += 1
                return
        if report:
            self._read(data)
        else:
            self._take(name, data)
        self.packet_added.set()

    def _read(self, data: bytes) -> None:
        heard = rtcp.parse(data, time.time())
        self.reports += heard
        if any(isinstance(each, rtcp.KeyframeRequest) for each in heard):
            self.requests += 1
            self._wanted = not self.ignores_keyframe_requests

    def _take(self, kind: str, data: bytes) -> None:
        packet, _ = parse(data, len(data))
        self.ssrcs[kind] = packet.ssrc
        if kind == "video":
            self.modes.add(packet.payload[0] & 0x1F)
            if sps := parameter_set(packet.payload):
                profile = packet.payload_type, sps[1]
                self.profiles += [profile] if self.profiles[-1:] != [profile] else []
            self.packet("H264", memoryview(data), len(data), time.monotonic())
            return
        self.sounds.append(packet)
        if packet.payload_type == EVENTS:
            return
        assert packet.payload_type == NUMBERS[self.sound_name]
        for frame in self._audio_decoder.decode(av.Packet(packet.payload)):
            self._sound.append(np.repeat(mono(frame), 48_000 // _RATES[self.sound_name]))
        while sum(map(len, self._sound)) > 48_000:
            self._sound.popleft()

    async def close(self) -> None:
        """Stop sending and close the sockets."""
        if self._sending is not None:
            self._sending.cancel()
        for endpoint in self.sockets.values():
            endpoint.transport.close()
        await asyncio.sleep(0)


def _session(crypto: Crypto, ssrc_type: int) -> Session:
    profiles = {
        "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
        "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
        "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    }
    return Session(Policy(crypto.key.secret, ssrc_type, srtp_profile=profiles[crypto.key.suite]))


def _context(codec: str, mode: Any) -> AudioCodecContext:
    context = cast("AudioCodecContext", av.CodecContext.create(_FFMPEG[codec], mode))
    context.sample_rate, context.layout, context.format = _RATES[codec], "mono", "s16"
    if mode == "w":
        context.time_base = Fraction(1, _RATES[codec])
    return context
