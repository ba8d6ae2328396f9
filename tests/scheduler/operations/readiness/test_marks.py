"""Marks of readiness follow the regulation's examples, and invariants hold for any facts.

Also tests `technical_check.py`.
"""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.model import Interval
from scheduler.operations.readiness.duty import Duty, DutyRole, absent_units, overloaded
from scheduler.operations.readiness.marks import (
    SEVERITY,
    Colour,
    InternetMeasurement,
    Mark,
    PointFacts,
    RoomConflict,
    SlotTimes,
    console_marks,
    marks,
    session_marks,
    worst,
)
from scheduler.operations.readiness.self_test import SelfTest, SelfTestMeasurement
from scheduler.operations.readiness.technical_check import CheckResult, TechnicalCheck
from tests.scheduler.world import at, on

DAY = "05/04/2023"
BEFORE = SlotTimes(at(f"{DAY} 06:00"), at(f"{DAY} 08:00"), at(f"{DAY} 05:59"))
MEASURED = SelfTestMeasurement(True, -30, 120, 6100, 5800, 9, "Firefox 140", "1280x800", ())
TESTED = SelfTest("p", "p", BEFORE.now, MEASURED, ())
DUE = replace(BEFORE, now=at(f"{DAY} 06:00"))


def check(result: CheckResult, words: str = "") -> TechnicalCheck:
    return TechnicalCheck("p", "chinh_thuc", result, words, "truc", BEFORE.now)


def duty(role: DutyRole, name: str = "Lê Văn B", unit: str | None = None) -> Duty:
    return Duty(name, "s", role, None, unit, None, name, "+84905123456", "truc")


def of(item: str, facts: PointFacts, moment: SlotTimes) -> Mark:
    (found,) = [mark for mark in marks(facts, moment) if mark.item == item]
    return found


def test_an_unchecked_point_is_red_from_the_due_time_on() -> None:
    """R-084: official 08:00, due 06:00."""
    assert of("check", PointFacts(), BEFORE) == Mark("check", "amber", "unchecked")
    assert of("check", PointFacts(), DUE) == Mark("check", "red", "unchecked")
    for moment in (BEFORE, DUE):
        assert of("check", PointFacts(check=check("ok")), moment) == Mark("check", "green", "ok")
        assert of("check", PointFacts(check=check("waived", "bão số 5")), moment) == Mark(
            "check", "green", "waived", "bão số 5"
        )
        assert of("check", PointFacts(check=check("faulty", "mất tiếng")), moment) == Mark(
            "check", "red", "faulty", "mất tiếng"
        )


def test_a_point_without_a_named_technician_is_amber() -> None:
    """R-097: no named technician for the session."""
    assert of("duty", PointFacts(), BEFORE) == Mark("duty", "amber", "no-duty")
    assert of("duty", PointFacts(duty=duty("point")), BEFORE) == Mark("duty", "green", "ok", "Lê Văn B")


def test_a_point_in_two_sessions_is_amber() -> None:
    """I-04: NT.VinhTho is invited by UBND tỉnh and by UBND Nha Trang at the same time."""
    room = RoomConflict("yielded", ("HTT-2023-0002",))
    assert of("room", PointFacts(room=room), BEFORE) == Mark("room", "amber", "yielded", "HTT-2023-0002")


def test_an_unassigned_session_is_red_when_the_check_is_due() -> None:
    """R-089, R-090: nobody central is red, no contact of the telecom enterprise amber."""
    assert session_marks([], [], [], BEFORE) == (Mark("main", "amber", "nobody"), Mark("provider", "none", "nobody"))
    assert session_marks([], [], [], DUE) == (Mark("main", "red", "nobody"), Mark("provider", "amber", "nobody"))
    both = [duty("main"), duty("provider", "VNPT")]
    assert session_marks(both, [], [], DUE) == (
        Mark("main", "green", "ok", "Lê Văn B"),
        Mark("provider", "green", "ok", "VNPT"),
    )


def test_each_provider_names_its_contact_before_the_check_is_due() -> None:
    """R-090: lines of two providers; name and telephone before T-2 h, else amber."""
    providers = {"vnpt": "VNPT", "viettel": "Viettel"}
    one = [duty("main"), replace(duty("provider", "Anh Tú"), provider="vnpt")]
    colours: dict[SlotTimes, Colour] = {BEFORE: "none", DUE: "amber"}
    for moment, colour in colours.items():
        assert session_marks(one, [], [], moment, providers)[1:] == (Mark("provider", colour, "nobody-of", "Viettel"),)
    named = [*one, replace(duty("provider", "Chị Hà"), provider="viettel")]
    assert session_marks(named, [], [], DUE, providers)[1:] == (Mark("provider", "green", "ok", "Anh Tú, Chị Hà"),)
    of_all = [duty("main"), duty("provider", "Trực ca")]  # entered by the centre, for whichever it is
    assert session_marks(of_all, [], [], DUE, providers)[1:] == (Mark("provider", "green", "ok", "Trực ca"),)


def test_two_units_are_needed_on_site_and_nobody_everywhere() -> None:
    """R-106: only somebody of Sở TT&TT: amber 'thiếu cán bộ Văn phòng UBND tỉnh'. R-089: too many sessions warn."""
    assert absent_units([duty("on_site", unit="so.tttt"), duty("main", unit="56")], ["so.tttt", "56"]) == ["56"]
    found = session_marks([duty("main"), duty("provider")], ["56"], ["Lê Văn B"], BEFORE)
    assert found[2:] == (
        Mark("on_site", "amber", "nobody-of", "56"),
        Mark("parallel", "amber", "too-many-sessions", "Lê Văn B"),
    )


def test_r027_a_point_on_the_internet_is_not_ready_without_a_measurement() -> None:
    assert of("line", PointFacts(line=(), internet=InternetMeasurement(None)), BEFORE) == Mark(
        "line", "amber", "unmeasured"
    )
    assert of("line", PointFacts(line=(), internet=InternetMeasurement(None)), DUE) == Mark("line", "red", "unmeasured")
    slow = PointFacts(line=(), internet=InternetMeasurement(("18,4 < 20",)))
    assert of("line", slow, BEFORE) == Mark("line", "red", "bad-line", "18,4 < 20")
    assert of("line", PointFacts(line=("3 < 20",), internet=InternetMeasurement(())), DUE) == Mark(
        "line", "green", "ok"
    )


def test_r050_controlling_without_a_laptop_is_amber() -> None:
    assert console_marks({"Huyện Cam Lâm": "", "Sở Y tế": "04/04/2023"}) == (
        Mark("console", "amber", "no-laptop", "Huyện Cam Lâm"),
        Mark("console", "green", "ok", "Sở Y tế 04/04/2023"),
    )


SPANS = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 10)), max_size=6)


@given(SPANS, st.integers(1, 4))
def test_people_with_too_many_parallel_sessions_are_found(spans: list[tuple[int, int]], most: int) -> None:
    """The oracle counts minute by minute."""
    start = BEFORE.start
    held = [Interval(start + timedelta(minutes=a), start + timedelta(minutes=a + n)) for a, n in spans]
    peak = max((sum(a <= minute < a + n for a, n in spans) for minute in range(31)), default=0)
    assert overloaded({"b": held}, most) == ({"b"} if peak > most else set())
    assert overloaded({"b": [on(DAY, "08:00", "09:00"), on(DAY, "09:00", "10:00")]}, 1) == set()


BOOLS = st.sampled_from([None, False, True])
FACTS = st.builds(
    PointFacts,
    account=BOOLS,
    address=st.sampled_from([None, "10.1.2.3"]),
    check=st.sampled_from([None, check("ok"), check("faulty", "x"), check("waived", "x")]),
    test=st.sampled_from([None, TESTED, replace(TESTED, failed=("mic",))]),
    rehearsed=BOOLS,
    duty=st.sampled_from([None, duty("point")]),
    line=st.sampled_from([None, (), ("3,6 < 4",)]),
    internet=st.sampled_from(
        [None, InternetMeasurement(None), InternetMeasurement(()), InternetMeasurement(("18,4 < 20",))]
    ),
    room=st.sampled_from([None, RoomConflict("taken", ("1",)), RoomConflict("kept", ("1",))]),
)
BETTER = [
    {"account": True},
    {"check": check("ok")},
    {"test": TESTED},
    {"rehearsed": True},
    {"duty": duty("point")},
    {"line": (), "internet": None},
    {"internet": InternetMeasurement(())},
    {"room": None},
]


@given(FACTS, st.sampled_from(BETTER), st.integers(-3000, 3000))
def test_progress_makes_no_point_worse_and_time_makes_none_better(
    facts: PointFacts, done: dict[str, object], minutes: int
) -> None:
    moment = replace(BEFORE, now=BEFORE.now + timedelta(minutes=minutes))

    def severity(known: PointFacts, when: SlotTimes) -> int:
        return SEVERITY.index(worst(mark.colour for mark in marks(known, when)))

    before = severity(facts, moment)
    assert severity(replace(facts, **done), moment) <= max(before, SEVERITY.index("green"))  # type: ignore[arg-type]
    assert severity(facts, replace(moment, now=moment.now + timedelta(hours=1))) >= before


@given(st.lists(st.sampled_from(SEVERITY)))
def test_the_colour_of_a_whole_is_its_worst(colours: list[str]) -> None:
    expected = next((each for each in ("red", "amber", "green") if each in colours), "none")
    assert worst(colours) == expected  # type: ignore[arg-type]
