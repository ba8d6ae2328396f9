"""Forwarders: each sends one RTP stream (one SSRC) to a peer. The source behind it may change; video changes at a key
frame."""

import secrets
from collections.abc import Iterable, Iterator
from itertools import cycle, islice
from math import inf
from struct import Struct
from typing import Protocol

from mediaserver.congestion.downlink import LINE_BPS
from mediaserver.congestion.pacer import HEADERS_BYTES, Pacer
from mediaserver.congestion.repetition import KEYFRAME_TIMES, Repeater, RepetitionLimit
from mediaserver.congestion.retransmission_limit import RetransmissionLimit
from mediaserver.rtp.keyframe_requests import KeyframeShare
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import VIDEO_CLOCK, readable_vp8
from mediaserver.rtp.red import RedSender
from mediaserver.rtp.rewriter import Rewriter
from mediaserver.rtp.rtx import RtxStream
from mediaserver.rtp.source import FlushQueue, Source, VideoSource
from mediaserver.rtp.temporal_layers import TemporalLayerFilter
from mediaserver.transport.peer_path import PeerPath
from mediaserver.transport.srtp import Outgoing
from mediaserver.transport.webrtc import send_time_extension

PADDING_BYTES = 255
"""The most bytes of padding that RTP can count (RFC 3550 §5.1)."""
MAX_REPEATED = 96
"""Packets repeated in one go to probe the link: packets of a picture that stands still are small."""
MAX_PADDING_DEBT_BYTES = 2500.0
"""Two packets. Padding that could not be sent between pictures is not made up for beyond that."""
_HEADER = Struct("!BBHII")
_PADDING = bytes(PADDING_BYTES - 1) + bytes([PADDING_BYTES])


class Transport(Protocol):
    """Sends packets to one peer."""

    path: PeerPath

    def send(self, packets: Iterable[Outgoing], send_time: int = 0) -> None:
        """Send packets; `send_time` is the id of the header extension with their send time, 0 for none."""

    def send_packet(self, packet: bytes) -> None:
        """Send one whole plain RTP packet."""


def _octets(packets: Iterable[Outgoing]) -> int:
    return sum([len(payload) for *_, payload in packets])


class Forwarder:
    """One outgoing stream of a peer. `payload_types` maps the codecs the peer negotiated; packets of others never
    arrive here.

    Video changes source at a key frame only; until it comes the old source goes on.
    """

    def __init__(
        self,
        payload_types: dict[str, int],
        clock_rate: int,
        transport: Transport,
        send_time: int = 0,
        rtx: RtxStream | None = None,
        flush_queue: FlushQueue | None = None,
        retransmission_limit: RetransmissionLimit | None = None,
        red: RedSender | None = None,
        repetition_limit: RepetitionLimit | None = None,
    ) -> None:
        self.payload_types = payload_types
        self.clock_rate = clock_rate
        self._transport = transport
        self._send_time = send_time
        self.rtx = rtx
        self._red = red
        self._flush_queue = flush_queue
        self.ssrc = secrets.randbits(32) or 1
        sound = clock_rate != VIDEO_CLOCK
        self.rewriter = Rewriter(clock_rate, secrets.randbits(15), secrets.randbits(31), one_clock=sound)
        self.stream = self.rewriter
        self.stream.ssrc, self.stream.path, self.stream.send_time = self.ssrc, transport.path, send_time
        self.source: Source | None = None
        self._temporal_layers = TemporalLayerFilter(self.stream)
        self._next: Source | None = None
        self.since: int | None = None
        """The RTP timestamp at which the newest source begins, in whatever layer; None before the first."""
        self._begins = False
        """Whether the next packet is the first of another source."""
        self._unsent = 0
        """The first sequence number that was not sent yet, while packets wait."""
        self._padding_debt = 0.0
        self._retransmission_limit = retransmission_limit or RetransmissionLimit()
        self._keyframe_share = KeyframeShare()
        self._keyframes_before = 0
        """How many key frames the source had sent before the peer requested one."""
        self._pacer = Pacer(transport.path)
        self._repeater = None if repetition_limit is None else Repeater(repetition_limit)
        self._times = 0
        """How many times more each packet is sent, unasked."""
        self._keyframe: tuple[float, int] = -inf, -1
        """When the newest key frame was forwarded that is sent again unasked, and its timestamp as it was sent."""
        self._flushes = False
        """Whether it is in the flush queue."""
        if flush_queue is not None:
            self.stream.paced, transport.path.pace = True, LINE_BPS
        self.resent_octets = 0
        """Bytes in retransmitted packets, requested or not, headers counted."""

    def takes(self, codec: str) -> bool:
        """Return whether the peer can decode `codec`."""
        return codec in self.payload_types

    def follow(self, source: Source | None, now: float) -> None:
        """Change to `source`; None stops the stream."""
        if source is (self._next or self.source):
            return
        if self._next is not None:
            self._next.detach(self)
            self._next = None
        if source is self.source:
            return
        if source is None:
            self._forget()
            self._leave()
            return
        source.attach(self)
        self._next = source
        if self.clock_rate == VIDEO_CLOCK:
            source.request_keyframe(now)

    def limit_temporal_layers(self, layer: int | None) -> None:
        """Forward no temporal layer of a VP8 source above `layer`; None: all."""
        self._temporal_layers.limit(layer)
        if not (self._temporal_layers.passes_all or self.stream.moving):
            self.stream.source = None  # the fast loop leaves nothing out before it moves ids

    @property
    def takes_earlier(self) -> bool:
        """Return whether its peer takes earlier frames of sound beside the newest (RED)."""
        return self._red is not None

    def carry_earlier(self, frames: int) -> None:
        """Carry so many earlier frames of sound in each packet from now on, if the peer takes that (RED)."""
        if self._red is None or frames == self._red.frames:
            return
        if not self._red.frames:
            self._red.forget()
            self.stream.source = None  # the fast loop repeats nothing
        self._red.frames = frames

    def repeat(self, times: int) -> None:
        """Send each packet so many times more from now on, unasked, if the peer takes that (RTX)."""
        if self._repeater is None or self.rtx is None or times == self._times:
            return
        if not self._times:
            self.stream.source = None  # the fast loop sends once
        self._times = times

    def _leave(self) -> None:
        self._keyframe_share.forget()
        if self.source is not None:
            self.source.detach(self)
            self.source = self.stream.source = None

    def send(self, source: Source, packets: list[Packet], now: float) -> None:
        """Forward packets of the current source; a key frame of the next source makes it current."""
        if source is self._next:
            packets = self._enter(source, packets)
        if source is self.source and packets:
            self._forward(packets, now)

    def _enter(self, source: Source, packets: list[Packet]) -> list[Packet]:
        start = 0
        if self.clock_rate == VIDEO_CLOCK:
            start = next((i for i, p in enumerate(packets) if p.keyframe), len(packets))
        if start < len(packets):
            self._forget()
            self._begins |= self.source is None or self.source.name != source.name
            self._leave()
            self.source, self._next = source, None
            self.rewriter.switch()
        return packets[start:]

    def begin_anew(self, now: float) -> None:
        """Drop the packets that wait, if any, and go on with the next key frame: on a link that became narrow they
        would take seconds."""
        source = self._next or self.source
        if self._pacer.waits and source is not None:
            self.follow(None, now)
            self.follow(source, now)

    def _forget(self) -> None:
        """Drop the packets that wait: a key frame of the next source makes them useless, and on a link that became
        narrow they would take seconds. Sequence numbers that were not used are assigned anew."""
        if self._pacer.forget():
            self.rewriter.next_sequence = self._unsent

    def _forward(self, packets: list[Packet], now: float) -> None:
        assert self.source is not None
        codec = self.source.codec
        number, ssrc, rewriter = self.payload_types[codec], self.ssrc, self.rewriter
        if not self._pacer.waits:
            self._unsent = rewriter.next_sequence
        # which VP8 source is the first shows once the one before has ended
        steady = codec != "VP8" or (
            self._temporal_layers.passes_all and not rewriter.switching and rewriter.vp8_as_is()
        )
        offsets = rewriter.steady(packets, now) if steady else None
        if offsets is not None:
            by, later = offsets
            outgoing: list[Outgoing] = [
                (number | p.marker << 7, p.sequence + by & 0xFFFF, p.timestamp + later & 0xFFFFFFFF, ssrc, p.payload)
                for p in packets
            ]
        else:
            filtered = codec == "VP8" and not self._temporal_layers.passes_all
            outgoing = self._one_by_one(self._passing(packets) if filtered else packets, number, now)
        if self._red is not None and self._red.frames:
            outgoing = [self._red.wrap(packet) for packet in outgoing]
        if self._begins and outgoing:
            self.since, self._begins = outgoing[0][2], False
        if self._times:
            self._note_keyframe(packets, now)
        self._send(outgoing if self._flush_queue is None else self._paced(outgoing, now), now)
        self._hand_over(self.source, number)

    def _hand_over(self, source: Source, number: int) -> None:
        """Let the fast loop serve a source as soon as it can: one that leaves out temporal layers once it moves ids,
        sound while it carries no earlier frames, pictures while nothing is sent again unasked."""
        if self._times or (self._red is not None and self._red.frames):
            return
        vp8, complete = source.codec == "VP8", self._temporal_layers.passes_all
        if vp8 and not complete:
            self.rewriter.move_vp8()
        self.stream.moving = vp8 and not self.rewriter.vp8_as_is()
        if self.rewriter.vp8_moves() if self.stream.moving else complete or not vp8:
            self.stream.source, self.stream.payload_type = source, number

    def _passing(self, packets: list[Packet]) -> Iterator[Packet]:
        """Yield the packets of the temporal layers that are forwarded. Each must be rewritten before the next is
        taken, since those left out give their numbers to those that follow.

        Late packets have numbers already, whatever they are: a hole would be a loss to the receiver.
        """
        for packet in packets:
            descriptor = readable_vp8(packet.payload)
            late = not self.rewriter.switching and self.rewriter.late(packet)
            if late or descriptor is None or self._temporal_layers.passes(descriptor, packet.keyframe):
                yield packet
            else:
                self.rewriter.leave_out(packet)

    def _note_keyframe(self, packets: list[Packet], now: float) -> None:
        for packet in packets:
            if packet.keyframe:
                self._keyframe = now, packet.timestamp + self.rewriter.timestamp_offset & 0xFFFFFFFF

    def _send(self, outgoing: list[Outgoing], now: float) -> None:
        for _, sequence, *_ in outgoing:
            if (sequence - self._unsent) & 0xFFFF < 0x8000:  # what is repaired comes after its followers
                self._unsent = sequence + 1 & 0xFFFF
        self.stream.packets += len(outgoing)
        self.stream.octets += _octets(outgoing)
        self.stream.pictures += sum([number >> 7 for number, *_ in outgoing])
        self._transport.send(outgoing, self._send_time)
        if self._times:
            self._repeat_later(outgoing, now)

    def _repeat_later(self, outgoing: list[Outgoing], now: float) -> None:
        """Have packets that were sent now sent again a moment later, those of key frames more often."""
        assert self._repeater is not None
        for packet in outgoing:
            _, _, timestamp, _, _ = packet
            least = KEYFRAME_TIMES if timestamp == self._keyframe[1] else 0
            self._repeater.put([packet], max(least, self._times), now)
        self._flush_later()

    def _flush_later(self) -> None:
        """Be flushed while packets wait, for their turn or to be sent again."""
        waits = self._pacer.waits or (self._repeater is not None and self._repeater.waits)
        if waits and not self._flushes and self._flush_queue is not None:
            self._flush_queue.append(self)
            self._flushes = True

    def _paced(self, outgoing: list[Outgoing], now: float) -> list[Outgoing]:
        """Return the packets of a picture that go now; :meth:`flush` sends the rest."""
        outgoing = self._pacer.put(outgoing, _octets(outgoing), now)
        self._flush_later()
        return outgoing

    def flush(self, now: float) -> None:
        """Send packets that waited for their turn, and again those whose time has come; called after each read of the
        port and at every audio tick."""
        self._flushes = False
        try:
            if self._pacer.waits:
                self._send(self._pacer.take(now), now)
            if self._repeater is not None and self.rtx is not None:
                self._send_wrapped(self._repeater.take(now), self.rtx)
        finally:
            self._flush_later()

    def _send_wrapped(self, packets: list[Outgoing], rtx: RtxStream) -> None:
        """Send packets once more in the RTX stream."""
        if packets:
            self._transport.send([rtx.wrap(packet) for packet in packets], self._send_time)
            self.resent_octets += _octets(packets) + HEADERS_BYTES * len(packets)

    def _one_by_one(self, packets: Iterable[Packet], number: int, now: float) -> list[Outgoing]:
        """Rewrite packets one by one: after a switch, around holes and disorder, and for VP8 ids that must change."""
        assert self.source is not None
        vp8 = self.source.codec == "VP8"
        outgoing: list[Outgoing] = []
        for packet in packets:
            moved = self.rewriter.forward(packet, now)
            if moved is not None:
                payload = self.rewriter.vp8(packet.payload, moved[0]) if vp8 else packet.payload
                outgoing.append((number | packet.marker << 7, *moved, self.ssrc, payload))
        return outgoing

    def resend(self, sequences: Iterable[int], rate: float, round_trip: float, now: float) -> None:
        """Retransmit packets that the peer missed and the source still has (RFC 4585 generic NACK).

        `rate` is the link's estimated capacity in bit/s, `round_trip` in seconds.
        """
        if self.source is None:
            return
        again = []
        for sequence in self._retransmission_limit.within(sequences, rate, now):
            wanted = self.rewriter.source_sequence(sequence)
            packet = self.source.recall(wanted) if wanted is not None else None
            if packet is None or self._pacer.holds(sequence):
                continue
            size = len(packet.payload) + HEADERS_BYTES
            if self._retransmission_limit.allow(self.ssrc, sequence, size, round_trip, now):
                again.append(packet)
        self.resent_octets += self._send_again(again, now, times=min(1, self._times))

    def _send_again(self, packets: list[Packet], now: float, times: int = 0) -> int:
        """Send packets once more, and so many `times` again a moment later, in an RTX stream where the peer has one;
        return the bytes this took now, headers included.

        Without RTX they are the same bit for bit, since SRTP must not protect two packets with one number: so a peer
        without it gets no send times (:func:`mediaserver.sdp.webrtc.send_time_id`).
        """
        assert self.source is not None
        outgoing = self._one_by_one(packets, self.payload_types[self.source.codec], now)
        if times and self._repeater is not None:
            self._repeater.put(outgoing, times, now)
            self._flush_later()
        if self.rtx is not None:
            outgoing = [self.rtx.wrap(packet) for packet in outgoing]
        self._transport.send(outgoing, self._send_time)
        return sum(len(payload) + HEADERS_BYTES for *_, payload in outgoing)

    def pad(self, octets: float, now: float) -> bool:
        """Send about so many bytes of padding between two pictures, to probe whether the link carries them; return
        whether they could be sent.

        With RTX these are the last packets once more, which may even repair a loss; without it, padding within the
        stream.
        """
        if self.source is None or self.stream.path.waiting:
            return False
        self._padding_debt += octets
        if self.rtx is not None:
            self._repeat(now)
        else:
            self._pad_within(self.payload_types[self.source.codec])
        self._padding_debt = min(self._padding_debt, MAX_PADDING_DEBT_BYTES)
        return True

    def _repeat(self, now: float) -> None:
        again: list[Packet] = []
        for packet in islice(cycle(self._newest()), MAX_REPEATED):
            if self._padding_debt < len(packet.payload) + HEADERS_BYTES:
                break
            self._padding_debt -= len(packet.payload) + HEADERS_BYTES
            again.append(packet)
        self._send_again(again, now)

    def _newest(self) -> Iterator[Packet]:
        """Yield the packets last sent, newest first, up to the first that is gone."""
        newest = self.stream.newest if self.stream.sent else None
        if self.source is None or newest is None:
            return
        for back in range(MAX_REPEATED):
            packet = self.source.recall((newest.sequence - back) & 0xFFFF)
            if packet is None:
                return
            if self.rewriter.sent_number(packet.sequence) is not None:
                yield packet

    def _pad_within(self, number: int) -> None:
        while self._padding_debt >= PADDING_BYTES and (moved := self.rewriter.pad()) is not None:
            self._padding_debt -= PADDING_BYTES + HEADERS_BYTES
            self._transport.send_packet(_HEADER.pack(0xA0, number, *moved, self.ssrc) + _PADDING)

    def send_train(self, octets: int) -> None:
        """Send about so many bytes of padding at once in the RTX stream, before any picture or between two."""
        assert self.rtx is not None
        first, extension = (0xB0, send_time_extension(self._send_time)) if self._send_time else (0xA0, b"")
        for _ in range(round(octets / (PADDING_BYTES + HEADERS_BYTES))):
            number, sequence = self.rtx.pad()
            self._transport.send_packet(_HEADER.pack(first, number, sequence, 0, self.rtx.ssrc) + extension + _PADDING)

    def request_keyframe(self, now: float, round_trip: float = 0.0) -> None:
        """Pass on a PLI or FIR of the peer: now, or by :meth:`remind` where it comes too soon after others.

        One that left before a key frame could come that is sent again unasked, `round_trip` seconds there and back, is
        answered by that.
        """
        if now - self._keyframe[0] < round_trip:
            return
        self._keyframes_before = 0 if self.source is None else self.source.keyframes
        if self._keyframe_share.want(now):
            self.pass_on_request(now)

    @property
    def request_waits(self) -> bool:
        """Return whether :meth:`remind` is to be called, for a key frame request that waits."""
        return self._keyframe_share.waits

    def remind(self, now: float) -> None:
        """Pass on a key frame request that came too soon, unless a key frame came after it."""
        if self.source is not None and self.source.keyframes != self._keyframes_before:
            self._keyframe_share.forget()
        if self._keyframe_share.due(now):
            self.pass_on_request(now)

    def pass_on_request(self, now: float) -> None:
        """Request a key frame of its sources, however often that is wanted."""
        for source in (self.source, self._next):
            if source is not None:
                source.request_keyframe(now)

    @property
    def packets(self) -> int:
        """Return the number of packets sent."""
        return self.stream.packets

    @property
    def octets(self) -> int:
        """Return the bytes of payload sent."""
        return self.stream.octets

    @property
    def pictures(self) -> int:
        """Return the number of pictures sent."""
        return self.stream.pictures

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height in pixels of the pictures sent (:attr:`VideoSource.size`)."""
        return self.source.size if isinstance(self.source, VideoSource) else (0, 0)

    def close(self) -> None:
        """Detach from all sources."""
        self._leave()
        if self._next is not None:
            self._next.detach(self)
            self._next = None
