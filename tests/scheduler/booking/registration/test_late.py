"""The service enforces deadlines and the ban on secrets, by the regulation's dated examples.

Also tests `refusals_store.py`.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.booking.registration.drafts import Drafts
from scheduler.booking.registration.service import Scheduler
from scheduler.core.errors import CapacityExceeded, StateSecret, TooLate
from scheduler.core.model import Act, ClassId, Interval, Request
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import NOW, REQUEST, SUDDEN, URGENT, asking, at, hours, on

SAID: dict[ClassId, dict[str, str]] = {"thuong": {}, "dot_xuat": SUDDEN, "khan_cap": URGENT}


def request(start: str, klass: ClassId = "thuong") -> Request:
    official = Interval(at(start), at(start) + hours(1))
    return replace(REQUEST, official=official, klass=klass, **SAID[klass])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("start", "latest", "sudden"),
    [
        ("05/04/2023 08:00", "03/04/2023 17:00", "04/04/2023 17:00"),
        ("05/05/2023 08:00", "28/04/2023 17:00", "04/05/2023 17:00"),
        ("07/05/2024 08:00", "04/05/2024 17:00", "06/05/2024 17:00"),
        ("16/02/2024 08:00", "07/02/2024 17:00", "15/02/2024 17:00"),
        ("12/01/2026 08:00", "09/01/2026 17:00", "10/01/2026 17:00"),
    ],
)
async def test_r073_two_working_days(scheduler: Scheduler, start: str, latest: str, sudden: str) -> None:
    """The last moment of a class is one at which somebody receives: not 04:00 for a meeting at 08:00."""
    session = await scheduler.submit(request(start), at(latest))
    assert (session.received, session.effective) == (at(latest), at(latest))
    with pytest.raises(TooLate) as caught:
        await scheduler.submit(request(start), at(latest) + timedelta(minutes=1))
    error = caught.value
    assert (error.klass, error.latest, error.article) == ("thuong", at(latest), "điểm a khoản 2 Điều 13")
    assert error.remaining == (("dot_xuat", at(sudden)), ("khan_cap", None))
    assert (await scheduler.submit(request(start, "dot_xuat"), at(sudden))).effective == at(sudden)


async def test_r001_the_deadlines_are_those_of_the_profile_of_the_day_of_receipt(scheduler: Scheduler) -> None:
    before = await scheduler.submit(request("24/03/2023 08:00"), at("23/03/2023 15:00"))
    after = await scheduler.submit(request("30/03/2023 08:00"), at("27/03/2023 08:00"))
    assert (before.profile, after.profile) == ("pre-KH-2023/1", "KH-2023/1")
    with pytest.raises(TooLate):
        await scheduler.submit(request("25/03/2023 08:00"), at("24/03/2023 08:00"))


async def test_i02_a_moved_session_must_come_as_early_as_a_registration(scheduler: Scheduler) -> None:
    """Registered in good time for a far day, a session is not amended to one for which it would come too late."""
    session = await scheduler.submit(request("20/04/2023 08:00"), NOW)
    for start, latest in (("03/04/2023 09:20", "30/03/2023 17:00"), ("04/04/2023 14:00", "31/03/2023 17:00")):
        with pytest.raises(TooLate) as caught:
            await scheduler.amend(session.id, request(start), NOW, Act("nt", "Dời lịch"))
        assert (caught.value.klass, caught.value.latest) == ("thuong", at(latest))
        assert caught.value.article == "điểm a khoản 2 Điều 13"
    assert await scheduler.session(session.id) == session
    refusals = await scheduler.refusals(NOW, NOW + hours(1))
    assert [(each.word, each.official.start, each.by) for each in refusals] == [
        ("late", at("04/04/2023 14:00"), "nt"),
        ("late", at("03/04/2023 09:20"), "nt"),
    ]
    earlier = await scheduler.amend(session.id, request("05/04/2023 08:00"), NOW)
    assert earlier.official.start == at("05/04/2023 08:00")


async def test_i02_a_postponed_session_is_judged_too_but_not_a_smaller_one(scheduler: Scheduler) -> None:
    """A place kept for some day is no registration of the day after; a later start within what is held is (I14)."""
    session = await scheduler.submit(request("05/04/2023 08:00"), NOW)
    eve = at("04/04/2023 08:00")
    with pytest.raises(TooLate):
        await scheduler.amend(session.id, request("05/04/2023 14:00"), eve)
    shorter = Interval(at("05/04/2023 08:30"), session.official.end)
    same = request("05/04/2023 08:00")
    less = await scheduler.amend(session.id, replace(same, official=shorter), eve)
    longer = Interval(shorter.start, at("05/04/2023 10:00"))
    more = await scheduler.amend(session.id, replace(same, official=longer, title="Họp dài hơn"), eve)
    assert (less.official, less.seq, more.official, more.code) == (shorter, session.seq, longer, session.code)


@pytest.mark.parametrize(("klass", "start"), [("dot_xuat", "03/04/2023 12:00"), ("khan_cap", "03/04/2023 09:20")])
async def test_i02_each_class_is_moved_by_its_own_lead(scheduler: Scheduler, klass: ClassId, start: str) -> None:
    session = await scheduler.submit(request("20/04/2023 08:00", klass), NOW)
    assert (await scheduler.amend(session.id, request(start, klass), NOW)).official.start == at(start)


async def test_r072_a_request_out_of_hours_is_received_at_the_next_opening(scheduler: Scheduler) -> None:
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
    wanted = request(start, "dot_xuat")
    if late:
        with pytest.raises(TooLate) as caught:
            await scheduler.submit(wanted, at(received))
        assert [klass for klass, _ in caught.value.remaining] == ["khan_cap"]
    else:
        assert (await scheduler.submit(wanted, at(received))).reply_due == at("05/04/2023 13:00")  # A15


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
    wanted = replace(request("05/04/2023 08:00"), host_point="nt.vinhtho")
    session = await scheduler.submit(wanted, confirmed, draft=own.id)
    assert (session.received, session.created) == (arrived, confirmed)
    with pytest.raises(TooLate):
        await scheduler.submit(wanted, confirmed, draft=other.id)


async def test_r019_refusals_are_stored_without_what_may_be_secret(scheduler: Scheduler) -> None:
    with pytest.raises(StateSecret):
        await scheduler.submit(replace(request("07/04/2023 08:00"), secret=True), NOW)
    with pytest.raises(TooLate):
        await scheduler.submit(request("04/04/2023 08:00"), NOW)
    big = await asking(scheduler, 150, on("07/04/2023", "08:00", "09:00"))
    await scheduler.submit(big, NOW)
    with pytest.raises(CapacityExceeded):
        await scheduler.submit(big, NOW)
    refusals = await scheduler.refusals(NOW, NOW + hours(1))
    assert [(r.word, r.title, r.unit, r.by) for r in refusals] == [
        ("capacity", REQUEST.title, "56", "so.tttt"),
        ("late", REQUEST.title, "so.tttt", "so.tttt"),
        ("secret", "", "so.tttt", "so.tttt"),
    ]
    assert (refusals[-1].detail, refusals[-1].profile) == ("", "KH-2023/1")
    assert await scheduler.refusals(NOW + hours(1), NOW + hours(2)) == []
    assert len(await scheduler.sessions(NOW, NOW + hours(200))) == 1  # and nothing else came of them


async def test_i20_a_free_time_that_is_offered_comes_early_enough_too(scheduler: Scheduler) -> None:
    """At 07:00 nobody registers a sudden meeting of 10:00 any more, so no such time is offered (R-074)."""
    now = at("05/04/2023 07:00")
    await scheduler.submit(await asking(scheduler, 200 - 31, on("05/04/2023", "11:00", "13:00")), NOW)
    wish = replace(await asking(scheduler, 60, on("05/04/2023", "11:30", "12:30")), klass="dot_xuat", **SUDDEN)
    with pytest.raises(CapacityExceeded) as refused:
        await scheduler.submit(wish, now)
    offered = [each.official for each in refused.value.suggestions]
    assert offered == [
        on("05/04/2023", "13:00", "14:00"),
        on("06/04/2023", "11:30", "12:30"),
        on("07/04/2023", "11:30", "12:30"),
    ]
    for official in offered:
        await scheduler.submit(replace(wish, official=official), now)
    urgent = replace(wish, klass="khan_cap", **URGENT)
    with pytest.raises(CapacityExceeded) as refused:
        await scheduler.submit(urgent, now)
    assert on("05/04/2023", "10:00", "11:00") in [each.official for each in refused.value.suggestions]


async def test_i20_a_waiting_session_is_offered_times_that_an_amendment_may_take(scheduler: Scheduler) -> None:
    eve = at("04/04/2023 09:00")
    await scheduler.submit(await asking(scheduler, 169, on("05/04/2023", "14:00", "16:00")), NOW)
    wish = await asking(scheduler, 60, on("05/04/2023", "14:00", "15:00"))
    waiting = await scheduler.submit(wish, NOW, wait=True)
    at_once, later = [await scheduler.operator.queued_session(waiting.id, now) for now in (NOW, eve)]
    queued = [each for each in await scheduler.operator.queue(eve) if each.session.id == waiting.id]
    assert at_once and at_once.reason and later and later.reason and queued[0].reason
    other_days = [on(day, "14:00", "15:00") for day in ("06/04/2023", "07/04/2023")]
    same_day = on("05/04/2023", "16:00", "17:00")
    assert [each.official for each in at_once.reason.suggestions] == [same_day, *other_days]
    assert later.reason.suggestions == queued[0].reason.suggestions
    assert [each.official for each in later.reason.suggestions] == [*other_days, on("10/04/2023", "14:00", "15:00")]
    with pytest.raises(TooLate):
        await scheduler.amend(waiting.id, replace(wish, official=same_day), eve)
    await scheduler.amend(waiting.id, replace(wish, official=other_days[0]), eve)


async def test_i20_a_rehearsal_alone_is_moved_as_late_as_one_likes(scheduler: Scheduler) -> None:
    """The meeting stays where it is, and was in time when it was registered."""
    eve = at("04/04/2023 09:00")
    await scheduler.submit(await asking(scheduler, 169, on("04/04/2023", "14:00", "16:00")), at("30/03/2023 08:00"))
    rehearsal, meeting = on("04/04/2023", "15:00", "15:30"), on("05/04/2023", "08:00", "09:00")
    waiting = await scheduler.submit(await asking(scheduler, 60, meeting, rehearsal), NOW, wait=True)
    standing = await scheduler.operator.queued_session(waiting.id, eve)
    assert standing and standing.reason
    assert [(each.rehearsal, each.official) for each in standing.reason.suggestions] == [
        (on("04/04/2023", "16:00", "16:30"), meeting),
        (on("04/04/2023", "13:30", "14:00"), meeting),
    ]
