"""The use cases of booking on both databases, by the regulation's own examples."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scheduler import migrations
from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.errors import (
    BadDevices,
    BadUnits,
    Cancelled,
    CapacityExceeded,
    CodeUnknown,
    Ended,
    InvalidRequest,
    NotInvited,
    TooEarly,
    UnknownPoint,
    UnknownSession,
)
from scheduler.core.model import Amount, ImportResult, Interval, Limits, LoadStep, Point, Request, Slot, State
from scheduler.units import seed
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import CIPHER, NOW, REQUEST, SUDDEN, asking, at, hours, on

HOSTILE = ["", "x", "a\x00b", "\ud800", "' OR 1=1 --", "x" * 10_000]


async def refusal(scheduler: Scheduler, request: Request, now: datetime = NOW) -> CapacityExceeded:
    """Submit a request that does not fit; nothing may change (I8)."""
    before = await scheduler.sessions(NOW - hours(1000), NOW + hours(1000))
    with pytest.raises(CapacityExceeded) as caught:
        await scheduler.submit(request, now)
    assert await scheduler.sessions(NOW - hours(1000), NOW + hours(1000)) == before
    return caught.value


async def test_the_registry(scheduler: Scheduler) -> None:
    units, points = await scheduler.units(), await scheduler.points()
    assert [unit["id"] for unit in json.loads(seed.khanh_hoa_2023())["units"]] == [unit.id for unit in units]
    assert [point.unit for point in points] == [unit.id for unit in units]
    xuong_huan = Point("nt.xuonghuan", "NT.XuongHuan", "UBND phường Xương Huân", "22342", "xa", 1, (1,))
    assert await scheduler.point("nt.xuonghuan") == xuong_huan
    assert await scheduler.points("22342") == [xuong_huan]
    for unknown in HOSTILE:
        assert await scheduler.points(unknown) == []
        with pytest.raises(UnknownPoint):
            await scheduler.point(unknown)


async def test_the_device_register(scheduler: Scheduler) -> None:
    changed = await scheduler.set_devices("nt.xuonghuan", 3)
    assert (changed, changed.devices) == (await scheduler.point("nt.xuonghuan"), 3)
    for devices in (0, 100, -1):
        with pytest.raises(BadDevices):
            await scheduler.set_devices("nt.xuonghuan", devices)
    with pytest.raises(UnknownPoint):
        await scheduler.set_devices("nt.x", 1)


async def test_import_adds_changes_and_keeps_devices(scheduler: Scheduler) -> None:
    assert await scheduler.import_units(seed.khanh_hoa_2023()) == ImportResult(0, 0, 169)
    await scheduler.set_devices("nt.xuonghuan", 2)
    renamed = {"id": "22342", "name": "Phường Vạn Thạnh Mới", "level": "xa", "parent": "568"}
    port = {"id": "cv", "name": "Cảng vụ Hàng hải Nha Trang", "level": "khac", "parent": "56"}
    assert await scheduler.import_units(json.dumps({"units": [renamed, port]})) == ImportResult(1, 1, 0)
    assert await scheduler.points("22342") == [
        Point("nt.xuonghuan", "NT.VanThanhMoi", "UBND phường Vạn Thạnh Mới", "22342", "xa", 2, (1, 2))
    ]
    assert (await scheduler.points())[-1].name == "Cang vu Hang hai Nha Trang"


async def test_a_faulty_import_changes_nothing(scheduler: Scheduler) -> None:
    good = {"id": "cv", "name": "Cảng vụ", "level": "khac"}
    taken = {"id": "new", "name": "Sở Nội vụ", "level": "so", "point": "So.NV"}
    with pytest.raises(BadUnits, match=r"^entry 2: duplicate-name \(So\.NV\)$"):
        await scheduler.import_units(json.dumps({"units": [good, taken]}))
    assert len(await scheduler.units()) == 169


async def test_an_issued_session(scheduler: Scheduler) -> None:
    await scheduler.set_devices("so.tttt", 2)
    request = replace(
        REQUEST,
        points=("vn.vangia", "nt.xuonghuan"),
        rehearsal=on("04/04/2023", "14:00", "16:00"),
        recording=True,
    )
    session = await scheduler.submit(request, NOW + timedelta(milliseconds=5))
    assert session.code is not None
    assert (len(session.code), session.code.isdigit()) == (10, True)
    assert (session.number, session.seq, session.legs, session.state) == ("HTT-2023-0001", 1, 5, "issued")
    assert (session.points, session.created, session.profile) == (("vn.vangia", "nt.xuonghuan"), NOW, "KH-2023/1")
    assert session.slots == (
        Slot("tong_duyet", at("04/04/2023 14:00"), at("04/04/2023 16:00"), 5),
        Slot("chinh_thuc", at("05/04/2023 08:00"), at("05/04/2023 09:00"), 5),
    )
    assert (session.rehearsal, session.official) == (request.rehearsal, request.official)
    assert session.contact_phone == "+84905123456"
    assert await scheduler.session(session.id) == session
    assert await scheduler.by_code(session.code) == session


async def test_numbers_count_within_a_year_of_the_province(scheduler: Scheduler) -> None:
    eve = at("31/12/2023 23:59")
    morning = on("10/01/2024", "08:00", "09:00")
    numbers = [
        (await scheduler.submit(await asking(scheduler, 2, morning), now)).number for now in (eve, eve, eve + hours(1))
    ]
    assert numbers == ["HTT-2023-0001", "HTT-2023-0002", "HTT-2024-0001"]


async def test_invalid_requests_change_nothing(scheduler: Scheduler) -> None:
    for hostile in HOSTILE:
        with pytest.raises(InvalidRequest) as caught:
            await scheduler.submit(replace(REQUEST, points=(hostile,)), NOW)
        assert [(e.field, e.word) for e in caught.value.errors] == [("points", "unknown-point")]
    assert (await scheduler.submit(REQUEST, NOW)).seq == 1


async def test_r062_the_17th_session(scheduler: Scheduler) -> None:
    small = await asking(scheduler, 5, on("05/04/2023", "08:00", "09:00"))
    for _ in range(16):
        await scheduler.submit(small, NOW)
    late = replace(small, official=on("05/04/2023", "08:30", "09:30"))
    refused = await refusal(scheduler, late)
    assert (refused.limit, refused.usable, refused.needed) == ("sessions", 16, 17)
    assert refused.interval == on("05/04/2023", "08:30", "09:00")
    nearest = refused.suggestions[0].official
    assert nearest == on("05/04/2023", "09:00", "10:00")
    assert (await scheduler.submit(replace(late, official=nearest), NOW)).seq == 17


async def test_r063_points(scheduler: Scheduler) -> None:
    morning = on("05/04/2023", "08:00", "11:00")
    for legs in (145, 19, 28):
        await scheduler.submit(await asking(scheduler, legs, morning), NOW)
    refused = await refusal(scheduler, await asking(scheduler, 14, morning))
    assert (refused.limit, refused.usable, refused.needed, refused.interval) == ("points", 200, 206, morning)
    assert str(refused) == "points: needs 206, usable 200 from 2023-04-05 01:00:00Z"
    await scheduler.submit(await asking(scheduler, 8, morning), NOW)
    assert await scheduler.load(morning.start, morning.end) == [LoadStep(morning.start, morning.end, 4, 200)]


async def test_example_5_touching_sessions(scheduler: Scheduler) -> None:
    first, second = on("05/04/2023", "08:00", "09:30"), on("05/04/2023", "09:30", "11:00")
    for slot in (first, second):
        await scheduler.submit(await asking(scheduler, 160, slot), NOW)
    assert await scheduler.load(first.start, second.end) == [LoadStep(first.start, second.end, 1, 160)]


async def test_example_6_more_than_all(scheduler: Scheduler) -> None:
    request = await asking(scheduler, 169, on("05/04/2023", "08:00", "09:00"))
    await scheduler.set_devices(request.host_point, 33)
    refused = await refusal(scheduler, request)
    assert (refused.limit, refused.usable, refused.needed, refused.suggestions) == ("points", 200, 201, ())
    await scheduler.set_devices(request.host_point, 32)
    assert (await scheduler.submit(request, NOW)).legs == 200


async def test_example_8_a_rehearsal_holds_capacity(scheduler: Scheduler) -> None:
    meeting = on("05/04/2023", "08:00", "11:00")
    await scheduler.submit(await asking(scheduler, 145, meeting, on("04/04/2023", "14:00", "16:00")), NOW)
    sudden = replace(await asking(scheduler, 60, on("04/04/2023", "15:00", "16:00")), klass="dot_xuat", **SUDDEN)
    refused = await refusal(scheduler, sudden)
    assert (refused.limit, refused.usable, refused.needed) == ("points", 200, 205)
    await scheduler.submit(replace(sudden, official=on("04/04/2023", "16:00", "17:00")), NOW)


async def test_cancelling_frees_capacity_and_kills_the_code(scheduler: Scheduler) -> None:
    request = await asking(scheduler, 150, on("05/04/2023", "08:00", "09:00"))
    first = await scheduler.submit(request, NOW)
    await refusal(scheduler, request)
    cancelled = await scheduler.cancel(first.id, NOW)
    assert cancelled == replace(first, state=State.CANCELLED, code=None)
    assert await scheduler.session(first.id) == cancelled
    assert await scheduler.cancel(first.id, NOW) == cancelled
    second = await scheduler.submit(request, NOW)
    assert (second.seq, second.number) == (2, "HTT-2023-0002")
    assert first.code is not None
    assert await scheduler.by_code(first.code) == cancelled
    with pytest.raises(Cancelled):
        await scheduler.enter(first.code, request.host_point, at("05/04/2023 08:00"))


async def test_ended_and_unknown_sessions_are_not_cancelled(scheduler: Scheduler) -> None:
    session = await scheduler.submit(REQUEST, NOW)
    with pytest.raises(Ended):
        await scheduler.cancel(session.id, at("05/04/2023 09:15"))
    for unknown in HOSTILE:
        with pytest.raises(UnknownSession):
            await scheduler.cancel(unknown, NOW)
        with pytest.raises(UnknownSession):
            await scheduler.session(unknown)


async def test_points_enter_within_the_access_window(scheduler: Scheduler) -> None:
    session = await scheduler.submit(REQUEST, NOW)
    code = session.code or ""
    spaced = f"{code[:3]} {code[3:6]} {code[6:]}"
    assert await scheduler.enter(spaced, "nt.xuonghuan", at("05/04/2023 07:30")) == session
    assert await scheduler.enter(code, None, at("05/04/2023 09:14")) == session
    assert scheduler.phase(session, at("05/04/2023 07:30")) == "lobby"
    with pytest.raises(NotInvited):
        await scheduler.enter(code, "dk.dienan", at("05/04/2023 08:00"))
    with pytest.raises(Ended):
        await scheduler.enter(code, "so.tttt", at("05/04/2023 09:15"))
    with pytest.raises(TooEarly) as early:
        await scheduler.enter(code, "so.tttt", NOW)
    assert early.value.opens == at("05/04/2023 07:30")
    for wrong in (*HOSTILE, f"{(int(code) + 1) % 10**10:010}"):
        with pytest.raises(CodeUnknown):
            await scheduler.enter(wrong, "so.tttt", at("05/04/2023 08:00"))


async def test_lists_of_sessions(scheduler: Scheduler) -> None:
    day, next_day = on("05/04/2023", "08:00", "09:00"), on("06/04/2023", "08:00", "09:00")
    late = await scheduler.submit(replace(REQUEST, official=next_day, points=("vn.vangia",)), NOW)
    early = await scheduler.submit(replace(REQUEST, official=day), NOW)

    async def ids(start: datetime, end: datetime, units: list[str] | None = None) -> list[int]:
        return [s.seq for s in await scheduler.sessions(start, end, units)]

    assert await ids(day.start, next_day.end) == [early.seq, late.seq]
    assert await ids(day.end, next_day.start) == []
    assert await ids(day.end - timedelta(microseconds=1), next_day.start + timedelta(microseconds=1)) == [2, 1]
    everything = (day.start, next_day.end)
    assert await ids(*everything, units=["22342"]) == [early.seq]
    assert await ids(*everything, units=["so.tttt"]) == [early.seq, late.seq]
    assert await ids(*everything, units=HOSTILE) == []
    assert await ids(*everything, units=[]) == []


async def test_load_and_limits(scheduler: Scheduler) -> None:
    await scheduler.submit(await asking(scheduler, 5, on("05/04/2023", "08:00", "10:00")), NOW)
    cancelled = await scheduler.submit(await asking(scheduler, 9, on("05/04/2023", "08:00", "10:00")), NOW)
    await scheduler.submit(await asking(scheduler, 7, on("05/04/2023", "09:00", "11:00")), NOW)
    await scheduler.cancel(cancelled.id, NOW)
    times = [at(f"05/04/2023 {clock}") for clock in ("07:00", "08:00", "09:00", "10:00", "11:00", "12:00")]
    loads = [(0, 0), (1, 5), (2, 12), (1, 7), (0, 0)]
    expected = [LoadStep(a, b, *load) for a, b, load in zip(times, times[1:], loads, strict=False)]
    assert await scheduler.load(times[0], times[-1]) == expected
    assert await scheduler.load(times[1], times[1]) == await scheduler.load(times[1], times[0]) == []
    assert await scheduler.limits(NOW) == Limits(Amount(20, 255), Amount(16, 200))


async def test_capacity_is_a_step_function(scheduler: Scheduler) -> None:
    noon = at("05/04/2023 12:00")
    await scheduler.operator.set_capacity(noon, Amount(1, 1), NOW)
    await scheduler.operator.set_capacity(noon, Amount(10, 100), NOW)
    assert await scheduler.limits(noon - timedelta(seconds=1)) == Limits(Amount(20, 255), Amount(16, 200))
    assert await scheduler.limits(noon) == Limits(Amount(10, 100), Amount(8, 76))
    across = Interval(noon - hours(1), noon + hours(1))
    refused = await refusal(scheduler, await asking(scheduler, 77, across))
    assert (refused.usable, refused.needed, refused.interval) == (76, 77, Interval(noon, across.end))
    assert refused.suggestions[0].official == Interval(noon - hours(2), noon)
    assert (await scheduler.submit(await asking(scheduler, 76, across), NOW)).legs == 76


async def test_one_session_of_all_169_points(scheduler: Scheduler) -> None:
    session = await scheduler.submit(await asking(scheduler, 169, on("05/04/2023", "08:00", "09:00")), NOW)
    assert (session.legs, len(session.points)) == (169, 168)


async def test_everything_survives_a_restart(scheduler: Scheduler, seeded_url: str) -> None:
    session = await scheduler.submit(REQUEST, NOW)
    engine = database.connect(seeded_url, CIPHER)
    again = Scheduler(engine, PROFILES)
    await migrations.migrate(engine)
    assert await again.session(session.id) == session
    assert await again.point("nt.xuonghuan") == await scheduler.point("nt.xuonghuan")
    await engine.dispose()
