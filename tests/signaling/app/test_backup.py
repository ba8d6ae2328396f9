"""A backup brings back codes, order and the log's chain; keys leave encrypted only; a bad one changes nothing.

Also tests `admin_cli.py`.
"""

import shutil
import tarfile
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from scheduler.core.errors import LostKey
from signaling.app import admin_cli, tls
from signaling.app.backup import DATABASE, KEYS, backup, read_passphrase, restore
from signaling.app.private_files import CODE_KEY
from signaling.app.services import open_services
from signaling.audit.log import EntryFilter
from signaling.core.audit_entry import AuditEntry
from signaling.core.errors import BadBackup, ServerError
from tests.signaling.world import NHA_TRANG, NOW, World, make_settings

PASSPHRASE = "chín con trâu đen qua suối"


def names(file: Path) -> list[str]:
    with tarfile.open(file) as archive:
        return archive.getnames()


def names_in(data: Path) -> list[str]:
    """Return the names in a data directory, if there is one."""
    return sorted(path.name for path in data.iterdir()) if data.exists() else []


async def booked(world: World) -> tuple[str, str]:
    """Book two sessions and write some of the log; return the code of each."""
    sessions = [await world.session(NHA_TRANG), await world.session()]
    for number in range(3):
        await world.services.audit.append(AuditEntry(NOW, "host", "register", str(number)))
    assert sessions[0].code and sessions[1].code
    return sessions[0].code, sessions[1].code


async def test_a_restored_server_has_codes_order_and_log(world: World, tmp_path: Path) -> None:
    sessions = [await world.session(NHA_TRANG), await world.session()]
    for number in range(3):
        await world.services.audit.append(AuditEntry(NOW, "host", "register", str(number)))
    file, data = tmp_path / "diemcau.backup", tmp_path / "restored"
    backup(make_settings(tmp_path, None), file)  # while the server runs
    head = await world.services.audit.verify(NOW)
    assert (file.stat().st_mode & 0o777, names(file)) == (0o600, [DATABASE])
    data.mkdir()
    shutil.copy(tmp_path / CODE_KEY, data / CODE_KEY)
    restore(make_settings(data, None), file)
    async with open_services(make_settings(data, None)) as services:
        assert [await services.scheduler.by_code(session.code or "") for session in sessions] == sessions
        assert await services.scheduler.session(sessions[1].id) == sessions[1]
        assert await services.audit.verify(NOW) == head
    with pytest.raises(BadBackup, match="is there already"):
        restore(make_settings(data, None), file)


async def test_without_the_key_that_it_leaves_out_nothing_is_restored(world: World, tmp_path: Path) -> None:
    code, _ = await booked(world)
    file, data = tmp_path / "diemcau.backup", tmp_path / "restored"
    backup(make_settings(tmp_path, None), file)
    with pytest.raises(BadBackup, match=r"has no keys in it: put its server's code\.key to .*restored/code\.key"):
        restore(make_settings(data, None), file)
    assert names_in(data) == []
    settings = replace(make_settings(data, None), code_key=(tmp_path / CODE_KEY).read_bytes())
    restore(settings, file)
    async with open_services(settings) as services:
        assert (await services.scheduler.by_code(code)).code == code
    assert (data / CODE_KEY).exists() is False


async def test_an_encrypted_backup_brings_the_keys_along_wherever_it_lies(world: World, tmp_path: Path) -> None:
    code, _ = await booked(world)
    tls.context(tmp_path / "tls", (), NOW)
    file, data = tmp_path / "diemcau.backup", tmp_path / "restored"
    backup(make_settings(tmp_path, None), file, PASSPHRASE, with_keys=True)
    written = file.read_bytes()
    secrets = [b"SQLite format 3", b"BEGIN PRIVATE KEY", DATABASE.encode(), (tmp_path / CODE_KEY).read_bytes()]
    assert ([secret in written for secret in secrets], file.stat().st_mode & 0o777) == ([False] * 4, 0o600)
    moved = file.rename(tmp_path / "elsewhere")
    restore(make_settings(data, None), moved, PASSPHRASE)
    assert [(data / name).read_bytes() for name in KEYS] == [(tmp_path / name).read_bytes() for name in KEYS]
    assert {(data / name).stat().st_mode & 0o777 for name in (*KEYS, "diemcau.sqlite3")} == {0o600}
    async with open_services(make_settings(data, None)) as services:
        assert (await services.scheduler.by_code(code)).code == code


async def test_with_the_key_of_another_server_nothing_is_restored(world: World, tmp_path: Path) -> None:
    await booked(world)
    file, data = tmp_path / "diemcau.backup", tmp_path / "restored"
    backup(make_settings(tmp_path, None), file)
    data.mkdir()
    (data / CODE_KEY).write_bytes(b"x" * 32)
    with pytest.raises(LostKey):
        restore(make_settings(data, None), file)
    assert names_in(data) == [CODE_KEY]


def test_a_key_from_the_environment_is_encrypted_too(tmp_path: Path, prepared: Path) -> None:
    shutil.copy(prepared, tmp_path / "diemcau.sqlite3")
    file, data = tmp_path / "diemcau.backup", tmp_path / "restored"
    backup(replace(make_settings(tmp_path, None), code_key=b"k" * 32), file, PASSPHRASE, with_keys=True)
    restore(make_settings(data, None), file, PASSPHRASE)
    assert ((data / CODE_KEY).read_bytes(), (tmp_path / CODE_KEY).exists()) == (b"k" * 32, False)


@pytest.fixture
def encrypted_backup(tmp_path: Path, prepared: Path) -> Path:
    """Return an encrypted backup."""
    (tmp_path / "old").mkdir()
    shutil.copy(prepared, tmp_path / "old" / "diemcau.sqlite3")
    file = tmp_path / "diemcau.backup"
    backup(make_settings(tmp_path / "old", None), file, PASSPHRASE)
    return file


def test_a_wrong_passphrase_says_so(tmp_path: Path, encrypted_backup: Path) -> None:
    data = tmp_path / "restored"
    for passphrase, complaint in (
        (PASSPHRASE.upper(), rf"^the passphrase is not the one that {encrypted_backup} was encrypted with$"),
        (None, r"is encrypted: give --passphrase-file$"),
    ):
        with pytest.raises(BadBackup, match=complaint):
            restore(make_settings(data, None), encrypted_backup, passphrase)
        assert names_in(data) == []


def test_an_encrypted_backup_that_was_changed_is_refused_whole(tmp_path: Path, encrypted_backup: Path) -> None:
    data = tmp_path / "restored"
    data.mkdir()
    (data / CODE_KEY).write_bytes(b"k" * 32)
    content = bytearray(encrypted_backup.read_bytes())
    content[len(content) // 2] ^= 1
    encrypted_backup.write_bytes(content)
    with pytest.raises(BadBackup, match=rf"^{encrypted_backup} was changed since it was made$"):
        restore(make_settings(data, None), encrypted_backup, PASSPHRASE)
    assert names_in(data) == [CODE_KEY]


def test_an_unencrypted_backup_is_refused_when_a_passphrase_is_given(tmp_path: Path, prepared: Path) -> None:
    """Else whoever can write where backups lie would put one of their own there."""
    shutil.copy(prepared, tmp_path / "diemcau.sqlite3")
    backup(make_settings(tmp_path, None), tmp_path / "plain")
    with pytest.raises(BadBackup, match="is not encrypted"):
        restore(make_settings(tmp_path / "restored", None), tmp_path / "plain", PASSPHRASE)


def test_keys_are_never_written_unencrypted(tmp_path: Path, prepared: Path) -> None:
    shutil.copy(prepared, tmp_path / "diemcau.sqlite3")
    with pytest.raises(BadBackup, match="keys are only written encrypted"):
        backup(make_settings(tmp_path, None), tmp_path / "file", with_keys=True)
    assert not (tmp_path / "file").exists()


def test_a_passphrase_is_the_first_line_and_long(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text("chín con trâu đen qua suối\nand a note\n")
    assert read_passphrase(file) == PASSPHRASE
    file.write_text("ngắn\n")
    with pytest.raises(BadBackup, match="at least 16 characters"):
        read_passphrase(file)


def test_the_journal_of_an_interrupted_server_is_not_played_into_a_restored_database(
    tmp_path: Path, encrypted_backup: Path
) -> None:
    data = tmp_path / "restored"
    data.mkdir()
    (data / "diemcau.sqlite3-wal").touch()
    with pytest.raises(BadBackup, match="sqlite3-wal is there already"):
        restore(make_settings(data, None), encrypted_backup, PASSPHRASE)


async def test_the_command_line_backs_up_and_restores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def shell(data: Path, *arguments: str) -> None:
        parser = ArgumentParser()
        admin_cli.add_arguments(parser)
        await admin_cli.run(make_settings(data, None), parser.parse_args(arguments))

    (tmp_path / "passphrase").write_text(PASSPHRASE)
    sealing = ("--passphrase-file", str(tmp_path / "passphrase"))
    await shell(tmp_path / "old", "create-account", "kim", "--role", "technician")
    await shell(tmp_path / "old", "backup", "--with-keys", str(tmp_path / "file"), *sealing)
    capsys.readouterr()
    await shell(tmp_path / "new", "restore", str(tmp_path / "file"), *sealing)
    assert capsys.readouterr().out == f"restored into {tmp_path / 'new'}\n"
    async with open_services(make_settings(tmp_path / "new", None)) as services:
        assert [account.account for account in await services.accounts.accounts()] == ["kim"]
        log = [row.entry.detail for row in await services.audit.newest(EntryFilter(), 1)]
    assert (PASSPHRASE in log[0], sealing[1] in log[0]) == (False, True)
    with pytest.raises(ServerError, match="only written encrypted"):
        await shell(tmp_path / "old", "backup", "--with-keys", str(tmp_path / "open"))


def test_postgresql_has_tools_of_its_own(tmp_path: Path) -> None:
    settings = replace(make_settings(tmp_path, None), database_url="postgresql://db/x")
    for act in (backup, restore):
        with pytest.raises(BadBackup, match="pg_dump"):
            act(settings, tmp_path / "file")


@how(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_a_file_that_is_no_backup_changes_nothing(tmp_path: Path, junk: bytes) -> None:
    file, data = tmp_path / "junk", tmp_path / "data"
    file.write_bytes(junk)
    with pytest.raises(BadBackup):
        restore(make_settings(data, None), file)
    assert names_in(data) == []


def test_a_backup_writes_nowhere_else(tmp_path: Path, prepared: Path) -> None:
    with tarfile.open(tmp_path / "evil", "w") as archive:
        archive.add(prepared, DATABASE)
        archive.add(prepared, "../evil.txt")
    restore(replace(make_settings(tmp_path / "data", None), code_key=b"k" * 32), tmp_path / "evil")
    assert names_in(tmp_path / "data") == ["diemcau.sqlite3"]
    assert not (tmp_path / "evil.txt").exists()


def test_a_backup_of_an_older_release_has_its_keys_in_it(tmp_path: Path, prepared: Path) -> None:
    with tarfile.open(tmp_path / "older", "w:gz") as archive:
        archive.add(prepared, DATABASE)
        archive.add(prepared.with_name(CODE_KEY), CODE_KEY)
    restore(make_settings(tmp_path / "data", None), tmp_path / "older")
    assert names_in(tmp_path / "data") == [CODE_KEY, "diemcau.sqlite3"]
