"""Endpoints of units, points and the device register."""

from typing import Annotated

from pydantic import Field

from scheduler.core import model
from signaling.directory.context import POINTS
from signaling.http.route import ID, ApiRequest, Id, Model, Route


class Unit(Model):
    """An agency."""

    id: str
    name: str
    level: str
    parent: str | None


class Point(Model):
    """A meeting room of a unit."""

    id: str
    name: str
    label: str
    unit: str
    level: str
    devices: int


class PointQuery(Model):
    """Filters of the list of points."""

    unit: Id | None = None


class Devices(Model):
    """Number of devices of a point."""

    devices: Annotated[int, Field(ge=1, le=99, strict=True)]


async def units(request: ApiRequest) -> list[Unit]:
    """List units."""
    listed = await request.context(POINTS).scheduler.units(request.now)
    return [Unit(id=unit.id, name=unit.name, level=unit.level, parent=unit.parent) for unit in listed]


async def points(request: ApiRequest) -> list[Point]:
    """List active points of units that exist today."""
    listed = await request.context(POINTS).scheduler.points(request.query.unit, request.now)
    return [_wire(point) for point in listed if point.state == model.PointState.ACTIVE]


async def devices(request: ApiRequest) -> Point:
    """Set the number of devices of a point."""
    request.only(request.account.central)
    point = await request.context(POINTS).scheduler.set_devices(request.id, request.body.devices)
    await request.note("devices", point.id, f"devices={point.devices}")
    return _wire(point)


def _wire(point: model.Point) -> Point:
    return Point(
        id=point.id,
        name=point.name,
        label=point.label,
        unit=point.unit,
        level=point.level,
        devices=point.devices,
    )


ROUTES = [
    Route("GET", "/units", units, "List units", list[Unit]),
    Route("GET", "/points", points, "List points", list[Point], query=PointQuery),
    Route(
        "POST", f"/points/{ID}/devices", devices, "Set the devices of a point", Point, body=Devices, problems=(403, 404)
    ),
]
