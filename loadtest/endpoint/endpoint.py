"""Simulates the media of one endpoint: sends a looped microphone and camera, counts received packets.

An endpoint knows no signaling: whoever uses it sends :meth:`Endpoint.offer` to the server, and passes the answer to
:meth:`Endpoint.connect`.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from aiortc.rtcdtlstransport import RTCCertificate

from loadtest.endpoint.ice_checks import Credentials
from loadtest.endpoint.receive_counters import HEADER, ReceiveCounters
from loadtest.endpoint.rtcp import (
    KeyframeRequest,
    ResendRequest,
    RtcpRequest,
    keyframe_request,
    parse_requests,
    receiver_report,
    sender_report,
)
from loadtest.endpoint.sdp_answer import AcceptedMedia, Answer, BadAnswer, parse_answer
from loadtest.endpoint.sdp_offer import (
    CAMERA,
    MIC,
    OPUS,
    RIDS,
    SCREEN,
    SOUND,
    OfferOptions,
    Ssrcs,
    tile_mids,
    write_offer,
)
from loadtest.endpoint.sender import PTIME_MS, CameraLayer, VoiceStream, extension_block, with_extension
from loadtest.endpoint.transport import EndpointTransport
from loadtest.media.clip import CAMERA_CODECS, FPS, Clip, Codec, Material
from mediaserver.rtp.nack import NackGenerator
from mediaserver.rtp.rtcp import nack
from mediaserver.transport.dtls import fingerprint
from mediaserver.transport.ice import Address

TICK_S = PTIME_MS / 1000
TICKS_PER_PICTURE = 1000 // FPS // PTIME_MS
TICKS_PER_REPORT = 1000 // PTIME_MS
MAX_LATE_TICKS = 10
"""A sending loop that is further behind skips ticks instead of sending a burst."""
KEYFRAME_INTERVAL_S = 1.0
"""Least seconds between two requests for a key frame of one stream."""


Counts = Literal["nothing", "tiles", "all"]
"""Streams whose packets are counted by their headers and not decrypted: none, the cameras of tiles, or all."""


class Watcher(Protocol):
    """Receives all packets of an endpoint, for instance to decode them."""

    def packet(self, codec: str, data: memoryview, length: int, received_at: float) -> bool:
        """Take one plain RTP packet, whose `data` is valid during the call; return True if a key frame is needed.

        `codec` is "" for a packet that is only counted: its payload is encrypted. `received_at` is when the kernel
        received it, on the clock of `time.monotonic`.
        """


@dataclass(slots=True)
class Sending:
    """Switches of microphone, camera, shared screen and simulcast layers."""

    mic: bool = True
    camera: bool = True
    screen: bool = False
    layers: int = len(RIDS)
    """Simulcast layers to send at most, from the lowest, as a browser sends fewer over a poor connection."""
    wanted: int = len(RIDS)
    """Simulcast layers that the server requests."""
    on_loop_start: Callable[[str], None] = lambda _kind: None
    """Called with "sound" or "picture" just before their loop is sent from its beginning."""


@dataclass(slots=True)
class _LossRecovery:
    """Requests of one incoming video stream: lost packets, and the time of the last request for a key frame."""

    nack: NackGenerator = field(default_factory=NackGenerator)
    keyframe_requested_at: float = 0.0


class Endpoint:
    """Connects to the server by ICE, DTLS and SRTP, sends `material` in a loop, and counts what it receives.

    `certificate` may be shared by all endpoints of a process; `watcher` receives each packet. Packets that are only
    counted cost half.
    """

    def __init__(
        self,
        certificate: RTCCertificate,
        material: Material,
        offered: OfferOptions,
        watcher: Watcher | None = None,
        *,
        counts: Counts = "nothing",
    ) -> None:
        self._certificate = certificate
        self._material = material
        self._offered = offered
        self._watcher = watcher
        self._counts = counts
        self.tile_ssrcs: dict[str, int] = {}
        """The SSRC that comes in each m-line for a tile, by MID."""
        self._counted: frozenset[int] = frozenset()
        self.sending = Sending(camera=offered.camera)
        self.watched = True
        """Whether the watcher gets its packets: a page shows one of two connections while its room moves."""
        self.counters = ReceiveCounters()
        self._local = Credentials()
        self._ssrcs = _draw_ssrcs(offered.layers)
        self._transport = EndpointTransport(certificate, self._local, self)
        self._codecs: dict[int, str] = {}
        self._voice: VoiceStream | None = None
        self._level = b""
        self._layers: dict[int, CameraLayer] = {}
        self._camera_codec: Codec = "H264"
        self._screen_codecs: dict[str, int] = {}
        """Payload types of a shared screen, by codec."""
        self._screen: CameraLayer | None = None
        """What was shared last; None before the first time. It keeps its numbers, of which SRTP takes none twice."""
        self._recoveries: dict[int, _LossRecovery] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._ticks = random.randrange(TICKS_PER_REPORT)
        self._due = 0.0

    @property
    def connected(self) -> bool:
        """True if packets can be sent."""
        return self._transport.state == "connected"

    @property
    def closed(self) -> asyncio.Event:
        """Set when the transport is closed by either side, or the connection is dead."""
        return self._transport.closed

    @property
    def server(self) -> Address:
        """The server's address for media."""
        return self._transport.remote

    def offer(self) -> str:
        """Return the SDP offer for the server."""
        return write_offer(self._offered, self._local, fingerprint(self._certificate), self._ssrcs)

    async def connect(self, answer: str) -> None:
        """Connect by the server's answer and begin to send. Raises BadAnswer, TransportFailed, DtlsFailed."""
        parsed = parse_answer(answer)
        self._prepare(parsed)
        await self._transport.connect(parsed)
        loop = asyncio.get_running_loop()
        self._due = loop.time() + random.random() * TICK_S
        self._timer = loop.call_at(self._due, self._tick)

    async def close(self) -> None:
        """Stop sending and close the transport."""
        if self._timer is not None:
            self._timer.cancel()
        await self._transport.close()

    def speak(self, on: bool) -> None:
        """Open or mute the microphone; sound and the pictures for it begin together."""
        self.sending.mic = on
        if self._voice is not None:
            self._voice.restart()
        cameras = self._material.speaking if on else self._material.cameras
        if cameras is None or not self._layers:
            return
        clips = cameras(self._camera_codec, self._offered.layers)
        for layer in self._layers.values():
            layer.show(next(clip for clip in clips if clip.width == layer.width))

    def share(self, clip: Clip | None) -> None:
        """Send a shared screen from its beginning, or none any more; it has the same codec and size each time. Raises
        KeyError where the server does not take its codec."""
        self.sending.screen = clip is not None
        if self._screen is not None and clip is not None:
            self._screen.show(clip)
        elif clip is not None:
            self._screen = CameraLayer(self._ssrcs.screen, self._screen_codecs[clip.codec], clip, b"")

    def _prepare(self, answer: Answer) -> None:
        self._codecs = {number: name for media in answer.media.values() for number, name in media.codecs}
        self.tile_ssrcs = {mid: media.ssrc for mid, media in answer.media.items() if mid in tile_mids(self._offered)}
        self._counted = frozenset(self.tile_ssrcs.values()) if self._counts == "tiles" else frozenset()
        mic, camera = answer.media.get(MIC), answer.media.get(CAMERA)
        if mic is not None and mic.receives:
            self._voice = VoiceStream(self._ssrcs.mic, OPUS, self._material.voice)
            self._level = extension_block([(mic.level_id, bytes([self._material.level]))])
        if camera is not None and camera.receives and self._offered.camera:
            self._layers = self._make_layers(camera)
        if (screen := answer.media.get(SCREEN)) is not None and screen.receives:
            self._screen_codecs = {name: number for number, name in screen.codecs}

    def _make_layers(self, media: AcceptedMedia) -> dict[int, CameraLayer]:
        number, name = next(((n, c) for n, c in media.codecs if c in self._offered.codecs), (0, ""))
        codec = next((each for each in CAMERA_CODECS if each == name), None)
        if codec is None:
            raise BadAnswer("the server takes none of our camera codecs")
        wanted = [
            i for i, rid in enumerate(RIDS[: self._offered.layers]) if self._offered.layers == 1 or rid in media.rids
        ]
        self._camera_codec = codec
        clips = self._material.cameras(codec, self._offered.layers)
        layers: dict[int, CameraLayer] = {}
        for at in wanted or [len(clips) - 1]:
            rid = RIDS[at] if wanted and self._offered.layers > 1 else ""
            extension = extension_block([(media.mid_id, media.mid.encode()), (media.rid_id, rid.encode())])
            ssrc = self._ssrcs.camera[at]
            layers[ssrc] = CameraLayer(ssrc, number, clips[at], extension)
        return layers

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        late = int((loop.time() - self._due) / TICK_S)
        if late > MAX_LATE_TICKS:
            self._skip(late)
        self._ticks += 1
        self._due += TICK_S
        self._timer = loop.call_at(self._due, self._tick)
        self._send_voice()
        if self._ticks % TICKS_PER_PICTURE == 0:
            self._send_camera()
        if self._ticks % TICKS_PER_REPORT == 0:
            self._report(time.time())

    def _skip(self, ticks: int) -> None:
        self._due += ticks * TICK_S
        if self._voice is not None:
            self._voice.skip(ticks)
        for layer in self._sent.values():
            layer.skip(ticks // TICKS_PER_PICTURE)

    def _send_voice(self) -> None:
        if self._voice is None:
            return
        if not self.sending.mic:
            self._voice.skip(1)
            return
        if self._voice.begins:
            self.sending.on_loop_start("sound")
        if self._level:
            self._transport.send_packet(with_extension(self._voice.next(), self._level))
        else:
            self._transport.send([self._voice.next()])

    def _send_camera(self) -> None:
        awake = min(self.sending.layers, self.sending.wanted) if self.sending.camera else 0
        for at, layer in enumerate(self._layers.values()):
            if at >= awake:
                layer.skip(1)
                continue
            if layer.begins:
                self.sending.on_loop_start("picture")
            packets, extension = layer.next()
            if not extension:
                self._transport.send(packets)
                continue
            for packet in packets:
                self._transport.send_packet(with_extension(packet, extension))
        if self._screen is not None and self.sending.screen:
            self._transport.send(self._screen.next()[0])
        elif self._screen is not None:
            self._screen.skip(1)

    def _report(self, wall: float) -> None:
        streams = list(self.counters.streams.values())
        compound = b""
        if self._voice is not None:
            compound += sender_report(self._ssrcs.mic, self._voice.sent, wall)
        for ssrc, layer in self._sent.items():
            compound += sender_report(ssrc, layer.sent, wall)
        self._transport.send_rtcp(compound + receiver_report(self._ssrcs.mic, streams))

    def rtp(self, data: memoryview, length: int, now: float) -> None:
        """Count one packet, and request missing video packets (NACK)."""
        stream = self.counters.receive(data, length)
        if stream.payload_type not in SOUND:
            self._request_missing(stream.ssrc, HEADER.unpack_from(data)[2], now)
        codec = self._codecs.get(stream.payload_type, "")
        if self._watcher is not None and self.watched and self._watcher.packet(codec, data, length, now):
            self.request_keyframe(now)

    def counts(self, ssrc: int) -> bool:
        """Return whether packets of a stream are only counted."""
        return self._counts == "all" or ssrc in self._counted

    def count(self, data: memoryview, length: int, now: float) -> None:
        """Count one encrypted packet, and request missing ones of a video (NACK)."""
        stream = self.counters.receive(data, length)
        if stream.payload_type not in SOUND:
            self._request_missing(stream.ssrc, HEADER.unpack_from(data)[2], now)
        if self._watcher is not None and self.watched:
            self._watcher.packet("", data, length, now)

    def _request_missing(self, ssrc: int, sequence: int, now: float) -> None:
        recovery = self._recoveries.get(ssrc)
        if recovery is None:
            recovery = self._recoveries[ssrc] = _LossRecovery()
        missing = recovery.nack.receive(sequence, now)
        if recovery.nack.waiting:
            missing += recovery.nack.due(now)
        if missing:
            self._transport.send_rtcp(nack(self._ssrcs.mic, ssrc, missing))

    def request_keyframe(self, now: float) -> bool:
        """Request a key frame of every video stream, at most once a second; return whether any was requested now."""
        requested = False
        for ssrc, recovery in self._recoveries.items():
            if now - recovery.keyframe_requested_at >= KEYFRAME_INTERVAL_S:
                requested, recovery.keyframe_requested_at = True, now
                self._transport.send_rtcp(keyframe_request(self._ssrcs.mic, ssrc))
        return requested

    def rtcp(self, data: bytes, now: float) -> None:
        """Carry out the server's requests: send a key frame, or packets again."""
        for request in parse_requests(data):
            _REQUEST_HANDLERS[type(request)](self, request)

    @property
    def _sent(self) -> dict[int, CameraLayer]:
        """The layers of the camera, and the shared screen, by SSRC."""
        return self._layers if self._screen is None else {**self._layers, self._screen.ssrc: self._screen}

    def _restart(self, request: RtcpRequest) -> None:
        if (layer := self._sent.get(request.ssrc)) is not None:
            layer.restart()

    def _resend(self, request: RtcpRequest) -> None:
        assert isinstance(request, ResendRequest)
        if (layer := self._sent.get(request.ssrc)) is not None:
            self._transport.send(layer.resend(request.sequences))


_REQUEST_HANDLERS: dict[type, Callable[[Endpoint, RtcpRequest], None]] = {
    KeyframeRequest: Endpoint._restart,
    ResendRequest: Endpoint._resend,
}


def _draw_ssrcs(layers: int) -> Ssrcs:
    first, screen, *rest = random.sample(range(1, 1 << 32), 2 + layers)
    return Ssrcs(first, tuple(rest), screen)
