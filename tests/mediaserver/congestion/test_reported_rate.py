"""Tests of the rate to a room system: over a link of a known capacity, by its reports, and under limits it names."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from mediaserver.congestion.reported_rate import MAX_UP_S, UP_S, ReportedRate

STEPS = ((100_000, 12.5), (400_000, 25.0), (1_100_000, 25.0), (2_600_000, 30.0))
PACKET_BITS = 8 * 1000


@dataclass
class ReportingLink:
    """A link of `capacity` bit/s that drops what is beyond, and `random` (0 to 1) of the rest; its receiver reports
    every `interval` seconds."""

    capacity: float
    random: float = 0.0
    interval: float = 5.0
    rate: ReportedRate = field(default_factory=lambda: ReportedRate(STEPS))
    now: float = 100.0
    highest: int = 65_000
    steps: list[int | None] = field(default_factory=list)
    """The step after each report."""

    def run(self, seconds: float) -> list[int | None]:
        """Let time pass; return the steps of that time."""
        begun = len(self.steps)
        for _ in range(round(seconds / self.interval)):
            sent = 0 if self.rate.step is None else STEPS[self.rate.step][0]
            carried = min(sent, self.capacity) * (1 - self.random)
            self.now += self.interval
            self.highest += round(sent * self.interval / PACKET_BITS)
            self.rate.lost(1 - carried / sent if sent else 0.0, self.highest, self.now)
            self.steps.append(self.rate.step)
        return self.steps[begun:]


@pytest.mark.parametrize("interval", [1.0, 5.0])
@pytest.mark.parametrize(("capacity", "step"), [(5e6, 3), (1.5e6, 2), (0.5e6, 1), (0.15e6, 0), (0.05e6, 0)])
def test_it_settles_at_the_highest_step_that_the_link_carries(capacity: float, step: int, interval: float) -> None:
    link = ReportingLink(capacity, interval=interval)
    assert link.run(15)[-1] == step
    later = link.run(600)
    assert set(later) <= {step, step + 1}
    assert later.count(step) >= 0.9 * len(later)


def test_it_goes_down_with_the_first_report_to_what_came_through() -> None:
    link = ReportingLink(0.45e6)
    link.run(5)  # the first one tells no share of packets: it is unknown when their count began
    assert link.run(5) == [1]


def test_it_goes_up_one_step_at_a_time_and_later_after_each_that_lost() -> None:
    link = ReportingLink(0.5e6, interval=1.0)
    link.run(10)
    link.capacity = 1.5e6
    assert link.run(UP_S - 10) == [1] * round(UP_S - 10)
    link.run(1000)
    begins = [at for at, (before, after) in enumerate(pairwise(link.steps)) if (before, after) == (2, 3)]
    waits = [later - earlier for earlier, later in pairwise(begins)]
    assert waits[0] > UP_S
    assert all(1.5 * earlier <= later for earlier, later in pairwise(waits) if 1.5 * earlier < MAX_UP_S)
    link.capacity = 5e6
    assert link.run(MAX_UP_S + 1)[-1] == 3


def test_loss_that_a_lower_step_does_not_cure_is_taken_for_the_links_own() -> None:
    link = ReportingLink(5e6, random=0.115)
    assert link.run(10)[-1] == 2
    assert link.run(60)[-1] == 3
    link.capacity = 0.9e6
    assert link.run(15)[-1] == 1


def test_few_packets_and_absurd_numbers_say_nothing() -> None:
    rate = ReportedRate(STEPS)
    for highest in (10, 20, 28):
        rate.lost(1.0, highest, 100.0)
    assert rate.step == 3
    rate.lost(0.9, 31, 101.0)  # with those before they are enough
    assert rate.step == 0
    rate = ReportedRate(STEPS)
    for share, highest in ((0.0, 2**32 - 1), (0.0, 0), (0.0, 2**31), (0.01, 3)):
        rate.lost(share, highest, 100.0)
    assert rate.step == 3


@pytest.mark.parametrize(
    ("bitrate", "overhead", "step"),
    [
        (10_000_000, 40, 3),
        (2_600_000, 0, 3),
        (2_000_000, 40, 2),
        (1_100_000, 40, 2),
        (1_100_000, 511, 1),
        (384_000, 40, 1),
        (100_000, 40, 0),
        (64_000, 40, None),
        (0, 0, None),
    ],
)
def test_a_limit_is_kept_with_the_headers_it_counts(bitrate: int, overhead: int, step: int | None) -> None:
    rate = ReportedRate(STEPS)
    rate.limit(bitrate, overhead)
    assert rate.step == step


def test_under_a_limit_loss_still_counts_and_a_higher_limit_is_followed_at_once() -> None:
    link = ReportingLink(0.2e6, interval=1.0)
    link.rate.limit(1_100_000, 40)
    assert link.run(5)[-1] == 0
    link.capacity = 5e6
    assert link.run(100)[-1] == 2
    link.rate.limit(400_000, 0)
    assert (link.rate.step, link.run(100)[-1]) == (1, 1)
    link.rate.limit(1_100_000, 40)
    assert link.rate.step == 2
    link.rate.limit(0, 0)
    assert link.run(10)[-1] is None
    link.rate.limit(5_000_000, 0)
    assert link.rate.step == 2
