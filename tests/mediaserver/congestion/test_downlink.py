"""Tests of the downlink estimate on a simulated link: a bottleneck with a queue.

Also tests `queue_delay.py`.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.congestion.downlink import LINE_BPS, NARROW_S, SOUND_BPS, WAITING_S, Downlink
from mediaserver.video.quality import CAMERA_BPS, COMPOSED_BPS, LARGE, QUALITIES, TILES_BPS, TILES_START, USUAL

STEPS = [quality.bitrate for quality in QUALITIES[: USUAL + 1]]
QUEUE_S = 0.5
DELAY_S = 0.04
TICK_S = 0.05


@dataclass
class BottleneckLink:
    """Carries `capacity` bit/s, holds half a second, drops the rest; reports once a second, a round trip late."""

    capacity: float
    estimates: bool
    downlink: Downlink = field(default_factory=lambda: Downlink(STEPS, USUAL))
    steps: Sequence[int] = tuple(quality.bitrate for quality in QUALITIES)
    ticks: int = 0
    queue: float = 0.0
    offered: float = 0.0
    dropped: float = 0.0
    carried: float = 0.0
    estimate: float = 3e6
    lost: float = 0.0
    """Bits dropped since the start of the current run."""
    response: tuple[float, float] = (inf, 0.0)
    """When the response to the newest request comes, and the round trip it shows."""
    waiting: float = 0.0
    """Seconds the newest packet waits in the queue."""
    longest: float = 0.0
    """The longest wait since the start of the current run."""
    radio: float = 0.0
    busy: float = 0.0
    random: Random = field(default_factory=lambda: Random(7))
    sent: float = 0.0
    sent_pictures: float = 0.0
    """Bits of pictures since the last report."""

    def run(self, seconds: float) -> list[int]:
        """Let so many seconds pass; return the step of each tick."""
        self.lost = self.sent = self.longest = 0.0
        return [self._tick() for _ in range(round(seconds / TICK_S))]

    @property
    def now(self) -> float:
        """Return the seconds since the start."""
        return self.ticks * TICK_S

    def _tick(self) -> int:
        self.ticks += 1
        step = self.downlink.update(self.now)
        measures = self.downlink.measurement.running
        pictures = 0 if self.downlink.sound_only or measures else self.steps[step] * 0.9
        self.sent_pictures += pictures * TICK_S
        bits = (pictures + SOUND_BPS + self.downlink.padding) * TICK_S
        train = self.downlink.measurement.next(self.now)
        train_waits = (self.queue + 8 * (train or 0)) / self.capacity
        self.queue += bits + 8 * (train or 0)
        carried = min(self.queue, self.capacity * TICK_S)
        self.queue -= carried
        over = max(0.0, self.queue - self.capacity * QUEUE_S)
        self.queue -= over
        for name, value in (("offered", bits), ("dropped", over), ("carried", carried), ("lost", over), ("sent", bits)):
            setattr(self, name, getattr(self, name) + value)
        self.waiting = self.queue / self.capacity
        self.longest = max(self.longest, self.waiting)
        if self.response[0] <= self.now and train is None:  # only the newest request counts
            self.downlink.responded(self.response[1] + self.noise(), self.now)
            self.response = inf, 0.0
        if (train is not None or self.downlink.should_request(self.now)) and self.random.random() >= self.radio:
            round_trip = 2 * DELAY_S + (self.waiting if train is None else train_waits)
            self.response = self.now + round_trip, round_trip
        if self.ticks % 20 == 0:
            self._report(step)
        return step

    def noise(self) -> float:
        """Return the seconds that a busy machine adds to a response now and then."""
        return self.random.uniform(0.0, 0.2) if self.random.random() < self.busy else 0.0

    def random_loss(self) -> float:
        """Return the share of a hundred packets that radio loses, whatever is sent."""
        return sum(self.random.random() < self.radio for _ in range(100)) / 100

    def _report(self, step: int) -> None:
        lost = self.random_loss() + self.dropped / self.offered
        if self.downlink.sound_only:
            self.downlink.sent(SOUND_BPS)
            self.downlink.sound_lost(lost)
        else:
            self.downlink.sent(self.sent_pictures + SOUND_BPS)
            self.sent_pictures = 0.0
            self.downlink.reported(2 * DELAY_S + self.waiting)
            self.downlink.lost(lost, 5 * self.ticks, self.now)
        # Browsers raise their estimate by 8 % a second up to 1.5 times what they get, and cut it when delay grows.
        grown = min(self.estimate * 1.08, max(self.estimate, 1.5 * self.carried))
        self.estimate = 0.85 * self.carried if self.waiting > 0.1 else grown
        if self.estimates:
            self.downlink.estimated(self.estimate, self.now)
        self.offered = self.dropped = self.carried = 0.0


@pytest.mark.parametrize("estimates", [True, False])
@pytest.mark.parametrize(("capacity", "best"), [(4e6, 2), (1.5e6, 2), (1.0e6, 1), (0.6e6, 1), (0.2e6, 0)])
def test_a_link_settles_on_the_best_step_it_carries(capacity: float, best: int, estimates: bool) -> None:
    link = BottleneckLink(4e6, estimates)
    link.run(10)
    link.capacity = capacity
    link.run(10)
    steps = link.run(60)
    assert set(steps) <= {best, best - 1} - {-1}
    assert steps.count(best) > 0.8 * len(steps)
    assert link.lost < 0.02 * link.sent


@pytest.mark.parametrize("estimates", [True, False])
def test_a_link_that_carries_sound_alone_gets_it_alone_until_it_carries_more(estimates: bool) -> None:
    link = BottleneckLink(4e6, estimates)
    link.run(10)
    link.capacity = 0.1e6
    link.run(12)
    assert link.downlink.sound_only
    link.lost = link.sent = 0.0
    for _ in range(240):
        link.run(1)
    assert link.lost < 0.03 * link.sent, "pictures are tried again more and more seldom"
    link.capacity = 4e6
    link.run(75)
    assert (link.downlink.sound_only, link.downlink.step) == (False, 2)


def started(capacity: float) -> BottleneckLink:
    """Return a link of a viewer of tiles, whose round trip was measured while its transport was connected."""
    link = BottleneckLink(capacity, True, Downlink(TILES_BPS, TILES_START), TILES_BPS)
    link.downlink.max_step = len(TILES_BPS) - 1
    link.downlink.responded(2 * DELAY_S, 0.0)
    link.downlink.start(0.0)
    return link


@pytest.mark.parametrize(("capacity", "step"), [(4e6, 4), (3e6, 3), (1.5e6, 2), (0.6e6, 1), (0.2e6, 0)])
def test_the_first_pictures_fit_the_link_and_its_queue(capacity: float, step: int) -> None:
    link = started(capacity)
    link.run(1)
    assert (link.downlink.step, link.downlink.measurement.running) == (step, False)
    link.run(9)
    assert (link.lost, link.longest < 0.3) == (0, True)


def test_a_receiver_that_never_responds_gets_no_more_than_it_began_with() -> None:
    downlink = Downlink(TILES_BPS, TILES_START)
    downlink.start(0.0)
    for tick in range(200):
        downlink.measurement.next(tick * TICK_S)
        downlink.update(tick * TICK_S)
    downlink.max_step = len(TILES_BPS) - 1
    assert (downlink.measurement.running, downlink.update(10.0)) == (False, TILES_START)


@pytest.mark.parametrize("capacity", [1.5e6, 0.6e6, 0.2e6])
def test_upon_a_cut_estimate_nothing_more_is_sent_into_a_full_queue(capacity: float) -> None:
    link = started(4e6)
    link.run(20)
    link.capacity = capacity
    while not link.downlink.measurement.running:
        link.run(TICK_S)
    assert link.waiting > 0.3
    link.run(10)
    assert link.lost == 0


def test_a_flood_of_reports_is_not_kept() -> None:
    link = BottleneckLink(0.1e6, estimates=True)
    link.run(30)
    assert link.downlink.sound_only
    for _ in range(10_000):
        link.downlink.sound_lost(1.0)
        link.downlink.lost(1.0, 0xFFFFFFFF, link.now)
        link.downlink.reported(59.0)
        link.downlink.responded(59.0, link.now)
        link.downlink.estimated(0.0, link.now)
    assert max(len(kept) for kept in vars(link.downlink).values() if isinstance(kept, list | dict | deque)) < 100


def test_pictures_go_on_where_sound_is_lost_without_them_as_well() -> None:
    link = BottleneckLink(4e6, estimates=True, radio=0.35)
    link.run(200)
    tried = [bool(link.run(1)) and link.downlink.sound_only for _ in range(120)]
    assert not any(tried)


@pytest.mark.parametrize("estimates", [True, False])
@pytest.mark.parametrize("phase", range(10))
def test_a_link_that_recovers_gets_the_best_again_within_11_seconds(estimates: bool, phase: int) -> None:
    link = BottleneckLink(0.22e6, estimates)
    link.run(40 + 0.7 * phase)
    link.capacity = 4e6
    assert link.run(11)[-1] == 2
    assert set(link.run(30)) == {2}


@pytest.mark.parametrize("seed", range(20))
def test_a_busy_receiver_does_not_hide_that_its_link_recovered(seed: int) -> None:
    link = BottleneckLink(0.22e6, True, busy=0.2, random=Random(seed))
    link.run(40)
    link.capacity = 4e6
    assert link.run(15)[-1] == 2


def test_a_probe_makes_packets_wait_no_longer_than_a_fifth_of_a_second() -> None:
    link = BottleneckLink(0.22e6, True)
    link.run(20)
    assert set(link.run(40)) == {0}
    assert 0.1 < link.longest < 0.2


def test_the_loss_of_a_link_is_known_on_every_step() -> None:
    link = BottleneckLink(10e6, True, radio=0.2)
    link.run(30)
    assert 0.15 < link.downlink.loss < 0.25
    link.radio = 0.0
    link.run(15)
    assert link.downlink.loss < 0.01


def test_a_good_link_is_left_alone() -> None:
    link = BottleneckLink(10e6, True)
    assert set(link.run(120)) == {2}
    assert link.downlink.padding == 0


def test_nothing_is_lower_than_the_lowest() -> None:
    link = BottleneckLink(0.05e6, True)
    link.run(20)
    assert set(link.run(20)) == {0}


def test_an_old_estimate_says_nothing() -> None:
    downlink = Downlink(STEPS, USUAL)
    downlink.sent(STEPS[2])
    downlink.estimated(2_000_000, 9.0)
    downlink.estimated(100_000, 10.0)
    assert downlink.update(14.0) == 2
    downlink.estimated(90_000, 15.0)
    assert downlink.update(15.1) == 0


def test_large_pictures_are_paced_to_a_link_that_shows_to_be_narrow() -> None:
    link = BottleneckLink(10e6, True)
    link.run(20)
    assert link.downlink.pace(link.now) == LINE_BPS
    link.capacity = 0.65e6
    link.run(30)
    assert 1.2 * STEPS[1] < link.downlink.pace(link.now) < 1.3 * link.capacity
    link.capacity = 10e6
    link.run(20 + NARROW_S)
    assert link.downlink.pace(link.now) == LINE_BPS


@pytest.mark.parametrize("capacity", [10e6, 0.65e6])
def test_a_link_that_loses_at_random_keeps_the_step_it_carries(capacity: float) -> None:
    link = BottleneckLink(capacity, True)
    link.run(30)
    before, link.radio = link.downlink.step, 0.05
    steps = link.run(120)
    assert steps.count(before) > 0.9 * len(steps)


@pytest.mark.parametrize("seed", range(8))
def test_random_loss_does_not_hide_that_a_link_recovered(seed: int) -> None:
    link = BottleneckLink(0.22e6, True, radio=0.05, random=Random(seed))
    link.run(30)
    link.capacity = 10e6
    assert link.run(30)[-1] == 2


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("radio", [0.1, 0.12])
def test_a_loss_that_a_lower_step_does_not_cure_takes_the_picture_down_once(radio: float, seed: int) -> None:
    link = BottleneckLink(10e6, True, radio=radio, random=Random(seed))
    steps = link.run(300)
    assert sum(before != after for before, after in pairwise(steps)) <= 6
    assert steps.count(USUAL) > 0.9 * len(steps)


def test_a_higher_limit_is_probed_for_and_a_lower_one_holds_at_once() -> None:
    steps = [quality.bitrate for quality in QUALITIES]
    link = BottleneckLink(4e6, estimates=True, downlink=Downlink(steps, USUAL))
    assert set(link.run(20)) == {USUAL}
    assert link.downlink.padding == 0
    link.downlink.max_step = LARGE
    assert link.run(20)[-1] == LARGE
    link.downlink.max_step = USUAL
    assert set(link.run(5)) == {USUAL}
    narrow = BottleneckLink(2e6, estimates=True, downlink=Downlink(steps, USUAL))
    narrow.downlink.max_step = LARGE
    assert narrow.run(30)[-1] == USUAL


def test_a_display_that_is_large_again_gets_at_once_what_the_link_carried() -> None:
    link = BottleneckLink(4e6, estimates=True)
    link.run(20)
    link.downlink.max_step = 0
    assert set(link.run(20)) == {0}
    link.downlink.max_step = USUAL
    assert set(link.run(20)) == {USUAL}
    link.capacity = 0.65e6
    link.run(30)
    link.downlink.max_step = 0
    assert set(link.run(5)) == {0}
    link.downlink.max_step = USUAL
    assert set(link.run(2)) == {1}


def reported_good(seconds: int, round_trip: float = 0.05) -> Downlink:
    """Return a downlink at the best step whose reports have been good for so many seconds."""
    downlink = Downlink(STEPS, USUAL)
    downlink.sent(STEPS[2])
    for at in range(seconds):
        downlink.reported(round_trip)
        downlink.lost(0.0, 100 * at, float(at))
    downlink.estimated(2_000_000, seconds - 1.0)
    return downlink


def test_a_cut_estimate_counts_when_packets_wait_too_in_two_reports() -> None:
    downlink = reported_good(10)
    downlink.estimated(100_000, 10.0)
    assert downlink.update(10.1) == 2
    downlink.reported(0.05 + 1.1 * WAITING_S)
    assert downlink.update(10.6) == 2
    downlink.reported(0.05 + 1.1 * WAITING_S)
    assert downlink.update(11.1) == 0


def with_cut_estimate(response_s: float | None) -> tuple[Downlink, list[float]]:
    """Return a link whose estimate was cut and the times of its requests within a second.

    Each response gives a round trip of `response_s`; None for no response.
    """
    downlink, request_times = reported_good(10), list[float]()
    downlink.estimated(100_000, 10.0)
    for tick in range(25):
        now = 10 + tick / 25
        downlink.update(now)
        if downlink.should_request(now):
            request_times.append(round(now, 2))
            if response_s is not None:
                downlink.responded(response_s, now)
    return downlink, request_times


def test_a_cut_estimate_counts_when_two_responses_are_overdue() -> None:
    downlink, request_times = with_cut_estimate(None)
    assert (downlink.step, request_times) == (0, [10.0, 10.32])


def test_a_cut_estimate_does_not_count_while_responses_come_in_time() -> None:
    downlink, request_times = with_cut_estimate(0.05 + 0.9 * WAITING_S)
    assert (downlink.step, len(request_times)) == (2, 25)


def test_one_bad_report_is_chance_and_two_are_a_full_link() -> None:
    downlink = reported_good(10)
    downlink.lost(0.2, 1000, 10.0)
    assert downlink.update(10.1) == 2
    downlink.lost(0.2, 1100, 11.0)
    assert downlink.update(11.1) == 1


def test_one_late_report_is_a_busy_receiver_and_two_are_a_queue() -> None:
    downlink = reported_good(10)
    for at, late in enumerate((0.45, 0.05, 0.45, 0.05)):
        downlink.reported(late)
        assert downlink.update(10.1 + at) == 2
    downlink.reported(0.45)
    downlink.reported(0.45)
    assert downlink.update(15.1) == 1


def test_the_queue_of_the_step_before_is_given_time_to_drain() -> None:
    downlink = reported_good(10)
    for _ in range(2):
        downlink.reported(0.55)
    assert downlink.update(10.1) == 1
    downlink.reported(0.55)
    assert downlink.update(13.0) == 1
    downlink.reported(0.55)
    assert downlink.update(13.2) == 0


def test_reports_on_a_handful_of_packets_are_added_up() -> None:
    downlink = reported_good(10)
    for at in range(200):  # two packets each; two reports in forty tell, one behind the other, that one was lost
        downlink.lost(0.5 if at % 40 < 2 else 0.0, 902 + 2 * at, 9.0 + at / 20)
        assert downlink.update(9.0 + at / 20) == 2


def test_packets_of_several_streams_are_counted_each_by_its_own_numbers() -> None:
    downlink = reported_good(10)
    for second in range(10, 14):  # of 100 packets of one stream none are lost, of 100 of the other half
        for ssrc, share in ((1, 0.0), (2, 0.5)):
            downlink.lost(share, 100 * second + 1_000_000 * ssrc, float(second), ssrc)
    assert 0.2 < downlink.loss <= 0.25


@pytest.mark.parametrize(
    ("step", "others", "becomes"),
    [
        (2, (100_000, 400_000, 1_100_000, 1_700_000, 3_000_000), 2),
        (2, (100_000, 1_000_000), 1),
        (2, (1_200_000,), 0),
        (0, (100_000, 400_000), 0),
    ],
)
def test_other_steps_begin_with_what_the_link_carries(step: int, others: tuple[int, ...], becomes: int) -> None:
    downlink = Downlink(STEPS, step)
    downlink.set_step_bitrates(others)
    assert (downlink.step, downlink.rate) == (becomes, others[becomes] + SOUND_BPS)
    assert downlink.update(1.0) == becomes


def test_a_limit_beyond_other_steps_is_the_highest_of_them() -> None:
    downlink = Downlink([*STEPS, 3_000_000], 3)
    downlink.set_step_bitrates(STEPS)
    assert (downlink.step, downlink.max_step) == (2, 2)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["pass", "pass", "estimated", "lost", "reported", "responded", "sent", "most"]),
            st.floats(0, 1),
            st.integers(1, 80),
        ),
        max_size=60,
    )
)
def test_at_rest_it_needs_no_updates(events: list[tuple[str, float, int]]) -> None:
    eager, lazy = Downlink(STEPS, USUAL), Downlink(STEPS, USUAL)
    ticks = highest = 0
    for kind, value, passing in events:
        for _ in range(passing):
            ticks += 1
            now = ticks * TICK_S
            pace = eager.pace(now) if lazy.resting else None
            eager.update(now)
            if not lazy.resting:
                lazy.update(now)
            assert (lazy.step, lazy.padding) == (eager.step, eager.padding)
            assert pace is None or pace == eager.pace(now) == lazy.pace(now)
            assert lazy.should_request(now) == eager.should_request(now)
        highest += 100
        for each in (eager, lazy):
            if kind == "estimated":
                each.estimated(4e6 * value, now)
            elif kind == "lost":
                each.lost(value, highest, now)
            elif kind == "reported":
                each.reported(value)
            elif kind == "responded":
                each.responded(value, now)
            elif kind == "sent":
                each.sent(3e6 * value)
            elif kind == "most":
                each.max_step = round(value * (len(STEPS) - 1))


@pytest.mark.parametrize("estimates", [True, False])
def test_a_camera_looked_at_alone_needs_more_than_the_composed_picture_in_its_size(estimates: bool) -> None:
    link = BottleneckLink(4e6, estimates, Downlink(COMPOSED_BPS, USUAL), CAMERA_BPS)
    link.downlink.set_step_bitrates(CAMERA_BPS)
    assert set(link.run(10)) == {2}
    link.capacity = 1.5e6
    link.run(10)
    assert set(link.run(60)) == {1}
    link.steps = COMPOSED_BPS
    link.downlink.set_step_bitrates(COMPOSED_BPS)
    link.run(15)
    assert set(link.run(30)) == {2}
