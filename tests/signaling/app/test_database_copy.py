"""A database is copied from SQLite to PostgreSQL and back: the same rows, the same chain, and new rows after them."""

import shutil
from argparse import ArgumentParser
from collections import namedtuple
from dataclasses import replace
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from signaling.app import admin_cli
from signaling.app.database_copy import copy, parents_first, tables
from signaling.app.services import open_services
from signaling.app.settings import Settings
from signaling.audit.log import EntryFilter
from signaling.core.audit_entry import AuditEntry
from signaling.core.errors import BadBackup, SettingsError
from tests.conftest import PostgresServer
from tests.signaling.world import NHA_TRANG, NOW, open_world

Node = namedtuple("Node", "id parent")


def test_parents_stand_before_their_children() -> None:
    rows = [Node("a", "c"), Node("b", None), Node("c", "d"), Node("d", None), Node("e", "a")]
    assert [row.id for row in parents_first(rows, "id", "parent")] == ["b", "d", "c", "a", "e"]


async def contents(engine: AsyncEngine) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables."""
    async with engine.connect() as connection:
        return {table.name: sorted(map(tuple, await connection.execute(select(table))), key=repr) for table in tables()}


async def copy_by_command(settings: Settings, url: str) -> None:
    """Copy the database as an administrator does."""
    parser = ArgumentParser()
    admin_cli.add_arguments(parser)
    await admin_cli.run(settings, parser.parse_args(["copy-database", url]))


@pytest.mark.postgres
async def test_a_database_goes_to_postgresql_and_back(
    settings: Settings, tmp_path: Path, postgres_server: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_world(settings) as world:
        session = await world.session(NHA_TRANG)
        await world.services.audit.append(AuditEntry(NOW, "host", "register", "1"))
    with postgres_server.database() as name:
        postgresql = replace(settings, database_url=postgres_server.url(name))
        await copy_by_command(settings, postgresql.database_url.replace("postgres@", "postgres:bi-mat@"))
        async with open_services(settings) as origin, open_services(postgresql) as services:
            head = await services.audit.verify(NOW)
            assert (head, await contents(services.database)) == (
                await origin.audit.verify(NOW),
                before := await contents(origin.database),
            )
            assert {name: len(rows) for name, rows in before.items() if rows}.items() <= printed(capsys).items()
            (newest,) = await services.audit.newest(EntryFilter(), 1)
            assert newest.entry.detail == f"url=postgresql:///{name}"  # without the password
            await services.audit.append(AuditEntry(NOW, "host", "register", "2"))  # by a sequence that goes on
            found = await services.scheduler.session(session.id)
            assert found.code == session.code
        back = replace(settings, database_url=f"sqlite:///{tmp_path / 'back.sqlite3'}")
        await copy_by_command(postgresql, back.database_url)
        async with open_services(postgresql) as services, open_services(back) as returned:
            assert await contents(returned.database) == await contents(services.database)


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    """Return the numbers of rows that were printed, by table."""
    lines = (line.split() for line in capsys.readouterr().out.splitlines())
    return {table: int(rows.replace(",", "")) for rows, table in lines}


async def test_nothing_is_copied_over_anything(settings: Settings, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite3"
    shutil.copy(tmp_path / "diemcau.sqlite3", other)
    before = other.read_bytes()
    async with (
        open_services(settings) as services,
        open_services(replace(settings, database_url=f"sqlite:///{other}")) as full,
    ):
        with pytest.raises(BadBackup, match="has tables"):
            await copy(services.database, full.database, lambda _, __: None)
    assert other.read_bytes() == before


async def test_no_database_is_copied_under_a_server(settings: Settings, tmp_path: Path) -> None:
    settings.run.mkdir(mode=0o700)
    with (settings.run / "lock").open("a") as lock:
        flock(lock, LOCK_EX)
        with pytest.raises(SettingsError, match="a server runs on"):
            await copy_by_command(settings, f"sqlite:///{tmp_path / 'other.sqlite3'}")
    assert not (tmp_path / "other.sqlite3").exists()
