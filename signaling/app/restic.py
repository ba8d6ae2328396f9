"""Runs restic on a repository of backups: a folder, S3-compatible storage, or whatever else restic knows.

restic encrypts by the passphrase, stores equal parts of files once, and checks what it reads (decision 126). Its
messages are those of https://restic.readthedocs.io/en/stable/075_scripting.html.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from threading import Event, Thread
from typing import Any

from signaling.app.settings import BackupSettings
from signaling.core.environment import environment
from signaling.core.errors import BadBackup

NO_REPOSITORY, WRONG_PASSPHRASE, INCOMPLETE = 10, 12, 3
"""Exit statuses of restic; INCOMPLETE: a snapshot without those files that could not be read."""
STORAGE_PREFIXES = "AWS_", "B2_", "AZURE_", "GOOGLE_", "OS_", "ST_", "RCLONE_", "SSH_"
"""Prefixes of variables that restic logs in to storage with."""

ANSWER_S = 600.0
"""How long a repository may take to tell its configuration, also while meetings leave little of the CPU. Restic tries
for 15 minutes where a connection is refused, and for ever where it is accepted and nothing is said."""
STALL_S = 1800.0
"""How long restic may do its work without any progress."""
PRUNE_S = 6 * 3600.0
"""How long it may remove what no snapshot needs, of which it tells no progress."""

_COUNTED = "total_files", "files_done", "total_bytes", "bytes_done"
"""Numbers of a status that grow with the work; others grow with the time alone."""

Progress = Callable[[float], None]
"""Is told which part of the work, from 0 to 1, is done."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One backup in the repository: its id, the time of its start (UTC), its folders, and the size of all files."""

    id: str
    time: datetime
    paths: tuple[PurePosixPath, ...]
    size: int

    def path(self, name: str) -> PurePosixPath | None:
        """Return the folder of this name, wherever it was; None if it is not in the snapshot."""
        return next((path for path in self.paths if path.name == name), None)


@dataclass(frozen=True, slots=True)
class Stored:
    """A backup that was made: id of the snapshot, number and size of all files, and size of what was new."""

    id: str
    files: int
    size: int
    added: int


class Repository:
    """A repository of backups, by its number. All methods wait for restic, and raise BadBackup with its words."""

    def __init__(self, settings: BackupSettings, cache: Path, environ: Mapping[str, str], number: int = 1) -> None:
        self._settings = settings
        storage = {name: value for name, value in environ.items() if name.startswith(STORAGE_PREFIXES)}
        self._environ = {
            **environment(environ),
            **storage,
            "RESTIC_REPOSITORY": settings.repositories[number],
            "RESTIC_CACHE_DIR": str(cache),
            "RESTIC_PASSWORD_FILE": str(settings.passphrase_file),
        }

    def ensure(self, known: bool) -> bool:
        """Make the repository if there is none; return whether it was made. Remove locks of processes that ended.

        One that is `known`, by earlier backups, is not made again: its disk is missing, and another would be filled.
        """
        try:
            self._run("cat", "config", patience_s=ANSWER_S)
        except _ResticError as error:
            if error.status != NO_REPOSITORY:
                raise
            if known:
                raise BadBackup("the repository of earlier backups is not there: is its disk mounted?") from None
            self._run("init")
            return True
        self._run("unlock")
        return False

    def back_up(self, folders: Sequence[Path], progress: Progress) -> Stored:
        """Store folders, by absolute paths. What differs from the snapshot before is read again, and nothing else."""
        summary = self._summary("backup", *map(str, folders), progress=progress, patience_s=STALL_S)
        return Stored(
            summary["snapshot_id"],
            summary["total_files_processed"],
            summary["total_bytes_processed"],
            summary["data_added_packed"],
        )

    def forget(self, prune: bool) -> None:
        """Remove snapshots that need not be kept; with `prune` also what only they hold."""
        kept = [f"--keep-{unit}={number}" for unit, number in self._settings.keep.items()]
        pruning = ["--prune"] if prune else []
        self._run("forget", "--group-by=host", *kept, *pruning, patience_s=PRUNE_S if prune else STALL_S)

    def snapshots(self) -> list[Snapshot]:
        """Return all snapshots, oldest first."""
        found = json.loads(self._run("snapshots"))
        return sorted(map(_snapshot, found), key=lambda snapshot: snapshot.time)

    def restore(self, snapshot: Snapshot, name: str, target: Path, progress: Progress) -> bool:
        """Restore the folder of a name to `target`; return whether the snapshot has it."""
        path = snapshot.path(name)
        if path is None:
            return False
        self._summary("restore", f"{snapshot.id}:{path}", f"--target={target}", "--verify", progress=progress)
        return True

    def _run(self, *arguments: str, patience_s: float = STALL_S) -> str:
        """Return the last line of what restic prints."""
        last = ""
        for line in self._lines(arguments, _Patience(patience_s)):
            last = line or last
        return last

    def _summary(self, *arguments: str, progress: Progress, patience_s: float | None = None) -> dict[str, Any]:
        """Run a command that tells its progress; return what it says in the end."""
        summary: dict[str, Any] | None = None
        patience = _Patience(patience_s)
        for line in self._lines(arguments, patience):
            message = json.loads(line)
            match message.get("message_type"):
                case "status":
                    patience.renew([message.get(name) for name in _COUNTED])
                    progress(message.get("percent_done", 0.0))
                case "summary":
                    summary = message
        if summary is None:
            raise BadBackup("restic ended without a summary")
        return summary

    def _lines(self, arguments: Sequence[str], patience: "_Patience") -> Iterator[str]:
        with tempfile.TemporaryFile("w+") as errors:
            try:
                process = subprocess.Popen(  # noqa: S603 - no shell reads the arguments
                    ["restic", "--json", "--cleanup-cache", *arguments],  # noqa: S607 - wherever it is installed
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                    env=self._environ,
                )
            except FileNotFoundError:
                raise BadBackup("restic is not installed: apt-get install restic") from None
            with patience.watching(process), process:
                assert process.stdout is not None
                for line in process.stdout:
                    yield line.strip()
            errors.seek(0)
            if patience.ended:
                raise BadBackup(f"restic came no further and was ended: {_words(errors.read())}".rstrip(": "))
            if process.returncode:
                raise _ResticError(process.returncode, _words(errors.read()))


class _Patience:
    """Ends a process that comes no further for some seconds, as it would hold up all repositories after it; None: no
    process."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self.ended = False
        """Whether a process was ended."""
        self._reached: list[int | None] = []
        self._renewed = time.monotonic()
        self._over = Event()

    def renew(self, reached: list[int | None]) -> None:
        """Note how far it has come."""
        if reached != self._reached:
            self._reached, self._renewed = reached, time.monotonic()

    @contextmanager
    def watching(self, process: subprocess.Popen[str]) -> Iterator[None]:
        """Watch a process until the block is left."""
        watch = Thread(target=self._watch, args=(process,), daemon=True)
        watch.start()
        try:
            yield
        finally:
            self._over.set()
            watch.join()

    def _watch(self, process: subprocess.Popen[str]) -> None:
        while not self._over.wait(self._left()):
            if self._left() == 0:
                self.ended = True
                process.kill()
                return

    def _left(self) -> float | None:
        return None if self._seconds is None else max(0.0, self._renewed + self._seconds - time.monotonic())


class _ResticError(BadBackup):
    def __init__(self, status: int, words: str) -> None:
        super().__init__(
            "the passphrase is not the one of the repository of backups"
            if status == WRONG_PASSPHRASE
            else f"some files could not be read, and the others were stored: {words}"
            if status == INCOMPLETE
            else f"restic ended with status {status}: {words}"
        )
        self.status = status


def _words(errors: str) -> str:
    """Return what restic said last of why it ended, and of the first file that failed, from its stderr, in which some
    lines are JSON."""
    said, failed = "", ""
    for line in filter(None, errors.splitlines()):
        try:
            message = json.loads(line)
        except ValueError:
            said = line
            continue
        error = message.get("error")
        said = message.get("message") or (error.get("message") if isinstance(error, dict) else error) or said
        if message.get("message_type") == "error":
            failed = failed or f"{message.get('item', '')}: {said}"
    words = str(said).removeprefix("Fatal: ").strip()
    return f"{words}; first {failed}" if failed and not failed.endswith(f": {words}") else words


def _snapshot(found: dict[str, Any]) -> Snapshot:
    size = found.get("summary", {}).get("total_bytes_processed", 0)
    return Snapshot(found["id"], datetime.fromisoformat(found["time"]), tuple(map(PurePosixPath, found["paths"])), size)
