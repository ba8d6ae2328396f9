"""A backup brings back codes, order and the audit log's chain; a bad one changes nothing (I-12)."""

import tarfile
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from signaling import admin
from signaling.backup import DATABASE, backup, restore
from signaling.chain import AuditEntry
from signaling.errors import BadBackup
from signaling.record import record
from tests.signaling.world import NHA_TRANG, NOW, World, make_settings


async def test_a_restored_server_has_codes_order_and_log(world: World, tmp_path: Path) -> None:
    sessions = [await world.session(NHA_TRANG), await world.session()]
    for number in range(3):
        await world.kept.audit.append(AuditEntry(NOW, "host", "register", str(number)))
    file, data = tmp_path / "diemcau.backup", tmp_path / "restored"
    backup(make_settings(tmp_path, None), file)  # while the server runs
    head = await world.kept.audit.verify(NOW)
    assert file.stat().st_mode & 0o777 == 0o600
    restore(make_settings(data, None), file)
    async with record(make_settings(data, None)) as kept:
        assert [await kept.scheduler.by_code(session.code or "") for session in sessions] == sessions
        assert await kept.scheduler.session(sessions[1].id) == sessions[1]
        assert await kept.audit.verify(NOW) == head
    with pytest.raises(BadBackup, match="is there already"):
        restore(make_settings(data, None), file)


async def test_the_command_line_backs_up_and_restores(tmp_path: Path) -> None:
    async def shell(data: Path, *arguments: str) -> None:
        parser = ArgumentParser()
        admin.add_arguments(parser)
        await admin.run(make_settings(data, None), parser.parse_args(arguments))

    await shell(tmp_path / "old", "create-account", "kim", "--role", "technician")
    await shell(tmp_path / "old", "backup", str(tmp_path / "file"))
    await shell(tmp_path / "new", "restore", str(tmp_path / "file"))
    async with record(make_settings(tmp_path / "new", None)) as kept:
        assert [account.account for account in await kept.store.accounts()] == ["kim"]


def test_postgresql_has_tools_of_its_own(tmp_path: Path) -> None:
    settings = replace(make_settings(tmp_path, None), database_url="postgresql://db/x")
    for act in (backup, restore):
        with pytest.raises(BadBackup, match="pg_dump"):
            act(settings, tmp_path / "file")


@how(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_what_is_no_backup_changes_nothing(tmp_path: Path, junk: bytes) -> None:
    file, data = tmp_path / "junk", tmp_path / "data"
    file.write_bytes(junk)
    with pytest.raises(BadBackup):
        restore(make_settings(data, None), file)
    assert not data.exists() or list(data.iterdir()) == []


def test_a_backup_writes_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x")
    with tarfile.open(tmp_path / "evil", "w") as archive:
        archive.add(tmp_path / "x", DATABASE)
        archive.add(tmp_path / "x", "../evil.txt")
    restore(make_settings(tmp_path / "data", None), tmp_path / "evil")
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["diemcau.sqlite3"]
    assert not (tmp_path / "evil.txt").exists()
