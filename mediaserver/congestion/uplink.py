"""Uplink estimate: the bitrate at which a peer may send. Pure.

By loss as in draft-ietf-rmcat-gcc-02 §6, which alone accepts a queue that is always full and loses a little: so a lower
rate is tried where some loss lasts. If that cures it the link was full, else it loses anyway. And packets that come
ever later by their sender's own clock wait in a queue.
"""

from dataclasses import dataclass
from math import inf
from statistics import fmean

from mediaserver.congestion.loss import MIN_PACKETS
from mediaserver.congestion.queue_delay import QueueDelay

START_BPS = 3_000_000
MIN_BPS = 150_000
MAX_BPS = 3_500_000
"""A dedicated access line carries 4 Mbit/s (Điều 6.3)."""
USED_BPS = 2_400_000
"""Bitrate of three simulcast layers up to 720p30."""
LOW_LOSS, HIGH_LOSS = 0.02, 0.10
GROWTH, NEXT_GROWTH, SLOW_GROWTH = 1.08, 1.03, 1.01
"""Growth a second: up to half of the rate at which trouble began last, from there on, and about that rate."""
ABOUT_FACTORS = 0.85, 1.2
"""Factors of that rate that count as about it."""
BAD_WAIT_S = 0.1
"""Seconds in a queue, above the least of the last half minute, that are too many."""
FORGOTTEN_S = 3
"""Seconds after which a camera that is off says nothing of the link any more."""
SHRINKS_S = 0.03
"""Seconds by which a queue must shrink each second to count as draining by itself."""
DRAIN, DRAIN_SECONDS = 0.8, 2
"""Factor that cuts the rate so that a queue drains, and the seconds until the cut shows."""
MAX_FUTILE_CUTS = 3
"""Cuts in a row without effect, after which packets come late for another reason: another route, a busy sender."""
TRIED_AFTER, TRIAL = 4, 0.75
"""Seconds of loss until a lower rate is tried, and its factor."""
TRIED, LONGEST_TRIAL, EXPECTED = 4, 15, 6.0
"""Seconds of a trial at least and at most, and packets expected to be lost by then, since chance takes a few."""
CURED_SHARE = 0.5
"""Share of the loss below which a trial cured it; the first second does not count."""
CHANCE_LOSSES = 2
"""Packets a second that may be lost by chance before loss counts as high."""
MAX_USUAL_LOSS, TOLERATED_FACTOR = 0.1, 1.2
"""The highest usual loss of a link, a tenth, and the factor of it that is tolerated, for chance."""
USUAL_LOSS_DECAY, MAX_USUAL_LOSS_DECAY = 0.0001, 0.02
"""Share by which a second of less loss lowers the usual loss: for each packet it had, and at most."""


class UplinkLimit:
    """The limit of one peer; call `update` once a second."""

    def __init__(self) -> None:
        self.bitrate = START_BPS
        self._full = inf
        """The rate at which trouble began last."""
        self._calm = True
        self._usual = 0.0
        """The loss that no lower rate cured."""
        self._losses: list[float] = []
        """Losses of seconds in a row that lose."""
        self._trial: _Trial | None = None
        self._transits: list[float] = []
        """Transits of this second."""
        self._unheard = 0
        """Seconds without any transit."""
        self._waits = QueueDelay()
        self._queue = 0.0
        self._settles = 0
        """Seconds until a cut shows."""
        self._futile = 0

    @property
    def full(self) -> bool:
        """Return whether packets wait in a queue of the link."""
        return self._queue > BAD_WAIT_S

    def add_transit(self, transit: float) -> None:
        """Take a packet's transit in seconds, by its sender's clock."""
        self._transits.append(transit)

    def update(self, received: int, lost: int) -> int:
        """Take one second's packets received and lost; return the new limit in bit/s."""
        if not received + lost:  # a camera that is off
            self._unheard = FORGOTTEN_S
            return self.bitrate
        packets, before = max(MIN_PACKETS, received + lost), self._queue
        self._queue = self._waiting()
        self._settles = max(0, self._settles - 1)
        loss = lost / packets
        if lost - CHANCE_LOSSES > (HIGH_LOSS + self._usual) * packets:
            self._break_off()
            self._cut(1 - 0.5 * loss)
        elif self._trial is not None:
            self._judge(self._trial, received, lost)
        elif self.full:
            self._drain(shrinks=self._queue < before - SHRINKS_S)
        elif loss < LOW_LOSS + TOLERATED_FACTOR * self._usual:
            self._grow(loss, packets)
        else:
            self._lose(loss)
        return self.bitrate

    def _set(self, bitrate: float) -> None:
        self.bitrate = round(min(MAX_BPS, max(MIN_BPS, bitrate)))

    def _cut(self, to: float) -> None:
        if self._calm:
            self._full, self._calm = self.bitrate, False
        self._set(to * self.bitrate)

    def _break_off(self) -> None:
        if self._trial is not None:
            self._full = self._trial.full
        self._trial, self._losses = None, []

    def _waiting(self) -> float:
        self._unheard = 0 if self._transits else self._unheard + 1
        if self._transits:
            self._waits.add(min(self._transits))
            self._transits.clear()
        return self._waits.queue if self._unheard < FORGOTTEN_S else 0.0

    def _grow(self, loss: float, packets: int) -> None:
        self._losses, self._futile, self._calm = [], 0, True
        if loss < self._usual:  # never the other way: what a higher rate loses would be usual soon
            self._usual += min(MAX_USUAL_LOSS_DECAY, USUAL_LOSS_DECAY * packets) * (loss - self._usual)
        share = self.bitrate / self._full
        slow = ABOUT_FACTORS[0] < share < ABOUT_FACTORS[1]
        self._set(self.bitrate * (GROWTH if share < 0.5 else SLOW_GROWTH if slow else NEXT_GROWTH))

    def _drain(self, *, shrinks: bool) -> None:
        if shrinks or self._settles:
            return
        self._cut(DRAIN)
        self._futile, self._settles = self._futile + 1, DRAIN_SECONDS
        if self._futile == MAX_FUTILE_CUTS:
            self._waits, self._queue, self._futile = QueueDelay(), 0.0, 0

    def _lose(self, loss: float) -> None:
        self._losses.append(loss)
        if len(self._losses) == TRIED_AFTER:
            self._trial, self._losses = _Trial(self.bitrate, self._full, fmean(self._losses)), []
            self._cut(TRIAL * min(1.0, USED_BPS / self.bitrate))

    def _judge(self, trial: "_Trial", received: int, lost: int) -> None:
        trial.add(received, lost)
        if trial.over:
            self._trial = None
            if not trial.cured:
                self._usual, self._full = min(MAX_USUAL_LOSS, trial.usual) if trial.enough else 0.0, trial.full
                self._set(trial.rate)


@dataclass(slots=True)
class _Trial:
    """A trial of a lower rate: the loss before it, and the loss since."""

    rate: int
    full: float
    usual: float
    seconds: int = 0
    packets: int = 0
    lost: int = 0

    def add(self, received: int, lost: int) -> None:
        """Take a second; the first one still has the old rate."""
        self.seconds += 1
        if self.seconds > 1:
            self.packets, self.lost = self.packets + received + lost, self.lost + lost

    @property
    def enough(self) -> bool:
        """Return whether the result cannot be chance."""
        return self.packets * self.usual >= EXPECTED

    @property
    def over(self) -> bool:
        """Return whether it has lasted long enough."""
        return self.seconds >= (TRIED if self.enough else LONGEST_TRIAL)

    @property
    def cured(self) -> bool:
        """Return whether the lower rate loses much less."""
        return self.lost < CURED_SHARE * self.usual * self.packets
