"""The shipped profile says what the regulation says; a faulty one is refused with the place of the fault."""

from pathlib import Path

import pytest

from scheduler import profiles
from scheduler.errors import PolicyError

TEXT = profiles.SHIPPED[-1].read_text(encoding="utf-8")


def test_the_shipped_profile() -> None:
    shipped = profiles.parse(TEXT)
    assert shipped.id == "KH-2023"
    assert {level.id: level.rank for level in shipped.levels} == {
        "tw": 50, "ubt": 40, "so": 30, "huyen": 20, "xa": 10, "khac": 5,
    }  # fmt: skip
    assert (shipped.capacity.share.num, shipped.capacity.share.den) == (4, 5)
    assert (shipped.capacity.recorder_legs, shipped.capacity.test_legs) == (1, 4)
    assert (shipped.door.lobby_min, shipped.door.grace_min, shipped.code.digits) == (30, 15, 10)
    assert str(shipped.zone) == "Asia/Ho_Chi_Minh"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("rank: 40", "rank: 50", "line 1: profile: two levels share a rank"),
        ("id: so,", "id: xa,", "line 1: profile: two levels share a id"),
        ("Asia/Ho_Chi_Minh", "Asia/Nowhere", "timezone: unknown time zone"),
        ("{rule: joined}", "{rule: spaced}", "levels.4.naming: rule 'spaced' needs a text"),
        ("{rule: joined}", "{rule: joined, text: X}", "levels.4.naming: rule 'joined' takes no text"),
        ("lobby_min: 30", "loby_min: 30", "door.loby_min: Extra inputs are not permitted"),
    ],
)
def test_faulty_profiles(old: str, new: str, fault: str) -> None:
    with pytest.raises(PolicyError) as caught:
        profiles.parse(TEXT.replace(old, new, 1))
    assert str(caught.value).endswith(fault)


def test_no_yaml_at_all() -> None:
    with pytest.raises(PolicyError, match=r"^profile: not YAML: "):
        profiles.parse("a: [")
    with pytest.raises(PolicyError, match=r"^profile: not a mapping$"):
        profiles.parse("")


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(TEXT.replace("id: KH-2023", "id: KH-X"), encoding="utf-8")
    assert profiles.load([path]).shelf[0].id == "KH-X"
