"""One m-line of a room system: the stream it sends us, the stream we send it, and the RTCP of both."""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf

from mediaserver.api import StreamReport
from mediaserver.audio.telephony_codecs import RTP_CLOCK, SCALE
from mediaserver.congestion.camera_limit import CameraLimit
from mediaserver.congestion.downlink import Downlink
from mediaserver.congestion.pacer import HEADERS_BYTES
from mediaserver.errors import BadOffer
from mediaserver.peer.forwarder import Forwarder
from mediaserver.peer.received_pictures import ReceivedPictures
from mediaserver.peer.simulcast import SimulcastCamera, SimulcastLayer
from mediaserver.peer.sip_quality import SentQuality
from mediaserver.rtp import rtcp, rtx
from mediaserver.rtp.nack import NackLimit
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import SINGLE_NAL, VIDEO_CLOCK, is_keyframe
from mediaserver.rtp.receive_stats import ReceiveStats
from mediaserver.rtp.reported_loss import ReportedLoss
from mediaserver.rtp.rtcp import BitrateLimit, BitrateLimitTaken, Block, Report, SenderReport
from mediaserver.rtp.source import FlushQueue
from mediaserver.rtp.source_validation import SourceValidation
from mediaserver.rtp.srtp_key import SrtpKey
from mediaserver.rtp.telephone_event import DigitReceiver
from mediaserver.sdp import sdes
from mediaserver.sdp.sdes import Crypto
from mediaserver.sdp.sip_parse import TONES, Codec, Media
from mediaserver.sdp.sip_write import HIGH, MODE_1, SINGLE, dtls_role, repair_type
from mediaserver.transport.ice import Address
from mediaserver.transport.plain_rtp import PlainPorts, RtpPortPair

logger = logging.getLogger(__name__)

VIDEO_TYPES = {MODE_1: "H264", SINGLE: "H264", HIGH: "H264"}
"""Codecs of our own payload types, which a peer may use although it offered others (RFC 3264 §5.1)."""
IP_BYTES = 40
"""Headers of IPv4, UDP and RTP, which count in the bitrate that we ask of a camera (RFC 5104 §4.2.1.2)."""
LOST_AUDIO_SHARE = 0.02
"""Share of the sound lost between two reports from which on a receiver counts as losing it."""
TAKEOVER_S = 0.5
"""Seconds of silence after which another SSRC on the same m-line is accepted: a restart, no intruder."""


def written(address: Address | None) -> str:
    """Return an address and port in text; "" for none."""
    if address is None:
        return ""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class SipStream:
    """One m-line on ports of its own, whose packets are marked by `dscp`; `codecs` names those received, by payload
    type."""

    def __init__(self, ports: PlainPorts, host: str, clock_rate: int, downlink: Downlink, dscp: int) -> None:
        self.clock_rate = clock_rate
        """Of the stream we send, in Hz."""
        self._downlink = downlink
        self.port_pair: RtpPortPair = ports.open(host, self, dscp)
        self._counters = ports.counters
        self._reported_loss = ReportedLoss(ports.counters)
        self.codecs: Mapping[int, str] = {}
        self.taken = True
        """Whether its packets are taken; those that come on hold are not."""
        self.keys: tuple[Crypto, ...] = ()
        """Those we offered, or the one under which we send."""
        self._their_key: SrtpKey | None = None
        self.certificate = ports.certificate
        """Ours in DTLS."""
        self.forwarder: Forwarder | None = None
        self._sent_as: tuple[dict[str, int], int, dict[int, int] | None] | None = None
        """Payload types, clock and payload types of retransmissions of the forwarder."""
        self.receive_stats: ReceiveStats | None = None
        """Of the stream received at present."""
        self.codec = ""
        """The codec of the newest packet."""
        self.jitter = 0.0
        """Of the stream we send, in seconds."""
        self.round_trip: float | None = None
        """As the peer's newest report tells, in seconds."""
        self.lost_there: int | None = None
        """Packets of our stream that the peer lost, as it reported last."""
        self._ssrc = 0
        self._last_packet_at = 0.0
        self._own_ssrc = secrets.randbits(32) or 1

    def send(
        self, payload_types: dict[str, int], flush_queue: FlushQueue | None, repairs: dict[int, int] | None = None
    ) -> Forwarder:
        """Start a stream to the peer, or go on with it; pictures wait in `flush_queue` for their turn. `repairs` are
        payload types of retransmissions (RFC 4588) by those that they repeat."""
        if self.forwarder is not None:
            as_before = (payload_types, self.clock_rate, repairs) == self._sent_as
            if as_before:
                return self.forwarder
            self.forwarder.close()
        self._sent_as = payload_types, self.clock_rate, repairs
        rtx_stream = rtx.RtxStream(repairs, secrets.randbits(32) or 1, secrets.randbits(15)) if repairs else None
        self.forwarder = Forwarder(
            payload_types, self.clock_rate, self.port_pair, rtx=rtx_stream, flush_queue=flush_queue
        )
        self._own_ssrc = self.forwarder.ssrc
        return self.forwarder

    def aim(self, media: Media, ours: Mapping[int, str], now: float) -> None:
        """Expect the codecs of an m-line and `ours`, by payload type, and send to its ports."""
        theirs = {codec.payload_type: codec.name for codec in media.codecs if codec.name != TONES}
        found = {**ours, **theirs}
        self.codecs = {number: "H264" if name == SINGLE_NAL else name for number, name in found.items()}
        self.port_pair.aim(media.host, media.port, media.rtcp_port, now)

    def check_answer(self, media: Media) -> None:
        """Raise BadOffer unless the key in an answer answers one of ours (RFC 4568 §5.1.3)."""
        ours = [(each.tag, each.key.suite) for each in self.keys]
        if any((each.tag, each.key.suite) not in ours for each in media.keys):
            raise BadOffer("answer with a key for none that was offered")

    def secure(self, media: Media, *, answer: bool) -> None:
        """Encrypt under the keys of an m-line, an offer's or an `answer`'s, or by DTLS; else send and take plain media.

        A key of the peer that is new gets a new one of ours: it may be another machine's, which heard nothing yet.
        """
        if media.fingerprints:
            self.keys, self._their_key = (), None
            self.port_pair.associate(self.certificate, dtls_role(media.setup), media.fingerprints)
            return
        if not media.keys:
            self.keys, self._their_key = (), None
            self.port_pair.unsecure()
            return
        theirs = media.keys[0]
        if answer:
            own = next(each for each in self.keys if each.tag == theirs.tag)
        elif theirs.key == self._their_key:
            own = replace(self.keys[0], tag=theirs.tag)
        else:
            own = sdes.make(theirs.tag, theirs.key.suite)
        self.keys, self._their_key = (own,), theirs.key
        self.port_pair.secure(own.key, theirs.key)

    def rtp(self, packet: Packet, now: float) -> None:
        """Take one RTP packet; keep-alives have unknown payload types (RFC 6263 §4.6) or are empty."""
        codec = self.codecs.get(packet.payload_type)
        if codec is None or not self.taken:
            return
        if packet.ssrc != self._ssrc or self.receive_stats is None:
            if self.receive_stats is not None and now - self._last_packet_at < TAKEOVER_S:
                return
            self._ssrc = packet.ssrc
            self.receive_stats = self._begin(packet.ssrc)
        self._last_packet_at, self.codec = now, codec
        self._receive(packet, codec, now)

    def _begin(self, _ssrc: int) -> ReceiveStats:
        """Begin to receive another stream; return its statistics."""
        return ReceiveStats()

    def _receive(self, packet: Packet, codec: str, now: float) -> None:
        """Take one packet of the current stream."""

    def rtcp(self, data: bytes, now: float) -> None:
        """Take one RTCP compound packet. Whatever SSRC a key frame request names, it is about our only picture."""
        try:
            items = rtcp.parse(data, now)
        except ValueError as exc:
            logger.debug("x port %d: %s", self.port_pair.port, exc)
            return
        for item in items:
            match item:
                case rtcp.SenderReport():
                    if self.receive_stats is not None and item.ssrc == self._ssrc:
                        self._sender_reported(self.receive_stats, item, now)
                case rtcp.KeyframeRequest():
                    if self.forwarder is not None:
                        self.forwarder.request_keyframe(now)
                case rtcp.Nack():
                    if self.forwarder is not None:
                        self.forwarder.resend(item.sequences, self._downlink.rate, self._downlink.round_trip, now)
                case rtcp.Report():
                    if self.forwarder is not None and item.ssrc == self.forwarder.ssrc:
                        self._reported_loss.take(item.ssrc, item.lost_packets, self.forwarder.packets)
                        self._reported(item, now)
                case rtcp.BitrateLimit():
                    self._limited(item)
                case rtcp.BitrateLimitTaken():
                    self._limit_taken(item)

    def latched(self, now: float) -> None:
        """Begin its picture anew at another host: what was sent so far went elsewhere."""
        if self.forwarder is not None:
            self.forwarder.request_keyframe(now)

    def _sender_reported(self, receive_stats: ReceiveStats, report: SenderReport, now: float) -> None:
        """Take the sender's report on the current stream."""
        receive_stats.reported(report, now)

    def _reported(self, report: Report, now: float) -> None:
        self.jitter, self.lost_there = report.jitter / self.clock_rate, report.lost_packets
        if report.round_trip is not None:
            self.round_trip = report.round_trip

    @property
    def octets(self) -> tuple[int, int]:
        """Return the bytes received and sent so far, headers counted."""
        came, went = self.receive_stats, self.forwarder
        return (
            0 if came is None else came.octets + HEADERS_BYTES * came.received,
            0 if went is None else went.octets + HEADERS_BYTES * went.packets,
        )

    @property
    def carried(self) -> StreamReport:
        """Return what it carried so far."""
        came, went = self.receive_stats, self.forwarder
        sent = went.packets if went is not None else 0
        return StreamReport(
            received_codec=self.codec,
            received=came.received if came is not None else 0,
            received_octets=came.octets if came is not None else 0,
            lost=came.lost if came is not None else 0,
            sent_codec=next(iter(went.payload_types)).partition("/")[0] if went is not None and sent else "",
            sent=sent,
            lost_there=self.lost_there,
            named=written(self.port_pair.named),
            source=written(self.port_pair.source),
        )

    def _limited(self, limit: BitrateLimit) -> None:
        """Take the limit that the peer sets to what we send."""

    def _limit_taken(self, taken: BitrateLimitTaken) -> None:
        """Take the limits that the peer keeps to."""

    def report(self, now: float) -> tuple[int, int]:
        """Send a report on both directions; return the packets received and lost since the last one."""
        blocks, got, lost = [], 0, 0
        if self.receive_stats is not None and self.receive_stats.received:
            block, got, lost = self.receive_stats.take(self._ssrc, now)
            blocks.append(block)
            self._counters.lost_in += lost
        each = self.forwarder
        if each is not None and each.packets:
            at = each.rewriter.timestamp_at(now)
            self.port_pair.send_rtcp(rtcp.sender_report(each.ssrc, now, at, each.packets, each.octets, blocks))
        else:
            self.port_pair.send_rtcp(self._compound(blocks))
        return got, lost

    def _compound(self, blocks: list[Block], more: bytes = b"") -> bytes:
        """Return a compound packet that begins with a report and a CNAME, or old systems drop it (RFC 3550 §6.1)."""
        return rtcp.receiver_report(self._own_ssrc, blocks) + rtcp.name(self._own_ssrc) + more

    def close(self) -> None:
        """Detach from all sources and send RTCP BYE."""
        if self.forwarder is not None:
            self.forwarder.close()
        self.port_pair.send_rtcp(self._compound([], rtcp.goodbye(self._own_ssrc)))


class SipAudioStream(SipStream):
    """The audio m-line. `on_packet` takes packets whose timestamps are in samples at 48 kHz, `on_digit` DTMF digits."""

    def __init__(
        self,
        ports: PlainPorts,
        host: str,
        downlink: Downlink,
        on_packet: Callable[[Packet, float, str], None],
        on_digit: Callable[[str], None],
    ) -> None:
        super().__init__(ports, host, RTP_CLOCK, downlink, ports.dscp.audio)
        self._take = on_packet
        self._press = on_digit
        self.event_types: frozenset[int] = frozenset()
        """Payload types of telephone events (RFC 4733)."""
        self._digits = DigitReceiver()
        self._scale = 1
        """Samples at 48 kHz of a tick of the stream received."""
        self.lost_at = -inf
        """When a report told last of much loss, in seconds."""

    def rtp(self, packet: Packet, now: float) -> None:
        """Take one RTP packet. Telephone events are no sound, but have their numbers in its stream (RFC 4733 §2.2)."""
        if packet.payload_type not in self.event_types:
            super().rtp(packet, now)
        elif self.taken:
            if packet.ssrc == self._ssrc and self.receive_stats is not None:
                self.receive_stats.receive(packet.sequence)
                self._last_packet_at = now
            digit = self._digits.receive(packet.ssrc, packet.timestamp, packet.payload, now)
            if digit is not None:
                self._press(digit)

    def _receive(self, packet: Packet, codec: str, now: float) -> None:
        assert self.receive_stats is not None
        self.receive_stats.receive(packet.sequence)
        self.receive_stats.octets += len(packet.payload)
        self._scale = 1 if codec == "opus" else SCALE
        if packet.payload:
            packet.timestamp = packet.timestamp * self._scale & 0xFFFFFFFF  # 2^32 is a multiple of itself in any clock
            self._take(packet, now, codec)

    def _sender_reported(self, receive_stats: ReceiveStats, report: SenderReport, now: float) -> None:
        timestamp = report.timestamp * self._scale & 0xFFFFFFFF
        super()._sender_reported(receive_stats, replace(report, timestamp=timestamp), now)

    def _reported(self, report: Report, now: float) -> None:
        super()._reported(report, now)
        if report.lost > LOST_AUDIO_SHARE:
            self.lost_at = now


class SipVideoStream(SipStream):
    """A video m-line; its camera is one simulcast layer called `name` of at most so many bit/s. For `feedback` see
    Media."""

    def __init__(
        self,
        ports: PlainPorts,
        host: str,
        downlink: Downlink,
        name: str,
        flush_queue: FlushQueue,
        most: int,
    ) -> None:
        super().__init__(ports, host, VIDEO_CLOCK, downlink, ports.dscp.video)
        self._name = name
        self._most = most
        self._flush_queue = flush_queue
        self.camera = SimulcastCamera()
        self.feedback: frozenset[str] = frozenset()
        self.keyframe_wanted: Callable[[], None] = lambda: None
        """Called when a key frame is wanted of a peer that named no way to ask for it."""
        self.quality: SentQuality | None = None
        """That of the picture we send; None where we send none."""
        self._camera_limit = CameraLimit(most)
        self._nack_limit = NackLimit()
        self._repeated: dict[int, int] = {}
        """Payload types by those in which they are sent again (RFC 4588)."""
        self._validation = SourceValidation()
        self._requests = 0
        self._pictures = ReceivedPictures()

    def close(self) -> None:
        """Detach from all sources, send RTCP BYE and forget the packets that came."""
        super().close()
        self.camera.close()

    def _begin(self, ssrc: int) -> ReceiveStats:
        self._validation = SourceValidation()
        self._camera_limit.begin()
        return self._begin_layer(ssrc)

    def _begin_layer(self, ssrc: int) -> ReceiveStats:
        layer = SimulcastLayer(self._name, "H264", self._flush_queue, ssrc, 1.0, self._ask, most=self._most)
        self.camera.layers = [layer]
        return layer.receive_stats

    def _receive(self, packet: Packet, codec: str, now: float) -> None:
        verdict = self._validation.judge(packet.sequence)
        if verdict == "leave":
            return
        if verdict == "restart":
            self.receive_stats = self._begin_layer(packet.ssrc)
        packet.keyframe = is_keyframe(codec, packet.payload)
        self._pictures.receive(packet, now)
        self._request_again(self.camera.layers[0].receive([packet], now), now)

    def rtp(self, packet: Packet, now: float) -> None:
        """Take one RTP packet; a retransmission belongs to the current stream, whatever its SSRC."""
        original = self._repeated.get(packet.payload_type)
        if original is None:
            super().rtp(packet, now)
        elif self.taken and self.camera.layers and (again := rtx.unwrap(packet, self._ssrc, original)) is not None:
            again.keyframe = is_keyframe("H264", again.payload)
            self.camera.layers[0].repair(again, now)

    def expect(self, media: Media, codec: Codec) -> None:
        """Expect the feedback of an m-line, and retransmissions of a codec in it."""
        self.feedback = media.feedback
        repair = repair_type(media, codec)
        self._repeated = {} if repair is None else {repair: codec.payload_type}

    def _request_again(self, missing: list[int], now: float) -> None:
        """Request packets again where the peer offered that, with all others that are due. Of too many requests the
        later ones wait for the next that may be sent."""
        if not missing or "nack" not in self.feedback:
            return
        nack = self.camera.layers[0].nack
        if self._nack_limit.allow(now):
            missing = [*nack.due(now), *missing]
            self.port_pair.send_rtcp(self._compound([], rtcp.nack(self._own_ssrc, self._ssrc, missing)))
        else:
            nack.postpone(missing)

    def try_keyframe(self, now: float) -> None:
        """Request a key frame, and measure when it comes."""
        if self.receive_stats is not None:
            self._pictures.requested(now)
            self._ask(self._ssrc)

    @property
    def carried(self) -> StreamReport:
        """Return what it carried so far, with its pictures."""
        pictures, went = self._pictures, self.forwarder
        width, height = pictures.size
        sent_width, sent_height = (0, 0) if went is None else went.size
        return replace(
            super().carried,
            width=width,
            height=height,
            pictures=pictures.count,
            keyframes=pictures.keyframes,
            keyframe_after=pictures.keyframe_after,
            sent_width=sent_width,
            sent_height=sent_height,
            sent_pictures=0 if went is None else went.pictures,
        )

    def _ask(self, ssrc: int) -> None:
        """Request a key frame in the way the peer knows; a peer that named none may still understand a PLI."""
        if "ccm fir" in self.feedback and "nack pli" not in self.feedback:
            self._requests += 1
            request = rtcp.full_intra(self._own_ssrc, ssrc, self._requests)
        else:
            request = rtcp.picture_loss(self._own_ssrc, ssrc)
        self.port_pair.send_rtcp(self._compound([], request))
        if not self.feedback & {"ccm fir", "nack pli"}:
            self.keyframe_wanted()

    def _sender_reported(self, receive_stats: ReceiveStats, report: SenderReport, now: float) -> None:
        self.camera.layers[0].reported(report, now)

    def _reported(self, report: Report, now: float) -> None:
        super()._reported(report, now)
        if report.round_trip is not None:
            self._downlink.reported(report.round_trip)
        self._downlink.lost(report.lost, report.highest, now)
        if self.quality is not None:
            self.quality.rate.lost(report.lost, report.highest, now)

    def _limited(self, limit: BitrateLimit) -> None:
        """Take a limit of our only picture, whatever SSRC it names, and say that we keep to it."""
        if self.quality is not None:
            self.quality.rate.limit(limit.bitrate, limit.overhead)
            answer = rtcp.bitrate_limit_taken(self._own_ssrc, limit.sender, limit.bitrate, limit.overhead)
            self.port_pair.send_rtcp(self._compound([], answer))

    def _limit_taken(self, taken: BitrateLimitTaken) -> None:
        if self._own_ssrc in taken.ssrcs:
            self._camera_limit.confirm()

    def report(self, now: float) -> tuple[int, int]:
        """Measure the camera's bitrate, and report as any stream does; limit it where the peer takes that."""
        for layer in self.camera.layers:
            layer.measure(now)
        received, lost = super().report(now)
        if "ccm tmmbr" in self.feedback and received and (limit := self._camera_limit.update(received, lost)):
            self.port_pair.send_rtcp(
                self._compound([], rtcp.bitrate_limit(self._own_ssrc, self._ssrc, limit, IP_BYTES))
            )
        return received, lost

    def remind(self, now: float) -> None:
        """Repeat requests for a key frame and for packets that have not come, and pass on one of the peer that came
        too soon."""
        if self.forwarder is not None:
            self.forwarder.remind(now)
        for layer in self.camera.layers:
            layer.remind(now)
            if layer.nack.waiting:
                self._request_again(layer.nack.due(now), now)
