"""Units files: faults are reported with line or entry, and nothing of a faulty file is imported.

Also tests `store.py` and `device_count.py`.
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.errors import BadUnits
from scheduler.policy.profile_files import load
from scheduler.units import units_file

PROFILES = load()
PROVINCE = {"id": "56", "name": "UBND tỉnh Khánh Hòa", "level": "ubt"}
DISTRICT = {"id": "568", "name": "Thành phố Nha Trang", "level": "huyen", "parent": "56", "abbr": "NT"}
COMMUNE = {"id": "22342", "name": "Phường Xương Huân", "level": "xa", "parent": "568"}


def parse(*entries: dict[str, Any]) -> list[units_file.RegistryEntry]:
    return units_file.parse(json.dumps({"units": entries}), PROFILES)


def problems(text: str) -> list[str]:
    with pytest.raises(BadUnits) as caught:
        units_file.parse(text, PROFILES)
    return str(caught.value).splitlines()


def test_names_and_labels_follow_from_the_rule() -> None:
    points = [r.point for r in parse(PROVINCE, DISTRICT, COMMUNE)]
    assert [(p.id, p.name, p.label, p.unit, p.devices) for p in points] == [
        ("ubnd.khanh-hoa", "UBND.Khanh Hoa", "UBND tỉnh Khánh Hòa", "56", 1),
        ("ubnd.nha-trang", "UBND.Nha Trang", "UBND thành phố Nha Trang", "568", 1),
        ("nt.xuonghuan", "NT.XuongHuan", "UBND phường Xương Huân", "22342", 1),
    ]


def test_a_unit_of_the_last_level_may_choose_its_name() -> None:
    port = {"id": "cv", "name": "Cảng vụ Hàng hải Nha Trang", "level": "khac"}
    assert parse(port)[0].point.name == "Cang vu Hang hai Nha Trang"
    assert parse({**port, "point": "Cang vu NT"})[0].point.name == "Cang vu NT"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({**DISTRICT, "id": "56"}, "entry 2: duplicate-id (56)"),
        ({**DISTRICT, "level": "quan"}, "entry 2: unknown-level (quan)"),
        ({**DISTRICT, "parent": "99"}, "entry 2: unknown-parent (99)"),
        ({**PROVINCE, "id": "57", "parent": "56"}, "entry 2: parent-not-higher (56)"),
        ({**PROVINCE, "id": "57"}, "entry 2: duplicate-name (UBND.Khanh Hoa)"),
        ({**DISTRICT, "point": "UBND.NhaTrang"}, "entry 2: bad-name (UBND.NhaTrang, not UBND.Nha Trang)"),
        ({"id": "so.nv", "name": "Sở Nội vụ", "level": "so"}, "entry 2: no-name (Sở Nội vụ)"),
        ({"id": "so.nv", "name": "Sở Nội vụ", "level": "so", "point": "NV"}, "entry 2: bad-name (NV)"),
        ({"id": "x", "name": "X", "level": "khac", "point": "ubnd.khanh hoa"}, "entry 2: bad-name (ubnd.khanh hoa)"),
        ({"id": "p1", "name": "Phường 1", "level": "xa", "parent": "56"}, "entry 2: no-name (Phường 1)"),
    ],
)
def test_faulty_entries(entry: dict[str, Any], problem: str) -> None:
    assert problems(json.dumps({"units": [PROVINCE, entry]})) == [problem]


def test_a_department_may_not_take_anothers_name() -> None:
    home, foreign = ({"id": i, "name": n, "level": "so", "point": "So.NV"} for i, n in (("a", "Nội"), ("b", "Ngoại")))
    assert problems(json.dumps({"units": [home, foreign]})) == ["entry 2: duplicate-name (So.NV)"]
    assert [r.point.name for r in parse(home, {**foreign, "point": "So.NgV"})] == ["So.NV", "So.NgV"]


def test_every_faulty_entry_is_named() -> None:
    file = {"units": [{**COMMUNE, "parent": "1"}, PROVINCE, {"id": 5, "name": "\x00", "level": "xa"}]}
    found = problems(json.dumps(file))
    assert [line.split(" (")[0] for line in found] == ["entry 1: unknown-parent", *["entry 3: bad-field"] * 2]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"units": [\n  {"id": 1},\n  oops\n]}', "line 3: not-json (Expecting value)"),
        ("[]", "line 1: no-units"),
        ('{"units": {}}', "line 1: no-units"),
        ("[" * 100_000, "line 1: not-json (nested too deeply)"),
        ("[" + "9" * 5000 + "]", "line 1: not-json (a number of thousands of digits)"),
    ],
)
def test_faulty_files(text: str, problem: str) -> None:
    assert problems(text) == [problem]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(["id", "name", "level", "parent", "abbr", "point", "more"])
values = json_values | st.sampled_from(["56", "568", "ubt", "huyen", "xa", "khac", "NT", "Xã A", "Cảng"])
entries = st.dictionaries(fields, values, max_size=6) | json_values


@given(st.lists(st.sampled_from([PROVINCE, DISTRICT, COMMUNE]) | entries, max_size=4).map(lambda e: {"units": e}))
def test_anything_is_read_or_refused(file: dict[str, Any]) -> None:
    try:
        read = units_file.parse(json.dumps(file), PROFILES)
    except BadUnits as error:
        refused = error.problems
    else:
        assert len({r.point.id for r in read}) == len(read) == len(file["units"])
        return
    assert refused


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    assert problems("x" + text)[0].startswith("line ")
