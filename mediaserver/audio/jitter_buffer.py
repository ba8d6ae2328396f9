"""Jitter buffer: puts a talker's packets back into order and time, with as little delay as the connection allows.

Everything is counted in samples of the RTP clock. The buffer has a cursor, the timestamp to be played next, which moves
with the clock of the puller, whether packets came or not. Its distance behind the arrivals is steered towards the value
that :class:`~mediaserver.audio.playout_delay.PlayoutDelay` wants: :meth:`JitterBuffer.shortage` tells the puller, who
inserts or leaves out sound where it is heard least. Pure: `now` is in seconds of any steady clock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mediaserver.audio.playout_delay import MAX_DELAY, SAMPLE_RATE, PlayoutDelay
from mediaserver.rtp.packet import Packet

if TYPE_CHECKING:
    from mediaserver.audio.voice_relay import VoiceRelay

FRAME = 960
"""20 ms in samples, the amount pulled at a time."""
MAX_HELD = 100
"""Two seconds of 20 ms packets; a flood beyond that starts the stream anew."""
STARVED = 10 * FRAME
"""After 200 ms without a packet the stream counts as paused and starts anew with the next one."""
LATE_RUN = 10
"""Late packets in a row that mean that the connection became slower for good, or the sender's timestamps went back."""
OVERDUE = SAMPLE_RATE // 5
"""A cursor 200 ms behind its place jumps, since leaving out sound 20 ms at a time would take too long."""


Kind = Literal["play", "mend", "hide"]
"""How the next samples are made: decode the payload; decode the FEC in it, which is the packet after the lost one;
conceal samples that are lost, late or were never sent."""


@dataclass(slots=True)
class Step:
    """The next `samples` to be played, and how they are made."""

    samples: int
    payload: bytes = b""
    kind: Kind = "play"


class JitterBuffer:
    """The jitter buffer of one talker. Each packet is played once, repaired, concealed, or counted in `late`, `lost` or
    `dropped`.

    `length` returns the samples that a payload plays, 0 for an unreadable one; an Opus packet's by default.
    """

    def __init__(self, length: Callable[[bytes], int] | None = None) -> None:
        self._length = length or packet_samples
        self._held: dict[int, tuple[int, Step]] = {}
        """Sequence numbers and payloads by timestamp, unwrapped."""
        self._delay = PlayoutDelay()
        self._ssrc: int | None = None
        self._newest = 0
        self._cursor: int | None = None
        self._sequence = 0
        """Sequence number of the last played packet."""
        self._samples = FRAME
        """Length of the last played packet."""
        self._starved = 0
        self._late_run = 0
        self.late = 0
        self.lost = 0
        self.dropped = 0

    def add(self, packet: Packet, now: float) -> None:
        """Keep a packet unless its turn has passed."""
        samples = self._length(packet.payload)
        if not samples:
            return
        if packet.ssrc != self._ssrc or len(self._held) >= MAX_HELD:
            self._restart(packet)
        at = self._newest + ((packet.timestamp - self._newest + 0x80000000) & 0xFFFFFFFF) - 0x80000000  # unwrapped
        transit = round(now * SAMPLE_RATE) - at
        if self._late_run >= LATE_RUN or not self._delay.add(transit):
            self._restart(packet)
            self._delay.add(transit)
        self._newest = max(self._newest, at)
        if self._cursor is not None and at < self._cursor:
            self.late += 1
            self._late_run += 1
            return
        self._late_run = 0
        self._held.setdefault(at, (packet.sequence, Step(samples, packet.payload)))

    def _restart(self, packet: Packet) -> None:
        """Forget the stream; `packet` begins another."""
        self.dropped += len(self._held)
        self._held.clear()
        self._delay = PlayoutDelay()
        self._ssrc, self._newest = packet.ssrc, packet.timestamp
        self._cursor = None
        self._starved = self._late_run = 0

    def shortage(self, now: float, spare: int) -> int:
        """Return the samples by which the delay is too short for the connection; negative when it is longer than
        needed.

        `spare` are decoded samples that wait to be played. 0 while nothing plays.
        """
        if self._cursor is None:
            return 0
        ahead = (FRAME - 1 - spare) // self._samples * self._samples if spare < FRAME else 0
        return self._delay.wanted - (round(now * SAMPLE_RATE) - self._cursor - ahead)

    @property
    def patience(self) -> int:
        """Return the samples by which sound is played later than its packets usually come; 0 while nothing plays."""
        return self._delay.wanted - (self._delay.usual or 0) if self._cursor is not None else 0

    @property
    def usually(self) -> tuple[int, float]:
        """Return a timestamp, and the time in seconds at which a packet of it usually comes."""
        return self._newest & 0xFFFFFFFF, (self._newest + (self._delay.usual or 0)) / SAMPLE_RATE

    def pull(self, now: float) -> Step | None:
        """Return the next step to play; None when nothing plays."""
        at = round(now * SAMPLE_RATE)
        if self._cursor is not None and at - self._cursor > self._delay.wanted + OVERDUE:
            self._cursor = None
        if self._cursor is None and not (self._held and self._start(at)):
            return None
        assert self._cursor is not None
        held = self._held.pop(self._cursor, None)
        if held is None:
            step = self._hole()
        else:
            sequence, step = held
            if sequence != (self._sequence + 1) & 0xFFFF:
                self._delay.lost()
            self._sequence, self._samples, self._starved = sequence, step.samples, 0
        if self._cursor is not None:
            self._cursor += step.samples
        return step

    def _start(self, at: int) -> bool:
        """Begin with the newest packet that has been here long enough; the sound before it is too old."""
        wanted = self._delay.wanted
        due = [each for each in self._held if at - each >= wanted]
        if not due:
            return False
        self._cursor, self._starved = max(due), 0
        self._sequence = (self._held[self._cursor][0] - 1) & 0xFFFF
        self._forget_before(self._cursor)
        return True

    def _forget_before(self, timestamp: int) -> None:
        for each in [each for each in self._held if each < timestamp]:
            del self._held[each]
            self.dropped += 1

    def _hole(self) -> Step:
        """Bridge up to the next packet, which carries FEC for the one before, since the cursor's timestamp is
        missing."""
        assert self._cursor is not None
        following = min((each for each in self._held if each > self._cursor), default=None)
        if following is None:
            return self._starve()
        (sequence, step), gap = self._held[following], following - self._cursor
        if sequence == (self._sequence + 1) & 0xFFFF:  # nothing is lost: the sender paused (DTX)
            return Step(min(gap, FRAME), kind="hide")
        self.lost += 1
        self._delay.lost()
        if gap <= step.samples:
            self._sequence = (sequence - 1) & 0xFFFF
            return Step(gap, step.payload, "mend")
        return Step(min(gap - step.samples, FRAME), kind="hide")

    def _starve(self) -> Step:
        self._starved += FRAME
        if self._starved > STARVED:
            self._cursor = None
        return Step(FRAME, kind="hide")

    def skim(self, now: float) -> bool:
        """Play nothing, but keep the packets due next; return whether the stream goes on."""
        self._cursor = None
        if not self._held:
            return False
        oldest = round(now * SAMPLE_RATE) - self._delay.wanted - FRAME
        for each in [each for each in self._held if each < oldest]:
            del self._held[each]
        return True

    @property
    def rests(self) -> bool:
        """Return whether nothing plays, nor will before the next packet."""
        return self._cursor is None and not self._held

    def start_relay(self, relay: "VoiceRelay") -> bool:
        """Let a relay go on, if all packets held are one series from the cursor on; return whether they are.

        What it takes and plays is noted by :meth:`stop_relay`.
        """
        held, delay = sorted(self._held.items()), self._delay
        cursor, sequence = self._cursor, self._sequence
        if cursor is None or self._ssrc is None or abs(delay.wanted - (delay.usual or 0)) > MAX_DELAY:
            return False
        for at, (number, _) in held:
            sequence = (sequence + 1) & 0xFFFF
            if (at, number) != (cursor, sequence):
                return False
            cursor += FRAME
        if self._newest != cursor - FRAME:
            return False
        relay.ssrc, relay.sequence, relay.newest, relay.cursor = self._ssrc, sequence, self._newest, self._cursor or 0
        relay.wanted, relay.spare = delay.wanted, delay.spare
        relay.waiting[:] = [step.payload for _, (_, step) in held]
        return True

    def stop_relay(self, relay: "VoiceRelay") -> None:
        """Take back the stream where a relay leaves it: all packets were 20 ms, in order and in time."""
        self._delay.note(relay.transits)
        self._late_run = 0 if relay.transits else self._late_run
        self._newest, self._cursor = relay.newest, relay.cursor
        self._sequence, self._samples, self._starved = (relay.sequence - len(relay.waiting)) & 0xFFFF, FRAME, 0
        self._held = {
            relay.cursor + n * FRAME: ((self._sequence + 1 + n) & 0xFFFF, Step(FRAME, payload))
            for n, payload in enumerate(relay.waiting)
        }

    @property
    def waiting(self) -> int:
        """Return the number of packets held."""
        return len(self._held)


_SILK, _HYBRID, _CELT = (480, 960, 1920, 2880), (480, 960), (120, 240, 480, 960)
_FRAME_SAMPLES = _SILK * 3 + _HYBRID * 2 + _CELT * 4
"""Frame length by the configuration number in the first five bits (RFC 6716 §3.1, table 2)."""
MAX_SAMPLES = 5760


def packet_samples(payload: bytes) -> int:
    """Return the samples that an Opus packet plays, from its first bytes (RFC 6716 §3.2); 0 when it is invalid."""
    if not payload:
        return 0
    samples, code = _FRAME_SAMPLES[payload[0] >> 3], payload[0] & 3
    if code < 3:
        return samples if code == 0 else 2 * samples
    samples *= payload[1] & 0x3F if len(payload) > 1 else 0
    return samples if samples <= MAX_SAMPLES else 0
