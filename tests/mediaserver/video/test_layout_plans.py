"""Tests of the layout plans as they are drawn."""

from itertools import product
from typing import get_args

import pytest

from mediaserver.api import LayoutKind
from mediaserver.video.layout_plans import FAMILIES, LayoutPlan

PANES = {
    "grid": 64, "speaker": 7, "single": 1, "lecture": 1, "side-by-side": 2, "content": 4, "panorama": 6,
    "1+5": 6, "1+7": 8, "1+9": 10, "1+12": 13, "1+33": 34, "2+8": 10, "2+21": 23, "3+4": 7,
    "2x2": 4, "3x3": 9, "4x4": 16, "5x5": 25, "6x6": 36, "7x7": 49, "8x8": 64,
}  # fmt: skip


def covered(plan: LayoutPlan) -> list[tuple[int, int]]:
    """Return every position of the grid that a pane covers, once for each pane."""
    return [
        place
        for cell in plan.cells
        for place in product(range(cell.x, cell.x + cell.width), range(cell.y, cell.y + cell.height))
    ]


def test_every_kind_is_drawn_and_has_its_panes() -> None:
    assert tuple(FAMILIES) == get_args(LayoutKind)
    assert {kind: family.most for kind, family in FAMILIES.items()} == PANES


@pytest.mark.parametrize("kind", FAMILIES)
def test_panes_lie_on_the_grid_side_by_side(kind: LayoutKind) -> None:
    family = FAMILIES[kind]
    for count in range(1, family.most + 1):
        plan = family.plan(count)
        places = covered(plan)
        assert len(plan.cells) == (count if family.grows else family.most)
        assert len(places) == len(set(places))
        assert set(places) <= set(product(range(plan.columns), range(plan.rows)))


@pytest.mark.parametrize("kind", [kind for kind in FAMILIES if "+" in kind or "x" in kind])
def test_families_of_the_hardware_fill_the_picture(kind: LayoutKind) -> None:
    plan = FAMILIES[kind].plan(1)
    assert len(covered(plan)) == plan.columns * plan.rows


@pytest.mark.parametrize("kind", [kind for kind in FAMILIES if "+" in kind])
def test_the_large_panes_come_first_and_are_as_many_as_the_name_says(kind: LayoutKind) -> None:
    large, small = (int(number) for number in kind.split("+"))
    sizes = [cell.width * cell.height for cell in FAMILIES[kind].plan(1).cells]
    assert sizes == [max(sizes)] * large + [min(sizes)] * small
    assert max(sizes) > min(sizes)


@pytest.mark.parametrize("kind", [kind for kind in FAMILIES if kind not in ("2+21",)])
def test_panes_have_the_shape_of_the_picture(kind: LayoutKind) -> None:
    family = FAMILIES[kind]
    for count in range(1, family.most + 1):
        plan = family.plan(count)
        assert {cell.width * plan.rows == cell.height * plan.columns for cell in plan.cells} == {True}


@pytest.mark.parametrize("kind", FAMILIES)
def test_roles_do_not_depend_on_how_many_there_are(kind: LayoutKind) -> None:
    family = FAMILIES[kind]
    roles = [cell.role for cell in family.plan(family.most).cells]
    assert all([c.role for c in family.plan(n).cells] == roles[:n] for n in range(1, family.most + 1) if family.grows)
