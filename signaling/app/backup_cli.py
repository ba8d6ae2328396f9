"""The commands that back up a whole server and restore it: ``diemcau backup``, ``restore`` and ``drill restore``."""

import asyncio
import json
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from signaling.app import restore_drill, whole_backup
from signaling.app.backup import read_passphrase
from signaling.app.restic import Progress, Repository, Stored
from signaling.app.services import open_services, utc_now
from signaling.app.settings import Settings, database_url
from signaling.core.audit_entry import AuditEntry
from signaling.core.errors import BadBackup, SettingsError

COMMANDS = "backup", "restore", "drill"
REPORT_INTERVAL_S = 5.0


def add_arguments(commands: Any) -> None:
    """Declare the three commands."""
    making = commands.add_parser("backup", help="store database, keys, recordings and documents in all repositories")
    making.add_argument("--list", action="store_true", help="list the backups there instead")
    back = commands.add_parser("restore", help="restore a backup of the repository where there is nothing yet")
    back.add_argument("--snapshot", metavar="ID", help="as --list shows it (default: the newest)")
    drills = commands.add_parser("drill", help="try what is needed one day")
    drill = drills.add_subparsers(dest="drill", required=True, metavar="DRILL").add_parser("restore")
    _add_restore_drill(drill)
    for command in (making, back, drill):
        text = "its number: 2 is DIEMCAU_BACKUP_REPOSITORY_2 (default: 1, and all for a backup)"
        command.add_argument("--repository", type=int, metavar="NUMBER", help=text)


def _add_restore_drill(parser: ArgumentParser) -> None:
    parser.description = "Restore the newest backup elsewhere, verify it, remove it, and tell time and loss."
    parser.add_argument("--at", type=Path, default=Path("/var/tmp"), metavar="FOLDER", help="where (default /var/tmp)")  # noqa: S108 - on disk, and of the administrator's choice
    url = "an empty PostgreSQL database for a backup of one; it is not emptied afterwards"
    parser.add_argument("--database", type=database_url, metavar="URL", help=url)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


async def run(settings: Settings, arguments: Namespace) -> None:
    """Run one of the commands. Raises SettingsError, BadBackup, OSError and what a verification finds."""
    if settings.backup is None:
        raise SettingsError("set DIEMCAU_BACKUP_REPOSITORY")
    read_passphrase(settings.backup.passphrase_file)
    repositories = {
        number: Repository(settings.backup, settings.data / "backup-cache", os.environ, number)
        for number in settings.backup.repositories
        if arguments.repository in (None, number)
    }
    if not repositories:
        raise SettingsError(f"there is no DIEMCAU_BACKUP_REPOSITORY_{arguments.repository}")
    repository = next(iter(repositories.values()))
    match arguments.command:
        case "backup" if arguments.list:
            for snapshot in await asyncio.to_thread(repository.snapshots):
                print(f"{snapshot.id[:8]}  {snapshot.time:%Y-%m-%dT%H:%M:%SZ}  {_size(snapshot.size)}")
        case "backup":
            await _back_up(settings, repositories)
        case "restore":
            await _restore(settings, repository, arguments)
        case _:
            await _drill(settings, repository, arguments)


async def _back_up(settings: Settings, repositories: Mapping[int, Repository]) -> None:
    """Store a backup in repositories, and say what came of it. Raises BadBackup for those that have none now."""
    progress = _progress("stored")
    done = await asyncio.to_thread(whole_backup.back_up, settings, repositories, time.time(), progress)
    said = {number: _said(number, each) for number, each in done.items()}
    async with open_services(settings, migrating=False) as services:
        for each in said.values():
            await services.audit.append(AuditEntry(utc_now(), f"shell/{os.getuid()}", "admin", "backup", each[:1000]))
    failed = [number for number, each in done.items() if isinstance(each, BadBackup)]
    for number in done.keys() - set(failed):
        print(said[number])
    if failed:
        raise BadBackup("; ".join(said[number] for number in failed))


def _said(number: int, done: Stored | BadBackup) -> str:
    where = "" if number == 1 else f"repository {number}: "
    if isinstance(done, BadBackup):
        return f"{where}{done}"
    return f"{where}{done.id[:8]}: {done.files} files, {_size(done.size)}, of which {_size(done.added)} new"


async def _restore(settings: Settings, repository: Repository, arguments: Namespace) -> None:
    snapshot = await asyncio.to_thread(whole_backup.chosen, repository, arguments.snapshot)
    await asyncio.to_thread(whole_backup.restore, settings, repository, snapshot, _progress("restored"))
    async with open_services(settings, migrating=False) as services:
        await services.audit.append(AuditEntry(utc_now(), f"shell/{os.getuid()}", "admin", "restore", snapshot.id[:8]))
    print(f"{snapshot.id[:8]} of {snapshot.time:%Y-%m-%dT%H:%M:%SZ} is restored into {settings.data}")


async def _drill(settings: Settings, repository: Repository, arguments: Namespace) -> None:
    progress = _progress("restored")
    result = await restore_drill.run(settings, repository, arguments.at, arguments.database, utc_now(), progress)
    if arguments.json:
        print(json.dumps(asdict(result)))
        return
    print(f"{result.snapshot[:8]} of {result.taken}: what was written in the last {result.lost_s:.0f} s would be lost")
    print(f"restored in {result.restore_s} s ({_size(result.bytes)}), verified in {result.verify_s} s")
    print(f"{result.log_entries} log entries, {result.recordings} recordings, {result.documents} documents are whole")


def _progress(done: str) -> Progress:
    """Return what tells the progress on stderr, every few seconds, to a person at a terminal."""
    last = time.monotonic()

    def report(part: float) -> None:
        nonlocal last
        if sys.stderr.isatty() and time.monotonic() - last >= REPORT_INTERVAL_S:
            last = time.monotonic()
            print(f"{100 * part:.0f} % {done}", file=sys.stderr)

    return report


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
