"""Checks and duties are stored, boards are built, and what is missing is notified, on both databases.

Also tests `board.py`, `duty.py`, `duty_service.py`, `power_on_steps.py` and `store.py`.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.core.database import writing
from scheduler.core.errors import InvalidRequest, UnknownDuty, UnknownSession
from scheduler.core.model import Session
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import AccessLine, Person
from scheduler.directory.people import store as people_store
from scheduler.operations.readiness.duty import Duty
from scheduler.operations.readiness.marks import Mark
from scheduler.operations.readiness.self_test import SelfTestMeasurement
from tests.scheduler.conftest import NHA_TRANG, PROFILES, ServicesFixture
from tests.scheduler.world import NOW, REQUEST, at, on

PROVINCE, CITY, PHUOC_DONG, VINH_THO = "ubnd.khanh-hoa", "ubnd.nha-trang", "nt.phuocdong", "nt.vinhtho"
MEASURED = SelfTestMeasurement(True, -30, 120, 6100, 5800, 9, "Firefox 140", "1280x800", ())
DAY, EVE = "05/04/2023", "04/04/2023"


def on_duty(session: Session, role: str, **facts: str) -> Duty:
    fields = {"point": None, "unit": None, "account": None, "name": "Lê Văn  B", "phone": "0905 123 456", **facts}
    return Duty("", session.id, role, by="truc", **fields)  # type: ignore[arg-type]


async def item(services: ServicesFixture, session: Session, point: str, name: str, now: str) -> Mark:
    board = await services.readiness.board(session.id, None, at(now))
    (found,) = [mark for mark in board.points[point] if mark.item == name]
    return found


async def test_checks_are_due_two_hours_before_each_slot(services: ServicesFixture) -> None:
    """R-084: official 05/04/2023 08:00 is due 06:00, rehearsal 04/04 14:00 is due 12:00; red at 12:01."""
    session = await services.session(PROVINCE, CITY, PHUOC_DONG)
    readiness = services.readiness
    await readiness.check(session.id, [PROVINCE, CITY], "tong_duyet", "ok", "", "truc", at(f"{EVE} 10:00"))
    board = await readiness.board(session.id, None, at(f"{EVE} 11:59"))
    assert (board.slot.kind, board.due) == ("tong_duyet", at(f"{EVE} 12:00"))
    assert await item(services, session, PHUOC_DONG, "check", f"{EVE} 11:59") == Mark("check", "amber", "unchecked")
    assert await item(services, session, PHUOC_DONG, "check", f"{EVE} 12:01") == Mark("check", "red", "unchecked")
    assert await item(services, session, CITY, "check", f"{EVE} 12:01") == Mark("check", "green", "ok")
    board = await readiness.board(session.id, None, at(f"{EVE} 15:00"))
    assert (board.slot.kind, board.due) == ("chinh_thuc", at(f"{DAY} 06:00"))
    assert await item(services, session, CITY, "check", f"{DAY} 06:01") == Mark("check", "red", "unchecked")


async def test_a_missing_check_is_notified_once_when_due(services: ServicesFixture) -> None:
    """R-084: alert to operator and UBND.Nha Trang; the commune has no mailbox of its own."""
    session = await services.session(PROVINCE, CITY, PHUOC_DONG)
    readiness = services.readiness
    await readiness.check(session.id, [PROVINCE, CITY], "tong_duyet", "ok", "", "truc", at(f"{EVE} 10:00"))
    await readiness.alarm(at(f"{EVE} 11:59"))
    assert await services.notices(at(f"{EVE} 13:00"), "unchecked", "check-missing") == []
    for _ in range(2):
        await readiness.alarm(at(f"{EVE} 12:01"))
    await type(readiness)(readiness._alerts).alarm(at(f"{EVE} 12:02"))  # another server, which remembers nothing
    assert await services.notices(at(f"{EVE} 13:00"), "unchecked", "check-missing") == [
        ("check-missing", NHA_TRANG, "NT.PhuocDong"),
        ("unchecked", "so.tttt", "chưa phân công cán bộ trực; NT.PhuocDong"),
    ]


async def test_people_on_duty_who_have_not_arrived_are_reported(services: ServicesFixture) -> None:
    """R-114: not checked in at T-60 min: alert to the operating unit."""
    session = await services.session(PROVINCE, CITY, rehearsal=False)
    readiness, duties = services.readiness, services.duties
    await duties.assign(on_duty(session, "main", name="Trần Thị C"), NOW)
    there = await duties.assign(on_duty(session, "on_site", unit="so.tttt"), NOW)
    assert (await duties.arrive(there.id, at(f"{DAY} 06:30"))).arrived == at(f"{DAY} 06:30")
    assert (await duties.arrive(there.id, at(f"{DAY} 06:40"))).arrived == at(f"{DAY} 06:30")
    await readiness.alarm(at(f"{DAY} 06:59"))
    assert await services.notices(at(f"{DAY} 08:00"), "not-arrived") == []
    await readiness.alarm(at(f"{DAY} 07:00"))
    assert await services.notices(at(f"{DAY} 08:00"), "not-arrived") == [("not-arrived", "so.tttt", "Trần Thị C")]


async def test_only_an_emergency_waives_checks_and_faults_need_words(services: ServicesFixture) -> None:
    session = await services.session(PROVINCE, CITY, rehearsal=False)
    readiness = services.readiness
    for points, kind, result, words, faults in [
        ([], "chinh_thuc", "ok", "", ["required"]),
        ([VINH_THO], "chinh_thuc", "ok", "", ["not-in-session"]),
        ([CITY], "tong_duyet", "ok", "", ["no-slot"]),
        ([CITY], "chinh_thuc", "waived", "bão", ["no-emergency"]),
        ([CITY], "chinh_thuc", "faulty", " ", ["required"]),
        ([CITY], "chinh_thuc", "ok", "x" * 501, ["too-long"]),
    ]:
        with pytest.raises(InvalidRequest) as caught:
            await readiness.check(session.id, points, kind, result, words, "truc", NOW)  # type: ignore[arg-type]
        assert [fault.word for fault in caught.value.errors] == faults
    with pytest.raises(UnknownSession):
        await readiness.check("nothing", [CITY], "chinh_thuc", "ok", "", "truc", NOW)
    urgent = await services.session(PROVINCE, VINH_THO, rehearsal=False, klass="khan_cap")
    await readiness.check(urgent.id, [VINH_THO], "chinh_thuc", "waived", "bão số 5", "truc", NOW)
    assert await item(services, urgent, VINH_THO, "check", f"{DAY} 07:00") == Mark(
        "check", "green", "waived", "bão số 5"
    )


async def test_a_check_for_a_time_that_was_moved_does_not_count(services: ServicesFixture) -> None:
    session = await services.session(PROVINCE, CITY, rehearsal=False)
    await services.readiness.check(session.id, [CITY], "chinh_thuc", "ok", "", "truc", NOW)
    assert (await item(services, session, CITY, "check", f"{DAY} 07:00")).word == "ok"
    later = replace(REQUEST, host_point=PROVINCE, points=(CITY,), official=on(DAY, "09:00", "11:00"))
    await services.scheduler.amend(session.id, later, NOW)
    assert (await item(services, session, CITY, "check", f"{DAY} 07:00")).word == "unchecked"


async def test_duty_of_a_provincial_session(services: ServicesFixture) -> None:
    """R-106: only somebody of Sở TT&TT is assigned: amber for the Office of UBND tỉnh (unit 56)."""
    session = await services.session(PROVINCE, CITY)
    duties = services.duties
    await duties.assign(on_duty(session, "on_site", unit="so.tttt"), NOW)

    console = ("console", "no-laptop", "UBND tỉnh Khánh Hòa")

    async def words() -> list[tuple[str, str, str]]:
        board = await services.readiness.board(session.id, None, NOW)
        return [(mark.item, mark.word, mark.value) for mark in board.marks]

    assert await words() == [
        ("main", "nobody", ""),
        ("provider", "nobody", ""),
        ("on_site", "nobody-of", "56"),
        console,
    ]
    await duties.assign(on_duty(session, "on_site", unit="56"), NOW)
    await duties.assign(on_duty(session, "provider", name="VNPT"), NOW)
    first = await duties.assign(on_duty(session, "main"), NOW)
    second = await duties.assign(on_duty(session, "main", name="Trần Thị C"), NOW)
    assert await words() == [("main", "ok", "Trần Thị C"), ("provider", "ok", "VNPT"), console]
    with pytest.raises(UnknownDuty):
        await duties.one(first.id)
    await duties.relieve(second.id)
    assert (await words())[0] == ("main", "nobody", "")


async def test_people_on_central_duty_are_notified_by_mail(services: ServicesFixture) -> None:
    session = await services.session(PROVINCE, CITY)
    person = Person(
        id="p1",
        unit="so.tttt",
        point=None,
        role="technician",
        name="Lê Văn B",
        phone="+84905123456",
        email="b@example.vn",
        trained=None,
        valid_from=NOW.date(),
        valid_to=None,
        source="",
        replaces=None,
        account="le.b",
        updated=NOW,
    )
    async with writing(services.engine) as db:
        await people_store.add(db, person)
    duties = services.duties
    assert (await duties.assign(on_duty(session, "main"), NOW)).account == "le.b"
    await duties.assign(on_duty(session, "backup", name="Trần Thị C", phone="0905000001"), NOW)
    await duties.assign(on_duty(session, "point", point=CITY), NOW)
    notices = [each for each in await services.notifications.due(NOW, 99) if each.kind == "duty"]
    assert [(each.recipient, each.unit, each.facts.title, each.facts.reason) for each in notices] == [
        ("b@example.vn", "so.tttt", session.title, "Lê Văn B – trực chính"),
        ("", "so.tttt", session.title, "Trần Thị C – trực dự phòng"),
    ]
    early = await duties.assign(on_duty(session, "main"), NOW - timedelta(days=9))
    assert early.account is None


async def test_one_technician_for_three_sessions_at_once_is_warned_of(services: ServicesFixture) -> None:
    """R-089: three parallel sessions, at most two for one technician."""
    sessions = [await services.session(host, VINH_THO, rehearsal=False) for host in (PROVINCE, CITY, "so.tc")]
    for session in sessions:
        await services.duties.assign(on_duty(session, "main", account="truc"), NOW)
    found = [await services.readiness.board(session.id, None, NOW) for session in sessions]
    busy = [mark for board in found for mark in board.marks if mark.item == "parallel"]
    assert busy == [Mark("parallel", "amber", "too-many-sessions", "Lê Văn B")] * 3


async def test_i04_a_commune_room_in_two_sessions_is_the_higher_ones(services: ServicesFixture) -> None:
    """NT.VinhTho invited by UBND tỉnh 08:00–11:00 and by UBND Nha Trang: amber for both hosts, both numbers."""
    city = await services.session(CITY, VINH_THO, rehearsal=False)
    province = await services.session(PROVINCE, VINH_THO, rehearsal=False)
    marks = [await item(services, session, VINH_THO, "room", f"{DAY} 05:00") for session in (province, city)]
    assert marks == [
        Mark("room", "amber", "kept", city.number),
        Mark("room", "amber", "yielded", province.number),
    ]


async def test_i04_equals_must_agree_and_a_district_has_another_room(services: ServicesFixture) -> None:
    cam_lam, city = [await services.session(h, VINH_THO, rehearsal=False) for h in ("ubnd.cam-lam", CITY)]
    province = await services.session(PROVINCE, CITY, rehearsal=False)
    for session, point, other in (
        (cam_lam, VINH_THO, city),
        (city, VINH_THO, cam_lam),
        (city, CITY, province),
        (province, CITY, city),
    ):
        assert await item(services, session, point, "room", f"{DAY} 05:00") == Mark(
            "room", "amber", "taken", other.number
        )
    await services.scheduler.cancel(cam_lam.id, NOW)
    assert await item(services, city, VINH_THO, "room", f"{DAY} 05:00") == Mark("room", "green", "ok")


async def test_i04_units_whose_room_a_higher_session_has_are_notified_once(services: ServicesFixture) -> None:
    """The city, which registers for the commune, and Cam Lâm, which invited it; nobody of the province's session."""
    await services.session("ubnd.cam-lam", VINH_THO, rehearsal=False)
    province = await services.session(PROVINCE, VINH_THO, rehearsal=False)
    for _ in range(2):
        await services.readiness.alarm(at(f"{EVE} 08:01"))
    line = f"NT.VinhTho ({province.number})"
    assert await services.notices(at(f"{EVE} 09:00"), "room") == [("room", NHA_TRANG, line), ("room", "570", line)]


async def test_r027_a_point_on_the_internet_is_measured_before_each_meeting(services: ServicesFixture) -> None:
    """Onboarding measured 25 both ways; the day before the meeting it sends 18,4."""
    session = await services.session(CITY, VINH_THO, rehearsal=False)
    equipment = Equipment(services.engine, PROFILES)
    line = AccessLine("a", VINH_THO, "INTERNET", None, 30_000, True, (), up_kbps=25_000, down_kbps=25_000)
    await equipment.set_line(line)
    tests = services.self_tests
    assert await item(services, session, VINH_THO, "line", f"{DAY} 06:01") == Mark("line", "red", "unmeasured")
    await tests.keep(VINH_THO, "vt", replace(MEASURED, up_kbps=21_000, down_kbps=35_000), at(f"{EVE} 07:00"))
    assert (await item(services, session, VINH_THO, "line", f"{DAY} 06:01")).word == "unmeasured"  # not of the last day
    await tests.keep(VINH_THO, "vt", replace(MEASURED, up_kbps=18_400, down_kbps=35_000), at(f"{EVE} 09:00"))
    slow = Mark("line", "red", "bad-line", "18,4 < 20")
    assert await item(services, session, VINH_THO, "line", f"{DAY} 06:01") == slow
    await tests.keep(VINH_THO, "vt", replace(MEASURED, up_kbps=20_000, down_kbps=20_000), at(f"{DAY} 06:00"))
    assert await item(services, session, VINH_THO, "line", f"{DAY} 06:01") == Mark("line", "green", "ok")
    await equipment.set_line(replace(line, id="b", type="TSLCD"))
    late = f"{DAY} 09:00"
    assert await item(services, session, VINH_THO, "line", late) == Mark("line", "green", "ok")


async def test_r050_controlling_units_have_a_laptop_on_record(services: ServicesFixture) -> None:
    """The city controls the session of its commune; a test on a tablet is none on a laptop."""
    session = await services.session(VINH_THO, PHUOC_DONG, rehearsal=False)

    async def console() -> list[Mark]:
        board = await services.readiness.board(session.id, None, NOW)
        return [mark for mark in board.marks if mark.item == "console"]

    tests = services.self_tests
    await tests.keep(VINH_THO, "vt", replace(MEASURED, device="laptop"), NOW)
    await tests.keep(CITY, "nt", replace(MEASURED, device="tablet"), NOW)
    assert await console() == [Mark("console", "amber", "no-laptop", "Thành phố Nha Trang")]
    await tests.keep(CITY, "nt", replace(MEASURED, device="laptop"), NOW)
    assert await console() == [Mark("console", "green", "ok", "Thành phố Nha Trang 03/04/2023")]


async def test_rehearsal_and_technician_of_a_point(services: ServicesFixture) -> None:
    session = await services.session(PROVINCE, CITY)
    await services.attendance.point_joined(session.id, CITY, at(f"{EVE} 13:55"))
    await services.attendance.point_left(session.id, CITY, at(f"{EVE} 15:00"))
    await services.duties.assign(on_duty(session, "point", point=CITY), NOW)
    assert (await item(services, session, CITY, "rehearsal", f"{EVE} 14:30")).word == "unknown"
    assert (await item(services, session, CITY, "rehearsal", f"{EVE} 15:00")).word == "ok"
    assert (await item(services, session, PROVINCE, "rehearsal", f"{EVE} 15:00")).word == "missed"
    assert (await item(services, session, CITY, "duty", f"{EVE} 15:00")).value == "Lê Văn B"
    for duty, field in [
        (on_duty(session, "point"), "point"),
        (on_duty(session, "main", point=CITY), "point"),
        (on_duty(session, "on_site", unit="nothing"), "unit"),
        (on_duty(session, "backup", unit="nothing"), "unit"),
        (on_duty(session, "main", name=" "), "name"),
        (on_duty(session, "main", phone="12"), "phone"),
    ]:
        with pytest.raises(InvalidRequest) as caught:
            await services.duties.assign(duty, NOW)
        assert [fault.field for fault in caught.value.errors] == [field]


async def test_the_directory_has_addresses_and_lines(services: ServicesFixture) -> None:
    """R-026: NH.NinhVan's TSLCD measured 3.6/3.9 Mbit/s is amber; one good line is enough."""
    session = await services.session(PROVINCE, "nh.ninhvan")
    directory = Equipment(services.engine, PROFILES)
    assert (await item(services, session, "nh.ninhvan", "line", f"{DAY} 05:00")).word == "unknown"
    slow = AccessLine("a", "nh.ninhvan", "TSLCD", None, 4000, True, (), up_kbps=3600, down_kbps=3900)
    await directory.set_line(slow)
    mark = await item(services, session, "nh.ninhvan", "line", f"{DAY} 05:00")
    assert mark == Mark("line", "amber", "bad-line", "3,6 < 4, 3,9 < 4")
    await directory.set_line(replace(slow, id="b", up_kbps=6000, down_kbps=6000))
    assert await item(services, session, "nh.ninhvan", "line", f"{DAY} 05:00") == Mark("line", "green", "ok")
    assert (await item(services, session, "nh.ninhvan", "address", f"{DAY} 05:00")).word == "unknown"
    (device,) = await directory.devices("nh.ninhvan")
    described = replace(device, kind="TABLET", model="Tab", address="10.57.1.9")
    await directory.describe(described, NOW)
    found = await item(services, session, "nh.ninhvan", "address", f"{DAY} 05:00")
    assert found == Mark("address", "green", "ok", "10.57.1.9")


async def test_a_government_session_is_not_ready_without_its_link(services: ServicesFixture) -> None:
    """R-104: link test due 06:00, and without 'đạt' readiness stays red; R-106 holds for such sessions too."""
    session = await services.session(CITY, PHUOC_DONG, rehearsal=False, purpose="chinh_phu_den_xa")
    tested = services.steps

    async def link(now: str) -> Mark:
        board = await services.readiness.board(session.id, None, at(now))
        assert board.on_site == ("so.tttt", "56")
        return board.marks[0]

    assert await link(f"{DAY} 05:59") == Mark("link", "amber", "untested")
    assert await link(f"{DAY} 06:00") == Mark("link", "red", "untested")
    with pytest.raises(InvalidRequest):
        await tested.test_link(session.id, "chinh_thuc", False, " ", "truc", NOW)
    with pytest.raises(InvalidRequest):
        await tested.test_link(session.id, "tong_duyet", True, "", "truc", NOW)
    await tested.test_link(session.id, "chinh_thuc", False, "không có tiếng", "truc", NOW)
    assert await link(f"{DAY} 06:00") == Mark("link", "red", "faulty", "không có tiếng")
    await tested.test_link(session.id, "chinh_thuc", True, "", "truc", NOW)
    assert await link(f"{DAY} 06:00") == Mark("link", "green", "ok")
    other = await services.session(PROVINCE, VINH_THO, rehearsal=False)
    board = await services.readiness.board(other.id, None, NOW)
    assert [mark.item for mark in board.marks] == ["main", "provider", "on_site", "on_site", "console"]


async def test_points_switch_on_by_the_procedure(services: ServicesFixture) -> None:
    """R-052: NT.VinhHai's technician ticks the steps half an hour before; the host sees when."""
    session = await services.session(PROVINCE, "nt.vinhhai", rehearsal=False)
    tested, now = services.steps, at(f"{DAY} 07:30")
    for step in ("bat_nguon", "bat_nguon", "ket_noi"):
        await tested.done(session.id, "nt.vinhhai", step, True, "vinhhai", now)
    for _ in range(2):
        await tested.done(session.id, "nt.vinhhai", "ket_noi", False, "vinhhai", now)
    board = await services.readiness.board(session.id, None, now)
    assert board.steps == {"nt.vinhhai": {"bat_nguon": now}}
    for point, step, field in (("nt.vinhhai", "x", "step"), (VINH_THO, "bat_nguon", "point")):
        with pytest.raises(InvalidRequest) as caught:
            await tested.done(session.id, point, step, True, "vinhhai", now)
        assert [fault.field for fault in caught.value.errors] == [field]
