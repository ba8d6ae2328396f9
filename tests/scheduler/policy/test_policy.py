"""The shipped profile has the values of the regulation; a faulty one is refused with the place of the fault."""

from pathlib import Path

import pytest

from scheduler.core.errors import PolicyError
from scheduler.core.model import ClassId
from scheduler.policy import profile_files
from tests.scheduler.world import at

TEXT = profile_files.SHIPPED[-1].read_text(encoding="utf-8")


def test_the_shipped_profile() -> None:
    shipped = profile_files.parse(TEXT)
    assert shipped.id == "KH-2023"
    assert {level.id: level.rank for level in shipped.levels} == {
        "tw": 50, "ubt": 40, "so": 30, "huyen": 20, "xa": 10, "khac": 5,
    }  # fmt: skip
    assert (shipped.capacity.share.num, shipped.capacity.share.den) == (4, 5)
    assert (shipped.capacity.recorder_legs, shipped.capacity.test_legs) == (1, 4)
    assert (shipped.door.lobby_min, shipped.door.grace_min, shipped.code.digits) == (30, 15, 10)
    assert str(shipped.zone) == "Asia/Ho_Chi_Minh"


NONE = "standings: []"
SAID = 'unit: so.yt, rank: 40, document: "12/UBND", valid_from: 2024-01-01'


def standing(**other: object) -> str:
    """Return YAML that gives a unit an exceptional rank, the list still open."""
    fields = {"unit": "so.yt", "rank": 40, "document": "12/UBND", "valid_from": "2023-04-01", **other}
    return f"standings: [{{{', '.join(f'{name}: {value}' for name, value in fields.items())}}}" + ("]" if other else "")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("rank: 40", "rank: 50", "line 1: profile: two levels share a rank"),
        ("id: so,", "id: xa,", "line 1: profile: two levels share a id"),
        ("Asia/Ho_Chi_Minh", "Asia/Nowhere", "timezone: unknown time zone"),
        ("{rule: joined}", "{rule: spaced}", "levels.4.naming: rule 'spaced' needs a text"),
        ("{rule: joined}", "{rule: joined, text: X}", "levels.4.naming: rule 'joined' takes no text"),
        (NONE, standing(rank=35), "line 1: profile: standings: so.yt has the rank 35 of no level"),
        (NONE, standing(valid_to="2023-03-31"), "line 1: profile: standings: so.yt ends before it begins"),
        (NONE, f"{standing()}, {{{SAID}}}]", "line 1: profile: standings: so.yt has two ranks at a time"),
        ("lobby_min: 30", "loby_min: 30", "door.loby_min: Extra inputs are not permitted"),
    ],
)
def test_faulty_profiles(old: str, new: str, fault: str) -> None:
    with pytest.raises(PolicyError) as caught:
        profile_files.parse(TEXT.replace(old, new, 1))
    assert str(caught.value).endswith(fault)


@pytest.mark.parametrize(
    ("unit", "start", "klass", "rank"),
    [
        ("so.yt", "31/03/2023 23:59", "thuong", 30),
        ("so.yt", "01/04/2023 00:00", "thuong", 40),
        ("so.yt", "30/04/2023 23:59", "khan_cap", 41),
        ("so.yt", "01/05/2023 00:00", "khan_cap", 31),
        ("so.tttt", "02/04/2023 08:00", "thuong", 30),
    ],
)
def test_a22_a_unit_stands_elsewhere_than_its_level_for_some_days(
    unit: str, start: str, klass: ClassId, rank: int
) -> None:
    policy = profile_files.parse(TEXT.replace(NONE, standing(valid_to="2023-04-30")))
    assert policy.rank("so", klass, unit, at(start)) == rank


def test_no_yaml_at_all() -> None:
    with pytest.raises(PolicyError, match=r"^profile: not YAML: "):
        profile_files.parse("a: [")
    with pytest.raises(PolicyError, match=r"^profile: not a mapping$"):
        profile_files.parse("")


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(TEXT.replace("id: KH-2023", "id: KH-X"), encoding="utf-8")
    assert profile_files.load([path]).policies[0].id == "KH-X"
