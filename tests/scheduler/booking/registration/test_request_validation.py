"""Faulty registrations are refused with every fault named; valid ones are normalised.

Also tests `scheduler/core/text.py`.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.registration import request_validation
from scheduler.core.errors import FieldError, InvalidRequest
from scheduler.core.model import Interval, Point, Request
from scheduler.policy.profile_files import load
from tests.scheduler.world import NOW, REQUEST, hours, on

POLICY = load().policies[-1]
POINTS = {name: Point(name, name, name, "u", "xa", 1) for name in ("so.tttt", "nt.xuonghuan", "vn.vangia")}


def faults(request: Request, now: datetime = NOW) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidRequest) as caught:
        request_validation.validate(request, POINTS, POLICY, now)
    return [(error.field, error.word, error.value) for error in caught.value.errors]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0905 123 456", "+84905123456"),
        ("0905.123.456", "+84905123456"),
        ("+84 905 123 456", "+84905123456"),
        ("84905123456", "+84905123456"),
        ("(0258) 3822-123", "+842583822123"),
        ("(0258) 3822 1234", None),
        ("0258-38221", None),
        ("0123456789", None),
        ("", None),
        ("0905123456; DROP", None),
        ("٠٩٠٥١٢٣٤٥٦", None),
    ],
)
def test_phone(text: str, number: str | None) -> None:
    assert request_validation.phone(text) == number


@given(st.text(alphabet="0123456789 +-.()", max_size=20))
def test_a_phone_is_in_e164_or_refused(text: str) -> None:
    number = request_validation.phone(text)
    assert number is None or (request_validation.phone(number) == number and 12 <= len(number) <= 13)


def test_a_good_request_is_normalised() -> None:
    ict = timezone(timedelta(hours=7))
    local = Interval(REQUEST.official.start.astimezone(ict), REQUEST.official.end.astimezone(ict))
    typed = replace(REQUEST, title="  Giao  ban tu\u1ea7n\u00a014 ", official=local)
    checked = request_validation.validate(typed, POINTS, POLICY, NOW)
    assert checked == replace(REQUEST, contact_phone="+84905123456")
    assert checked.official.start.tzinfo is UTC


def test_every_fault_is_named_at_once() -> None:
    bad = replace(
        REQUEST,
        title=" ",
        contact_name="A" * 101,
        contact_phone="0258-38221",
        host_point="so.x",
        points=("so.x", "nt.xuonghuan", "nt.xuonghuan"),
        official=Interval(REQUEST.official.end, REQUEST.official.start),
    )
    assert faults(bad) == [
        ("title", "required", ""),
        ("contact_name", "too-long", "100"),
        ("contact_phone", "phone-format", "0258-38221"),
        ("host_point", "unknown-point", "so.x"),
        ("points", "host-among-points", "so.x"),
        ("points", "unknown-point", "so.x"),
        ("points", "duplicate-point", "nt.xuonghuan"),
        ("official", "end-before-start", ""),
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"points": ()}, ("points", "required", "")),
        ({"points": ("x" * 500,)}, ("points", "unknown-point", "x" * 64)),
        ({"title": "A" * 201}, ("title", "too-long", "200")),
        ({"title": "A\u202eB"}, ("title", "bad-characters", "")),
        ({"title": "A\ud800"}, ("title", "bad-characters", "")),
        ({"title": "A\x00"}, ("title", "bad-characters", "")),
        ({"rehearsal": on("05/04/2023", "07:00", "08:01")}, ("rehearsal", "rehearsal-after-official", "")),
        ({"rehearsal": on("06/04/2023", "07:00", "08:00")}, ("rehearsal", "rehearsal-after-official", "")),
        ({"rehearsal": on("03/04/2023", "07:59", "09:00")}, ("rehearsal", "in-the-past", "")),
    ],
)
def test_single_faults(change: dict[str, object], fault: tuple[str, str, str]) -> None:
    assert faults(replace(REQUEST, **change)) == [fault]  # type: ignore[arg-type]


def test_times() -> None:
    start = NOW + hours(24)

    def word(a: datetime, b: datetime) -> list[tuple[str, str, str]]:
        return faults(replace(REQUEST, official=Interval(a, b)))

    assert word(start.replace(tzinfo=None), start + hours(1)) == [("official", "no-timezone", "")]
    assert word(start.replace(microsecond=1), start + hours(1)) == [("official", "fraction-of-second", "")]
    assert word(start, start) == [("official", "end-before-start", "")]
    assert word(NOW - timedelta(seconds=1), start) == [("official", "in-the-past", "")]
    assert word(start, start + hours(24) + timedelta(seconds=1)) == [("official", "too-long-interval", "")]
    last = NOW + timedelta(days=730)
    assert word(last, last + timedelta(seconds=1)) == [("official", "too-far", "")]
    fine = replace(REQUEST, official=Interval(NOW, NOW + hours(24)))
    assert request_validation.validate(fine, POINTS, POLICY, NOW).official == fine.official


@given(
    st.builds(
        Request,
        host_point=st.sampled_from(sorted(POINTS)) | st.text(max_size=5),
        points=st.lists(st.sampled_from(sorted(POINTS)) | st.text(max_size=5), max_size=4).map(tuple),
        rehearsal=st.none() | st.builds(Interval, st.datetimes(timezones=st.timezones()), st.datetimes()),
        official=st.builds(Interval, st.datetimes(timezones=st.timezones()), st.datetimes(timezones=st.timezones())),
        title=st.text(max_size=220),
        contact_name=st.text(max_size=120),
        contact_phone=st.text(max_size=20),
        recording=st.booleans(),
        submitted_by=st.just("x"),
    )
)
def test_anything_else_raises_only_invalid_request(request: Request) -> None:
    try:
        checked = request_validation.validate(request, POINTS, POLICY, NOW)
    except InvalidRequest as error:
        found = error.errors
    else:
        assert checked.official.start < checked.official.end
        return
    assert found
    assert {type(fault) for fault in found} == {FieldError}
