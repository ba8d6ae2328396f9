"""Downlink estimate: chooses the step of quality that a receiver's link carries. Down at once, up only after a probe.

The first step is measured by packet trains before any picture is sent: sound would share the queue that pictures fill.

Three signs show a link that is too full: the receiver's own estimate (REMB, from delay), lost packets, and a round trip
that has grown, i.e. a queue somewhere (both from receiver reports, RFC 3550 §6.4.1). Reports measure the round trip by
our sender reports, which go once a second, and of which a full link drops most: while an estimate is low, it is
measured by requests. A cut estimate and heavy loss make pictures pause at once, until a response shows that nothing
waits; else it is measured again what the link carries. A step up is probed first. Audio is never reduced: on a link
that loses a lot even with the lowest step no pictures are sent at all for a while, unless that cures nothing.
"""

from collections import deque
from collections.abc import Sequence
from math import inf
from statistics import fmean

from mediaserver.congestion.bandwidth_probe import Probe, Verdict
from mediaserver.congestion.packet_train import CapacityMeasurement
from mediaserver.congestion.queue_delay import QueueDelay
from mediaserver.congestion.round_trips import RoundTripRequests

BAD_LOSS, PROBE_LOSS = 0.08, 0.03
"""Loss above the link's usual loss that is never tolerated, and that is tolerated while probing."""
USUAL_REPORTS, MAX_USUAL_LOSS = 8, 0.10
"""Reports that define the usual loss, and its limit. A link that loses at random, as radio does, carries no more when
it is sent less; beyond a tenth that is doubtful (draft-ietf-rmcat-gcc-02 §6)."""
CURED_SHARE, CURED_REPORTS = 0.5, 2
"""Share of the loss below which a step down has cured it, within so many reports."""
USUAL_LOSS_DECAY = 0.1
"""Share by which a report of less loss lowers the usual loss."""
BAD_QUEUE_S, WAITING_S = 0.30, 0.15
"""Round trip above the least of the last half minute, in seconds: never tolerated, and not tolerated with a low
estimate."""
WATCH_EVERY_S = 0.2
"""Seconds between two requests after a measurement."""
LATE_RESPONSES = 2
"""Late responses in a row that count when an estimate is low: a single one may come from a busy receiver."""
BASE_RESPONSES = 20
"""Responses, those of a probe and before it, of which the least round trip is taken: paths change."""
FIRST_ROUND_TRIP_S = 0.1
"""Round trip in seconds assumed until the first report."""
OVERUSE_SHARE = 0.85
"""An estimate below this share of the rate sent is an overuse; estimates settle a little below the rate received."""
CUT_SHARE = 0.95
"""An estimate below this share of the one before is a cut."""
REPORT_S = 0.9
"""Shares are taken over about a second."""
MAX_REPORTED = 10_000
"""Packets that one report may count, whatever numbers it claims."""
FRESH_S = 3.0
"""An older estimate does not count; browsers send one a second."""
SETTLE_S = 1.5
"""Seconds after a step in which reports still belong to the step before. For as long again a queue does not count: it
drains slowly, and reported round trips are a second old."""
DRAIN_S = 1.5
"""Seconds after a failed probe in which its queue drains and does not count."""
PROBE_GOAL_FACTOR = 1.1
"""Factor over a step's bitrate that a probe or a train of packets must carry."""
HEAVY_LOSS, HEAVY_PACKETS = 0.25, 3
"""Share and packets lost in one report that are a sign of a full link."""
WAIT_S, MAX_WAIT_S = 3.0, 4.0
"""Seconds to wait after a failed probe; each further failure waits longer."""
DROWNED_LOSS, DROWNED_REPORTS = 0.2, 4
"""Loss with the lowest step, in so many reports in a row, at which its pictures drown the sound."""
SOUND_ONLY_S, MAX_SOUND_ONLY_S = 10.0, 60.0
"""Seconds without pictures until they are tried again; twice as many after each failure, up to the second."""
LINE_BPS = 3_200_000
"""Capacity of an access line besides other traffic, in bit/s: 4 Mbit/s by Điều 6.3."""
PACE_FACTOR = 1.25
"""Factor of the average rate: a link found to be narrower gets large pictures, with audio, a little faster than
that."""
NARROW_S = 60.0
"""Seconds after a cut of the estimate in which a link counts as narrow."""
SOUND_BPS = 60_000
"""Bitrate of Opus with headers, always sent, without earlier frames (RED)."""


class Downlink:
    """The downlink of one receiver. `steps` are video bitrates in bit/s, low to high; `now` in seconds.

    It begins at the step `max_step`, and never goes above it; `max_step` may change. When it rises again, the step
    that the link carried before is taken at once.
    """

    def __init__(self, steps: Sequence[int], max_step: int) -> None:
        self._steps = tuple(steps)
        self.max_step = max_step
        self.step = max_step
        self._carried = 0
        """The step from which a lower `max_step` took it; 0 once the link did."""
        self.padding, self.sound_bps = 0, SOUND_BPS
        """Bit/s of padding to send now, and of the sound beside the pictures, headers counted."""
        self.sound_only = False
        """Whether no pictures are to be sent, since the link carries sound alone."""
        self._pictures_at = 0.0
        """Time in seconds at which pictures are tried again."""
        self._sound_only_s = SOUND_ONLY_S
        self._sound_losses: deque[float] = deque(maxlen=round(MAX_SOUND_ONLY_S))
        """Losses of sound that were reported lately, since there are no pictures."""
        self._drowned_loss = 0.0
        """The loss that sending no pictures was to cure."""
        self._drowned_losses: deque[float] = deque(maxlen=DROWNED_REPORTS)
        """Losses above :data:`DROWNED_LOSS` that were reported last in a row, with the lowest step."""
        self._curable = True
        """Whether sending none has not failed to cure it."""
        self.loss = 0.0
        """The share of packets lost lately, whatever the step, 0 to 1."""
        self.measurement = CapacityMeasurement()
        self._measurable = False
        """Whether trains of packets can be sent."""
        self._estimate: tuple[float, float] | None = None
        self._cut = -NARROW_S
        self._losses: deque[float] = deque(maxlen=USUAL_REPORTS)
        """Losses reported since the last step, newest last."""
        self._before = 0.0
        """The loss that the last step down was to cure."""
        self._uncured = 0.0
        """The loss that the last step down did not cure."""
        self._window: tuple[float, int, float] = 0.0, 0, 0.0
        """Begin, packets expected and lost so far."""
        self._highest: dict[int, int] = {}
        """The highest number reported so far of each stream, by SSRC."""
        self._round_trips = QueueDelay()
        self._sent = 0.0
        self._settled = SETTLE_S
        """Time from which reports belong to the current step."""
        self._wait = WAIT_S
        self._not_before = SETTLE_S
        self._probe: Probe | None = None
        self._requests: RoundTripRequests | None = None
        """Requests that are sent while it is doubtful whether packets wait."""
        self._response_round_trips: deque[float] = deque(maxlen=BASE_RESPONSES)
        self._alarmed = True
        """Whether something alarming was reported since the last update, or the passing of time changes the result."""

    def set_step_bitrates(self, steps: Sequence[int]) -> None:
        """Set the bitrates of the steps from now on, for another kind of source. Where their number differs, the step
        becomes the highest one that needs no more than the present one."""
        before = self._steps
        if tuple(steps) == before:
            return
        self._steps, self._probe = tuple(steps), None
        if len(steps) != len(before):
            self.step, self._carried = (_highest_within(steps, before[step]) for step in (self.step, self._carried))
            self.max_step = min(self.max_step, len(steps) - 1)

    def estimated(self, bitrate: float, now: float) -> None:
        """Take a REMB, in bit/s over everything the receiver gets.

        Receivers raise it by a few percent a second whatever the link holds; only a cut says that something is wrong.
        """
        cut = self._estimate is not None and bitrate < CUT_SHARE * self._estimate[0]
        self._estimate = bitrate, now
        if cut:
            self._cut, self._alarmed = now, True
            if self._low(now):
                self._measure(now, ask=True)

    def start(self, now: float) -> None:
        """Measure which step the link carries before the first pictures are sent, however high, and again upon signs
        that it is full."""
        self._measurable, self._carried = True, len(self._steps) - 1
        self._measure(now, ask=False)

    def lost(self, share: float, highest: int, now: float, ssrc: int = 0) -> None:
        """Take the share lost (0 to 1) of a stream since its report before, up to the sequence number `highest`.

        Receivers report with every NACK, on a handful of packets: they are added up for a second.
        """
        since, expected, lost = self._window
        packets = min(MAX_REPORTED, (highest - self._highest.get(ssrc, 0)) & 0xFFFFFFFF)
        self._highest[ssrc] = highest
        expected, lost = expected + packets, lost + share * packets
        if share >= HEAVY_LOSS and share * packets >= HEAVY_PACKETS:
            self._measure(now, ask=True)
        if now - since >= REPORT_S:
            if expected:
                self.loss = 0.5 * self.loss + 0.5 * lost / expected
            if now >= self._settled and expected:
                self._losses.append(lost / expected)
                self._learn()
                self._find_drowned(lost / expected)
                self._alarmed |= self._losses[-1] > BAD_LOSS
                if self._probe is not None:  # of few packets, chance takes now more, now less
                    self._probe.reported(lost / expected > 2 * self._usual_loss(1) + PROBE_LOSS, now)
            since, expected, lost = now, 0, 0.0
        self._window = since, expected, lost

    def sound_lost(self, share: float) -> None:
        """Take the share of sound lost (0 to 1) since the report before."""
        if self.sound_only:
            self._sound_losses.append(share)

    def reported(self, round_trip: float) -> None:
        """Take the round trip of a receiver report, in seconds."""
        self._round_trips.add(round_trip)
        self._alarmed |= round_trip > BAD_QUEUE_S  # a queue is only a part of it

    def should_request(self, now: float) -> bool:
        """Return whether to measure the round trip now, behind the packets sent; returns True once."""
        if self.measurement.running:
            return False
        if self._probe is not None:
            return self._probe.should_request(min(self._response_round_trips, default=FIRST_ROUND_TRIP_S), now)
        return self._requests is not None and self._requests.should_request(self.least or FIRST_ROUND_TRIP_S, now)

    def responded(self, round_trip: float, now: float) -> None:
        """Take the measured round trip in seconds."""
        self._response_round_trips.append(round_trip)
        if self.measurement.running:
            self.measurement.responded(round_trip)
        elif self._probe is not None:
            self._probe.responded(round_trip - min(self._response_round_trips), now)
        elif self._requests is not None:
            self._requests.responded(round_trip - (self.least or round_trip))
            if self._requests.late >= LATE_RESPONSES:
                self._measure(now, ask=True)

    @property
    def least(self) -> float | None:
        """Return the least round trip of reports and responses in seconds; None before the first."""
        reported = [self._round_trips.least] if self._round_trips else []
        return min([*self._response_round_trips, *reported], default=None)

    @property
    def resting(self) -> bool:
        """Return whether :meth:`update` and :meth:`pace` return the same as last time, until something alarming is
        reported."""
        return not self._alarmed and self.step == self.max_step and not self.sound_only and not self.measurement.running

    @property
    def rate(self) -> int:
        """Return the bit/s that the current step needs of the link, audio included."""
        return self._needs(self.step)

    def pace(self, now: float) -> float:
        """Return the bit/s at which pictures larger than usual may be sent beside the audio."""
        usual = PACE_FACTOR * self.rate - self.sound_bps
        if self._probe is not None:  # else pictures would wait, and no padding be sent meanwhile
            usual = max(usual, self._probe.rate - self.sound_bps)
        if self.step >= self.max_step and now - self._cut > NARROW_S:
            return max(LINE_BPS, usual)
        return max(usual, min(LINE_BPS, min(self._fresh(now) or 0.0, self.measurement.narrow) - self.sound_bps))

    @property
    def full(self) -> bool:
        """Return whether packets wait in a queue of the link, as far as reports show."""
        return bool(self._round_trips) and self._round_trips.queue > WAITING_S

    @property
    def held(self) -> int:
        """Return the highest step that the line is thought to carry, whatever `max_step` is."""
        return max(self.step, self._carried)

    @property
    def round_trip(self) -> float:
        """Return the newest round trip in seconds."""
        return self._round_trips.newest if self._round_trips else FIRST_ROUND_TRIP_S

    def sent(self, bitrate: float) -> None:
        """Take the bit/s really sent in the last second, without padding."""
        self._sent = bitrate

    def follow_limit(self, now: float) -> None:
        """Go down to a lower limit, and up to what the link carried before under a higher one."""
        if self.step >= self.max_step:
            self._probe = None
        if self.step > self.max_step:
            self._carried = self.held
            self._change(self.max_step, now)
        elif self.step < (held := min(self._carried, self.max_step)):
            self._change(held, now)

    def update(self, now: float) -> int:
        """Decide and return the step to send; call a few times a second."""
        if self.measurement.running:
            self.padding = 0
            if not self.measurement.over:
                return self.step
            self._take_capacity(now)
        self.follow_limit(now)
        if self.sound_only or (self._curable and len(self._drowned_losses) >= DROWNED_REPORTS):
            self._leave_sound(now)
        self._request_round_trips(now)
        if self._probe is not None:
            self._judge(self._probe, now)
        elif self._overused(now):
            self._down(now)
        elif self.step < self.max_step and now >= self._not_before and not self.sound_only:
            self._probe = Probe(max(self._sent, self.rate), PROBE_GOAL_FACTOR * self._needs(self.step + 1), now)
        self.padding = max(0, round(self._probe.sends(now) - self._sent)) if self._probe is not None else 0
        doubtful = now < max(self._settled + SETTLE_S, self.measurement.watched_until)
        self._alarmed = doubtful or now - self._cut <= NARROW_S or self._probe is not None
        return self.step

    def _measure(self, now: float, *, ask: bool) -> None:
        """Measure what the link carries; with `ask` upon a sign that it is full, which a response first confirms."""
        idle = self.step > 0 and not self.sound_only and self._probe is None
        if ask and not (idle and self._measurable and self._response_round_trips):
            return
        enough = PROBE_GOAL_FACTOR * self._needs(self.held)
        self.measurement.start(self.least, enough, now, ask=ask)
        self._alarmed = True

    def _take_capacity(self, now: float) -> None:
        """Take the highest step within the bit/s that were measured, none above the one carried until now."""
        self._requests = None
        if (capacity := self.measurement.take(now)) is None:
            if not self._response_round_trips:  # nothing is known of a receiver that never responds
                self._carried = 0
            return
        held = self.held
        fit = [step for step in range(held + 1) if PROBE_GOAL_FACTOR * self._needs(step) <= capacity]
        self._carried = max(fit, default=0)
        if self._carried < held:
            self.measurement.narrow, self._estimate, self._cut, self._before = capacity, (capacity, now), now, 0.0
        self._change(min(self._carried, self.max_step), now)
        self._not_before = now + self._wait

    def _fresh(self, now: float) -> float | None:
        return self._estimate[0] if self._estimate and now - self._estimate[1] < FRESH_S else None

    def _learn(self) -> None:
        """Check after two reports whether a step down cured a loss; if it did not, the loss is the link's usual one."""
        if len(self._losses) == CURED_REPORTS and self._before:
            mean = fmean(self._losses)
            self._uncured = mean if mean > CURED_SHARE * self._before else 0.0
            self._before = 0.0
        elif self._losses[-1] < self._uncured:
            self._uncured += USUAL_LOSS_DECAY * (self._losses[-1] - self._uncured)

    def _usual_loss(self, reports: int) -> float:
        """Return the loss before the newest reports, or in spite of the last step down."""
        before = list(self._losses)[:-reports]
        return min(MAX_USUAL_LOSS, max(self._uncured, sum(before) / max(1, len(before))))

    def _needs(self, step: int) -> int:
        return self._steps[step] + self.sound_bps

    def _low(self, now: float) -> bool:
        """Return whether the receiver's estimate was cut lately, and is below the rate sent."""
        estimate, cut = self._fresh(now), self._cut > max(self._settled, now - FRESH_S)
        return cut and estimate is not None and estimate < OVERUSE_SHARE * self._sent

    def _request_round_trips(self, now: float) -> None:
        """Request round trips as long as the estimate is low, and for a while after a measurement."""
        watched = now < self.measurement.watched_until
        doubtful = watched or (bool(self._round_trips) and self._low(now))
        if self._probe is not None or self.step == 0 or not doubtful:
            self._requests = None
        elif self._requests is None:
            self._requests = RoundTripRequests(WAITING_S, WATCH_EVERY_S if watched else 0.0)

    def _overused(self, now: float) -> bool:
        if self.step == 0 or now < self._settled:
            return False
        queue = self._round_trips.queue
        late = self._requests is not None and self._requests.late >= LATE_RESPONSES
        waiting = late or queue > WAITING_S or not self._round_trips
        if waiting and self._low(now):  # a low estimate alone may be a busy receiver's mistake
            return True
        losing = len(self._losses) > 1 and min(self._losses[-2], self._losses[-1]) > self._usual_loss(2) + BAD_LOSS
        return losing or (queue > BAD_QUEUE_S and now >= self._settled + SETTLE_S)

    def _find_drowned(self, loss: float) -> None:
        """Note whether even the lowest step loses much."""
        if loss <= DROWNED_LOSS:
            self._drowned_losses.clear()
            self._curable = True
        elif self.step == 0 and not self.sound_only:
            self._drowned_losses.append(loss)

    def _leave_sound(self, now: float) -> None:
        """Stop pictures; or try them again after a while, for good if sound was lost without them as well."""
        if not self.sound_only:
            self.sound_only, self._pictures_at = True, now + self._sound_only_s
            self._drowned_loss, self._probe = fmean(self._drowned_losses), None
            self._drowned_losses.clear()
            self._sound_only_s = min(MAX_SOUND_ONLY_S, 2 * self._sound_only_s)
        elif now >= self._pictures_at:
            lost = fmean(list(self._sound_losses)[1:] or [0.0])  # the first is also about the time before
            self.sound_only, self._curable = False, lost < CURED_SHARE * self._drowned_loss
            self._change(self.step, now)
            self._not_before = now + self._wait
            self._sound_losses.clear()

    def _down(self, now: float) -> None:
        """Take the highest step the estimate carries, at least one lower."""
        estimate, below = self._fresh(now), self.step - 1
        while below > 0 and estimate is not None and OVERUSE_SHARE * self._needs(below) > estimate:
            below -= 1
        self._carried = 0
        self._before = fmean(list(self._losses)[-CURED_REPORTS:] or [0.0])
        self._change(below, now)
        self._not_before = now + self._wait

    def _change(self, step: int, now: float, settle: float = SETTLE_S) -> None:
        self.step, self._settled = step, now + settle
        self._losses.clear()

    def _judge(self, probe: Probe, now: float) -> None:
        verdict = probe.verdict(now)
        if verdict is Verdict.OPEN:
            return
        self._probe = None
        if verdict is Verdict.PASSED:
            self.measurement.narrow = inf
            self._change(self.step + 1, now)
            self._wait, self._not_before, self._sound_only_s = WAIT_S, now + SETTLE_S, SOUND_ONLY_S
        else:
            self._change(self.step, now, DRAIN_S)
            self._not_before = now + self._wait
            self._wait = min(MAX_WAIT_S, self._wait * 1.4)


def _highest_within(steps: Sequence[int], bitrate: int) -> int:
    """Return the highest step of at most `bitrate` bit/s, else the lowest one."""
    return max((number for number, needed in enumerate(steps) if needed <= bitrate), default=0)
