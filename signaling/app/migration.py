"""Compares the tables of a database with this release, and migrates older ones after a copy was made.

Tables of a newer release are left alone, and worked on if that release says that it only added to ours: so one can go
back, and a server of the release before can lead while others are upgraded. Tables of an older one are changed by
`diemcau migrate` and by a server that starts; both copy the database first, so that one can go back to the older
release in any case: `diemcau migrate --undo` puts the copy back (docs/operations.md).
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from mediaserver.recording.files import rename_synced
from scheduler import migrations as scheduler_migrations
from scheduler.core import database
from signaling import migrations
from signaling.app import postgresql_dump
from signaling.app.schema import TABLE_VERSIONS
from signaling.core.errors import BadBackup, NewerDatabase, OlderDatabase

KEPT_COPIES = 3
SQLITE, POSTGRESQL = ".sqlite3", ".pgdump"
"""Ends of the names of copies."""
_NAMES = ("scheduler", "signaling")
_PARTS = (scheduler_migrations, migrations)


@dataclass(frozen=True, slots=True)
class Schema:
    """Versions of the tables of `scheduler` and `signaling`; empty where there are none."""

    scheduler: str
    signaling: str
    oldest: tuple[str, str] = field(default=("", ""), compare=False)
    """The versions of the releases that still work on tables of a newer one."""

    def __str__(self) -> str:
        return f"scheduler {self.scheduler or 'none'}, signaling {self.signaling or 'none'}"

    @property
    def empty(self) -> bool:
        """Return whether there are no tables."""
        return not (self.scheduler or self.signaling)

    @property
    def newer(self) -> bool:
        """Return whether one of the two versions is unknown to this release."""
        versions = (self.scheduler, self.signaling)
        return any(version and version not in part.VERSIONS for version, part in zip(versions, _PARTS, strict=True))

    @property
    def only_added(self) -> bool:
        """Return whether tables of a newer release have all that this one's have."""
        found = zip((self.scheduler, self.signaling), self.oldest, _PARTS, strict=True)
        return all(
            version == part.VERSIONS[-1] or (version not in part.VERSIONS and oldest in part.VERSIONS)
            for version, oldest, part in found
        )


RELEASE = Schema(scheduler_migrations.VERSIONS[-1], migrations.VERSIONS[-1])
"""The versions of this release."""


async def read_versions(engine: AsyncEngine) -> Schema:
    """Return the versions that the tables of a database have; a missing SQLite file is not created."""
    file = database.file(str(engine.url))
    if file is not None and not file.exists():
        return Schema("", "")
    async with engine.connect() as connection:
        return await connection.run_sync(_read_versions)


async def tables(engine: AsyncEngine) -> set[str]:
    """Return the names of all tables and columns, columns as ``table.column``; an older release has fewer."""
    async with engine.connect() as connection:
        return await connection.run_sync(_tables)


def check(versions: Schema, migrating: bool) -> None:
    """Check versions. Raises NewerDatabase; OlderDatabase unless `migrating`."""
    if versions.newer and versions.only_added:
        return
    if versions.newer:
        raise NewerDatabase(str(versions), str(RELEASE))
    if versions not in (RELEASE, Schema("", "")) and not migrating:
        raise OlderDatabase(str(versions), str(RELEASE))


async def migrate(engine: AsyncEngine, copy: Callable[[Schema], None]) -> None:
    """Bring all tables to this release in one transaction; call `copy` before if they are of an older one.

    Those of a newer one stay as they are. Raises NewerDatabase for such as this release cannot work on.

    Processes that start together take turns, and nobody writes between copy and migration.
    """
    async with database.writing(engine) as connection:
        versions = await connection.run_sync(_read_versions)
        check(versions, migrating=True)
        if versions == RELEASE or versions.newer:
            return
        if not versions.empty:
            await asyncio.to_thread(copy, versions)
        for part in _PARTS:
            await connection.run_sync(part.upgrade)
        rows = [{"part": name, "oldest": part.OLDEST} for name, part in zip(_NAMES, _PARTS, strict=True)]
        await connection.execute(delete(TABLE_VERSIONS))
        await connection.execute(insert(TABLE_VERSIONS), rows)


def copy_before_migration(url: str, folder: Path, versions: Schema, now: datetime) -> None:
    """Copy a database into a folder, named by time and versions; keep the newest three. Raises BadBackup."""
    source = database.file(url)
    end = POSTGRESQL if source is None else SQLITE
    name = f"{now:%Y%m%dT%H%M%SZ}-scheduler-{versions.scheduler}-signaling-{versions.signaling}{end}"
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
        _copy_whole(url, folder / name)
    except (BadBackup, OSError) as error:
        raise BadBackup(f"no copy could be made in {folder}, so nothing was migrated: {error}") from None
    for old in copies(folder)[:-KEPT_COPIES]:
        old.unlink()


def _copy_whole(url: str, target: Path) -> None:
    """Copy a database, whole or not at all."""
    source = database.file(url)
    fresh = target.with_suffix(".part")
    try:
        fresh.touch(mode=0o600)
        if source is None:
            postgresql_dump.dump(url, fresh)
        else:
            copy_database(source, fresh)
        rename_synced(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)


def copies(folder: Path) -> list[Path]:
    """Return the copies made before migrations, oldest first."""
    return sorted(path for path in folder.glob("*") if path.suffix in {SQLITE, POSTGRESQL})


def undo(url: str, folder: Path, aside: Path) -> Path:
    """Put the newest copy in the place of a database that nobody works on, which is kept in the new folder `aside`.

    The copy goes: that of the migration before is the newest one then. Return its path. Raises BadBackup, OSError.
    """
    file = database.file(url)
    fitting = [copy for copy in copies(folder) if copy.suffix == (POSTGRESQL if file is None else SQLITE)]
    if not fitting:
        raise BadBackup(f"there is no copy of the tables before in {folder}")
    copy = fitting[-1]
    aside.mkdir(mode=0o700)
    if file is None:
        _copy_whole(url, aside / f"database{POSTGRESQL}")
        postgresql_dump.replace(url, copy)
        copy.unlink()
        return copy
    for end in ("", "-wal", "-shm"):
        if (part := file.with_name(file.name + end)).exists():
            shutil.move(part, aside)
    shutil.move(copy, file)
    return copy


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database as of one moment, also while others write. Raises BadBackup."""
    try:
        with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copy:
            origin.backup(copy)
    except sqlite3.Error as error:
        raise BadBackup(f"{source} cannot be copied to {target}: {error}") from None


def _read_versions(connection: Connection) -> Schema:
    scheduler, signaling = (_version(connection, part.VERSION_TABLE) for part in _PARTS)
    found = Schema(scheduler, signaling)
    if not found.newer or not inspect(connection).has_table(TABLE_VERSIONS.name):
        return found
    oldest = {row.part: row.oldest for row in connection.execute(select(TABLE_VERSIONS))}
    return replace(found, oldest=(oldest.get(_NAMES[0], ""), oldest.get(_NAMES[1], "")))


def _version(connection: Connection, table: str) -> str:
    if not inspect(connection).has_table(table):
        return ""
    return connection.execute(text(f"SELECT version_num FROM {table}")).scalar() or ""  # noqa: S608 - a name of ours


def _tables(connection: Connection) -> set[str]:
    found = inspect(connection).get_multi_columns()  # in one query on PostgreSQL: another server waits to lead
    names = {name: columns for (_, name), columns in found.items()}
    return {*names, *(f"{name}.{column['name']}" for name, columns in names.items() for column in columns)}
