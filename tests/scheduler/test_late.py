"""Deadlines and the ban on secrets as the service enforces them, told with the regulation's dated examples."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.drafts import Drafts
from scheduler.errors import CapacityExceeded, StateSecret, TooLate
from scheduler.model import ClassId, Interval, Request
from scheduler.service import Scheduler
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import NOW, REQUEST, SUDDEN, URGENT, asking, at, hours, on

SAID: dict[ClassId, dict[str, str]] = {"thuong": {}, "dot_xuat": SUDDEN, "khan_cap": URGENT}


def request(start: str, klass: ClassId = "thuong") -> Request:
    official = Interval(at(start), at(start) + hours(1))
    return replace(REQUEST, official=official, klass=klass, **SAID[klass])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("start", "latest"),
    [
        ("05/04/2023 08:00", "03/04/2023 17:00"),
        ("05/05/2023 08:00", "28/04/2023 17:00"),
        ("07/05/2024 08:00", "04/05/2024 17:00"),
        ("16/02/2024 08:00", "07/02/2024 17:00"),
        ("12/01/2026 08:00", "09/01/2026 17:00"),
    ],
)
async def test_r073_two_working_days(scheduler: Scheduler, start: str, latest: str) -> None:
    session = await scheduler.submit(request(start), at(latest))
    assert (session.received, session.effective) == (at(latest), at(latest))
    with pytest.raises(TooLate) as caught:
        await scheduler.submit(request(start), at(latest) + timedelta(minutes=1))
    error = caught.value
    assert (error.klass, error.latest, error.article) == ("thuong", at(latest), "điểm a khoản 2 Điều 13")
    assert error.remaining == (("dot_xuat", at(start) - hours(4)), ("khan_cap", None))


async def test_r001_the_deadlines_are_those_of_the_profile_of_the_day_of_receipt(scheduler: Scheduler) -> None:
    before = await scheduler.submit(request("24/03/2023 08:00"), at("23/03/2023 15:00"))
    after = await scheduler.submit(request("30/03/2023 08:00"), at("27/03/2023 08:00"))
    assert (before.profile, after.profile) == ("pre-KH-2023/1", "KH-2023/1")
    with pytest.raises(TooLate):
        await scheduler.submit(request("25/03/2023 08:00"), at("24/03/2023 08:00"))


async def test_r072_what_comes_out_of_hours_is_received_at_the_next_opening(scheduler: Scheduler) -> None:
    evening = await scheduler.submit(request("07/04/2023 08:00"), at("03/04/2023 19:00"))
    noon = await scheduler.submit(request("07/04/2023 08:00"), at("03/04/2023 12:00"))
    assert (evening.received, evening.effective) == (at("03/04/2023 19:00"), at("04/04/2023 07:00"))
    assert (noon.effective, noon.reply_due) == (at("03/04/2023 13:30"), at("03/04/2023 16:30"))
    assert (noon.check_due, noon.provisional) == (at("07/04/2023 06:00"), False)


@pytest.mark.parametrize(
    ("received", "start", "late"),
    [
        ("05/04/2023 10:59", "05/04/2023 15:00", False),
        ("05/04/2023 11:01", "05/04/2023 15:00", True),
        ("04/04/2023 18:00", "05/04/2023 10:30", True),
    ],
)
async def test_r074_four_hours(scheduler: Scheduler, received: str, start: str, late: bool) -> None:
    asked = request(start, "dot_xuat")
    if late:
        with pytest.raises(TooLate) as caught:
            await scheduler.submit(asked, at(received))
        assert [klass for klass, _ in caught.value.remaining] == ["khan_cap"]
    else:
        assert (await scheduler.submit(asked, at(received))).reply_due == at("05/04/2023 13:00")  # A15


async def test_r061_r075_an_emergency_is_exempt_at_any_hour(scheduler: Scheduler) -> None:
    flood = replace(request("19/11/2023 02:40", "khan_cap"), host_point="dk.dienphu")
    session = await scheduler.submit(flood, at("19/11/2023 02:10"))
    assert (session.state, session.ground, session.reason) == ("issued", "thien_tai", "Lũ trên sông Cái")
    assert (session.effective, session.reply_due) == (at("19/11/2023 02:10"), at("19/11/2023 05:10"))


async def test_a_letter_of_the_registering_unit_is_received_when_it_arrived(scheduler: Scheduler) -> None:
    drafts = Drafts(scheduler._engine, PROFILES)
    arrived, confirmed = at("03/04/2023 16:50"), at("04/04/2023 08:00")
    own = await drafts.add("568", "mail", "ubnd@nt", {}, arrived, origin="568")
    other = await drafts.add("568", "form", "nt.xuonghuan", {}, arrived, origin="22342")
    asked = replace(request("05/04/2023 08:00"), host_point="nt.vinhtho")
    session = await scheduler.submit(asked, confirmed, draft=own.id)
    assert (session.received, session.created) == (arrived, confirmed)
    with pytest.raises(TooLate):
        await scheduler.submit(asked, confirmed, draft=other.id)


async def test_r019_refusals_are_kept_and_what_may_be_secret_is_not(scheduler: Scheduler) -> None:
    with pytest.raises(StateSecret):
        await scheduler.submit(replace(request("07/04/2023 08:00"), secret=True), NOW)
    with pytest.raises(TooLate):
        await scheduler.submit(request("04/04/2023 08:00"), NOW)
    big = await asking(scheduler, 150, on("07/04/2023", "08:00", "09:00"))
    await scheduler.submit(big, NOW)
    with pytest.raises(CapacityExceeded):
        await scheduler.submit(big, NOW)
    kept = await scheduler.refusals(NOW, NOW + hours(1))
    assert [(r.word, r.title, r.unit, r.by) for r in kept] == [
        ("capacity", REQUEST.title, "56", "so.tttt"),
        ("late", REQUEST.title, "so.tttt", "so.tttt"),
        ("secret", "", "so.tttt", "so.tttt"),
    ]
    assert (kept[-1].detail, kept[-1].profile) == ("", "KH-2023/1")
    assert await scheduler.refusals(NOW + hours(1), NOW + hours(2)) == []
    assert len(await scheduler.sessions(NOW, NOW + hours(200))) == 1  # and nothing else came of them
