"""Profiles over time: the one in force, errors of faulty files, and one province through three sets of units."""

from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import date
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.booking.registration.service import Scheduler
from scheduler.core.database import connect
from scheduler.core.errors import FieldError, InvalidRequest, PolicyError
from scheduler.core.model import Request
from scheduler.policy import profile_files
from scheduler.policy.profile_files import SHIPPED, TWO_TIER, Profiles, files, load, parse, read
from scheduler.units import seed
from tests.scheduler.world import NOW, REQUEST, at, on

TEXT = SHIPPED[-1].read_text(encoding="utf-8")
ALL = load((*SHIPPED, TWO_TIER))


@pytest.fixture
async def engine(seeded_url: str) -> AsyncIterator[AsyncEngine]:
    engine = connect(seeded_url)
    yield engine
    await engine.dispose()


def test_profiles_are_named_by_id_or_file() -> None:
    assert files(f" KH-2023 :{TWO_TIER}:") == (SHIPPED[-1], TWO_TIER)
    assert files("") == ()
    with pytest.raises(ValueError, match=r"^no such file: /etc/none.yaml$"):
        files("KH-2023:/etc/none.yaml")


@pytest.mark.parametrize(
    ("day", "stamp"),
    [
        ("23/03/2023 15:00", "pre-KH-2023/1"),
        ("23/03/2023 23:59", "pre-KH-2023/1"),
        ("24/03/2023 00:00", "KH-2023/1"),
        ("27/03/2023 08:00", "KH-2023/1"),
        ("30/06/2025 23:59", "KH-2023/1"),
        ("01/07/2025 00:00", "KH-2025-2T/1"),
    ],
)
def test_the_profile_of_a_day(day: str, stamp: str) -> None:
    assert ALL.at(at(day)).stamp == stamp


def test_without_a_successor_the_regulation_goes_on() -> None:
    assert load().at(at("01/01/2030 08:00")).stamp == "KH-2023/1"


def test_before_the_first_day_the_first_holds() -> None:
    assert Profiles.of([parse(TEXT)]).at(at("01/01/2000 08:00")).id == "KH-2023"


def test_the_profiles_say_what_the_regulation_says() -> None:
    three = ALL.at(at("05/04/2023 08:00"))
    two = ALL.at(at("01/07/2025 08:00"))
    assert {level.id: level.quota for level in three.levels} == {
        "tw": None, "ubt": None, "so": 1, "huyen": 2, "xa": 1, "khac": None,
    }  # fmt: skip
    assert {level.id: level.quota for level in two.levels} == {"tw": None, "ubt": None, "so": 1, "xa": 2, "khac": None}
    rules = [rule for p in (three, two) if (rule := p.registration.rule("xa"))]
    assert [(rule.by, rule.article) for rule in rules] == [
        ("parent_unit", "điểm b khoản 2 Điều 12"),
        ("host_unit", "điểm a khoản 2 Điều 12"),
    ]
    assert three.revocation == two.revocation and three.revocation.order == "latest_registered_first"
    assert ALL.policies[0].classes["thuong"].lead is None
    assert three.effective_from == date(2023, 3, 24)  # A1
    assert {basis.number: basis.dated for basis in three.legal_basis}["1594/QĐ-BTTTT"] == date(2021, 10, 13)  # A3
    assert len(three.replaces) == 2


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("  share: {num: 4, den: 5}", "  share: {num: 6, den: 5}", "capacity.share: share is above 1"),
        ("  digits: 10", "  digits: 4", "code.digits: Input should be greater than or equal to 9"),
        ("code: b, quota: 1,", "code: b, quota: 0,", "levels.2.quota: Input should be greater than or equal to 1"),
        ("    - {levels: [huyen],", "    - {levels: [so],", "profile: registration.by must name each level once"),
        ("  - {levels: [xa], c", "  - {levels: [], c", "profile: control must name each level once"),
        ("  office_level: ubt", "  office_level: ubnd", "profile: registration.office_level is no level"),
        ("lead: {hours: 4}", "lead: {}", "classes.dot_xuat.lead: either working_days or hours"),
        ('"11:30"], ["13:30"', '"13:40"], ["13:30"', "office.spans: spans must be in order, without overlap"),
        ("effective_to: null ", "effective_to: 2023-03-01 ", "profile: effective_to is before effective_from"),
        (
            "operator_unit: so.tttt",
            "operator_unit: [so.tttt, so.tc]",
            "directory.operator_unit: Input should be a valid string",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_reported_with_its_line_and_field(old: str, new: str, fault: str) -> None:
    assert TEXT.count(old) == 1
    line = 1 if fault.startswith("profile:") else TEXT[: TEXT.index(old)].count("\n") + 1
    with pytest.raises(PolicyError) as caught:
        read([("kh.yaml", TEXT.replace(old, new))])
    assert str(caught.value) == f"kh.yaml, line {line}: {fault}"


@pytest.mark.parametrize("zone", ["Asia/Nha_Trang", "Asia", "A" * 300, "../UTC"])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    line = TEXT[: TEXT.index("timezone: ")].count("\n") + 1
    with pytest.raises(PolicyError, match=rf"^kh.yaml, line {line}: timezone: .*unknown time zone$"):
        read([("kh.yaml", TEXT.replace("timezone: Asia/Ho_Chi_Minh", f"timezone: {zone}"))])


@pytest.mark.parametrize(
    ("old", "twice"),
    [
        ("  operator_unit: so.tttt ", "operator_unit"),  # one operating unit, not the last of two
        ("timezone: Asia/Ho_Chi_Minh", "timezone"),
    ],
)
def test_a_key_given_twice_is_refused(old: str, twice: str) -> None:
    line = TEXT[: TEXT.index(old)].count("\n") + 2
    with pytest.raises(PolicyError, match=rf"^kh.yaml: not YAML: {twice} is said twice\n.*, line {line}, column"):
        read([("kh.yaml", TEXT.replace(old, f"{old}\n{old}"))])


def test_files_that_do_not_go_together() -> None:
    def problem(*texts: str) -> str:
        with pytest.raises(PolicyError) as caught:
            read([(f"{number}.yaml", text) for number, text in enumerate(texts)])
        return str(caught.value)

    later = TEXT.replace("id: KH-2023\n", "id: KH-X\n")
    assert problem(TEXT, TEXT) == "two profiles share an id"
    assert problem(TEXT, later) == "KH-2023 and KH-X begin on the same day"
    ended = TEXT.replace("effective_to: null ", "effective_to: 2024-12-31 ")
    successor = later.replace("effective_from: 2023-03-24", "effective_from: 2025-01-02")
    assert problem(ended, successor) == "KH-2023 and KH-X leave a gap: 2024-12-31 and 2025-01-02"
    successor = later.replace("effective_from: 2023-03-24", "effective_from: 2024-12-31")
    assert problem(ended, successor) == "KH-2023 and KH-X overlap: 2024-12-31 and 2024-12-31"
    assert problem("extends: KH-9") == "0.yaml, line 1: extends: no profile 'KH-9' to extend"
    assert problem("id: A\nextends: B", "id: B\nextends: A").endswith("line 2: extends: no profile 'B' to extend")
    assert problem() == "no profile"


async def test_a_version_is_stored_and_may_not_change(engine: AsyncEngine) -> None:
    scheduler = Scheduler(engine, load())
    await scheduler.keep_profiles(NOW)
    await scheduler.keep_profiles(at("01/01/2024 08:00"))
    assert [(stored.id, stored.version, stored.recorded) for stored in await scheduler.profiles()] == [
        ("KH-2023", 1, NOW),
        ("pre-KH-2023", 1, NOW),
    ]
    changed = TEXT.replace("lobby_min: 30", "lobby_min: 45")
    with pytest.raises(PolicyError, match=r"^KH-2023/1 was in use with other contents: raise its version$"):
        await Scheduler(engine, read([("kh", changed)])).keep_profiles(NOW)
    await Scheduler(engine, read([("kh", changed.replace("version: 1", "version: 2"))])).keep_profiles(
        at("01/01/2025 08:00")
    )
    assert [stored.version for stored in await scheduler.profiles()] == [1, 1, 2]


async def test_a_province_through_three_sets_of_units(engine: AsyncEngine) -> None:
    """139 communes, then 132, then 65 without districts; each registration by the profile and the units of its day."""
    scheduler = Scheduler(engine, ALL)
    for path in (seed.KHANH_HOA_2024, seed.KHANH_HOA_2025):
        await scheduler.import_units(path.read_text(encoding="utf-8"))

    async def count(day: str) -> dict[str, int]:
        units = [unit.level for unit in await scheduler.units(at(day))]
        assert len(await scheduler.points(on=at(day))) == len(units)
        return {level: units.count(level) for level in ("so", "huyen", "xa")}

    assert await count("31/10/2024 23:59") == {"so": 20, "huyen": 9, "xa": 139}
    assert await count("01/11/2024 00:00") == {"so": 20, "huyen": 9, "xa": 132}
    assert await count("30/06/2025 23:59") == {"so": 20, "huyen": 9, "xa": 132}
    assert await count("01/07/2025 00:00") == {"so": 20, "huyen": 0, "xa": 65}
    names = {point.name for point in await scheduler.points(on=at("01/07/2025 08:00"))}
    assert {"P.NhaTrang", "X.DienKhanh", "DK.TruongSa", "UBND.Khanh Hoa"} <= names

    async def refusal(request: Request, now: str) -> list[FieldError]:
        with pytest.raises(InvalidRequest) as caught:
            await scheduler.submit(request, at(now))
        return caught.value.errors

    gone = {**_fields(REQUEST), "official": on("05/11/2024", "08:00", "09:00")}
    assert await refusal(Request(**gone), "28/10/2024 08:00") == [
        FieldError("points", "unit-merged", "Phường Xương Huân → Phường Vạn Thạnh, 01/11/2024")
    ]
    as_host = {**gone, "host_point": "nt.xuonghuan", "points": ("so.tttt",)}
    assert [(error.field, error.word) for error in await refusal(Request(**as_host), "28/10/2024 08:00")] == [
        ("host_point", "unit-merged")
    ]
    early = {**gone, "points": ("p.nhatrang",)}
    assert await refusal(Request(**early), "28/10/2024 08:00") == [
        FieldError("points", "unit-not-yet", "Phường Nha Trang, 01/07/2025")
    ]
    late = {**gone, "points": ("ubnd.nha-trang",), "official": on("03/07/2025", "08:00", "09:00")}
    assert await refusal(Request(**late), "30/06/2025 08:00") == [
        FieldError("points", "unit-ended", "Thành phố Nha Trang, 30/06/2025")
    ]
    last = {**late, "official": on("30/06/2025", "08:00", "09:00")}
    assert (await scheduler.submit(Request(**last), at("26/06/2025 08:00"))).profile == "KH-2023/1"
    first = {**late, "points": ("p.nhatrang",), "official": on("07/07/2025", "08:00", "09:00")}
    assert (await scheduler.submit(Request(**first), at("01/07/2025 08:00"))).profile == "KH-2025-2T/1"


def _fields(request: Request) -> dict[str, Any]:
    return {field.name: getattr(request, field.name) for field in fields(request)}


def test_a_profile_that_does_not_say_when_recordings_are_composed_is_one_that_says_the_usual() -> None:
    said = "    composed: afterwards"
    assert said in TEXT
    without, live = (parse(TEXT.replace(said, other)) for other in ("", "    composed: live"))
    assert (without.conduct.recordings.composed, live.conduct.recordings.composed) == ("afterwards", "live")
    digests = [profile_files.digest(policy) for policy in (parse(TEXT), without, live)]
    assert digests[0] == digests[1] != digests[2]


def test_versions_differ_by_content() -> None:
    shipped, other = parse(TEXT), parse(TEXT.replace("lobby_min: 30", "lobby_min: 45"))
    assert (
        profile_files.digest(shipped)
        == profile_files.digest(parse("# a remark\n" + TEXT))
        != profile_files.digest(other)
    )
    assert shipped.effective_from == date(2023, 3, 24)
