"""Backs up a whole server into repositories and restores it: database, keys, recordings and documents.

The database is copied first, so that every file it names is in the same snapshot, or was deleted since. Of recordings
that run the snapshot has what was written so far.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from mediaserver.recording.files import rename_synced
from scheduler.core import database
from signaling.app import postgresql_dump
from signaling.app.backup import DATABASE, KEYS, LAST_BACKUP, check_absent, check_key, database_files, keys, stored_file
from signaling.app.migration import copy_database
from signaling.app.private_files import CODE_KEY
from signaling.app.restic import Progress, Repository, Snapshot, Stored
from signaling.app.settings import Settings
from signaling.core.errors import BadBackup

STAGED = "backup-of-now"
"""The folder of the data directory in which database and keys are copied, and its name in a snapshot."""
DUMP = "database.pgdump"
LAST_PRUNE = "last-prune"
"""The beginning of the names of empty files that are as old as the last pruning of a repository."""
PRUNE_INTERVAL_S = 86_400
SPARE_BYTES = 1 << 30
"""Disk space that a restore leaves free."""


def back_up(
    settings: Settings, repositories: Mapping[int, Repository], now: float, progress: Progress
) -> dict[int, Stored | BadBackup]:
    """Store the same snapshot of everything in each repository; remove those that need not be kept.

    Return what was stored, or what went wrong, by the repositories' numbers: a faulty one keeps no other from its copy.
    `now` is seconds since 1970. Raises BadBackup where there is nothing to store, OSError.
    """
    with staging(settings) as staged:
        file = database.file(settings.database_url)
        if file is None:
            postgresql_dump.dump(settings.database_url, staged / DUMP)
        elif file.exists():
            copy_database(file, staged / DATABASE)
        else:
            raise BadBackup(f"{file} is not there")
        for name, path in keys(settings, staged).items():
            if path != staged / name:
                (staged / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(path, staged / name)
        folders = [folder.resolve() for folder in (staged, settings.recordings, settings.documents) if folder.exists()]
        done: dict[int, Stored | BadBackup] = {}
        for number, repository in repositories.items():
            try:
                done[number] = _store(settings, number, repository, folders, progress)
                _forget(settings, number, repository, now)
            except BadBackup as error:
                done[number] = error
    return done


def _store(
    settings: Settings, number: int, repository: Repository, folders: Sequence[Path], progress: Progress
) -> Stored:
    """Store a snapshot in a repository, and note when. Raises BadBackup, OSError."""
    last = stored_file(settings, number)
    repository.ensure(known=last.exists())
    stored = repository.back_up(folders, progress)
    for file in (last, settings.data / LAST_BACKUP):
        file.touch(mode=0o600)
    return stored


def _forget(settings: Settings, number: int, repository: Repository, now: float) -> None:
    """Remove snapshots that need not be kept, once a day also what only they hold. Raises BadBackup."""
    last = settings.data / f"{LAST_PRUNE}.{number}"
    pruning = _age(last, now) > PRUNE_INTERVAL_S
    repository.forget(pruning)
    if pruning:
        last.touch(mode=0o600)


def restore(settings: Settings, repository: Repository, snapshot: Snapshot, progress: Progress) -> None:
    """Restore a snapshot where there is neither database, keys, recordings nor documents; whole, or nothing of it.

    A PostgreSQL database must be empty. Raises BadBackup, LostKey, OSError.
    """
    file = database.file(settings.database_url)
    folders = settings.recordings, settings.documents
    check_absent(*(() if file is None else database_files(file)), *(settings.data / name for name in KEYS))
    check_absent(*(folder for folder in folders if folder.exists() and any(folder.iterdir())))
    check_space(settings.recordings, snapshot.size)
    with staging(settings) as staged:
        if not repository.restore(snapshot, STAGED, staged, progress):
            raise BadBackup(f"{snapshot.id} is no backup of a server")
        copied = staged / (DUMP if file is None else DATABASE)
        if not copied.exists():
            raise BadBackup("the backup is of another kind of database; restore to that, then admin copy-database")
        if file is not None:
            check_key(copied, settings.code_key or (staged / CODE_KEY).read_bytes())
        with _removed_on_error(*folders, *(settings.data / name for name in KEYS)):
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                repository.restore(snapshot, folder.name, folder, progress)
            for name in KEYS:
                if (staged / name).exists():
                    (settings.data / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    shutil.move(staged / name, settings.data / name)
            if file is None:
                postgresql_dump.restore(settings.database_url, copied)
            else:
                rename_synced(copied, file)


def chosen(repository: Repository, beginning: str | None) -> Snapshot:
    """Return the snapshot whose id begins so, else the newest. Raises BadBackup if there is none, or several."""
    found = [each for each in repository.snapshots() if each.path(STAGED) and each.id.startswith(beginning or "")]
    if not found:
        raise BadBackup("there is no such backup" if beginning else "there is no backup yet")
    if beginning and len(found) > 1:
        raise BadBackup(f"{len(found)} backups begin with {beginning}")
    return found[-1]


@contextmanager
def staging(settings: Settings) -> Iterator[Path]:
    """Yield an empty folder for unencrypted copies; one process at a time has it. Raises BadBackup."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = settings.data / STAGED
    with (settings.data / "backup.lock").open("a") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise BadBackup("another backup of this server is being made or restored") from None
        shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


@contextmanager
def _removed_on_error(*paths: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for path in paths:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        raise


def check_space(folder: Path, size: int) -> None:
    """Check that the disk of a folder, which need not exist, has room. Raises BadBackup."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < size + SPARE_BYTES:
        raise BadBackup(
            f"{existing} has room for {free >> 20} MiB, and the backup needs {size + SPARE_BYTES >> 20} MiB"
        )


def _age(path: Path, now: float) -> float:
    with suppress(FileNotFoundError):
        return now - path.stat().st_mtime
    return float("inf")
