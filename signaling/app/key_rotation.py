"""Replaces `code.key` by a new key while no server runs: codes, secrets, recordings and documents.

The new key is written first. Files and the database are then encrypted with it, and only when all are does it take the
place of the old one. Whatever ends this in between, it is repeated, and goes on where it was; no server starts before.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mediaserver.recording.encrypted_file import REWRAP_SUFFIX, FileCipher, is_encrypted
from mediaserver.recording.files import rename_synced
from scheduler.booking.sessions import store as sessions_store
from scheduler.core import database
from scheduler.core.code_encryption import KEY_BYTES, CodeCipher
from scheduler.core.key_rotation import EncryptedColumn, Rotation
from scheduler.directory.equipment import sip_secrets
from scheduler.webhooks import outbox as webhooks_outbox
from signaling.accounts import second_factor_store
from signaling.accounts.schema import RECOVERY_CODES, SECOND_FACTOR_CHALLENGES
from signaling.app import migration
from signaling.app.lease import Lease
from signaling.app.private_files import CODE_KEY, NEXT_CODE_KEY
from signaling.app.services import file_cipher
from signaling.app.settings import Settings
from signaling.cascade import store as cascade_store
from signaling.core.errors import SettingsError
from signaling.http import idempotency
from signaling.recording.catalog import write_key

COLUMNS: tuple[EncryptedColumn, ...] = (
    sip_secrets.ENCRYPTED,
    *webhooks_outbox.ENCRYPTED,
    second_factor_store.ENCRYPTED,
    idempotency.ENCRYPTED,
    *cascade_store.ENCRYPTED,
)
"""All that is encrypted by the key in tables, but for the codes, which also have marks."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """The outcome of a rotation: files that have the new key, files and texts that neither key opens, and the number
    of accounts that lost their recovery codes."""

    files: int
    lost_files: tuple[Path, ...]
    lost_texts: int
    without_recovery_codes: int


async def ending_recovery_codes(settings: Settings) -> int:
    """Return how many accounts will lose their recovery codes; 0 for a rotation that has begun. Raises as `rotate`."""
    current = _current(settings)
    if (settings.data / NEXT_CODE_KEY).exists():
        return 0
    engine = database.connect(settings.database_url, CodeCipher(current.read_bytes()))
    try:
        migration.check(await migration.read_versions(engine), migrating=False)
        async with engine.connect() as db:
            return await _with_recovery_codes(db)
    finally:
        await engine.dispose()


async def rotate(settings: Settings, told: Callable[[str], None]) -> Rotated:
    """Replace the key, or go on with that. Raises SettingsError, LostKey, DatabaseInUse, OlderDatabase, OSError."""
    current, fresh = _current(settings), settings.data / NEXT_CODE_KEY
    if not fresh.exists():
        _write_next(fresh)
    old, new = current.read_bytes(), fresh.read_bytes()
    rotation = Rotation(CodeCipher(old), CodeCipher(new))
    engine = database.connect(settings.database_url, rotation.old)
    try:
        migration.check(await migration.read_versions(engine), migrating=False)
        async with Lease(settings, lambda: None).held(engine):
            told("files")
            files, lost_files = _rotate_files(settings, file_cipher(old), file_cipher(new))
            told("database")
            async with database.writing(engine) as db:
                lost_texts, without = await _rotate_tables(db, rotation)
            rename_synced(fresh, current)
    finally:
        await engine.dispose()
    return Rotated(files, lost_files, lost_texts, without)


def _current(settings: Settings) -> Path:
    """Return the file of the present key. Raises SettingsError."""
    current = settings.data / CODE_KEY
    if settings.code_key is not None:
        raise SettingsError(f"DIEMCAU_CODE_KEY is set: write that key into {current}, unset it, then rotate")
    if not current.is_file():
        raise SettingsError(f"{settings.data} has no {CODE_KEY} yet")
    return current


def _write_next(path: Path) -> None:
    """Write a new key, whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    write_key(part, secrets.token_bytes(KEY_BYTES))
    rename_synced(part, path)


async def _rotate_tables(db: AsyncConnection, rotation: Rotation) -> tuple[int, int]:
    """Encrypt all texts with the new key; return how many neither opens, and how many accounts had recovery codes.

    Of these there are only hashes, which the new key does not make: they are deleted. Nor do hashes keep
    codes from being guessed by who may have the old key.
    """
    await sessions_store.rotate_codes(db, rotation)
    lost = sum([await column.rotate(db, rotation) for column in COLUMNS])
    without = await _with_recovery_codes(db)
    await db.execute(delete(RECOVERY_CODES))
    await db.execute(delete(SECOND_FACTOR_CHALLENGES))  # of sign-ins and apps that were half-way
    return lost, without


async def _with_recovery_codes(db: AsyncConnection) -> int:
    return await db.scalar(select(func.count(RECOVERY_CODES.c.account.distinct()))) or 0


def _rotate_files(settings: Settings, old: FileCipher, new: FileCipher) -> tuple[int, tuple[Path, ...]]:
    """Encrypt the keys of all files with the new key; return how many have it, and which files neither key opens."""
    done, lost = 0, []
    for path in filter(is_encrypted, _files(settings.recordings, settings.documents)):
        made = path.with_name(f"{path.name.partition('.')[0]}.mp4")
        if old.rewrap(path, new) or old.for_making(made).rewrap(path, new.for_making(made)):
            done += 1
        else:
            lost.append(path)
    return done, tuple(lost)


def _files(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        for directory, _, names in os.walk(folder):
            yield from (Path(directory, name) for name in sorted(names) if not name.endswith(REWRAP_SUFFIX))
