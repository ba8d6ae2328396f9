"""Endpoint of the layouts of the composed picture: the same data that the compositor uses."""

from typing import Annotated, Literal

from pydantic import Field

from mediaserver.api import LayoutKind
from mediaserver.video.layout_plans import FAMILIES, LayoutFamily
from signaling.http.route import ApiRequest, Model, Route


class LayoutQuery(Model):
    """For how many points; without it each layout shows itself with as many as suit it."""

    points: Annotated[int | None, Field(ge=1, le=1000)] = None


class Pane(Model):
    """One pane, in units of the layout's grid; panes are filled in their order."""

    x: int
    y: int
    width: int
    height: int
    role: Literal["main", "held", "speaker", "seat", "content"]


class LayoutPlan(Model):
    """A layout; `most` panes at most, and those of `cells` for the points asked for."""

    kind: LayoutKind
    most: int
    grows: bool
    columns: int
    rows: int
    cells: list[Pane]


async def layouts(request: ApiRequest) -> list[LayoutPlan]:
    """Return every layout, in the order they are offered."""
    query: LayoutQuery = request.query
    return [_plan(family, query.points) for family in FAMILIES.values()]


def _plan(family: LayoutFamily, points: int | None) -> LayoutPlan:
    plan = family.plan(min(points or family.sample, family.most))
    return LayoutPlan(
        kind=family.kind,
        most=family.most,
        grows=family.grows,
        columns=plan.columns,
        rows=plan.rows,
        cells=[Pane(x=c.x, y=c.y, width=c.width, height=c.height, role=c.role) for c in plan.cells],
    )


ROUTES = [
    Route(
        "GET",
        "/layouts",
        layouts,
        "Layouts of the composed picture",
        list[LayoutPlan],
        query=LayoutQuery,
        public=True,
    )
]
