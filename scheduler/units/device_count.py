"""How many devices a point has: the rows of its devices, which capacity counts and names are made from (A7, R-033)."""

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.errors import BadDevices, DevicesDescribed
from scheduler.core.model import Point
from scheduler.units import point_names, store
from scheduler.units.naming import MAX_DEVICES


async def set_devices(db: AsyncConnection, point: Point, devices: int) -> None:
    """Let a point have so many devices, new ones with the next digits of its unit.

    Raises BadDevices when the digits are used up, DevicesDescribed.
    """
    for _ in range(devices - point.devices):
        await add_device(db, point.unit, point.id)
    surplus = point.numbers[devices:]
    if surplus and not await store.drop_devices(db, point.id, surplus):
        raise DevicesDescribed


async def add_device(db: AsyncConnection, unit: str, point: str) -> str:
    """Add a device to be described; return its id. Raises BadDevices when the digits of its unit are used up."""
    number = point_names.next_number(await store.points_of(db, unit))
    if number > MAX_DEVICES:
        raise BadDevices(number)
    return await store.add_device(db, point, number)
