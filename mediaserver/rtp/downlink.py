"""Which quality a receiver's line carries: down at once, up only after the line has shown that it holds more.

Three signs of a line that is too full: what the receiver's own estimate says (REMB, from delay), packets lost, and a
round trip that has grown, i.e. a queue somewhere (both from receiver reports, RFC 3550 §6.4.1). A step up is *probed*:
padding is sent on top of the current step, more each second, until the next step's rate has been carried for a while.
Queues grow before packets are lost, so a probe that fails costs delay for a moment, not sound. Sound is never reduced.
"""

from collections import deque
from collections.abc import Sequence

BAD_LOSS, PROBE_LOSS = 0.08, 0.03
"""Above what the line loses anyway: never tolerated, and tolerated while probing."""
USUAL_REPORTS, MAX_USUAL_LOSS = 8, 0.10
"""A line that loses at random, as radio does, carries no more when it is sent less; beyond a tenth that is doubtful
(draft-ietf-rmcat-gcc-02 §6)."""
BAD_QUEUE_S, WAITING_S, PROBE_QUEUE_S = 0.30, 0.15, 0.06
"""Round trip above the least of the last half minute: never tolerated, not together with a low estimate, and tolerated
while probing."""
BASE_REPORTS = 30
FIRST_ROUND_TRIP_S = 0.1
"""Until the first report."""
FOLLOWS = 0.85
"""An estimate below this share of what is sent is an overuse; estimates settle a little below the rate received."""
CUT = 0.95
AGE_ERROR_S = 0.02
"""Reports leave up to so much before they are told to, by the coarseness of two clocks."""
REPORT_S = 0.9
"""Shares are taken over about a second."""
MAX_REPORTED = 10_000
"""Packets one report may speak for, whatever numbers it claims."""
FRESH_S = 3.0
"""An older estimate says nothing; browsers send one a second."""
SETTLE_S = 1.5
"""After a step, what is reported belongs to the step before."""
DRAIN_S = 3.0
"""After a probe that failed, its queue must drain before it can say anything."""
PROBE_GROWTH = (1.25, 1.25, 1.6, 2.0)
"""A probe sends a quarter more, and again: a full line shows at the small steps, while its queue is short."""
PULSE_S = 0.5
"""So long padding is sent; the sender report behind it measures the queue it made, which drains until that is heard."""
GOAL = 1.1
"""A probe must carry this much more than the next step needs."""
WAIT_S, MAX_WAIT_S = 3.0, 4.0
"""After a failed probe, wait; each further failure waits longer."""
LINE_BPS = 3_200_000
"""What a line of the network carries besides other traffic: 4 Mbit/s by Điều 6.3."""
PACE = 1.25
"""A line that shows to be narrower is given large pictures a little faster than it gets pictures on average."""
NARROW_S = 60.0
"""So long after its estimate was cut."""
SOUND_BPS = 60_000
"""Opus with headers, always sent."""


class Downlink:
    """One receiver's line. `steps` are picture bitrates in bit/s, low to high; `now` in seconds.

    It begins at the step `most`, and never goes above it; `most` may change.
    """

    def __init__(self, steps: Sequence[int], most: int) -> None:
        # given
        self._steps = tuple(steps)
        self.most = most
        # owned
        self.step = most
        self.padding = 0
        """Bit/s of padding to send now."""
        self.loss = 0.0
        """The share that got lost lately, whatever the step, 0 to 1."""
        self._estimate: tuple[float, float] | None = None
        self._cut = -NARROW_S
        self._losses: deque[float] = deque(maxlen=USUAL_REPORTS)
        """As reported since the last step, newest last."""
        self._window: tuple[float, int, int, float] = 0.0, 0, 0, 0.0
        """Begin, highest number, packets expected and lost so far."""
        self._reports = 0
        """On what the probe sent last: it never grows unseen."""
        self._round_trips: deque[float] = deque(maxlen=BASE_REPORTS)
        self._sent = 0.0
        self._settled = SETTLE_S
        """From then on, what is heard belongs to the current step."""
        self._wait = WAIT_S
        self._not_before = SETTLE_S
        self._time = 0.0
        self._probe: tuple[float, float] | None = None
        """What a probe sends, and since when."""
        self._grown = 0
        """How often probes grew since one failed: a line that bore one has recovered, and the next may go faster."""
        self._measured: float | None = None
        """When the sender report behind the pulse left; None until then."""
        self._restless = True
        """Something was heard since the last update, or time goes on to change what it says."""

    def estimated(self, bitrate: float, now: float) -> None:
        """Take a REMB, in bit/s over everything the receiver gets.

        Receivers raise it by a few percent a second whatever the line holds; only a cut says that something is wrong.
        """
        if self._estimate is not None and bitrate < CUT * self._estimate[0]:
            self._cut = now
        self._estimate = bitrate, now
        self._restless = True

    def lost(self, share: float, highest: int, now: float) -> None:
        """Take the share lost (0 to 1) since the report before, up to the sequence number `highest`.

        Receivers report with every NACK, on a handful of packets: they are added up for a second.
        """
        since, number, expected, lost = self._window
        packets = min(MAX_REPORTED, (highest - number) & 0xFFFFFFFF)
        expected, lost = expected + packets, lost + share * packets
        if now - since >= REPORT_S:
            if expected:
                self.loss = 0.5 * self.loss + 0.5 * lost / expected
            if now >= self._settled and expected:
                self._losses.append(lost / expected)
            since, expected, lost = now, 0, 0.0
        self._window = since, highest, expected, lost
        self._restless = True

    def reported(self, round_trip: float | None, age: float | None, now: float) -> None:
        """Take a receiver report: the round trip in seconds when it can be told.

        `age` in seconds is how long ago we sent the report that the round trip was measured with.
        """
        if self._measured is not None and (age is None or now - age >= self._measured - AGE_ERROR_S):
            self._reports += 1
        if round_trip is not None:
            self._round_trips.append(round_trip)
        self._restless = True

    @property
    def resting(self) -> bool:
        """Whether :meth:`update` and :meth:`pace` say the same as last time, until something is heard."""
        return not self._restless and self.step == self.most

    @property
    def rate(self) -> int:
        """What the current step needs of the line with sound, in bit/s."""
        return self._needs(self.step)

    def pace(self, now: float) -> float:
        """How fast a picture larger than usual may be sent, in bit/s."""
        if self.step >= self.most and now - self._cut > NARROW_S:
            return LINE_BPS
        return min(LINE_BPS, max(PACE * self.rate, self._fresh(now) or 0.0))

    @property
    def round_trip(self) -> float:
        """The newest round trip in seconds."""
        return self._round_trips[-1] if self._round_trips else FIRST_ROUND_TRIP_S

    def sent(self, bitrate: float) -> None:
        """Take what was really sent in the last second, padding left out, in bit/s."""
        self._sent = bitrate

    @property
    def measuring(self) -> bool:
        """Whether a report on the last pulse is waited for; a newer report of ours would hide its queue."""
        return self._probe is not None and self._measured is not None and not self._reports

    def take_measure(self) -> bool:
        """Whether a sender report must leave now, behind the padding of a probe; says so once."""
        if self._probe is None or self.padding or self._measured is not None:
            return False
        self._measured = self._time
        return True

    def update(self, now: float) -> int:
        """The step to send, decided anew; call a few times a second."""
        if self.step >= self.most:
            self._end_probe()
        if self.step > self.most:
            self._change(self.most, now)
        self._time = now
        if self._probe is not None:
            self._go_on(now)
        elif self._overused(now):
            self._down(now)
        elif self.step < self.most and now >= self._not_before:
            self._probe = max(self._sent, self.rate), now
            self._grow(now)
        self._restless = now < self._settled or now - self._cut <= NARROW_S or self._probe is not None
        return self.step

    def _fresh(self, now: float) -> float | None:
        return self._estimate[0] if self._estimate and now - self._estimate[1] < FRESH_S else None

    @property
    def _queue(self) -> float:
        return self._round_trips[-1] - min(self._round_trips) if self._round_trips else 0.0

    def _usual_loss(self, reports: int) -> float:
        """What was lost before the newest reports."""
        before = list(self._losses)[:-reports]
        return min(MAX_USUAL_LOSS, sum(before) / max(1, len(before)))

    def _needs(self, step: int) -> int:
        return self._steps[step] + SOUND_BPS

    def _overused(self, now: float) -> bool:
        if self.step == 0 or now < self._settled:
            return False
        estimate = self._fresh(now)
        cut = self._cut > max(self._settled, now - FRESH_S)
        low = cut and estimate is not None and estimate < FOLLOWS * self._sent
        if low and (self._queue > WAITING_S or not self._round_trips):  # alone, it may be a busy receiver's mistake
            return True
        losing = len(self._losses) > 1 and min(self._losses[-2], self._losses[-1]) > self._usual_loss(2) + BAD_LOSS
        return losing or self._queue > BAD_QUEUE_S

    def _down(self, now: float) -> None:
        """Take the highest step the estimate carries, at least one lower."""
        estimate, below = self._fresh(now), self.step - 1
        while below > 0 and estimate is not None and FOLLOWS * self._needs(below) > estimate:
            below -= 1
        self._change(below, now)
        self._grown = 0
        self._not_before = now + self._wait

    def _change(self, step: int, now: float, settle: float = SETTLE_S) -> None:
        self.step, self._settled = step, now + settle
        self._losses.clear()

    def _grow(self, now: float) -> None:
        assert self._probe is not None
        rate = self._probe[0] * PROBE_GROWTH[min(self._grown, len(PROBE_GROWTH) - 1)]
        self._grown += 1
        self._probe = min(rate, GOAL * self._needs(self.step + 1)), now
        self.padding = max(0, round(self._probe[0] - self._sent))
        self._reports, self._measured = 0, None

    def _go_on(self, now: float) -> None:
        assert self._probe is not None
        rate, since = self._probe
        if self._refuted(since, now):
            self._end_probe()
            self._change(self.step, now, DRAIN_S)
            self._grown = 0
            self._not_before = now + self._wait
            self._wait = min(MAX_WAIT_S, self._wait * 1.4)
        elif now - since < PULSE_S:
            return
        elif not self._reports:
            self.padding = 0
        elif rate < GOAL * self._needs(self.step + 1):
            self._grow(now)
        else:
            self._end_probe()
            self._change(self.step + 1, now)
            self._wait, self._not_before = WAIT_S, now + SETTLE_S

    def _refuted(self, since: float, now: float) -> bool:
        """Whether anything heard since the probe grew speaks against it, or nothing is heard any more."""
        if self._cut > since:
            return True
        if not self._reports:
            return now - since > FRESH_S
        tolerated = 2 * self._usual_loss(1) + PROBE_LOSS  # of few packets, chance takes now more, now less
        return (bool(self._losses) and self._losses[-1] > tolerated) or self._queue > PROBE_QUEUE_S

    def _end_probe(self) -> None:
        self._probe, self.padding = None, 0
