"""The spreadsheet of devices: the inventory of rooms (Điều 5.6, 3.5). A row without a number adds a device."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Any, get_args

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.model import Point
from scheduler.directory.equipment import codec_sets, devices, devices_store, lines_store
from scheduler.directory.import_export.point_lookup import point_finder
from scheduler.directory.import_export.preview import ImportStep, day, differences, number
from scheduler.directory.model import Device, DeviceKind, DeviceProtocol, EncryptionPolicy, SipTransport
from scheduler.files.errors import RowError
from scheduler.files.spreadsheet import Row
from scheduler.policy.profile_files import Profiles
from scheduler.units import device_count
from scheduler.units import store as units_store

TEXTS = (
    *("model", "serial", "firmware", "security_owner", "asset_number", "asset_source", "sip_user", "auth_user"),
    *("media_addresses", "sip_profile"),
)
COLUMNS = (
    "point",
    "number",
    "kind",
    "protocol",
    "address",
    "port",
    "transport",
    "encryption",
    *TEXTS,
    "stream_path",
    "codecs",
    "patched",
    "asset_year",
    "dial_out",
    "camera_control",
    "picture_kbps",
)
YES = "x"
YES_WORDS = {YES, "1", "true", "có"}


async def rows(db: AsyncConnection) -> list[Row]:
    """Return all devices as rows."""
    names = {point.id: point.name for point in await units_store.all_points(db)}
    rows_ = []
    for device in await devices_store.devices(db):
        allowed = {name: YES if getattr(device, name) else "" for name in ("dial_out", "camera_control")}
        values = {**asdict(device), "point": names[device.point], **allowed}
        rows_.append({name: "" if values[name] is None else str(values[name]) for name in COLUMNS})
    return rows_


async def plan(
    db: AsyncConnection,
    rows: Sequence[tuple[int, Row]],
    profiles: Profiles,
    now: datetime,
    faults: list[RowError],
) -> list[ImportStep]:
    """Return which devices would be added or described anew."""
    points, policy = await point_finder(db), profiles.at(now)
    names = {point.id: point.name for point in await units_store.all_points(db)}
    known = {(device.point, device.number): device for device in await devices_store.devices(db)}
    lines = await lines_store.lines(db)
    after = {device.id: device for device in known.values()}
    steps, checked = [], []
    for row_number, row in rows:
        point = points(row_number, row["point"], faults)
        digits = number(row["number"], row_number, "number", faults)
        old = known.get((point.id, digits)) if point and digits else None
        if point is None or (digits and old is None):
            faults += [RowError(row_number, "number", "unknown-device", row["number"])] if point else []
            continue
        if old is not None and not old.kind and not row["kind"]:  # neither the registration nor the row describes it
            steps.append(ImportStep(row_number, "same", point.name))
            continue
        new = _device(old or Device(f"line {row_number}", point.id, 0), row, row_number, faults)
        after[new.id] = new
        checked.append((row_number, new))
        steps.append(_step(row_number, point, old, new))
    for row_number, new in checked:
        own = [each for each in lines if each.point == new.point]
        errors = devices.faults(new, own, policy, after.values(), names)
        faults += [RowError(row_number, fault.field, fault.word, fault.value) for fault in errors]
    return steps


def _device(old: Device, row: Row, row_number: int, faults: list[RowError]) -> Device:
    values: dict[str, Any] = {name: row[name][:100] for name in TEXTS} | {"stream_path": row["stream_path"][:200]}
    for column, type_ in (("kind", DeviceKind), ("protocol", DeviceProtocol), ("transport", SipTransport)):
        values[column], allowed = row[column].upper(), get_args(type_)
        if values[column] not in allowed:
            faults.append(RowError(row_number, column, "one-of", ", ".join(filter(None, allowed))))
    values["encryption"], allowed = row["encryption"].lower() or "off", get_args(EncryptionPolicy)
    if values["encryption"] not in allowed:
        faults.append(RowError(row_number, "encryption", "one-of", ", ".join(allowed)))
    try:
        values["address"] = devices.address(row["address"]) if row["address"] else None
    except ValueError:
        faults.append(RowError(row_number, "address", "address-format", row["address"][:64]))
    try:
        values["codecs"] = codec_sets.canonical(row["codecs"])
    except ValueError as bad:
        faults.append(RowError(row_number, "codecs", "codecs-format", str(bad)[:64]))
    values["port"] = number(row["port"], row_number, "port", faults)
    values["picture_kbps"] = number(row["picture_kbps"], row_number, "picture_kbps", faults)
    values["patched"] = day(row["patched"], row_number, "patched", faults)
    values["asset_year"] = number(row["asset_year"], row_number, "asset_year", faults)
    values |= {name: row[name].lower() in YES_WORDS for name in ("dial_out", "camera_control")}
    return replace(old, **values)


def _step(row_number: int, point: Point, old: Device | None, new: Device) -> ImportStep:
    if old is None:
        return ImportStep(
            row_number, "add", f"{point.name}: {new.kind} {new.address or ''}".strip(), partial(_add, point, new)
        )
    changes = differences(asdict(old), asdict(new))
    if not changes:
        return ImportStep(row_number, "same", point.name)
    return ImportStep(
        row_number, "change", f"{point.name} {old.number:02}: {changes}", partial(devices_store.describe, device=new)
    )


async def _add(point: Point, new: Device, db: AsyncConnection) -> None:
    id_ = await device_count.add_device(db, point.unit, point.id)
    added = await devices_store.device(db, id_)
    await devices_store.describe(db, replace(new, id=id_, number=added.number if added else 1))
