"""Attendance is stored as it happens, repaired after a crash, explained and notified, on both databases.

Also tests `floor_store.py`, `item_store.py`, `presence_store.py`, `reconnect_store.py` and `speaking_store.py`.
"""

from datetime import timedelta

import pytest

from scheduler.core.errors import InvalidRequest, UnknownSession
from scheduler.core.model import ScriptItem, Session
from scheduler.operations.attendance import item_store
from scheduler.operations.attendance.item_store import ItemTime
from scheduler.operations.attendance.presence_intervals import PresenceInterval
from tests.scheduler.conftest import NHA_TRANG, ServicesFixture
from tests.scheduler.world import at

HOST, CITY, VINH_HAI, VINH_THO = "ubnd.khanh-hoa", "ubnd.nha-trang", "nt.vinhhai", "nt.vinhtho"
SECOND = timedelta(seconds=1)


async def stays(services: ServicesFixture, session: Session, point: str) -> tuple[PresenceInterval, ...]:
    slots = await services.attendance.slots(session.id, at("06/04/2023 08:00"))
    return slots[-1].points[point][0]


async def test_a_point_comes_and_goes_once_for_all_its_devices(services: ServicesFixture) -> None:
    session, attendance = await services.session(HOST, CITY), services.attendance
    for minute in (0, 1):
        await attendance.point_joined(session.id, CITY, at(f"05/04/2023 08:0{minute}"))
    await attendance.point_left(session.id, CITY, at("05/04/2023 09:00"))
    await attendance.point_left(session.id, CITY, at("05/04/2023 09:05"))
    await attendance.point_joined(session.id, CITY, at("05/04/2023 09:10"))
    assert await stays(services, session, CITY) == (
        PresenceInterval(CITY, at("05/04/2023 08:00"), at("05/04/2023 09:00")),
        PresenceInterval(CITY, at("05/04/2023 09:10"), None),
    )


async def test_a_killed_server_ends_stays_at_their_last_sign_of_life(services: ServicesFixture) -> None:
    session, attendance = await services.session(HOST, CITY), services.attendance
    start = at("05/04/2023 08:00")
    for point in (HOST, CITY):
        await attendance.point_joined(session.id, point, start)
    await attendance.confirm_present({session.id: [HOST, CITY]}, start + 10 * SECOND)
    await attendance.confirm_present({session.id: [HOST]}, start + 20 * SECOND)
    await attendance.recover()
    assert await stays(services, session, HOST) == (PresenceInterval(HOST, start, start + 20 * SECOND),)
    assert await stays(services, session, CITY) == (PresenceInterval(CITY, start, start + 10 * SECOND),)
    await attendance.recover()
    await attendance.confirm_present({}, start + 30 * SECOND)
    assert await stays(services, session, HOST) == (PresenceInterval(HOST, start, start + 20 * SECOND),)


async def test_points_that_join_or_leave_during_a_confirmation_keep_their_times(services: ServicesFixture) -> None:
    session, attendance = await services.session(HOST, CITY, VINH_HAI), services.attendance
    start = at("05/04/2023 08:00")
    for point in (HOST, CITY):
        await attendance.point_joined(session.id, point, start)
    here = {session.id: [HOST, CITY]}  # as it was before the next two
    await attendance.point_left(session.id, CITY, start + 8 * SECOND)
    await attendance.point_joined(session.id, VINH_HAI, start + 9 * SECOND)
    await attendance.confirm_present(here, start + 10 * SECOND)
    assert await stays(services, session, CITY) == (PresenceInterval(CITY, start, start + 8 * SECOND),)
    assert await stays(services, session, VINH_HAI) == (PresenceInterval(VINH_HAI, start + 9 * SECOND, None),)
    for second in (20, 30, 40):
        await attendance.confirm_present(
            {session.id: [HOST]}, start + second * SECOND
        )  # a write that failed left the other one open
    assert await stays(services, session, VINH_HAI) == (
        PresenceInterval(VINH_HAI, start + 9 * SECOND, start + 9 * SECOND),
    )
    assert await stays(services, session, HOST) == (PresenceInterval(HOST, start, None),)


async def test_an_interruption_is_recorded_and_explained(services: ServicesFixture) -> None:
    """R-099: TS.SongTuTay drops 09:02–09:17; its report 'mất vệ tinh' is attached; available 91.7 %."""
    point = "ts.songtutay"
    session, attendance = await services.session(HOST, point), services.attendance
    day = "05/04/2023"
    await attendance.point_joined(session.id, HOST, at(f"{day} 07:50"))
    await attendance.point_joined(session.id, point, at(f"{day} 07:50"))
    await attendance.point_left(session.id, point, at(f"{day} 09:02"))
    await attendance.point_joined(session.id, point, at(f"{day} 09:17"))
    for each in (HOST, point):
        await attendance.point_left(session.id, each, at(f"{day} 11:00"))
    now = at(f"{day} 11:05")
    await attendance.explain(session.id, point, at(f"{day} 09:02"), " mất  vệ tinh", "songtutay", now)
    await attendance.explain(session.id, point, at(f"{day} 09:02"), "Mất vệ tinh", "songtutay", now)
    rehearsal, official = await attendance.slots(session.id, now)
    assert (rehearsal.present, official.present, official.points[point][1].permille) == (0, 2, 917)
    (gap,) = official.points[point][1].interruptions
    assert (gap.start, gap.end, gap.seconds) == (at(f"{day} 09:02"), at(f"{day} 09:17"), 900)
    assert (gap.cause, gap.by) == ("Mất vệ tinh", "songtutay")


async def test_wrong_explanations_are_refused(services: ServicesFixture) -> None:
    session, attendance = await services.session(HOST, CITY), services.attendance
    now = at("05/04/2023 11:05")
    for start, cause, word in [(now, "x", "no-interruption"), (now, " ", "required"), (now, "x" * 501, "too-long")]:
        with pytest.raises(InvalidRequest) as caught:
            await attendance.explain(session.id, CITY, start, cause, "nhatrang", now)
        assert [fault.word for fault in caught.value.errors] == [word]
    with pytest.raises(UnknownSession):
        await attendance.slots("nothing", now)


async def test_units_absent_from_a_rehearsal_are_notified_once(services: ServicesFixture) -> None:
    """R-087: the absent point's unit and its district are notified; a unit without a mailbox through the district."""
    session, attendance = await services.session(HOST, CITY, VINH_HAI, VINH_THO), services.attendance
    own = (await services.scheduler.point(VINH_THO)).unit
    await services.notifications.set_mailbox(own, "vinhtho@khanhhoa.gov.vn")
    for point in (HOST, CITY):
        await attendance.point_joined(session.id, point, at("04/04/2023 13:55"))
        await attendance.point_left(session.id, point, at("04/04/2023 15:00"))
    await attendance.notify_of_ended_slots(at("04/04/2023 14:59"))
    assert await services.notices(at("05/04/2023 08:00"), "absent") == []
    for minute in (1, 2):
        await attendance.notify_of_ended_slots(at(f"04/04/2023 15:0{minute}"))
    notices = [("absent", own, "NT.VinhTho"), ("absent", NHA_TRANG, "NT.VinhHai; NT.VinhTho")]
    assert await services.notices(at("05/04/2023 08:00"), "absent", "interrupted") == notices
    rehearsal, _ = await attendance.slots(session.id, at("05/04/2023 08:00"))
    assert (rehearsal.present, len(rehearsal.points)) == (2, 4)


async def test_only_unexplained_interruptions_are_notified(services: ServicesFixture) -> None:
    session, attendance = await services.session(HOST, CITY, VINH_HAI, rehearsal=False), services.attendance
    day = "05/04/2023"
    for point in (HOST, CITY, VINH_HAI):
        await attendance.point_joined(session.id, point, at(f"{day} 08:00"))
    for point in (CITY, VINH_HAI):
        await attendance.point_left(session.id, point, at(f"{day} 09:00"))
        await attendance.point_joined(session.id, point, at(f"{day} 09:05"))
    await attendance.explain(session.id, CITY, at(f"{day} 09:00"), "Mất điện", "nhatrang", at(f"{day} 09:06"))
    await attendance.notify_of_ended_slots(at(f"{day} 11:01"))
    assert await services.notices(at(f"{day} 12:00"), "interrupted") == [("interrupted", NHA_TRANG, "NT.VinhHai (1)")]


async def test_speaking_times_add_up(services: ServicesFixture) -> None:
    session, attendance = await services.session(HOST, CITY), services.attendance
    await attendance.spoken(session.id, {HOST: 7})
    await attendance.spoken(session.id, {HOST: 3, CITY: 2})
    assert await attendance.speaking_seconds(session.id) == {HOST: 10, CITY: 2}


async def test_items_of_a_script_have_their_times_also_after_a_crash(services: ServicesFixture) -> None:
    session, attendance = await services.session(HOST, CITY), services.attendance
    start = at("05/04/2023 08:00")
    opening = ScriptItem("a", "Khai mạc", None, None, 5, "speech")
    report = ScriptItem("b", "Báo cáo", CITY, None, 15, "speech")
    await attendance.point_joined(session.id, HOST, start)
    for minute, item in ((0, opening), (6, report), (20, None), (30, opening)):
        await attendance.stepped(session.id, item, start + timedelta(minutes=minute))
    await attendance.confirm_present({session.id: [HOST]}, start + timedelta(minutes=40))
    await attendance.recover(held=[session.id])
    assert (await attendance.item_times(session.id))[-1].end is None
    await attendance.recover()
    spans = [(each.item, each.start, each.end) for each in await attendance.item_times(session.id)]
    assert spans == [
        ("a", start, start + timedelta(minutes=6)),
        ("b", start + timedelta(minutes=6), start + timedelta(minutes=20)),
        ("a", start + timedelta(minutes=30), start + timedelta(minutes=40)),
    ]
    assert await attendance.item_times(session.id) == [
        ItemTime(item, each.title, each.point, each.minutes, begin, end)
        for (item, begin, end), each in zip(spans, (opening, report, opening), strict=True)
    ]


async def test_steps_of_a_script_are_stored_up_to_a_limit(
    services: ServicesFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_store, "MAX_STEPS", 2)
    session, start = await services.session(HOST, CITY), at("05/04/2023 08:00")
    for number in range(4):
        item = ScriptItem(f"{number}", "Mục", None, None, 5, "speech")
        await services.attendance.stepped(session.id, item, start + number * SECOND)
    times = await services.attendance.item_times(session.id)
    assert [(each.item, each.end) for each in times] == [("0", start + SECOND), ("1", start + 2 * SECOND)]


async def test_the_unit_of_a_called_point_gets_a_letter_once_in_ten_minutes(services: ServicesFixture) -> None:
    session, attendance = await services.session(HOST, CITY, VINH_HAI), services.attendance
    now = at("05/04/2023 08:15")
    for point, minute in ((VINH_HAI, 0), (VINH_HAI, 5), (CITY, 5), (VINH_HAI, 10), (VINH_HAI, 15)):
        await attendance.call(session.id, point, now + timedelta(minutes=minute))
    letters = await services.notices(at("05/04/2023 08:40"), "called")
    assert letters == [("called", NHA_TRANG, each) for each in ("NT.VinhHai", "NT.VinhHai", "UBND.Nha Trang")]
