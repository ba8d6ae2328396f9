"""Copies of the record that bring a server back: the database as of one moment, with the keys it needs (I-12).

SQLite copies itself while the server writes. A timer that does so every quarter of an hour loses no more than that.
Recordings are files of their own and too big to travel here; PostgreSQL has tools of its own.
"""

import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from signaling.errors import BadBackup
from signaling.schema import copy_database
from signaling.settings import Settings

DATABASE = "database.sqlite3"
KEYS = ("code.key", "ticket.key")
SQLITE = "sqlite:///"


def backup(settings: Settings, target: Path) -> None:
    """Write database and keys into one file, readable by its owner only. Raises BadBackup."""
    source = _database(settings)
    with tempfile.TemporaryDirectory(dir=target.parent) as directory:
        copy = Path(directory) / DATABASE
        copy_database(source, copy)
        parts = {DATABASE: copy, **{name: settings.data / name for name in KEYS}}
        packed = Path(directory) / "packed"
        packed.touch(mode=0o600)
        with tarfile.open(packed, "w:gz") as archive:
            for name, path in parts.items():
                if path.exists():
                    archive.add(path, name)
        packed.replace(target)


def restore(settings: Settings, source: Path) -> None:
    """Put database and keys of a backup into a data directory that has none. Raises BadBackup."""
    database = _database(settings)
    targets = {DATABASE: database, **{name: settings.data / name for name in KEYS}}
    there = next((path for path in targets.values() if path.exists()), None)
    if there is not None:
        raise BadBackup(f"{there} is there already; restore into an empty data directory")
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with tarfile.open(source) as archive:
            if DATABASE not in archive.getnames():
                raise BadBackup(f"{source} has no database in it")
            for name in sorted(targets.keys() & set(archive.getnames())):
                _unpack(archive, name, targets[name])
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadBackup(f"{source}: {error}") from None


def _unpack(archive: tarfile.TarFile, name: str, target: Path) -> None:
    """Write one member, and never anywhere else than to its place."""
    packed = archive.extractfile(name)
    if packed is None:
        raise BadBackup(f"{name} is no file")
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        shutil.copyfileobj(packed, file)


def _database(settings: Settings) -> Path:
    if not settings.database_url.startswith(SQLITE):
        raise BadBackup(
            "a PostgreSQL database is backed up by pg_dump and restored by pg_restore; keep code.key with it"
        )
    return Path(settings.database_url.removeprefix(SQLITE))
