"""Plans are compared with an oracle that counts by minutes, and with the worked examples of the regulation.

Also tests `suggestions.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.booking.admission import rule as admission_rule
from scheduler.booking.admission import suggestions
from scheduler.calendar.deadlines import Clock
from scheduler.calendar.working_time import Calendar
from scheduler.core.capacity_limit import CapacityLimit
from scheduler.core.model import Admit, Amount, Claim, Interval, Point, Refuse, Slot, SlotKind, Suggestion
from scheduler.policy.profile_files import load
from tests.scheduler.oracle import HORIZON, Oracle, Slots
from tests.scheduler.world import NOW, REQUEST, at, hours, on

POLICY = load().policies[-1]
CAPACITY = POLICY.capacity.model_copy(update={"test_legs": 0})
ORIGIN = datetime(2026, 4, 5, 1, tzinfo=UTC)
WHOLE = Interval(ORIGIN, ORIGIN + timedelta(minutes=HORIZON))
ALL = 10_000


def minute(number: int) -> datetime:
    return ORIGIN + timedelta(minutes=number)


def minutes(instant: datetime) -> int:
    return int((instant - ORIGIN) / timedelta(minutes=1))


@dataclass(frozen=True)
class Booking:
    """A booking on a dense grid: an official slot, perhaps a rehearsal that ends `gap` minutes before it."""

    start: int
    length: int
    legs: int
    rehearsal: tuple[int, int] | None = None  # (length, gap)

    @property
    def times(self) -> Slots:
        official = (self.start, self.start + self.length)
        if self.rehearsal is None:
            return (official,)
        length, gap = self.rehearsal
        return ((self.start - gap - length, self.start - gap), official)

    @property
    def slots(self) -> tuple[Slot, ...]:
        kinds: tuple[SlotKind, ...] = ("tong_duyet", "chinh_thuc")
        placed = zip(kinds[-len(self.times) :], self.times, strict=True)
        return tuple(Slot(kind, minute(a), minute(b), self.legs) for kind, (a, b) in placed)


bookings = st.builds(
    Booking,
    start=st.integers(11, 20),
    length=st.integers(1, 5),
    legs=st.integers(1, 12),
    rehearsal=st.none() | st.tuples(st.integers(1, 5), st.integers(0, 4)),
)
amounts = st.builds(Amount, st.integers(1, 8), st.integers(3, 24))
limits = st.builds(
    CapacityLimit,
    amounts,
    st.lists(st.tuples(st.integers(1, 25).map(minute), amounts), max_size=2, unique_by=lambda step: step[0]).map(
        lambda steps: tuple(sorted(steps, key=lambda step: step[0]))
    ),
)


def oracle_of(limit: CapacityLimit) -> Oracle:
    """Return the oracle for a limit, with its maximum of each minute."""
    maxima = [limit.first] * HORIZON
    for since, amount in limit.steps:
        maxima[minutes(since) :] = [amount] * (HORIZON - minutes(since))
    return Oracle([m.sessions for m in maxima], [m.points for m in maxima])


def decided(
    slots: tuple[Slot, ...], held: list[Slot], usable: CapacityLimit, window: Interval, number: int
) -> Admit | Refuse:
    """Decide among equals, where nobody is displaced; a refusal comes with free times, as the service gives them."""
    claims = [Claim(str(seq), seq, 0, (slot,)) for seq, slot in enumerate(held)]
    decision = admission_rule.plan(Claim("asked", len(held), 0, slots), claims, usable, POLICY.revocation)
    if isinstance(decision, Admit):
        return decision
    return replace(decision, suggestions=suggestions.suggest(slots, held, usable, window, number, lambda _: True))


def plan(booking: Booking, held: list[Slot], limit: CapacityLimit, window: Interval = WHOLE) -> Admit | Refuse:
    return decided(booking.slots, held, limit.of(CAPACITY.usable), window, ALL)


def play(wishes: list[Booking], limit: CapacityLimit) -> tuple[list[Slot], Oracle]:
    """Submit bookings in order; every decision must be the oracle's (I1, I3, I7, I19)."""
    held: list[Slot] = []
    oracle = oracle_of(limit)
    for number, wish in enumerate(wishes):
        decision = plan(wish, held, limit)
        assert isinstance(decision, Admit) == oracle.fits(wish.times, wish.legs)
        if isinstance(decision, Admit):
            assert decision == Admit()  # I7
            held += wish.slots
            oracle.held[number] = (wish.times, wish.legs)
            assert oracle.within()
    return held, oracle


@settings(max_examples=400, deadline=None)
@given(st.lists(bookings, max_size=12), limits)
def test_histories_agree_with_the_oracle(wishes: list[Booking], limit: CapacityLimit) -> None:
    play(wishes, limit)


@settings(max_examples=300, deadline=None)
@given(st.lists(bookings, max_size=10), bookings, limits)
def test_explanations_are_true(wishes: list[Booking], wish: Booking, limit: CapacityLimit) -> None:  # I20
    held, oracle = play(wishes, limit)
    decision = plan(wish, held, limit)
    if isinstance(decision, Refuse):
        beside = oracle_of(limit) if decision.impossible else oracle
        a, b = minutes(decision.interval.start), minutes(decision.interval.end)
        assert a < b
        for m in range(a, b):
            assert (decision.limit, decision.needed) in beside.breaks(m, wish.legs)
            assert decision.usable == 4 * getattr(oracle, f"max_{decision.limit}")[m] // 5
        wanted_minutes = [m for start, end in wish.times for m in range(start, end)]
        broken = [m for m in wanted_minutes if beside.breaks(m, wish.legs)]
        assert set(range(a, b)) <= set(wanted_minutes)
        assert (a, decision.limit) == (broken[0], beside.breaks(broken[0], wish.legs)[0][0])
        assert decision.impossible != oracle_of(limit).fits(wish.times, wish.legs)
        assert decision.largest == max((legs for legs in range(25) if beside.fits(wish.times, legs)), default=0)


@settings(max_examples=300, deadline=None)
@given(st.lists(bookings, max_size=10), bookings, limits)
def test_every_suggestion_is_admissible(wishes: list[Booking], wish: Booking, limit: CapacityLimit) -> None:  # I20
    held, oracle = play(wishes, limit)
    decision = plan(wish, held, limit)
    for suggestion in decision.suggestions if isinstance(decision, Refuse) else ():
        intervals = [i for i in (suggestion.rehearsal, suggestion.official) if i]
        times = tuple((minutes(i.start), minutes(i.end)) for i in intervals)
        assert oracle.fits(times, wish.legs)
        assert [b - a for a, b in times] == [b - a for a, b in wish.times]
        assert times == tuple(sorted(times))
        assert times[0][-1] <= times[-1][0] or len(times) == 1
        assert times[0][0] >= 0
        assert times[-1][1] <= HORIZON


@settings(max_examples=300, deadline=None)
@given(st.lists(bookings, max_size=10), bookings, limits)
def test_the_first_suggestion_is_the_nearest(wishes: list[Booking], wish: Booking, limit: CapacityLimit) -> None:
    """By trying every minute: slots that fit stay, those that do not move together, the later wins a tie."""
    held, oracle = play(wishes, limit)
    decision = plan(wish, held, limit)
    if isinstance(decision, Refuse):
        stays = [oracle.fits((slot,), wish.legs) for slot in wish.times]
        free = []
        for shift in range(-HORIZON, HORIZON):
            times = tuple(
                (a, b) if stay else (a + shift, b + shift) for (a, b), stay in zip(wish.times, stays, strict=True)
            )
            inside = times[0][0] >= 0 and times[-1][1] <= HORIZON
            ordered = len(times) == 1 or times[0][1] <= times[1][0]
            if inside and ordered and all(a >= 0 and b <= HORIZON for a, b in times) and oracle.fits(times, wish.legs):
                free.append((abs(shift), -shift, times[-1]))
        nearest = [Interval(minute(a), minute(b)) for _, _, (a, b) in sorted(free)[:1]]
        assert [s.official for s in decision.suggestions[:1]] == nearest


@settings(max_examples=200, deadline=None)
@given(st.lists(bookings, max_size=10), bookings, limits, st.integers(-5000, 5000), st.integers(1, 7))
def test_shifting_or_scaling_everything_changes_nothing(  # I16
    wishes: list[Booking], wish: Booking, limit: CapacityLimit, shift: int, scale: int
) -> None:
    held, _ = play(wishes, limit)
    by = timedelta(seconds=shift)

    def moved(slot: Slot) -> Slot:
        return replace(slot, start=slot.start + by, end=slot.end + by, legs=slot.legs * scale)

    def scaled(amount: Amount) -> Amount:
        return Amount(amount.sessions, amount.points * scale)

    other = CapacityLimit(scaled(limit.first), tuple((since + by, scaled(amount)) for since, amount in limit.steps))
    window = Interval(WHOLE.start + by, WHOLE.end + by)
    slots = tuple(map(moved, wish.slots))
    decision = decided(slots, list(map(moved, held)), other.of(CAPACITY.usable), window, ALL)
    assert isinstance(decision, Admit) == isinstance(plan(wish, held, limit), Admit)


@settings(max_examples=200, deadline=None)
@given(st.lists(bookings, min_size=1, max_size=10), bookings, limits, st.data())
def test_room_made_never_hurts(wishes: list[Booking], wish: Booking, limit: CapacityLimit, data: st.DataObject) -> None:
    held, _ = play(wishes, limit)  # I15
    if held and isinstance(plan(wish, held, limit), Admit):
        gone = data.draw(st.sampled_from(held))
        assert isinstance(plan(wish, [slot for slot in held if slot is not gone], limit), Admit)


# The worked examples. Usable: 16 sessions, 200 points.

USABLE_LIMIT = CapacityLimit(Amount(20, 250)).of(CAPACITY.usable)


def official(interval: Interval, legs: int) -> tuple[Slot, ...]:
    return (Slot("chinh_thuc", interval.start, interval.end, legs),)


def decide(slots: tuple[Slot, ...], held: list[Slot]) -> Admit | Refuse:
    return decided(slots, held, USABLE_LIMIT, suggestions.search_window(slots, POLICY, NOW), 3)


def test_r062_the_17th_session_waits_until_nine() -> None:  # also worked example 4: only 80 points are used
    held = [*official(on("05/04/2023", "08:00", "09:00"), 5)] * 16
    refused = decide(official(on("05/04/2023", "08:30", "09:30"), 5), held)
    assert refused == Refuse(
        "sessions",
        on("05/04/2023", "08:30", "09:00"),
        16,
        17,
        (
            Suggestion(None, on("05/04/2023", "09:00", "10:00")),
            Suggestion(None, on("05/04/2023", "07:00", "08:00")),
        ),
        0,
        tuple(map(str, range(16))),
    )
    slots = official(on("05/04/2023", "09:00", "10:00"), 5)
    assert decide(slots, held) == Admit()


def test_r063_14_points_wait_and_8_are_issued() -> None:
    morning = on("05/04/2023", "08:00", "11:00")
    held = [slot for legs in (145, 19, 28) for slot in official(morning, legs)]
    refused = decide(official(morning, 14), held)
    assert isinstance(refused, Refuse)
    assert (refused.limit, refused.usable, refused.needed, refused.interval) == ("points", 200, 206, morning)
    assert [s.official for s in refused.suggestions] == [
        on("05/04/2023", "11:00", "14:00"),
        on("05/04/2023", "05:00", "08:00"),
    ]
    assert decide(official(morning, 8), held) == Admit()


def test_example_5_touching_sessions_do_not_overlap() -> None:
    held = list(official(on("05/04/2023", "08:00", "09:30"), 200))
    slots = official(on("05/04/2023", "09:30", "11:00"), 60)
    assert decide(slots, held) == Admit()


def test_example_6_201_legs_alone_are_refused_without_a_suggestion() -> None:
    morning = on("05/04/2023", "08:00", "11:00")
    assert decide(official(morning, 201), []) == Refuse("points", morning, 200, 201, (), 200, (), impossible=True)
    assert decide(official(morning, 200), []) == Admit()


def test_example_8_rehearsals_hold_capacity() -> None:
    held = [Slot("tong_duyet", at("04/04/2023 14:00"), at("04/04/2023 16:00"), 145)]
    refused = decide(official(on("04/04/2023", "15:00", "16:00"), 60), held)
    assert isinstance(refused, Refuse)
    assert (refused.limit, refused.usable, refused.needed) == ("points", 200, 205)
    later = official(on("04/04/2023", "16:00", "17:00"), 60)
    assert decide(later, held) == Admit()


def test_a_rehearsal_that_fits_stays_where_it_is() -> None:
    held = list(official(on("05/04/2023", "08:00", "09:00"), 200))
    rehearsal, meeting = on("04/04/2023", "14:00", "15:00"), on("05/04/2023", "08:00", "10:00")
    slots = (Slot("tong_duyet", rehearsal.start, rehearsal.end, 10), *official(meeting, 10))
    refused = decide(slots, held)
    assert isinstance(refused, Refuse)
    assert refused.suggestions == (
        Suggestion(rehearsal, on("05/04/2023", "09:00", "11:00")),
        Suggestion(rehearsal, on("05/04/2023", "06:00", "08:00")),
    )


def test_ux_defect_17_free_times_in_office_hours_come_first() -> None:
    slots = official(on("05/04/2023", "08:00", "10:00"), 100)
    held = list(official(on("05/04/2023", "07:00", "17:00"), 150))
    window = suggestions.search_window(slots, POLICY, NOW)
    worktime = Clock(POLICY, Calendar()).worktime

    def offered(in_office: Callable[[datetime, datetime], bool] | None) -> list[Interval]:
        found = suggestions.suggest(slots, held, USABLE_LIMIT, window, 3, lambda _: True, in_office)
        return [suggestion.official for suggestion in found]

    assert offered(None) == [on("05/04/2023", "05:00", "07:00"), on("05/04/2023", "17:00", "19:00")]
    assert offered(worktime.open) == [
        on("06/04/2023", "08:00", "10:00"),
        on("04/04/2023", "08:00", "10:00"),
        on("07/04/2023", "08:00", "10:00"),
    ]


def test_nothing_is_suggested_in_the_past_or_beyond_the_search() -> None:
    soon = Interval(NOW + hours(1), NOW + hours(2))
    slots = official(soon, 5)
    window = suggestions.search_window(slots, POLICY, NOW)
    assert window == Interval(NOW, soon.end + timedelta(days=POLICY.session.search_days))
    full = [slot for _ in range(2) for slot in official(Interval(window.start, window.end), 100)]
    assert decided(slots, full, USABLE_LIMIT, window, 3) == Refuse("points", soon, 200, 205, (), 0, ("0", "1"))


def test_every_device_is_a_leg_beside_those_of_none() -> None:  # A7, A20
    host = Point("so.tttt", "So.TTTT", "Sở TT&TT", "so.tttt", "so", 2)
    points = {host.id: host, "nt.xuonghuan": replace(host, id="nt.xuonghuan", devices=3)}
    slots = replace(REQUEST, rehearsal=on("04/04/2023", "14:00", "15:00"))
    assert [(s.kind, s.legs) for s in admission_rule.slots(slots, points, 1)] == [("tong_duyet", 6), ("chinh_thuc", 6)]
    assert [s.legs for s in admission_rule.slots(REQUEST, points, 0)] == [5]
