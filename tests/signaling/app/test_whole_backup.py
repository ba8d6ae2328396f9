"""A whole server is stored by restic and restored elsewhere: database, keys, recordings, documents; or nothing is.

Also tests `backup_cli.py`, `restic.py`, `restore_drill.py` and `postgresql_dump.py`.
"""

import hashlib
import json
import os
import shutil
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import pytest

from scheduler.core.errors import LostKey
from scheduler.operations.closing.documents import Document
from signaling.app import backup_cli, postgresql_dump, restic, tls, whole_backup
from signaling.app.backup import KEYS, last_backup, stored_at
from signaling.app.migration import copy_database
from signaling.app.private_files import CODE_KEY
from signaling.app.restic import Progress, Repository, Snapshot
from signaling.app.services import open_services
from signaling.app.settings import KEPT_BACKUPS, BackupSettings, Settings, read
from signaling.core.errors import BadBackup, BadRecording, SettingsError
from signaling.recording.model import Recording
from tests.conftest import PostgresServer
from tests.debian import demand
from tests.signaling.world import NHA_TRANG, NOW, World, make_settings

PASSPHRASE = "chín con trâu đen qua suối"
FILM, PAPER = b"film " * 100_000, b"bien ban"


@pytest.fixture
def backup_settings(tmp_path: Path) -> BackupSettings:
    """Return settings of a repository in a folder, which is not there yet."""
    demand("restic")
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n", encoding="utf-8")
    return BackupSettings(str(tmp_path / "repository"), tmp_path / "passphrase", KEPT_BACKUPS)


async def run(settings: Settings, line: str) -> None:
    """Run a command as an administrator does."""
    parser = ArgumentParser()
    backup_cli.add_arguments(parser.add_subparsers(dest="command"))
    await backup_cli.run(settings, parser.parse_args(line.split()))


async def store_files(world: World, data: Path) -> Settings:
    """Store an encrypted recording and an encrypted document, with the rows that name them; return the settings."""
    settings, services = make_settings(data, None), world.services
    for path, content in ((settings.recordings / "s" / "1.mp4", FILM), (settings.documents / "d1", PAPER)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        services.cipher.encrypt(path)
    film = Recording(
        "r", "s", 1, str(settings.recordings / "s" / "1.mp4"), "Họp", "a", "u", NOW, 4000, len(FILM), "ready"
    )
    await services.recording_store.add_part(replace(film, sha256=hashlib.sha256(FILM).hexdigest(), sealed=True))
    session = await world.session(NHA_TRANG)
    sha256 = hashlib.sha256(PAPER).hexdigest()
    await services.documents.add(Document("d", session.id, "bien-ban.pdf", "pdf", len(PAPER), sha256, "d1", "a", NOW))
    return settings


def files(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder, by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_a_whole_server_is_stored_and_restored_on_another_machine(
    world: World, tmp_path: Path, backup_settings: BackupSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = replace(await store_files(world, tmp_path), backup=backup_settings)
    tls.context(settings.data / "tls", (), NOW)
    await run(settings, "backup")  # while the server runs
    stored = b"".join(files(tmp_path / "repository").values())
    shown = [secret in stored for secret in (b"SQLite format 3", (tmp_path / CODE_KEY).read_bytes(), b"PRIVATE KEY")]
    assert shown == [False] * 3
    await run(settings, "drill restore --json")
    drill = json.loads(capsys.readouterr().out.splitlines()[-1])
    head = (await world.services.audit.verify(NOW)).entries - 1  # less that of the backup itself
    assert (drill["recordings"], drill["documents"], drill["log_entries"]) == (1, 1, head)
    other = replace(make_settings(tmp_path / "other", None), backup=backup_settings)
    await run(other, "restore")
    assert [files(other.recordings), files(other.documents)] == [files(settings.recordings), files(settings.documents)]
    assert [(other.data / name).read_bytes() for name in KEYS] == [(settings.data / name).read_bytes() for name in KEYS]
    assert {(other.data / name).stat().st_mode & 0o777 for name in (*KEYS, "diemcau.sqlite3")} == {0o600}
    async with open_services(other, migrating=False) as services:
        assert await services.documents.every_document() == await world.services.documents.every_document()
    assert not list(tmp_path.rglob(whole_backup.STAGED))  # no unencrypted copy stays
    before = files(other.data)
    with pytest.raises(BadBackup, match="is there already; restore into an empty data directory"):
        await run(other, "restore")
    assert files(other.data) == before
    await run(settings, "backup")
    await run(settings, "backup --list")
    first, second = (line.split() for line in capsys.readouterr().out.splitlines()[-2:])
    assert first[0] != second[0]


async def test_each_repository_has_its_own_copy_and_state(
    world: World, tmp_path: Path, backup_settings: BackupSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    second = tmp_path / "disk" / "repository"
    both = replace(backup_settings, further={2: str(second)})
    settings = replace(await store_files(world, tmp_path), backup=both)
    assert (stored_at(settings), last_backup(settings)) == ({1: None, 2: None}, None)
    await run(settings, "backup")
    made = stored_at(settings)
    assert None not in made.values() and last_backup(settings) == min(filter(None, made.values()))
    second.parent.rename(tmp_path / "unmounted")
    second.parent.mkdir()
    fault = r"^repository 2: the repository of earlier backups is not there: is its disk mounted\?$"
    with pytest.raises(BadBackup, match=fault):
        await run(settings, "backup")
    later = stored_at(settings)
    assert later[1] != made[1] and later[2] == made[2] == last_backup(settings)
    assert list(second.parent.iterdir()) == []
    second.parent.rmdir()
    (tmp_path / "unmounted").rename(second.parent)
    shutil.rmtree(tmp_path / "repository")
    other = replace(make_settings(tmp_path / "other", None), backup=both)
    await run(other, "restore --repository 2")
    assert files(other.recordings) == files(settings.recordings)
    with pytest.raises(SettingsError, match="there is no DIEMCAU_BACKUP_REPOSITORY_3"):
        await run(settings, "backup --repository 3")
    told = [each.detail for each in await world.audited(9) if each.subject == "backup"]
    assert [each.split(":")[0] for each in told][:1] == ["repository 2"]
    assert len(told) == 4


async def test_a_drill_names_the_recording_that_is_not_what_was_recorded(
    world: World, tmp_path: Path, backup_settings: BackupSettings
) -> None:
    settings = replace(await store_files(world, tmp_path), backup=backup_settings)
    damaged = bytearray((settings.recordings / "s" / "1.mp4").read_bytes())
    damaged[-1] ^= 1
    (settings.recordings / "s" / "1.mp4").write_bytes(damaged)
    await run(settings, "backup")
    (tmp_path / "beside").mkdir()
    with pytest.raises(BadRecording, match=r"s/1\.mp4 "):
        await run(settings, f"drill restore --at {tmp_path / 'beside'}")
    assert list((tmp_path / "beside").iterdir()) == []


class BreakingRepository(Repository):
    """A repository that cannot restore documents, which come after recordings."""

    def restore(self, snapshot: Snapshot, name: str, target: Path, progress: Progress) -> bool:
        """Restore the folder of a name. Raises BadBackup for documents."""
        if name == "documents":
            raise BadBackup("a part of the repository is missing")
        return super().restore(snapshot, name, target, progress)


async def test_what_cannot_be_restored_whole_leaves_nothing(
    world: World, tmp_path: Path, backup_settings: BackupSettings
) -> None:
    settings = replace(await store_files(world, tmp_path), backup=backup_settings)
    await run(settings, "backup")
    other = make_settings(tmp_path / "other", None)
    repository = BreakingRepository(backup_settings, tmp_path / "cache", os.environ)
    with pytest.raises(BadBackup, match="a part of the repository is missing"):
        whole_backup.restore(other, repository, whole_backup.chosen(repository, None), lambda _: None)
    assert [path.name for path in other.data.iterdir()] == ["backup.lock"]
    shutil.rmtree(tmp_path / "repository" / "data")
    with pytest.raises(BadBackup, match="restic ended with status 1"):
        await run(replace(other, backup=backup_settings), "restore")


def test_the_first_file_that_failed_is_told() -> None:
    """Restic 0.18 says so of a pack that was cut short."""
    failed = {"message_type": "error", "error": {"message": "file is too short"}, "item": "/data/recordings/1.mp4"}
    ended = {"message_type": "exit_error", "code": 1, "message": "Fatal: There were 2 errors\n"}
    other = failed | {"item": "/data/recordings/2.mp4"}
    said = "\n".join(("Load(<data/b8efadd8f3>, 0) failed", *map(json.dumps, (failed, other, ended))))
    assert restic._words(said) == "There were 2 errors; first /data/recordings/1.mp4: file is too short"
    assert restic._words("Fatal: wrong key\n") == "wrong key"


async def test_errors_are_told_in_words(
    world: World, tmp_path: Path, backup_settings: BackupSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(make_settings(tmp_path, None), backup=backup_settings)
    with pytest.raises(BadBackup, match=r"Is there a repository|does not exist"):
        await run(settings, "restore")
    await run(settings, "backup")
    (tmp_path / "passphrase").write_text("another passphrase", encoding="utf-8")
    with pytest.raises(BadBackup, match=r"^the passphrase is not the one of the repository of backups$"):
        await run(settings, "backup")
    (tmp_path / "passphrase").write_text(PASSPHRASE, encoding="utf-8")
    with pytest.raises(BadBackup, match=r"^there is no such backup$"):
        await run(replace(settings, data=tmp_path / "other"), "restore --snapshot ffff0000")
    await world.session(NHA_TRANG)
    await run(settings, "backup")
    elsewhere = replace(make_settings(tmp_path / "key", None), backup=backup_settings, code_key=b"x" * 32)
    with pytest.raises(LostKey):
        await run(elsewhere, "restore")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadBackup, match=r"^restic is not installed: apt-get install restic$"):
        await run(settings, "backup")
    (tmp_path / "passphrase").write_text("short", encoding="utf-8")
    with pytest.raises(BadBackup, match="a passphrase has at least 16 characters"):
        await run(settings, "backup")
    with pytest.raises(SettingsError, match="set DIEMCAU_BACKUP_REPOSITORY"):
        await run(replace(settings, backup=None), "backup")


STUCK = """#!/bin/sh
while echo '{"message_type": "status", "seconds_elapsed": 1, "bytes_done": 5}'; do sleep 0.05; done
"""


def test_a_repository_that_does_not_answer_keeps_no_other_waiting(
    backup_settings: BackupSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def placed(name: str, script: str) -> None:
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o700)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    stuck = replace(backup_settings, repository="sftp:backup@10.0.0.9:/srv")
    monkeypatch.setattr(restic, "ANSWER_S", 0.3)
    placed("ssh", "#!/bin/sh\nread never\n")
    repository = Repository(stuck, tmp_path / "cache", os.environ)
    with pytest.raises(BadBackup, match=r"^restic came no further and was ended"):
        repository.ensure(known=True)
    monkeypatch.setattr(restic, "STALL_S", 0.3)
    placed("restic", STUCK)
    repository = Repository(stuck, tmp_path / "cache", os.environ)
    with pytest.raises(BadBackup, match=r"^restic came no further and was ended$"):
        repository.back_up([tmp_path], lambda _: None)


def test_a_copy_of_the_database_that_a_killed_backup_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / whole_backup.STAGED / "tls").mkdir(parents=True)
    with whole_backup.staging(make_settings(tmp_path, None)) as staging:
        assert list(staging.iterdir()) == []
        with pytest.raises(BadBackup, match="another backup"), whole_backup.staging(make_settings(tmp_path, None)):
            pass
    assert not staging.exists()


def test_a_database_that_cannot_be_copied_is_told(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(BadBackup, match=r"cannot be copied to .*/missing/copy: unable to open database file$"):
        copy_database(prepared, tmp_path / "missing" / "copy")


def test_a_disk_without_room_is_told_before_anything_is_restored(tmp_path: Path) -> None:
    with pytest.raises(BadBackup, match=r"has room for \d+ MiB, and the backup needs 953675340 MiB"):
        whole_backup.check_space(tmp_path / "not" / "there", 10**15)


def test_the_settings_say_where_backups_go_and_how_many_are_kept(tmp_path: Path) -> None:
    environ = {"DIEMCAU_DATA": str(tmp_path), "DIEMCAU_BACKUP_REPOSITORY": "s3:https://s3.example/b"}
    found = read(environ).backup
    assert found == BackupSettings("s3:https://s3.example/b", tmp_path / "backup.passphrase", KEPT_BACKUPS)
    kept = read(environ | {"DIEMCAU_BACKUP_KEEP": "2d, 12m"}).backup
    assert kept is not None and kept.keep == {"daily": 2, "monthly": 12}
    two = read(environ | {"DIEMCAU_BACKUP_REPOSITORY_2": "/mnt/disk", "DIEMCAU_BACKUP_REPOSITORY_4": "sftp:a@b:/c"})
    assert two.backup is not None
    assert two.backup.repositories == {1: "s3:https://s3.example/b", 2: "/mnt/disk", 4: "sftp:a@b:/c"}
    with pytest.raises(SettingsError, match="need DIEMCAU_BACKUP_REPOSITORY"):
        read({"DIEMCAU_DATA": str(tmp_path), "DIEMCAU_BACKUP_REPOSITORY_2": "/mnt/disk"})
    for wrong in ("2", "0h", "2y", "2d,"):
        with pytest.raises(SettingsError, match="must look like 24h,14d,8w,12m"):
            read(environ | {"DIEMCAU_BACKUP_KEEP": wrong})
    assert "s3" not in repr(read(environ))  # it may hold a password


@pytest.mark.postgres
async def test_a_postgresql_database_is_stored_and_restored(
    linked_postgres_url: str,
    tmp_path: Path,
    postgres_server: PostgresServer,
    backup_settings: BackupSettings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = replace(make_settings(tmp_path / "data", None), database_url=linked_postgres_url, backup=backup_settings)
    async with open_services(settings) as services:
        head = await services.audit.verify(NOW)
    await run(settings, "backup")
    with postgres_server.database() as name:
        await run(settings, f"drill restore --json --database {postgres_server.url(name)}")
        drill = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (drill["log_entries"], drill["log_head"]) == (head.entries, f"{head.last}:{head.head}")
        with pytest.raises(BadBackup, match=r"is not empty$"):
            await run(settings, f"drill restore --database {postgres_server.url(name)}")
    with pytest.raises(BadBackup, match="of another kind of database"):
        await run(settings, "drill restore")


def test_no_password_stands_in_the_arguments_of_a_process() -> None:
    url = "postgresql://diemcau:b%C3%AD%2Fm%40t@10.0.0.1,10.0.0.2:5433/diemcau?sslmode=require"
    address = "postgresql://diemcau@10.0.0.1,10.0.0.2:5433/diemcau?sslmode=require"
    assert postgresql_dump.without_password(url) == (address, "bí/m@t")
    assert postgresql_dump.without_password("postgresql:///d?host=/run") == ("postgresql:///d?host=/run", "")
