"""Rewrites packets of changing sources into one steady RTP stream.

A receiver must never notice that its picture now comes from another camera, layer or encoder: sequence numbers go on
without a gap, timestamps go on with the time that really passed, VP8 picture ids and TL0PICIDX go on (RFC 7741 §4.2; a
jump backwards makes decoders discard frames). The mixes of a room's sound share one clock, which is kept instead.
"""

from collections import deque

from mediaserver.rtp.outbound_stream import MAX_RUNS, OutboundStream, Run
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import Vp8Descriptor, readable_vp8


class Rewriter(OutboundStream):
    """Offsets of one outgoing stream; `switch` begins a new source at its next packet.

    `clock_rate` is in Hz, `now` in seconds of any steady clock. Sources on `one_clock` have equal timestamps.
    """

    def __init__(self, clock_rate: int, first_sequence: int, first_timestamp: int, *, one_clock: bool = False) -> None:
        self._clock_rate = clock_rate
        self._one_clock = one_clock
        super().__init__()
        self.switching = True
        self.decodes_high = False
        """Whether the peer decodes H.264 of profile High. An encoder of which all peers do may use it."""
        self.next_sequence = first_sequence
        self.last_timestamp = first_timestamp
        self.runs = deque[Run](maxlen=MAX_RUNS)
        self._picture = _PictureIds(self)

    def switch(self) -> None:
        """Take the next packet as the first of a new source."""
        self.switching = True

    def forward(self, packet: Packet, now: float) -> tuple[int, int] | None:
        """Return the sequence number and timestamp to send `packet` with; None when it is older than its source's
        first.

        Its number then belongs to the source before, and SRTP must not protect two packets with one number. Sound that
        was heard already in another mix is not sent either.
        """
        if self.switching:
            if self._repeats(packet):
                return None
            self._begin(packet, now)
        sequence = (packet.sequence + self.sequence_offset) & 0xFFFF
        timestamp = (packet.timestamp + self.timestamp_offset) & 0xFFFFFFFF
        ahead = (sequence - self.next_sequence) & 0xFFFF
        if ahead < 0x8000:
            self.next_sequence = (sequence + 1) & 0xFFFF
            self.sent += ahead + 1
            self.last_timestamp, self.last_time = timestamp, now
            self.newest = packet if packet.payload else self.newest
        else:
            earlier = self.sent_number(packet.sequence)
            return None if earlier is None else (earlier, timestamp)
        return sequence, timestamp

    def late(self, packet: Packet) -> bool:
        """Return whether a packet of the current source comes after some that follow it."""
        return (packet.sequence + self.sequence_offset - self.next_sequence) & 0xFFFF >= 0x8000

    def leave_out(self, packet: Packet) -> None:
        """Leave out a VP8 packet that is not late: those behind it take its number, those of the next picture its id.

        Receivers take numbers that never come for losses, and wait for picture ids that never come before they decode
        a picture of a higher temporal layer. Numbers of packets missing before it stay theirs.
        """
        missing = (packet.sequence + self.sequence_offset - self.next_sequence) & 0xFFFF
        self.next_sequence = (self.next_sequence + missing) & 0xFFFF
        self.sent += missing
        if self.sent > self.run_begin:
            self.runs.append(self._current_run())
            self.run_begin = self.sent
        self.sequence_offset = (self.sequence_offset - 1) & 0xFFFF
        self._picture.leave_out(packet, self.newest)

    def _current_run(self) -> Run:
        return self.run_begin, self.sent, self.sequence_offset, self.picture_offset

    def sent_number(self, source_sequence: int) -> int | None:
        """Return the sequence number that a packet of the current source was given, or that is kept for it; None when
        it was left out, or is older than the source's first or than the runs remembered."""
        for begin, end, sequence_offset, _ in (self._current_run(), *reversed(self.runs)):
            sequence = (source_sequence + sequence_offset) & 0xFFFF
            if begin <= self._place(sequence) < end:
                return sequence
        return None

    def _run_of(self, sequence: int) -> Run | None:
        """Return the run in which a sequence number was sent; None when it is forgotten."""
        place = self._place(sequence)
        return next((run for run in (self._current_run(), *reversed(self.runs)) if run[0] <= place < run[1]), None)

    def _place(self, sequence: int) -> int:
        """Return where a sequence number of the past stands, as `sent` counts."""
        return self.sent - ((self.next_sequence - sequence) & 0xFFFF)

    def _forget_runs(self) -> None:
        self.runs.clear()
        self.run_begin = self.sent = 0

    def steady(self, packets: list[Packet], now: float) -> tuple[int, int] | None:
        """Return the offsets of numbers and timestamps for packets that continue where the last one ended.

        Return None when they do not (a switch, a hole, disorder): each must then go through :meth:`forward`.
        """
        first, last, count = packets[0], packets[-1], len(packets)
        offset = self.sequence_offset
        if self.switching or (first.sequence + offset) & 0xFFFF != self.next_sequence:
            return None
        if any((packet.sequence - first.sequence) & 0xFFFF != at for at, packet in enumerate(packets)):
            return None
        self.next_sequence = (self.next_sequence + count) & 0xFFFF
        self.sent += count
        self.last_timestamp, self.last_time = (last.timestamp + self.timestamp_offset) & 0xFFFFFFFF, now
        self.newest = next((packet for packet in reversed(packets) if packet.payload), self.newest)
        return offset, self.timestamp_offset

    def _begin(self, packet: Packet, now: float) -> None:
        self.switching = False
        self.sequence_offset = (self.next_sequence - packet.sequence) & 0xFFFF
        if self.newest is None or not self._one_clock:
            passed = 1 if self.newest is None else max(1, round((now - self.last_time) * self._clock_rate))
            self.timestamp_offset = (self.last_timestamp + passed - packet.timestamp) & 0xFFFFFFFF
        self._forget_runs()
        self._picture.switch(self.newest)

    def _repeats(self, packet: Packet) -> bool:
        """Return whether the source before has sent the same time already; times long ago have wrapped (12 hours)."""
        behind = (self.last_timestamp - packet.timestamp - self.timestamp_offset) & 0xFFFFFFFF
        return self._one_clock and self.newest is not None and behind < self._clock_rate

    def pad(self) -> tuple[int, int] | None:
        """Return the sequence number and timestamp of a padding packet; None unless the last picture is complete.

        Packets sent before can then be requested no more: their numbers no longer follow from the source's.
        """
        if self.switching or self.newest is None or not self.newest.marker:
            return None
        sequence = self.next_sequence
        self.next_sequence = (sequence + 1) & 0xFFFF
        self.sequence_offset = (self.sequence_offset + 1) & 0xFFFF
        self._forget_runs()
        return sequence, self.last_timestamp

    def source_sequence(self, sequence: int) -> int | None:
        """Return the current source's number for a sent sequence number; None when it was sent before the last
        switch, or is forgotten."""
        run = self._run_of(sequence)
        return None if run is None else (sequence - run[2]) & 0xFFFF

    def timestamp_at(self, now: float) -> int:
        """Return the stream's timestamp extrapolated to `now`, for sender reports (RFC 3550 §6.4.1)."""
        passed = 0.0 if self.newest is None else now - self.last_time
        return (self.last_timestamp + round(passed * self._clock_rate)) & 0xFFFFFFFF

    def vp8_as_is(self) -> bool:
        """Return whether the current source's VP8 payloads need no rewriting: it is the first VP8 source of this
        stream."""
        return self._picture.as_is()

    def move_vp8(self) -> None:
        """Have the first VP8 source's ids moved, too, from what was sent last: packets will be left out."""
        self._picture.move(self.newest)

    def vp8_moves(self) -> bool:
        """Return whether the id offsets of the current source are known, which its first VP8 payload sets."""
        return not self._picture.as_is() and not self._picture.switching

    def vp8(self, payload: bytes, sequence: int) -> bytes:
        """Return the payload with picture id and TL0PICIDX moved into this stream's numbering, of the packet that was
        given that sequence number."""
        if self._picture.as_is():
            return payload
        run = self._run_of(sequence) if self.runs else None
        return self._picture.rewrite(payload, self.picture_offset if run is None else run[3])


class _PictureIds:
    """VP8 ids of a stream. The first source keeps its own, which spares most receivers a copy of every packet; later
    ones continue.

    The numbers themselves are in the outbound stream, where the fast loop moves them too.
    """

    def __init__(self, stream: OutboundStream) -> None:
        self._stream = stream
        self._first: bool | None = None
        """Whether the first VP8 source is still sent; None before it."""
        self.switching = False

    def as_is(self) -> bool:
        if self._first is None:
            self._first = True
        return self._first

    def switch(self, newest: Packet | None) -> None:
        if self._first is None or newest is None:
            return
        self.move(newest)
        self.switching, self._stream.left_out = True, -1

    def leave_out(self, packet: Packet, newest: Packet | None) -> None:
        self.move(newest)
        descriptor = readable_vp8(packet.payload)
        if descriptor is not None and descriptor.picture_id not in (None, self._stream.left_out):
            self._stream.left_out = descriptor.picture_id
            self._stream.picture_offset -= 1

    def move(self, newest: Packet | None) -> None:
        """Continue from the ids of the first source's newest packet, if that is still sent."""
        if not self._first or newest is None:
            return
        self._first = False
        descriptor = readable_vp8(newest.payload)
        if descriptor is not None and descriptor.picture_id is not None:
            self._stream.last_picture, self._stream.last_tl0 = descriptor.picture_id, descriptor.tl0 or 0

    def rewrite(self, payload: bytes, picture_offset: int) -> bytes:
        descriptor = readable_vp8(payload)
        first, self.switching = self.switching, False
        if descriptor is None or descriptor.picture_id is None:
            return payload
        tl0 = descriptor.tl0 or 0
        if first:
            picture_offset = self._stream.last_picture + 1 - descriptor.picture_id
            self._stream.picture_offset = picture_offset
            self._stream.tl0_offset = self._stream.last_tl0 + 1 - tl0
        size = 0x8000 if descriptor.picture_id_long else 0x80
        ahead = descriptor.picture_id + picture_offset - self._stream.last_picture
        step = (ahead + size // 2) % size - size // 2
        picture_id = (self._stream.last_picture + step) & 0x7FFF
        if step >= 0:
            self._stream.last_picture = picture_id
            self._stream.last_tl0 = (tl0 + self._stream.tl0_offset) & 0xFF
        return self._write(payload, descriptor, picture_id)

    def _write(self, payload: bytes, descriptor: Vp8Descriptor, picture_id: int) -> bytes:
        changed = bytearray(payload)
        at = descriptor.picture_id_at
        if descriptor.picture_id_long:
            changed[at] = 0x80 | picture_id >> 8
            changed[at + 1] = picture_id & 0xFF
        else:
            changed[at] = picture_id & 0x7F
        if descriptor.tl0 is not None:
            changed[descriptor.tl0_at] = (descriptor.tl0 + self._stream.tl0_offset) & 0xFF
        return bytes(changed)
