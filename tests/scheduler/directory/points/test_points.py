"""Points go from draft to withdrawal: names, quotas, assessments, and what they lack to be active (Điều 6, 8, 9).

Also tests `service.py`, `activation.py`, `assessment.py`, `guest_access.py`, `lifecycle.py`, `quota.py`, `store.py`
and `scheduler/policy/directory_rules.py`.
"""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.errors import DevicesDescribed, InvalidRequest, TooManyDocuments
from scheduler.core.model import Point, PointState
from scheduler.core.schema import DEVICES, POINTS
from scheduler.directory.controls.evidence import MAX_FILES, EvidenceFiles, StoredFile
from scheduler.directory.equipment.lines_store import set_line
from scheduler.directory.errors import IllegalMove, NotReady, QuotaExceeded, Unknown
from scheduler.directory.model import AccessLine, AssessmentForm, AssessmentItem, Move, Room
from scheduler.directory.points.service import Directory
from scheduler.policy.directory_rules import LineType
from scheduler.units.naming import slug
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import NOW, REQUEST, at

ITEMS = ("moi_vi_tri_nghe_ro", "bo_tri_thiet_bi", "nguon_dien_on_dinh", "nguon_du_phong", "pccc")
GOOD = AssessmentForm(tuple(AssessmentItem(item, True) for item in ITEMS), "Biên bản số 12", "central")


@pytest.fixture
def directory(scheduler: Scheduler) -> Directory:
    return Directory(scheduler._engine, PROFILES)


def unmet(item: str, remedy: date | None = None) -> AssessmentForm:
    return replace(GOOD, items=tuple(AssessmentItem(i, i != item, "", remedy if i == item else None) for i in ITEMS))


def line(point: str, up: int = 4000, down: int = 4000, kind: LineType = "TSLCD") -> AccessLine:
    return AccessLine("l" + point, point, kind, None, 4000, True, ("10.79.0.0/16",), up, down, NOW)


async def connect(directory: Directory, access_line: AccessLine) -> None:
    async with database.writing(directory._engine) as db:
        await set_line(db, access_line)


async def draft_again(directory: Directory, point: str, **values: object) -> None:
    """Set a point of the units file back to a draft that was never assessed."""
    async with database.writing(directory._engine) as db:
        await db.execute(update(POINTS).where(POINTS.c.id == point).values(state="awaiting", **values))


async def fit(directory: Directory, point: str) -> None:
    """Give a point everything it needs to be active but the account."""
    await directory.set_room(point, Room(managing_unit=await unit_of(directory, point)))
    await connect(directory, line(point))
    await directory.assess(point, GOOD, NOW)


async def unit_of(directory: Directory, point: str) -> str:
    return (await directory.card(point, True, NOW)).point.unit


async def names_of(scheduler: Scheduler, unit: str) -> list[tuple[str, PointState]]:
    return [(point.name, point.state) for point in await scheduler.points(unit)]


async def lacks(directory: Directory, point: str, move: Move = "activate", account: bool = True) -> list[str]:
    with pytest.raises(NotReady) as caught:
        await directory.move(point, move, "central", "", account, NOW)
    return [str(lack) for lack in caught.value.lacks]


async def test_points_of_the_units_file_are_active(scheduler: Scheduler) -> None:
    assert {point.state for point in await scheduler.points()} == {PointState.ACTIVE}


async def test_a_second_point_gives_both_digits_and_the_old_name_stays_known(
    scheduler: Scheduler, directory: Directory
) -> None:
    new = await directory.add_point("568", None, "", NOW)
    assert (new.id, new.name, new.label, new.numbers, new.state) == (
        "ubnd.nha-trang.02",
        "UBND.Nha Trang.02",
        "UBND thành phố Nha Trang – Phòng họp số 2",
        (2,),
        PointState.DRAFT,
    )
    assert await names_of(scheduler, "568") == [
        ("UBND.Nha Trang.01", PointState.ACTIVE),
        ("UBND.Nha Trang.02", PointState.DRAFT),
    ]
    found = await directory.find("ubnd.nha  trang")
    assert found is not None and (found.id, found.name) == ("ubnd.nha-trang", "UBND.Nha Trang.01")
    with pytest.raises(QuotaExceeded) as caught:
        await directory.add_point("568", None, "", NOW)
    assert (caught.value.quota, caught.value.wanted, caught.value.article) == (2, 3, "khoản 3 Điều 8")
    assert len(await scheduler.points("568")) == 2


async def test_devices_are_told_apart_across_the_points_of_a_unit(scheduler: Scheduler, directory: Directory) -> None:
    await scheduler.set_devices("ubnd.nha-trang", 2)
    await directory.add_point("568", None, "", NOW)
    await scheduler.set_devices("ubnd.nha-trang", 3)
    assert [(p.name, p.devices, p.numbers) for p in await scheduler.points("568")] == [
        ("UBND.Nha Trang.01", 3, (1, 2, 4)),
        ("UBND.Nha Trang.03", 1, (3,)),
    ]


async def test_the_units_file_keeps_digits_and_rooms(scheduler: Scheduler, directory: Directory) -> None:
    await directory.add_point("568", None, "", NOW)
    done = await scheduler.import_units(
        '{"units": [{"id": "568", "name": "Thành phố Nha Trang mới", "level": "huyen", "parent": "56", "abbr": "NT"}]}'
    )
    assert done.changed == 1
    assert [(p.name, p.label) for p in await scheduler.points("568")] == [
        ("UBND.Nha Trang Moi.01", "UBND thành phố Nha Trang mới"),
        ("UBND.Nha Trang Moi.02", "UBND thành phố Nha Trang mới – Phòng họp số 2"),
    ]


async def test_quotas_by_level(scheduler: Scheduler, directory: Directory) -> None:
    for number in range(2, 6):
        point = await directory.add_point("56", None, "", NOW)
        assert point.name == f"UBND.Khanh Hoa.{number:02}"
    for unit, article in (("so.tttt", "khoản 2 Điều 8"), ("22342", "khoản 4 Điều 8")):
        with pytest.raises(QuotaExceeded) as caught:
            await directory.add_point(unit, None, "", NOW)
        assert (caught.value.quota, caught.value.article) == (1, article)
    assert (await scheduler.set_devices("so.tttt", 2)).devices == 2


async def test_an_exception_by_document_adds_a_point_until_it_ends(
    scheduler: Scheduler, directory: Directory
) -> None:
    dated, last = date(2023, 4, 10), date(2023, 6, 30)
    await directory.add_exemption("so.yt", "points", 1, "3021/UBND-KSTT", dated, last, "central")
    point = (await directory.add_point("so.yt", None, "", NOW)).id
    await directory.move(point, "submit", "central", "", False, NOW)
    await fit(directory, point)
    assert await lacks(directory, point) == ["quota: quota (01, khoản 2 Điều 8)"]
    begin = at("10/04/2023 00:00")
    assert (await directory.move(point, "activate", "central", "", True, begin)).state == PointState.ACTIVE
    assert await directory.suspend_lapsed(at("30/07/2023 12:00")) == []
    lapsed = await directory.suspend_lapsed(at("31/07/2023 12:00"))
    assert [(p.name, p.state) for p in lapsed] == [("So.YT.02", PointState.SUSPENDED)]
    assert (await scheduler.point("so.yt")).state == PointState.ACTIVE


async def test_a_point_becomes_active_when_room_line_name_quota_and_account_hold(
    scheduler: Scheduler, directory: Directory
) -> None:
    await draft_again(directory, "cl.camduc", name="CamDuc.CL", slug="camduc.cl")
    await connect(directory, line("cl.camduc"))
    await directory.assess("cl.camduc", GOOD, NOW)
    assert await lacks(directory, "cl.camduc", account=False) == [
        "name: name-grammar (CamDuc.CL)",
        "account: no-account",
        "managing_unit: no-managing-unit",
    ]
    await directory.set_room("cl.camduc", Room(managing_unit=(await scheduler.point("cl.camduc")).unit))
    assert await lacks(directory, "cl.camduc") == ["name: name-grammar (CamDuc.CL)"]
    await directory.rename("cl.camduc", "CL.CamDuc", "", NOW)
    assert (await directory.move("cl.camduc", "activate", "central", "", True, NOW)).state == PointState.ACTIVE
    card = await directory.card("cl.camduc", True, NOW)
    assert [(moved.move, moved.state, moved.profile) for moved in card.history] == [
        ("activate", "active", "KH-2023/1"),
        ("pass", "passed", "KH-2023/1"),
    ]
    assert ([alias.name for alias in card.aliases], card.lacks, card.moves) == (
        ["CamDuc.CL"],
        (),
        ("suspend", "withdraw"),
    )


async def test_a_failed_item_is_named(scheduler: Scheduler, directory: Directory) -> None:
    await draft_again(directory, "ks.sontrung")
    done = await directory.assess("ks.sontrung", unmet("moi_vi_tri_nghe_ro"), NOW)
    assert (done.result, (await scheduler.point("ks.sontrung")).state) == ("failed", PointState.DRAFT)
    card = await directory.card("ks.sontrung", True, NOW)
    assert str(card.lacks[0]) == "assessment: assessment-failed (Mọi vị trí nghe rõ, nói rõ)"


async def test_backup_power_may_come_later_if_a_day_is_set(scheduler: Scheduler, directory: Directory) -> None:
    await draft_again(directory, "kv.giangly")
    await connect(directory, line("kv.giangly"))
    remedy = date(2023, 5, 1)
    done = await directory.assess("kv.giangly", unmet("nguon_du_phong", remedy), NOW)
    assert (done.result, done.expires) == ("conditional", at("02/05/2023 00:00"))
    assert (await directory.assessments())["kv.giangly"] == done
    await draft_again(directory, "kv.giangly")
    assert (await directory.assess("kv.giangly", unmet("nguon_du_phong"), NOW)).result == "failed"
    place = [item.id for item in GOOD.items].index
    for form, field, word in [
        (unmet("moi_vi_tri_nghe_ro", remedy), f"items.{place('moi_vi_tri_nghe_ro')}.remedy_by", "remedy-not-allowed"),
        (unmet("pccc", date(2023, 4, 3)), f"items.{place('pccc')}.remedy_by", "in-the-past"),
        (replace(GOOD, items=GOOD.items[1:]), "items", "required"),
        (replace(GOOD, items=(*GOOD.items, GOOD.items[0])), "items", "duplicate-item"),
        (replace(GOOD, items=(*GOOD.items, AssessmentItem("x", True))), "items", "unknown-item"),
    ]:
        with pytest.raises(InvalidRequest) as caught:
            await directory.assess("kv.giangly", form, NOW)
        assert [(error.field, error.word) for error in caught.value.errors] == [(field, word)]


async def test_a_slow_line_fails_the_assessment(scheduler: Scheduler, directory: Directory) -> None:
    await draft_again(directory, "nh.ninhvan")
    await connect(directory, line("nh.ninhvan", 3600, 3900))
    assert (await directory.assess("nh.ninhvan", GOOD, NOW)).result == "failed"
    card = await directory.card("nh.ninhvan", True, NOW)
    assert [str(lack) for lack in card.lacks if lack.field == "line"] == [
        "line: line-slow-up (3,6 < 4)",
        "line: line-slow-down (3,9 < 4)",
    ]
    assert str(card.lacks[0]) == "assessment: assessment-line"
    await draft_again(directory, "nh.ninhvan")
    await connect(directory, line("nh.ninhvan", 4000, 4000))
    assert (await directory.assess("nh.ninhvan", GOOD, NOW)).result == "passed"


OVER = json.dumps({"units": [{"id": "cang-vu", "name": "Cảng vụ", "level": "khac", "point": "Cang vu"}]})


async def test_a_point_that_was_taken_over_is_due_and_then_judged_as_others(
    scheduler: Scheduler, directory: Directory
) -> None:
    """A point in operation stays active for a year; one that is not assessed by then is suspended."""
    await scheduler.import_units(OVER, taken_over=NOW)
    point = await scheduler.point("cang-vu")
    assert (point.state, point.taken_over, directory.first_due(point)) == (PointState.ACTIVE, NOW, date(2024, 4, 3))
    assert directory.first_due(await scheduler.point("ubnd.nha-trang")) is None
    lacks = (await directory.card("cang-vu", False, NOW)).lacks
    assert {each.word for each in lacks} == {"not-assessed", "no-line", "no-account", "no-managing-unit"}
    due = [await directory.taken_over(at(f"{day} 12:00")) for day in ("03/03/2024", "04/03/2024", "03/04/2024")]
    assert due == [{}, {("cang-vu", date(2024, 4, 3)): [point]}, {("cang-vu", date(2024, 4, 3)): [point]}]
    assert await directory.suspend_lapsed(at("03/04/2024 23:59")) == []
    assert [each.id for each in await directory.suspend_lapsed(at("04/04/2024 00:00"))] == ["cang-vu"]
    card = await directory.card("cang-vu", False, at("04/04/2024 00:00"))
    assert (card.point.state, card.point.taken_over) == (PointState.SUSPENDED, None)
    assert (card.history[0].move, card.history[0].reason) == ("suspend", "not-assessed")


async def test_an_assessment_ends_that_a_point_is_only_taken_over(scheduler: Scheduler, directory: Directory) -> None:
    await scheduler.import_units(OVER, taken_over=NOW)
    await directory.assess("cang-vu", GOOD, NOW)
    assert await directory.suspend_lapsed(at("04/04/2024 00:00")) == []
    assert (await scheduler.point("cang-vu")).taken_over is None


async def test_the_internet_needs_a_document_where_the_level_has_none(
    scheduler: Scheduler, directory: Directory
) -> None:
    await connect(directory, line("ts.sinhton", 25_000, 25_000, "INTERNET"))

    async def lacks_of(now: datetime) -> list[str]:
        card = await directory.card("ts.sinhton", True, now)
        return [str(lack) for lack in card.lacks if lack.field == "line"]

    assert await lacks_of(NOW) == ["line: line-type (INTERNET)"]
    unit = (await scheduler.point("ts.sinhton")).unit
    await directory.add_exemption(unit, "internet", 0, "77/UBND", date(2023, 4, 4), None, "central")
    assert [await lacks_of(NOW), await lacks_of(NOW + timedelta(days=1))] == [["line: line-type (INTERNET)"], []]


async def test_an_assessment_ends_after_two_years(scheduler: Scheduler, directory: Directory) -> None:  # A39
    await draft_again(directory, "cl.camduc")
    await fit(directory, "cl.camduc")
    await directory.move("cl.camduc", "activate", "central", "", True, NOW)
    assert await directory.suspend_lapsed(at("03/04/2025 23:59")) == []
    assert [point.id for point in await directory.suspend_lapsed(at("04/04/2025 00:00"))] == ["cl.camduc"]
    assert (await scheduler.point("cl.camduc")).state == PointState.SUSPENDED
    assert (await directory.card("cl.camduc", True, NOW)).history[0].reason == "assessment-over"
    with pytest.raises(NotReady):
        await directory.move("cl.camduc", "resume", "central", "", True, at("04/04/2025 00:00"))


async def test_moves_that_are_not_in_the_table_name_state_and_move(directory: Directory) -> None:
    for move in ("activate", "pass"):
        with pytest.raises(IllegalMove) as caught:
            await directory.move("nt.xuonghuan", move, "central", "", True, NOW)
        assert str(caught.value) == f"no {move} while active"
    await directory.move("nt.xuonghuan", "withdraw", "central", "", True, NOW)
    with pytest.raises(IllegalMove, match=r"^no assess while withdrawn$"):
        await directory.assess("nt.xuonghuan", GOOD, NOW)


@pytest.mark.parametrize(
    ("point", "name", "fault"),
    [
        ("so.ngv", "So.NV", "name: name-taken (So.NV (Sở Nội vụ))"),
        ("so.ngv", "ubnd.khanh  hoa", "name: name-reserved (ubnd.khanh hoa)"),
        ("so.ngv", "UBND.Khánh Hòa", "name: name-reserved (UBND.Khánh Hòa)"),
        ("ubnd.nha-trang", "UBND.Nha Trang.1", "name: name-grammar (UBND.Nha Trang.1)"),
        ("ubnd.nha-trang", "UBND.Nha Trang.00", "name: name-grammar (UBND.Nha Trang.00)"),
        ("ubnd.nha-trang", "UBND.Nha Trang.02", "name: name-number (01)"),
        ("ubnd.nha-trang", "UBND.Nha Be", "name: name-not-ruled (UBND.Nha Trang)"),
        ("nt.xuonghuan", "NT.Xuong Huan", "name: name-grammar (NT.Xuong Huan)"),
    ],
)
async def test_names_that_are_refused(
    scheduler: Scheduler, directory: Directory, point: str, name: str, fault: str
) -> None:
    before = await scheduler.point(point)
    with pytest.raises(InvalidRequest) as caught:
        await directory.rename(point, name, "", NOW)
    assert [str(error) for error in caught.value.errors] == [fault]
    assert await scheduler.point(point) == before


async def test_a_registered_name_may_change_and_nobody_else_takes_the_old_one(
    scheduler: Scheduler, directory: Directory
) -> None:
    assert (await directory.rename("so.ngv", "So.NgoaiVu", "", NOW)).name == "So.NgoaiVu"
    assert slug("So.NgV") == "so.ngv"
    with pytest.raises(InvalidRequest) as caught:
        await directory.rename("so.dl", "So.NgV", "", NOW)
    assert [str(error) for error in caught.value.errors] == ["name: name-taken (So.NgV)"]
    assert (await directory.rename("so.ngv", "So.NgV", "", NOW)).name == "So.NgV"


async def test_only_active_points_meet(scheduler: Scheduler, directory: Directory) -> None:
    await directory.move("nt.xuonghuan", "suspend", "central", "Sửa phòng", True, NOW)
    for request, field in [
        (REQUEST, "points"),
        (replace(REQUEST, host_point="nt.xuonghuan", points=("so.tttt",)), "host_point"),
    ]:
        with pytest.raises(InvalidRequest) as caught:
            await scheduler.submit(request, NOW)
        assert [str(error) for error in caught.value.errors] == [f"{field}: point-suspended (NT.XuongHuan)"]


async def test_devices_that_are_described_are_not_forgotten_by_a_count(scheduler: Scheduler) -> None:
    await scheduler.set_devices("so.tttt", 3)
    async with database.writing(scheduler._engine) as db:
        await db.execute(update(DEVICES).where(DEVICES.c.point == "so.tttt", DEVICES.c.number == 3).values(kind="VCS"))
    with pytest.raises(DevicesDescribed):
        await scheduler.set_devices("so.tttt", 1)
    point: Point = await scheduler.point("so.tttt")
    assert point.numbers == (1, 2, 3)


async def test_files_stay_behind_what_they_prove(scheduler: Scheduler, directory: Directory) -> None:
    evidence = EvidenceFiles(scheduler._engine)
    photo = StoredFile("phong-hop.jpg", "jpg", 3, "ab" * 32, "cd" * 16)
    exemption = await directory.add_exemption(
        "so.yt", "points", 1, "3021/UBND-KSTT", date(2023, 4, 10), None, "central"
    )
    await directory.assess("so.yt", unmet("moi_vi_tri_nghe_ro"), NOW)
    (done,) = (await directory.card("so.yt", True, NOW)).assessments
    behind = [
        await evidence.add("assessment", str(done.id), photo, "central", NOW),
        await evidence.add("exemption", exemption.id, photo, "central", NOW + timedelta(seconds=1)),
    ]
    assert await evidence.files("so.yt") == behind
    assert [(each.unit, each.behind, each.file) for each in behind] == [
        ("so.yt", "assessment", photo),
        ("so.yt", "exemption", photo),
    ]
    await evidence.remove(behind[0].id)
    assert await evidence.files("so.yt") == behind[1:]
    for wrong in (exemption.id, "0", "1" * 40, "\ud800", "²"):
        with pytest.raises(Unknown):
            await evidence.add("assessment", wrong, photo, "central", NOW)
    for _ in range(MAX_FILES - 1):
        await evidence.add("exemption", exemption.id, photo, "central", NOW)
    with pytest.raises(TooManyDocuments):
        await evidence.add("exemption", exemption.id, photo, "central", NOW)
