"""Runs restic on a repository of backups: a folder, S3-compatible storage, or whatever else restic knows.

restic encrypts by the passphrase, stores equal parts of files once, and checks what it reads (decision 126). Its
messages are those of https://restic.readthedocs.io/en/stable/075_scripting.html.
"""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from signaling.app.settings import BackupSettings
from signaling.core.environment import environment
from signaling.core.errors import BadBackup

NO_REPOSITORY, WRONG_PASSPHRASE, INCOMPLETE = 10, 12, 3
"""Exit statuses of restic; INCOMPLETE: a snapshot without those files that could not be read."""
STORAGE_PREFIXES = "AWS_", "B2_", "AZURE_", "GOOGLE_", "OS_", "ST_", "RCLONE_", "SSH_"
"""Prefixes of variables that restic logs in to storage with."""

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
    """A repository of backups. All methods wait for restic, and raise BadBackup with its words."""

    def __init__(self, settings: BackupSettings, cache: Path, environ: Mapping[str, str]) -> None:
        self._settings = settings
        storage = {name: value for name, value in environ.items() if name.startswith(STORAGE_PREFIXES)}
        self._environ = {
            **environment(environ),
            **storage,
            "RESTIC_REPOSITORY": settings.repository,
            "RESTIC_CACHE_DIR": str(cache),
            "RESTIC_PASSWORD_FILE": str(settings.passphrase_file),
        }

    def ensure(self) -> bool:
        """Make the repository if there is none; return whether it was made. Remove locks of processes that ended."""
        try:
            self._run("cat", "config")
        except _ResticError as error:
            if error.status != NO_REPOSITORY:
                raise
            self._run("init")
            return True
        self._run("unlock")
        return False

    def back_up(self, folders: Sequence[Path], progress: Progress) -> Stored:
        """Store folders, by absolute paths. What differs from the snapshot before is read again, and nothing else."""
        summary = self._summary("backup", *map(str, folders), progress=progress)
        return Stored(
            summary["snapshot_id"],
            summary["total_files_processed"],
            summary["total_bytes_processed"],
            summary["data_added_packed"],
        )

    def forget(self, prune: bool) -> None:
        """Remove snapshots that need not be kept; with `prune` also what only they hold."""
        kept = [f"--keep-{unit}={number}" for unit, number in self._settings.keep.items()]
        self._run("forget", "--group-by=host", *kept, *(["--prune"] if prune else []))

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

    def _run(self, *arguments: str) -> str:
        """Return the last line of what restic prints."""
        last = ""
        for line in self._lines(arguments):
            last = line or last
        return last

    def _summary(self, *arguments: str, progress: Progress) -> dict[str, Any]:
        """Run a command that tells its progress; return what it says in the end."""
        summary: dict[str, Any] | None = None
        for line in self._lines(arguments):
            message = json.loads(line)
            match message.get("message_type"):
                case "status":
                    progress(message.get("percent_done", 0.0))
                case "summary":
                    summary = message
        if summary is None:
            raise BadBackup("restic ended without a summary")
        return summary

    def _lines(self, arguments: Sequence[str]) -> Iterator[str]:
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
            with process:
                assert process.stdout is not None
                for line in process.stdout:
                    yield line.strip()
            if process.returncode:
                errors.seek(0)
                raise _ResticError(process.returncode, _words(errors.read()))


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
    """Return what restic said last of why it ended, from its stderr, in which some lines are JSON."""
    said = ""
    for line in filter(None, errors.splitlines()):
        try:
            message = json.loads(line)
        except ValueError:
            said = line
            continue
        error = message.get("error")
        said = message.get("message") or (error.get("message") if isinstance(error, dict) else error) or said
    return str(said).removeprefix("Fatal: ").strip()


def _snapshot(found: dict[str, Any]) -> Snapshot:
    size = found.get("summary", {}).get("total_bytes_processed", 0)
    return Snapshot(found["id"], datetime.fromisoformat(found["time"]), tuple(map(PurePosixPath, found["paths"])), size)
