"""A browser's media: negotiation, its streams in both directions, RTCP. Which source it sees is decided elsewhere."""

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from math import inf
from typing import Protocol

from aiortc.rtcdtlstransport import RTCCertificate

from mediaserver.api import ConnectionQuality
from mediaserver.audio.voice_relay import VoiceRelay
from mediaserver.congestion.downlink import BAD_QUEUE_S, Downlink
from mediaserver.congestion.loss import Loss
from mediaserver.congestion.pacer import HEADERS_BYTES, hold, release
from mediaserver.congestion.repetition import RepetitionLimit
from mediaserver.congestion.retransmission_limit import RetransmissionLimit
from mediaserver.congestion.uplink import UplinkLimit
from mediaserver.peer.forwarder import Forwarder
from mediaserver.peer.lossy_line import LossyLine
from mediaserver.peer.simulcast import SimulcastCamera, SimulcastLayer
from mediaserver.rtp import rtcp, rtx
from mediaserver.rtp.bitrate import Bitrate
from mediaserver.rtp.packet import Packet, newer
from mediaserver.rtp.payload import VIDEO_CLOCK, is_keyframe, mark_keyframes
from mediaserver.rtp.receive_stats import ReceiveStats
from mediaserver.rtp.red import RedReceiver, RedSender
from mediaserver.rtp.reported_loss import ReportedLoss
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.rtp.source_validation import SourceValidation
from mediaserver.sdp.webrtc import (
    LEVEL_URI,
    MID_URI,
    REPAIRED_RID_URI,
    RID_URI,
    Codec,
    Local,
    Media,
    Offer,
    send_time_id,
    write_answer,
)
from mediaserver.transport.dtls import fingerprint
from mediaserver.transport.state import State
from mediaserver.transport.udp_mux import UdpMux
from mediaserver.transport.webrtc import WebRtcTransport
from mediaserver.video.quality import COMPOSED_BPS, TILES_BPS, TILES_START, USUAL

logger = logging.getLogger(__name__)

CAMERA_CODECS = ("VP8", "H264")
"""VP8 comes first: a forwarded camera must reach Firefox too, which decodes nothing else on a closed network."""
MAX_SSRCS_PER_PEER = 18
"""Microphone, three layers, a screen and their retransmissions, and again after a renegotiation; more is a flood."""
REPORT_S = 1.0
"""Seconds between reports. All peers report at its whole multiples: work done for many at once costs each a third."""
LOST_AUDIO_SHARE, LOST_AUDIO_S = 0.02, 10.0
"""A peer that lost more than this share of the audio between two reports counts as losing audio for so many seconds."""
TICK_S = 0.06
"""Seconds between calls of :meth:`WebRtcPeer.tick` when it is due."""

_Receive = Callable[[list[Packet], float], None]
"""Takes consecutive packets of one incoming stream, and when they came."""


class PeerListener(Protocol):
    """Hears from a peer what happened."""

    def heard(self, seat: str, packet: Packet, now: float, codec: str = "opus") -> None:
        """Take a packet of the microphone, its timestamp in samples at 48 kHz."""

    def relay(self, seat: str) -> VoiceRelay | None:
        """Return what may take packets of a seat's microphone that are in step; None while no packets are needed.

        :meth:`WebRtcPeer.listen` tells when they are again.
        """

    def lip_sync_delay_s(self, seat: str) -> float:
        """Return the seconds by which a seat's pictures must be delayed to match its voice."""

    def hurry(self) -> None:
        """Take it that :meth:`WebRtcPeer.tick` has work earlier than it said."""

    def changed(self, seat: str, state: State, reason: str) -> None:
        """Take the transport's new state and its reason."""


class WebRtcPeer:
    """The transport of one seat with its streams. `answer` is the SDP to send back."""

    def __init__(
        self,
        seat: str,
        offer: Offer,
        *,
        mux: UdpMux,
        certificate: RTCCertificate,
        flush_queue: FlushQueue,
        listener: PeerListener,
    ) -> None:
        self.seat = seat
        self._offer = offer
        self._flush_queue = flush_queue
        self._listener = listener
        self.camera = SimulcastCamera()
        self.content = SimulcastCamera()
        """A shared screen: a second camera with one layer."""
        self.transport = WebRtcTransport(
            mux, certificate, offer.fragment, offer.password, list(offer.fingerprints), self, self._transport_changed
        )
        self.sound = "opus"
        """The codec in which it hears the mix."""
        self._microphone = _first(offer, "audio", sends=True)
        self._camera_media, self._content_media = _first_two(offer)
        self.transport.path.level_id = self._microphone.extensions.get(LEVEL_URI, 0) if self._microphone else 0
        self._retransmission_limit, self._repetition_limit = RetransmissionLimit(), RepetitionLimit(mux.counters)
        self.audio = self._forwarder(_first(offer, "audio", sends=False), 48000)
        self.picture = self._forwarder(_first(offer, "video", sends=False), VIDEO_CLOCK)
        self.tiles = {media.mid: self._new_forwarder(media, VIDEO_CLOCK) for media in _receiving(offer)[1:]}
        """Forwards the cameras of a layout that the peer draws itself, by MID; empty for a peer that does not."""
        self.tile_codecs = set(CAMERA_CODECS).intersection(*(each.payload_types for each in self.tiles.values()))
        """Codecs that it decodes in each of these m-lines."""
        self._streams: dict[int, _Receive] = {}
        self._receive_stats: dict[int, ReceiveStats] = {}
        self.voice = ReceiveStats()
        """Receive statistics of its microphone."""
        self._uplink, self._loss = UplinkLimit(), Loss()
        self._counters = mux.counters
        self._reported_loss = ReportedLoss(mux.counters)
        self._pictures = {each.ssrc: each for each in (self.picture, *self.tiles.values()) if each is not None}
        """All forwarders of video, by SSRC."""
        self._repaired = next((each for each in self._pictures.values() if each.rtx is not None), None)
        """One with an RTX stream, which carries padding before there are pictures."""
        self.downlink = Downlink(TILES_BPS, TILES_START) if self.tiles else Downlink(COMPOSED_BPS, USUAL)
        self._lossy_line = LossyLine(self.downlink, self.audio, list(self._pictures.values()))
        self.due = 0.0
        """Time in seconds at which :meth:`tick` has work. It is 0 (every tick) until nothing is missing and the link is
        quiet."""
        self.most_forwarded = inf
        """The most bit/s that another's camera may take to be forwarded to it: its steps are those of cameras
        (:data:`mediaserver.video.quality.CAMERA_BPS`)."""
        self._reported = 0.0
        """Time in seconds of the last report."""
        self._jitter = 0.0
        """Of the picture we send, in seconds."""
        self._octets = 0
        self._received_rate, self._sent_rate = Bitrate(), Bitrate()
        self._received_octets = self._camera_height = 0
        """Bytes received until the last report, and the height of the largest layer that came then, in pixels."""
        self._measured_report = 0
        """The sender report of the newest round trip: with every NACK browsers answer the same one again."""
        self._audio_lost_at = -LOST_AUDIO_S
        """Time in seconds of the last report of lost audio."""
        self.answer = write_answer(offer, self._local(mux, certificate), CAMERA_CODECS)

    def _forwarder(self, media: Media | None, clock_rate: int) -> Forwarder | None:
        return None if media is None else self._new_forwarder(media, clock_rate)

    def _new_forwarder(self, media: Media, clock_rate: int) -> Forwarder:
        numbers = {codec.name: codec.payload_type for codec in media.codecs}
        repairs = {codec.payload_type: codec.rtx for codec in media.codecs if codec.rtx is not None}
        rtx_stream = rtx.RtxStream(repairs, secrets.randbits(32) or 1, secrets.randbits(15)) if repairs else None
        flush_queue = self._flush_queue if media.kind == "video" else None  # sound is never held back
        red = next((RedSender(codec.red) for codec in media.codecs if codec.red is not None), None)
        return Forwarder(
            numbers,
            clock_rate,
            self.transport,
            send_time_id(media),
            rtx_stream,
            flush_queue,
            self._retransmission_limit,
            red,
            self._repetition_limit if media.kind == "video" else None,
        )

    def _local(self, mux: UdpMux, certificate: RTCCertificate) -> Local:
        ssrcs, rtx_ssrcs = {}, {}
        sent: dict[str, Forwarder | None] = dict(self.tiles)
        for forwarder, kind in ((self.audio, "audio"), (self.picture, "video")):
            if (media := _first(self._offer, kind, sends=False)) is not None:
                sent[media.mid] = forwarder
        for mid, forwarder in sent.items():
            if forwarder is not None:
                ssrcs[mid] = forwarder.ssrc
                if forwarder.rtx is not None:
                    rtx_ssrcs[mid] = forwarder.rtx.ssrc
        ice = self.transport.ice
        certified = fingerprint(certificate)
        tcp = tuple(mux.tcp.addresses)
        return Local(ice.fragment, ice.password, certified, tuple(mux.addresses), ssrcs, rtx_ssrcs, tcp)

    def _transport_changed(self, state: State, reason: str) -> None:
        if state == "connected" and self._repaired is not None:
            now = time.monotonic()
            self.downlink.start(now)
            self._send_train(now)
        self._listener.changed(self.seat, state, reason)

    # Incoming packets: nothing here may raise, a bad packet costs the peer that packet.

    def rtp(self, packets: list[Packet], extensions: dict[int, bytes], now: float) -> None:
        """Take decrypted RTP packets of one stream."""
        stream = self._streams.get(packets[0].ssrc) or self._new_stream(packets[0], extensions)
        if stream is not None:
            stream(packets, now)

    def _new_stream(self, packet: Packet, extensions: dict[int, bytes]) -> _Receive | None:
        if len(self._streams) >= MAX_SSRCS_PER_PEER:
            return None
        stream = None
        if self._microphone and packet.payload_type in _numbers(self._microphone):
            stream = self._microphone_stream(packet.ssrc, self._microphone)
        else:
            stream = self._video_stream(packet, extensions)
        if stream is not None:
            self._streams[packet.ssrc] = stream
        return stream

    def _microphone_stream(self, ssrc: int, media: Media) -> _Receive:
        receive_stats = self._receive_stats[ssrc] = self.voice = ReceiveStats()
        self.transport.path.register(ssrc, receive_stats)
        red = RedReceiver(media.codecs[0].payload_type, media.codecs[0].red)

        def receive(packets: list[Packet], now: float) -> None:
            highest = receive_stats.highest
            receive_stats.receive(packets[0].sequence, len(packets))
            receive_stats.octets += sum([len(packet.payload) for packet in packets])
            receive_stats.heard, receive_stats.payload_type = now, packets[0].payload_type
            receive_stats.relay = self._listener.relay(self.seat)  # without one the inbox only counts them
            receive_stats.steady = receive_stats.relay is None or not red.is_redundant(packets[0])
            for packet in self._unwrapped(red, packets, highest):
                if packet.payload:
                    self._listener.heard(self.seat, packet, now)

        return receive

    def _unwrapped(self, red: RedReceiver, packets: list[Packet], highest: int) -> Iterator[Packet]:
        """Yield consecutive packets of a microphone without redundancy, and before them those that they repair."""
        for packet in packets:
            try:
                yield from red.unwrap(packet, highest)
            except ValueError:
                self._counters.malformed += 1
            if highest < 0 or newer(packet.sequence, highest):
                highest = packet.sequence

    def _video_stream(self, packet: Packet, extensions: dict[int, bytes]) -> _Receive | None:
        if self._content_media is not None and _belongs(packet, extensions, self._content_media):
            media, camera, name = self._content_media, self.content, f"content:{self.seat}"
        elif self._camera_media is not None and not _belongs_elsewhere(extensions, self._camera_media):
            media, camera, name = self._camera_media, self.camera, f"camera:{self.seat}"
        else:
            return None
        if packet.payload_type in _numbers(media):
            return self._camera_stream(packet, extensions, media, camera, name)
        if packet.payload_type in _rtx_codecs(media):
            return self._repair_stream(packet.ssrc, extensions, media, camera)
        return None

    def _camera_stream(
        self, packet: Packet, extensions: dict[int, bytes], media: Media, camera: SimulcastCamera, name: str
    ) -> _Receive | None:
        rid = _rid(media, extensions, RID_URI)
        if rid is None:
            return None
        codecs = {codec.payload_type: codec.name for codec in media.codecs}
        ssrc, codec, share = packet.ssrc, codecs[packet.payload_type], _share(media, rid)
        validation = SourceValidation()

        def begin() -> SimulcastLayer:
            self._hurry()
            layer = SimulcastLayer(name, codec, self._flush_queue, ssrc, share, self._ask_keyframe, rid)
            camera.add(layer)
            stream = self._receive_stats[ssrc] = layer.receive_stats
            layer.feed_from(stream)
            self.transport.path.register(ssrc, stream)
            return layer

        layer = begin()

        def receive(packets: list[Packet], now: float) -> None:
            nonlocal layer
            stream, payload_type = layer.receive_stats, packets[0].payload_type
            if codecs.get(payload_type) != codec:
                return
            if stream.received:
                validation.newest = stream.highest
            verdict = validation.judge(packets[0].sequence, len(packets))
            if verdict == "leave":
                stream.steady = False
                return
            if verdict == "restart":
                layer = begin()
            mark_keyframes(codec, packets)
            missing = layer.receive(packets, now)
            layer.receive_stats.steady, layer.receive_stats.payload_type = not validation.suspects, payload_type
            if missing:
                self._hurry()
                self.transport.send_rtcp(rtcp.nack(self._own_ssrc, layer.ssrc, missing))

        return receive

    def _repair_stream(
        self, ssrc: int, extensions: dict[int, bytes], media: Media, camera: SimulcastCamera
    ) -> _Receive | None:
        """Return the receiver of a layer's retransmissions, found by RID (RFC 8852 §3.2) or by the offer's SSRCs."""
        named = camera.find(media.repairs.get(ssrc), _rid(media, extensions, REPAIRED_RID_URI))
        if named is None:
            return None
        original = named.ssrc
        codecs = _rtx_codecs(media)
        receive_stats = self._receive_stats[ssrc] = ReceiveStats()

        def receive(packets: list[Packet], now: float) -> None:
            receive_stats.receive(packets[0].sequence, len(packets))
            codec, layer = codecs.get(packets[0].payload_type), camera.find(original, None)
            if codec is None or layer is None or codec.name != layer.codec:
                return
            for packet in packets:
                repaired = rtx.unwrap(packet, original, codec.payload_type)
                if repaired is not None:
                    repaired.keyframe = is_keyframe(codec.name, repaired.payload)
                    layer.repair(repaired, now)

        return receive

    def _reported_on(self, report: rtcp.Report, now: float) -> None:
        if (picture := self._pictures.get(report.ssrc)) is not None:
            self._reported_loss.take(report.ssrc, report.lost_packets, picture.packets)
            if report.round_trip is not None and report.sender_report != self._measured_report:
                self._measured_report = report.sender_report
                self.downlink.reported(report.round_trip)
            self.downlink.lost(report.lost, report.highest, now, report.ssrc)
            self._jitter = report.jitter / VIDEO_CLOCK
        elif self.audio is not None and report.ssrc == self.audio.ssrc:
            self._reported_loss.take(report.ssrc, report.lost_packets, self.audio.packets)
            self.downlink.sound_lost(report.lost)
            if report.lost > LOST_AUDIO_SHARE:
                self._audio_lost_at = now
        else:
            return
        if self._lossy_line.reported(report, now):
            self._hurry()

    def _sender_reported(self, report: rtcp.SenderReport, now: float) -> None:
        if (layer := self.camera.find(report.ssrc, None)) is not None:
            transit = layer.reported(report, now)
            if transit is not None and layer.active(now):  # one at rest would tell of the link as it was
                self._uplink.add_transit(transit)
        elif (receive_stats := self._receive_stats.get(report.ssrc)) is not None:
            receive_stats.reported(report, now)

    def rtcp(self, data: bytes, now: float) -> None:
        """Take one decrypted RTCP compound packet."""
        try:
            heard = rtcp.parse(data, now)
        except ValueError as exc:
            logger.debug("x %s: %s", self.seat, exc)
            return
        for item in heard:
            match item:
                case rtcp.Report():
                    self._reported_on(item, now)
                case rtcp.Estimate():
                    self.downlink.estimated(item.bitrate, now)
                case rtcp.Nack():
                    if (picture := self._pictures.get(item.ssrc)) is not None and not self.downlink.measurement.running:
                        picture.resend(item.sequences, self.downlink.rate, self.downlink.round_trip, now)
                case rtcp.KeyframeRequest():
                    if (picture := self._pictures.get(item.ssrc)) is not None:
                        picture.request_keyframe(now, self._lossy_line.round_trip)
                        if picture.request_waits:
                            self._hurry()
                case rtcp.SenderReport():
                    self._sender_reported(item, now)
        if not self.downlink.resting:
            self._hurry()
        if self.downlink.measurement.running:
            self._send_train(now)

    def listen(self) -> None:
        """Let the listener hear the microphone from the next packet on."""
        for receive_stats in self._receive_stats.values():
            receive_stats.steady = False

    def limit(self, max_step: int) -> None:
        """Limit the quality sent to step `max_step`, whatever the link carries."""
        if self._lossy_line.limit(max_step):
            self._hurry()

    @property
    def lowest_layer_only(self) -> bool:
        """Return whether its camera is to send the lowest layer alone, for its line is long and loses much of that."""
        return self._lossy_line.lowest_layer_only

    def responded(self, round_trip: float, now: float) -> None:
        """Take the round trip measured behind the padding of a probe."""
        self.downlink.responded(round_trip, now)
        self._send_train(now)

    def _send_train(self, now: float) -> None:
        """Send what measures the link, if anything is to be sent now; pictures pause meanwhile."""
        if self.downlink.measurement.running:
            hold(self.transport.path, 2 * TICK_S, now)
        octets = self.downlink.measurement.next(now)
        if octets is not None:
            if octets and self._repaired is not None:
                self._repaired.send_train(octets)
            self.transport.send_round_trip_request(now)

    @property
    def loss(self) -> float:
        """Return the share of its packets lost lately, 0 to 1."""
        return self._loss.share

    def loses_audio(self, now: float) -> bool:
        """Return whether it lost audio lately."""
        return now - self._audio_lost_at < LOST_AUDIO_S

    @property
    def connection_quality(self) -> ConnectionQuality:
        """Return its connection quality."""
        return ConnectionQuality(
            self.loss,
            self.downlink.loss,
            self._jitter,
            self.downlink.round_trip,
            self.transport.is_tcp,
            received=self._received_rate.value or 0,
            sent=self._sent_rate.value or 0,
            camera=self._camera_height,
            step=-1 if self.downlink.sound_only else self.downlink.step,
            most=self._lossy_line.max_step,
        )

    @property
    def _own_ssrc(self) -> int:
        """Return the SSRC of our feedback."""
        forwarder = self.audio or self.picture
        return forwarder.ssrc if forwarder else 1

    def _ask_keyframe(self, ssrc: int) -> None:
        self._hurry()
        self.transport.send_rtcp(rtcp.picture_loss(self._own_ssrc, ssrc))

    def _hurry(self) -> None:
        self.due = 0.0
        self._listener.hurry()

    def tick(self, now: float) -> bool:
        """Run the housekeeping, every `TICK_S`; return whether the link now carries another step of quality.

        It checks liveness, repeats NACKs and key frame requests, passes on those of the peer that came too soon, pads
        while the link is probed, and reports once a second.
        """
        for picture in self._pictures.values():
            if picture.request_waits:
                picture.remind(now)
        layers = (*self.camera.layers, *self.content.layers)
        for layer in layers:
            layer.remind(now)
            if layer.nack.waiting and layer.sinks and (again := layer.nack.due(now, self._lossy_line.round_trip)):
                self.transport.send_rtcp(rtcp.nack(self._own_ssrc, layer.ssrc, again))
        ssrc, ahead = self._lossy_line.due(self.camera, now)
        if ahead:
            self.transport.send_rtcp(rtcp.nack(self._own_ssrc, ssrc, ahead))
        if now - self._reported >= REPORT_S:
            self.transport.check(now)
            if self.transport.state == "connected":
                self._reported = now // REPORT_S * REPORT_S
                self._report(now)
        changed = not self.downlink.resting and self._follow_line(now)
        waits = any(picture.request_waits for picture in self._pictures.values())
        resting = self.downlink.resting and not self.lowest_layer_only
        quiet = resting and not waits and all(layer.rests(now) for layer in layers)
        self.due = self._reported + REPORT_S if quiet else 0.0
        return changed

    def _follow_line(self, now: float) -> bool:
        before, sound_only, measuring = self.downlink.step, self.downlink.sound_only, self.downlink.measurement.running
        self._send_train(now)
        changed = self.downlink.update(now) != before or self.downlink.sound_only != sound_only
        if self.downlink.measurement.running:
            return False
        lower = self.downlink.step < min(before, self.downlink.max_step)
        self.transport.path.pace = self.downlink.pace(now)
        if measuring:
            self._go_on(lower, now)
        elif lower:
            hold(self.transport.path, BAD_QUEUE_S, now)
        padded = not self.downlink.padding or self._pad(self.downlink.padding * TICK_S / 8, now)
        if padded and self.downlink.should_request(now):  # a response behind no padding would tell of another rate
            self.transport.send_round_trip_request(now)
        return changed or measuring

    def _pad(self, octets: float, now: float) -> bool:
        """Send padding beside a picture, if one is sent; return whether it could be sent."""
        sending = next((each for each in self._pictures.values() if each.source is not None), None)
        return sending is not None and sending.pad(octets, now)

    def _go_on(self, lower: bool, now: float) -> None:
        """Send pictures again after the link was measured and its queue is empty."""
        release(self.transport.path, now)
        if lower:
            for picture in self._pictures.values():
                picture.begin_anew(now)

    def _report(self, now: float) -> None:
        octets, report = 0, b""
        for each in (self.audio, *self._pictures.values()):
            if each is not None and (stream := each.stream).packets:
                octets += stream.octets + HEADERS_BYTES * stream.packets + each.resent_octets
                if each.source is None:
                    continue
                at = stream.timestamp_at(now - self._wait_s(each.source))
                report += rtcp.sender_report(stream.ssrc, now, at, stream.packets, stream.octets)
        self.downlink.sent(8.0 * (octets - self._octets))
        self._sent_rate.add(octets - self._octets)
        self._sent_rate.update(now)
        self._octets = octets
        if self._receive_stats:
            report += self._receiving(now)
        if report:
            self.transport.send_rtcp(report)

    def _wait_s(self, source: Source | None) -> float:
        """Return the lip sync delay of a forwarded camera: its receiver aligns pictures and voice by our sender
        reports."""
        kind, _, seat = source.name.partition(":") if source is not None else ("", "", "")
        return self._listener.lip_sync_delay_s(seat) if kind == "camera" else 0.0

    def _receiving(self, now: float) -> bytes:
        taken = {ssrc: receive_stats.take(ssrc, now) for ssrc, receive_stats in self._receive_stats.items()}
        for layer in (*self.camera.layers, *self.content.layers):
            layer.measure(now)
            layer.follow_line(self._lossy_line.round_trip)
        got, missing = sum(each[1] for each in taken.values()), sum(each[2] for each in taken.values())
        self._loss.update(got, missing)
        self._lossy_line.received(got, missing, now, full=self._uplink.full)
        self._counters.lost_in += missing
        self._measure_received(now)
        report = rtcp.receiver_report(self._own_ssrc, [block for block, _, _ in taken.values()])
        layers = [layer.ssrc for layer in (*self.camera.layers, *self.content.layers)]
        if layers:
            received = sum(taken[ssrc][1] for ssrc in layers)
            lost = sum(taken[ssrc][2] for ssrc in layers)
            report += rtcp.remb(self._own_ssrc, self._uplink.update(received, lost), layers)
        return report

    def _measure_received(self, now: float) -> None:
        octets = sum(each.octets + HEADERS_BYTES * each.received for each in self._receive_stats.values())
        self._received_rate.add(max(0, octets - self._received_octets))  # less where a stream began anew
        self._received_rate.update(now)
        self._received_octets, self._camera_height = octets, self.camera.height(now)

    async def close(self) -> None:
        """Detach from all sources and close the transport."""
        for forwarder in (self.audio, *self._pictures.values()):
            if forwarder is not None:
                forwarder.close()
        await self.transport.close()
        for camera in (self.camera, self.content):
            camera.close()


def _first(offer: Offer, kind: str, *, sends: bool) -> Media | None:
    """Return the first m-line of a kind that the peer sends on, or else receives on; None without one."""
    return next((m for m in offer.media if m.kind == kind and m.codecs and (m.sends if sends else m.receives)), None)


def _receiving(offer: Offer) -> list[Media]:
    """Return the m-lines on which the peer receives video: one picture, then the tiles of a layout."""
    return [media for media in offer.media if media.kind == "video" and media.codecs and media.receives]


def _first_two(offer: Offer) -> tuple[Media | None, Media | None]:
    """Return the m-lines of camera and shared screen: the first and the second video that the peer sends."""
    sent = [media for media in offer.media if media.kind == "video" and media.codecs and media.sends]
    return sent[0] if sent else None, sent[1] if len(sent) > 1 else None


def _belongs(packet: Packet, extensions: dict[int, bytes], media: Media) -> bool:
    """Return whether a packet belongs to an m-line, by its MID (RFC 9143 §9.2), else by the offer's SSRCs."""
    mid = extensions.get(media.extensions.get(MID_URI, 0))
    return packet.ssrc in media.ssrcs if mid is None else mid == media.mid.encode()


def _belongs_elsewhere(extensions: dict[int, bytes], media: Media) -> bool:
    """Return whether a packet names another m-line by its MID."""
    mid = extensions.get(media.extensions.get(MID_URI, 0))
    return mid is not None and mid != media.mid.encode()


def _numbers(media: Media) -> set[int]:
    return {number for codec in media.codecs for number in (codec.payload_type, codec.red) if number is not None}


def _rtx_codecs(media: Media) -> dict[int, Codec]:
    return {codec.rtx: codec for codec in media.codecs if codec.rtx is not None}


def _rid(media: Media, extensions: dict[int, bytes], uri: str) -> str | None:
    """Return a packet's layer by its header extension `uri`: empty without layers, None while unknown."""
    if not media.rids:
        return ""
    rid = extensions.get(media.extensions.get(uri, 0), b"").decode("ascii", "replace")
    return rid if rid in media.rids else None


def _share(media: Media, rid: str) -> float:
    """Return a layer's height over the camera's (layers stand low to high in the offer)."""
    return 0.5 ** (len(media.rids) - 1 - media.rids.index(rid)) if rid else 1.0
