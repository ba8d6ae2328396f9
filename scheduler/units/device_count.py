"""Sets the number of devices of a point, as rows; capacity counts them, and names are made from them (A7, R-033)."""

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.errors import BadDevices, DevicesDescribed
from scheduler.core.model import Point
from scheduler.units import point_names, store
from scheduler.units.naming import MAX_DEVICES


async def set_devices(db: AsyncConnection, point: Point, devices: int) -> None:
    """Set the number of devices of a point; new ones get the next digits of its unit.

    Raises BadDevices if the digits are used up, DevicesDescribed if a device to remove is described.
    """
    for _ in range(devices - point.devices):
        await add_device(db, point.unit, point.id)
    surplus = point.numbers[devices:]
    if surplus and not await store.drop_devices(db, point.id, surplus):
        raise DevicesDescribed


async def add_device(db: AsyncConnection, unit: str, point: str) -> str:
    """Add an undescribed device; return its id. Raises BadDevices if the digits of its unit are used up."""
    number = point_names.next_number(await store.points_of(db, unit))
    if number > MAX_DEVICES:
        raise BadDevices(number)
    return await store.add_device(db, point, number)
