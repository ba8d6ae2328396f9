"""Security controls: checklists as data, states of items, evidence, when they are due again (R-036, I-13, A9).

Also tests `checklists.py`, `evidence.py` and `rules.py`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.core import database
from scheduler.core.errors import InvalidRequest, UnknownPoint
from scheduler.directory.controls import checklists
from scheduler.directory.controls.evidence import EvidenceFiles, StoredFile
from scheduler.directory.controls.rules import Checklist, ChecklistItem, ChecklistRow, Control, rows
from scheduler.directory.controls.service import ControlsService
from scheduler.directory.errors import Unknown
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import CIPHER, NOW, at

ROOT = Path(__file__).parents[4]
SHIPPED = checklists.load()
FILE = StoredFile("a.pdf", "pdf", 1, "ab" * 32, "nowhere")


def test_i13_each_row_is_there_once_and_names_tests_that_exist() -> None:
    assert [(each.id, each.of, each.months) for each in SHIPPED] == [
        ("attt", "system", 12),
        ("nen_tang", "system", 12),
        ("may_tinh", "point", 3),
    ]
    for each in SHIPPED:
        assert len({item.id for item in each.items}) == len(each.items) > 0
        for proof in (proof for item in each.items for proof in item.proof):
            path, _, test = proof.partition("::")
            assert f"def {test}(" in (ROOT / path).read_text() if test else (ROOT / path).is_file(), proof


@dataclass
class ControlsFixture:
    """The register of security controls and its evidence, over a database."""

    engine: AsyncEngine
    controls: ControlsService
    evidence: EvidenceFiles


@pytest.fixture
async def fixture(seeded_url: str) -> AsyncIterator[ControlsFixture]:
    engine = database.connect(seeded_url, CIPHER)
    yield ControlsFixture(engine, ControlsService(engine, PROFILES, SHIPPED), EvidenceFiles(engine))
    await engine.dispose()


async def test_r036_rows_without_evidence_come_first(fixture: ControlsFixture) -> None:
    attt = fixture.controls.checklists["attt"]
    before = await fixture.controls.rows(attt, "")
    assert [row.shown for row in before] == sorted(row.shown for row in before)
    assert {row.control for row in before} == {None}
    first = before[0].item.id
    control = await fixture.controls.set("attt", "", first, "partly", "Đang trình", "truc", NOW)
    assert control == Control(
        control.id, "attt", "", first, control.unit, "partly", "Đang trình", "truc", NOW, date(2024, 4, 3)
    )
    assert (await fixture.controls.rows(attt, ""))[0] == ChecklistRow(before[0].item, control, 0)
    evidence = await fixture.evidence.add("control", control.id, FILE, "truc", NOW)
    assert evidence.unit == control.unit == await fixture.controls.unit("", NOW)
    after = {row.item.id: row for row in await fixture.controls.rows(attt, "")}
    assert (after[first].files, after[first].shown, list(after).index(first) > 0) == (1, True, True)
    again = await fixture.controls.set("attt", "", first, "met", "", "truong", at("01/06/2023 08:00"))
    assert (again.id, again.due) == (control.id, date(2024, 6, 1))  # its evidence stays
    assert await fixture.evidence.behind("control", [control.id]) == {control.id: [evidence]}


async def test_a9_the_laptop_of_each_point_is_checked_and_due_again(fixture: ControlsFixture) -> None:
    laptop = fixture.controls.checklists["may_tinh"]
    for item in laptop.items[:-1]:
        await fixture.controls.set("may_tinh", "so.tttt", item.id, "met", "", "so.tttt", NOW)
    await fixture.controls.set("may_tinh", "so.tttt", laptop.items[-1].id, "unmet", "Hỏng loa", "so.tttt", NOW)
    found = {each.point.id: each for each in await fixture.controls.checked(laptop)}
    assert list(found)[-1] == "so.tttt"  # who was never checked comes first
    mine, other = found["so.tttt"], found["nt.xuonghuan"]
    assert (mine.open, mine.at, mine.by, mine.due) == (1, NOW, "so.tttt", date(2023, 7, 3))
    assert (other.open, other.at, other.due) == (len(laptop.items), None, None)


async def test_faulty_controls_are_refused(fixture: ControlsFixture) -> None:
    for checklist, subject in (("nothing", ""), ("attt", "so.tttt"), ("may_tinh", "")):
        with pytest.raises(Unknown):
            await fixture.controls.set(checklist, subject, "mang", "met", "", "x", NOW)
    with pytest.raises(UnknownPoint):
        await fixture.controls.set("may_tinh", "nothing", "mang", "met", "", "x", NOW)
    for item, remark, wrong in (("x", "", "item: unknown-item (x)"), ("mang", " ", "remark: required")):
        with pytest.raises(InvalidRequest) as caught:
            await fixture.controls.set("may_tinh", "so.tttt", item, "unmet", remark, "x", NOW)
        assert list(map(str, caught.value.errors)) == [wrong]
    with pytest.raises(Unknown):
        await fixture.controls.control("nothing")
    with pytest.raises(Unknown):
        await fixture.evidence.add("control", "nothing", FILE, "x", NOW)


@pytest.mark.parametrize(
    ("state", "due", "overdue", "is_open"),
    [(None, None, True, True), ("met", 2, True, False), ("met", 3, False, False), ("unmet", 3, False, True)],
)
def test_an_item_is_due_again(state: str | None, due: int | None, overdue: bool, is_open: bool) -> None:
    item = ChecklistItem("a", "g", "t")
    known = [Control("1", "c", "", "a", "u", state, "", "b", NOW, date(2023, 4, due))] if state and due else []  # type: ignore[arg-type]
    (row,) = rows(Checklist("c", "", "", "system", 1, (item,)), known, {})
    assert (row.overdue(date(2023, 4, 3)), row.open, row.shown) == (overdue, is_open, False)
