"""Reminds the owner of a device's security that its last update is too long ago (Điều 7.3; R-038)."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.core.database import writing
from scheduler.core.model import Point, Unit
from scheduler.directory.equipment import devices, devices_store
from scheduler.directory.model import Device
from scheduler.directory.points import store as points_store
from scheduler.notifications import outbox
from scheduler.notifications.wording import Channels, Notice, NoticeFacts
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store


class PatchReminders:
    """Looks for overdue devices once a day; the outbox prevents a second notice."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, channels: Channels) -> None:
        self._engine = engine
        self._profiles = profiles
        self._channels = channels
        self._checked_on: date | None = None

    async def work(self, now: datetime) -> None:
        """Send a notice for each overdue device, once for each time it was updated."""
        policy = self._profiles.at(now)
        day = now.astimezone(policy.zone).date()
        if day == self._checked_on:
            return
        async with writing(self._engine) as db:
            points = {point.id: point for point in await units_store.all_points(db)}
            units = {unit.id: unit for unit in await units_store.units(db)}
            for device in await devices_store.devices(db):
                if devices.overdue(device, day, policy.directory.patch_days):
                    owner = device.security_owner or (await points_store.room(db, device.point)).security_owner
                    notice = of_device(device, owner, points[device.point], units)
                    await outbox.tell(db, notice, self._channels, now)
        self._checked_on = day


def of_device(device: Device, owner: str, point: Point, units: Mapping[str, Unit]) -> Notice:
    """Return the notice for a device.

    It goes to the unit whose name is the owner's, else to the point's unit with the name of the owner.
    """
    named = next((unit.id for unit in units.values() if unit.name.casefold() == owner.casefold()), point.unit)
    reason = "; ".join(part for part in (owner, f"cập nhật lần cuối {device.patched:%d/%m/%Y}") if part)
    facts = NoticeFacts(title=" ".join(part for part in (point.name, device.kind, device.model) if part), reason=reason)
    return Notice("patch", f"patch:{device.id}:{device.patched}", facts, named)
