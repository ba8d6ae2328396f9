"""Registers devices, access lines and providers, and decides on changes (Điều 6.3, 11.5, 11.7).

Each method is one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core import text
from scheduler.core.database import writing
from scheduler.core.errors import FieldError, InvalidRequest, UnknownPoint
from scheduler.core.model import Point
from scheduler.directory.equipment import (
    bindings_store,
    codec_sets,
    devices,
    devices_store,
    drift,
    lines_store,
    sip_secrets,
)
from scheduler.directory.equipment.drift import Drift
from scheduler.directory.errors import DecidedAlready, LastDevice, Unknown
from scheduler.directory.model import (
    AccessLine,
    Binding,
    Device,
    DeviceChange,
    DeviceField,
    ObservedDevice,
    Provider,
    SipSecret,
)
from scheduler.policy.policy import Policy
from scheduler.policy.profile_files import Profiles
from scheduler.units import device_count
from scheduler.units import store as units_store
from scheduler.units.naming import device_names

NO_SECRETS: Mapping[SipSecret, str] = {}


class Equipment:
    """Stores the devices, access lines and providers of points."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles) -> None:
        self._engine = engine
        self._profiles = profiles

    def keeps_out(self, drifts: Sequence[Drift], now: datetime) -> bool:
        """Return whether a drift keeps a device out by the profile in force (R-004)."""
        return blocked(drifts, self._profiles.at(now))

    # Devices.

    async def devices(self, point: str | None = None) -> list[Device]:
        """Return the devices of a point, or all devices."""
        async with self._engine.begin() as db:
            return await devices_store.devices(db, point)

    async def sip_secrets(self, device: str) -> dict[SipSecret, str]:
        """Return the PIN and the password of a device, of those that it has. Raises LostKey."""
        async with self._engine.begin() as db:
            return await sip_secrets.secrets(db, device)

    async def secret_names(self, point: str) -> dict[str, set[SipSecret]]:
        """Return which secrets the devices of a point have, by their ids."""
        async with self._engine.begin() as db:
            return await sip_secrets.names(db, point)

    async def bindings(self, now: datetime) -> dict[str, Binding]:
        """Return where registered devices take calls now, by device."""
        async with self._engine.begin() as db:
            return await bindings_store.bindings(db, now)

    async def bind(self, binding: Binding) -> None:
        """Store where a device takes calls, in place of where it did."""
        async with writing(self._engine) as db:
            await bindings_store.bind(db, binding)

    async def unbind(self, device: str) -> None:
        """Remove where a device takes calls."""
        async with writing(self._engine) as db:
            await bindings_store.unbind(db, device)

    async def add_device(self, device: Device, now: datetime, secrets: Mapping[SipSecret, str] = NO_SECRETS) -> Device:
        """Add a device to a point, with the next number of its unit.

        Raises UnknownPoint, BadDevices, InvalidRequest.
        """
        async with writing(self._engine) as db:
            point = await _point(db, device.point)
            id_ = await device_count.add_device(db, point.unit, point.id)
            added = await _device(db, id_)
            return await self._describe(db, replace(device, id=id_, number=added.number), now, secrets)

    async def describe(self, device: Device, now: datetime, secrets: Mapping[SipSecret, str] = NO_SECRETS) -> Device:
        """Replace the description of a device and the named secrets; its point and number stay.

        Raises Unknown, InvalidRequest.
        """
        async with writing(self._engine) as db:
            known = await _device(db, device.id)
            return await self._describe(db, replace(device, point=known.point, number=known.number), now, secrets)

    async def _describe(
        self, db: AsyncConnection, device: Device, now: datetime, secrets: Mapping[SipSecret, str]
    ) -> Device:
        try:
            cleaned = replace(device, address=devices.address(device.address) if device.address else None)
        except ValueError:
            raise InvalidRequest([FieldError("address", "address-format", (device.address or "")[:64])]) from None
        try:
            cleaned = replace(cleaned, codecs=codec_sets.canonical(device.codecs))
        except ValueError as bad:
            raise InvalidRequest([FieldError("codecs", "codecs-format", str(bad)[:64])]) from None
        names = {point.id: point.name for point in await units_store.all_points(db)}
        access_lines = await lines_store.lines(db, cleaned.point)
        others = await devices_store.devices(db)
        kept = await sip_secrets.secrets(db, cleaned.id)
        faults = devices.faults(cleaned, access_lines, self._profiles.at(now), others, names)
        faults += devices.secret_faults(cleaned, kept, secrets)
        if faults:
            raise InvalidRequest(faults)
        await devices_store.describe(db, cleaned)
        await sip_secrets.change(db, cleaned.id, secrets)
        return cleaned

    async def remove_device(self, id_: str) -> Device:
        """Remove a device; the others keep their numbers. Raises Unknown, LastDevice."""
        async with writing(self._engine) as db:
            known = await _device(db, id_)
            if (await _point(db, known.point)).devices == 1:
                raise LastDevice
            await devices_store.remove(db, id_)
            return known

    # Lines and providers.

    async def lines(self, point: str | None = None) -> list[AccessLine]:
        """Return the access lines of a point, or of all points."""
        async with self._engine.begin() as db:
            return await lines_store.lines(db, point)

    async def set_line(self, line: AccessLine) -> AccessLine:
        """Add an access line, or replace the one with its id. Raises UnknownPoint, Unknown."""
        async with writing(self._engine) as db:
            await _point(db, line.point)
            if line.provider and line.provider not in {each.id for each in await lines_store.providers(db)}:
                raise Unknown("provider", line.provider)
            await lines_store.set_line(db, line)
        return line

    async def remove_line(self, id_: str) -> None:
        """Remove an access line. Raises Unknown."""
        async with writing(self._engine) as db:
            if not await lines_store.drop_line(db, id_):
                raise Unknown("line", id_)

    async def providers(self) -> list[Provider]:
        """Return all providers by name."""
        async with self._engine.begin() as db:
            return await lines_store.providers(db)

    async def set_provider(self, provider: Provider) -> Provider:
        """Add a provider, or change the one with its id. Raises InvalidRequest for a name that is taken."""
        async with writing(self._engine) as db:
            known = await lines_store.providers(db)
            if any(each.name == provider.name and each.id != provider.id for each in known):
                raise InvalidRequest([FieldError("name", "provider-known", provider.name)])
            await lines_store.set_provider(db, provider)
        return provider

    # Changes.

    async def changes(self, point: str | None = None) -> list[DeviceChange]:
        """Return changes, open ones first."""
        async with self._engine.begin() as db:
            return await devices_store.changes(db, point)

    async def ask(self, id_: str, field: DeviceField, new: str, reason: str, by: str, now: datetime) -> DeviceChange:
        """Store a unit's request to change a registered value of a device. Raises Unknown."""
        async with writing(self._engine) as db:
            known = await _device(db, id_)
            wanted = Drift(field, _registered(known, field), text.clean(new)[: drift.LONGEST])
            number = await devices_store.add_change(db, known, "request", wanted, text.clean(reason)[:500], by, now)
            return await _change(db, number)

    async def check_device(self, point_id: str, device: int, what: ObservedDevice, now: datetime) -> list[Drift]:
        """Compare the `device`-th device of a point, as observed, with its registration; store the drifts.

        Raises UnknownPoint.
        """
        async with self._engine.begin() as db:
            point = await _point(db, point_id)
            devices_ = await devices_store.devices(db, point_id)
            if device > len(devices_):  # the device was removed during the meeting
                return []
            known = devices_[device - 1]
            drifts = drift.compare(known, _name(point, device), await lines_store.lines(db, point_id), what)
        await self._flag(known, drifts, now)
        return drifts

    async def check_address(self, point_id: str, address: str, now: datetime) -> list[Drift]:
        """Store and return a drift if somebody of a point signs in over a wrong line (R-004).

        Raises UnknownPoint.
        """
        async with self._engine.begin() as db:
            await _point(db, point_id)
            devices_ = await devices_store.devices(db, point_id)
            drifts = drift.wrong_line(await lines_store.lines(db, point_id), address)
        if devices_:
            await self._flag(devices_[0], drifts, now)
        return drifts

    async def _flag(self, known: Device, drifts: Sequence[Drift], now: datetime) -> None:
        if drifts:
            async with writing(self._engine) as db:
                for each in drifts:
                    await devices_store.add_change(db, known, "drift", each, "", "", now)

    async def decide(self, number: int, accept: bool, by: str, now: datetime) -> DeviceChange:
        """Accept a change, which is then registered, or reject it.

        Raises Unknown, DecidedAlready, InvalidRequest.
        """
        async with writing(self._engine) as db:
            change = await _change(db, number)
            if change.state != "open":
                raise DecidedAlready
            if accept and change.device and change.field in {"address", "user_agent", "firmware", "codecs"}:
                known = await _device(db, change.device)
                await self._describe(db, replace(known, **{change.field: change.new}), now, NO_SECRETS)  # type: ignore[arg-type]
            await devices_store.decide(db, number, "accepted" if accept else "rejected", by, now)
            return await _change(db, number)


def blocked(drifts: Sequence[Drift], policy: Policy) -> bool:
    """Return whether a drift keeps a device out: a wrong line, where the profile says so (R-004)."""
    return policy.directory.line_mismatch == "block" and any(each.field == "line" for each in drifts)


def _name(point: Point, device: int) -> str:
    return device_names(point.name, point.devices, point.numbers)[device - 1]


def _registered(device: Device, field: DeviceField) -> str:
    return str(getattr(device, field, "") or "")  # a device has no field for name and line


async def _point(db: AsyncConnection, id_: str) -> Point:
    points = await units_store.points_named(db, [id_])
    if id_ not in points:
        raise UnknownPoint(id_)
    return points[id_]


async def _device(db: AsyncConnection, id_: str) -> Device:
    device = await devices_store.device(db, id_)
    if device is None:
        raise Unknown("device", id_)
    return device


async def _change(db: AsyncConnection, number: int) -> DeviceChange:
    change = await devices_store.change(db, number)
    if change is None:
        raise Unknown("change", str(number))
    return change
