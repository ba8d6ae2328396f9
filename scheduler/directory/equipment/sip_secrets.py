"""Stores the PINs and passwords of devices, encrypted (decision 11), within the caller's transaction."""

from collections.abc import Mapping

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.code_encryption import cipher_of
from scheduler.core.key_rotation import EncryptedColumn
from scheduler.core.schema import DEVICES
from scheduler.directory.model import SipSecret
from scheduler.directory.schema import SIP_SECRETS


async def secrets(db: AsyncConnection, device: str) -> dict[SipSecret, str]:
    """Return the secrets of a device. Raises LostKey."""
    rows = await db.execute(select(SIP_SECRETS).where(SIP_SECRETS.c.device == device))
    return {row.name: cipher_of(db).decrypt(row.sealed, _bound(device, row.name)) for row in rows}


async def names(db: AsyncConnection, point: str) -> dict[str, set[SipSecret]]:
    """Return which secrets the devices of a point have, by their ids."""
    query = select(SIP_SECRETS.c.device, SIP_SECRETS.c.name).join(DEVICES).where(DEVICES.c.point == point)
    found: dict[str, set[SipSecret]] = {}
    for row in await db.execute(query):
        found.setdefault(row.device, set()).add(row.name)
    return found


async def change(db: AsyncConnection, device: str, secrets: Mapping[SipSecret, str]) -> None:
    """Replace the named secrets of a device; empty ones are removed."""
    named = SIP_SECRETS.c.device == device, SIP_SECRETS.c.name.in_(list(secrets))
    await db.execute(delete(SIP_SECRETS).where(*named))
    rows = [
        {"device": device, "name": name, "sealed": cipher_of(db).encrypt(secret, _bound(device, name))}
        for name, secret in secrets.items()
        if secret
    ]
    if rows:
        await db.execute(insert(SIP_SECRETS), rows)


def _bound(device: str, name: str) -> str:
    return f"device {device} {name}"


ENCRYPTED = EncryptedColumn(SIP_SECRETS.c.sealed, lambda row: _bound(row["device"], row["name"]))
