"""Restores the newest backup beside the server, or on another machine, and verifies all that is in it."""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from mediaserver.recording.encrypted_file import Damaged, FileCipher
from scheduler.core import database
from scheduler.directory.controls.evidence import StoredFile
from scheduler.operations.closing.documents import Document
from signaling.app import migration, whole_backup
from signaling.app.restic import Progress, Repository
from signaling.app.services import open_services
from signaling.app.settings import Settings
from signaling.core.errors import BadBackup, BadLog, BadRecording
from signaling.recording.verify import verify


@dataclass(frozen=True, slots=True)
class DrillResult:
    """The times of a restore, in seconds, and what it brought back.

    `lost_s` is the age of the backup: what was written since would be lost if the machine died now.
    """

    snapshot: str
    taken: str
    lost_s: float
    restore_s: float
    verify_s: float
    bytes: int
    log_entries: int
    log_head: str
    recordings: int
    documents: int


async def run(
    settings: Settings,
    repository: Repository,
    beside: Path,
    database_url: str | None,
    now: datetime,
    progress: Progress,
) -> DrillResult:
    """Restore the newest backup into a folder of its own in `beside`, verify log, recordings and documents there, and
    remove all of it.

    A backup of PostgreSQL goes into the empty database at `database_url`, and stays there. Raises BadBackup, BadLog,
    BadRecording, LostKey, OSError.
    """
    with TemporaryDirectory(prefix="restore-drill-", dir=beside) as folder:
        data = Path(folder) / "data"
        url = database_url or f"sqlite:///{data / 'diemcau.sqlite3'}"
        restored = replace(settings, data=data, files=None, code_key=None, database_url=url)
        await _check_empty(restored)
        began = time.monotonic()
        snapshot = whole_backup.chosen(repository, None)
        whole_backup.restore(restored, repository, snapshot, progress)
        restored_at = time.monotonic()
        async with open_services(restored, migrating=False) as services:
            verdict = await services.audit.verify(now)
            if verdict.broken is not None:
                raise BadLog(verdict.broken)
            recordings = verify(await services.recording_store.recordings_in("ready"), services.cipher)
            documents = _verify_documents(
                restored.documents, await services.documents.every_document(), services.cipher
            )
        return DrillResult(
            snapshot=snapshot.id,
            taken=snapshot.time.isoformat(timespec="seconds"),
            lost_s=round((now - snapshot.time).total_seconds(), 1),
            restore_s=round(restored_at - began, 1),
            verify_s=round(time.monotonic() - restored_at, 1),
            bytes=snapshot.size,
            log_entries=verdict.entries,
            log_head=f"{verdict.last}:{verdict.head}",
            recordings=recordings,
            documents=documents,
        )


async def _check_empty(settings: Settings) -> None:
    """Check that a database has no tables. Raises BadBackup."""
    engine = database.connect(settings.database_url)
    try:
        versions = await migration.read_versions(engine)
    finally:
        await engine.dispose()
    if not versions.empty:
        raise BadBackup(f"{database.without_account(settings.database_url)} is not empty")


def _verify_documents(folder: Path, documents: Iterable[Document | StoredFile], cipher: FileCipher) -> int:
    """Check SHA-256 of every document and evidence file; return their number. Raises BadRecording for a bad one."""
    count = 0
    for document in documents:
        path = folder / document.path
        try:
            with cipher.open(path) as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            raise BadRecording(str(path), "is missing") from None
        except Damaged as error:
            raise BadRecording(str(path), error.fault) from None
        if sha256 != document.sha256:
            raise BadRecording(str(path), f"has SHA-256 {sha256} instead of {document.sha256}")
        count += 1
    return count
