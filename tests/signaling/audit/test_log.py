"""The audit log on both databases: it only grows, every change is found, and it is searched, pruned and exported.

Also tests `rest.py`.
"""

import asyncio
import csv
import io
import json
import logging
import os
from argparse import ArgumentParser
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.core import database
from scheduler.policy import profile_files
from signaling.app import admin_cli
from signaling.app.settings import Settings
from signaling.audit.hash_chain import COVER, GENESIS, Verdict, entry_hash, seal_happening
from signaling.audit.log import AuditLog, EntryFilter
from signaling.audit.schema import AUDIT
from signaling.core.audit_entry import AuditEntry
from signaling.core.errors import BadLog
from signaling.core.schema import METADATA
from signaling.migrations import downgrade, migrate
from tests.scripted_commits import Fate, script_commits
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW, World, make_settings, problem_of

PROFILES = profile_files.load()


@pytest.fixture(params=["sqlite_url", pytest.param("postgres_url", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """URL of an empty database of either kind."""
    made: str = request.getfixturevalue(request.param)
    return made


def entry(number: int, at: datetime = NOW, **fields: Any) -> AuditEntry:
    return replace(AuditEntry(at, "host", "register", f"s{number}", "Phường Xương Huân", "192.0.2.1", 9), **fields)


async def written(engine: AsyncEngine, *entries: AuditEntry) -> AuditLog:
    await migrate(engine)
    audit = AuditLog(engine, PROFILES)
    for each in entries:
        await audit.append(each)
    return audit


async def forge(engine: AsyncEngine, *statements: str) -> None:
    """Change rows as somebody could who owns the database."""
    sqlite = engine.dialect.name == "sqlite"
    off = ("DROP TRIGGER audit_update", "DROP TRIGGER audit_delete") if sqlite else ()
    async with engine.begin() as connection:
        if not sqlite:
            await connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        for statement in (*off, *statements):
            await connection.execute(text(statement))


async def test_a_changed_row_is_detected(url: str) -> None:  # I-08
    engine = database.connect(url)
    audit = await written(engine, *(entry(number) for number in range(5)))
    rows = (await audit.newest(EntryFilter(), 9))[::-1]
    assert [row.entry for row in rows] == [entry(number) for number in range(5)]
    assert {row.profile for row in rows} == {"KH-2023/1"}
    assert await audit.verify(NOW) == Verdict(5, 5, rows[-1].seal, None)
    await forge(engine, "UPDATE audit SET detail = 'nothing' WHERE id = 3")
    assert await audit.verify(NOW) == Verdict(2, 2, rows[1].seal, 3)
    assert audit.checked == (NOW, Verdict(2, 2, rows[1].seal, 3))
    await engine.dispose()


async def test_rows_taken_out_are_detected(url: str) -> None:
    engine = database.connect(url)
    audit = await written(engine, *(entry(number) for number in range(5)))
    head = (await audit.verify(NOW)).head
    assert await audit.has(5, head)
    await forge(engine, "DELETE FROM audit WHERE id = 5")  # the end can be cut off unseen …
    assert (await audit.verify(NOW)).broken is None
    assert not await audit.has(5, head)  # … but not from whoever noted the head
    await forge_more(engine, "DELETE FROM audit WHERE id = 1")
    assert (await audit.verify(NOW)).broken == 2
    await engine.dispose()


async def forge_more(engine: AsyncEngine, statement: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(statement))


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x' WHERE id = 2", "DELETE FROM audit WHERE id = 1"])
async def test_the_database_refuses_changes(url: str, statement: str) -> None:
    engine = database.connect(url)
    audit = await written(engine, entry(1), entry(2))
    with pytest.raises(DBAPIError, match="the audit log only grows"):
        await forge_more(engine, statement)
    assert (await audit.verify(NOW)).broken is None
    await engine.dispose()


async def test_old_entries_go_and_the_rest_verifies(url: str, caplog: pytest.LogCaptureFixture) -> None:
    engine = database.connect(url)
    months = [datetime(2025, month, 15, tzinfo=UTC) for month in (2, 3, 4, 5)]
    audit = await written(engine, *(entry(number, at) for number, at in enumerate(months)))
    old = (await audit.newest(EntryFilter(), 9))[::-1]
    await audit.daily(NOW)  # April 2026: what was written before April 2025 goes
    await audit.daily(NOW)  # once a day
    assert logging.getLogger().level == logging.WARNING
    assert [(record.levelname, record.message.rpartition(":")[0]) for record in caplog.records] == [
        ("INFO", "= audit log: 3 entries, head 5")
    ]
    remaining = (await audit.newest(EntryFilter(), 9))[::-1]
    assert remaining[:2] == old[2:]
    assert [row.entry for row in remaining[2:]] == [AuditEntry(NOW, "server", "prune-log", "2", old[1].seal)]
    assert audit.checked == (NOW, Verdict(3, 5, remaining[-1].seal, None))
    with pytest.raises(DBAPIError, match="the audit log only grows"):
        await forge_more(engine, "DELETE FROM audit WHERE id = 3")
    await audit.daily(NOW.replace(year=2028))
    assert [(row.id, row.entry.subject) for row in await audit.newest(EntryFilter(), 9)] == [(6, "5")]
    assert (await audit.verify(NOW)).broken is None
    await engine.dispose()


async def test_entries_of_old_are_chained_as_they_stand(url: str) -> None:
    engine = database.connect(url)
    await migrate(engine, "0004")
    insert = (
        "INSERT INTO audit (id, at, actor, action, subject, detail, address, port) "
        "VALUES (:id, 1775437200, 'a', 'login', 'a', 'Nguyễn', '192.0.2.1', 9)"
    )
    async with engine.begin() as connection:
        for number in (3, 7):
            await connection.execute(text(insert), {"id": number})
    audit = await written(engine, entry(1))
    was = AuditEntry(NOW, "a", "login", "a", "Nguyễn", "192.0.2.1", 9)
    rows = (await audit.newest(EntryFilter(), 9))[::-1]
    assert [(row.id, row.entry, row.profile) for row in rows] == [
        (3, was, ""),
        (7, was, ""),
        (8, entry(1), "KH-2023/1"),
    ]
    assert rows[0].seal == entry_hash(GENESIS, 3, was, "")
    assert (await audit.verify(NOW)).broken is None
    async with engine.begin() as connection:
        await connection.run_sync(downgrade, "0004")
        await connection.execute(text("DELETE FROM audit"))
    await engine.dispose()


async def test_r001_an_entry_keeps_its_profile_and_is_covered_by_the_log(world: World) -> None:
    session = await world.session(NHA_TRANG)
    (issued,) = await world.services.scheduler.history(session.id)
    assert (issued.kind, issued.profile) == ("issued", "KH-2023/1")
    audit = world.services.audit
    for _ in range(2):  # the second round finds nothing new
        await audit.cover(NOW)
    (cover,) = await audit.newest(EntryFilter(action=COVER), 9)
    assert (cover.entry.actor, cover.entry.subject) == ("server", str(issued.id))
    assert cover.entry.detail == seal_happening(GENESIS, issued)
    await world.services.scheduler.cancel(session.id, NOW)
    restarted = AuditLog(world.services.database, PROFILES, world.services.scheduler.happenings)
    await restarted.cover(NOW)
    covers = await restarted.newest(EntryFilter(action=COVER), 9)
    assert [row.entry.subject for row in covers] == [str(issued.id + 1), "1"]
    assert (await restarted.verify(NOW)).broken is None
    await forge_more(world.services.database, f"UPDATE happenings SET profile = 'KH-2025/1' WHERE id = {issued.id}")
    assert (await restarted.verify(NOW)).broken == cover.id
    await forge_more(world.services.database, f"DELETE FROM happenings WHERE id = {issued.id + 1}")
    await AuditLog(world.services.database, PROFILES, world.services.scheduler.happenings).cover(
        NOW
    )  # a later seal mends nothing
    assert (await restarted.verify(NOW)).broken == cover.id


async def test_writers_take_turns(url: str) -> None:
    engine = database.connect(url)
    audit = await written(engine)
    other = AuditLog(engine, PROFILES)
    await asyncio.gather(*((audit, other)[number % 2].append(entry(number)) for number in range(20)))
    assert (await audit.verify(NOW)).entries == 20
    await engine.dispose()


async def test_entries_that_wait_for_their_turn_are_written_in_one_transaction(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = database.connect(url)
    audit = await written(engine)
    async with database.writing(engine):
        waiting = [asyncio.create_task(audit.append_together(entry(n, detail=str(n)), entry(n))) for n in range(6)]
        await asyncio.sleep(0)  # they wait from now on
        waiting[4].cancel()
        await asyncio.wait(waiting[4:5])
        ours: list[Fate] = ["answered", "lost"]  # this transaction, and the one of the first who waits
        left = script_commits(monkeypatch, engine, *ours, "answered", "unanswered")
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(outcomes[0], DBAPIError)
    assert [outcomes[n] for n in (1, 2, 3, 5)] == [None] * 4
    assert left == ["unanswered"], "one transaction for all the others"
    assert [each.entry.subject for each in await audit.after(0, 20)] == [f"s{n}" for n in (1, 1, 2, 2, 3, 3, 5, 5)]
    assert (await audit.verify(NOW)).entries == 8
    await engine.dispose()


async def test_characters_that_no_database_stores_are_replaced_in_an_entry(url: str) -> None:
    engine = database.connect(url)
    audit = await written(engine, entry(1, actor="x" * 99, detail="a\0b\udcff" + "d" * 2000))
    stored_entry = (await audit.newest(EntryFilter(), 1))[0].entry
    assert (stored_entry.actor, stored_entry.detail) == ("x" * 64, "ab?" + "d" * 997)
    assert (await audit.verify(NOW)).broken is None
    await engine.dispose()


async def test_entries_are_found_with_and_without_diacritics(url: str) -> None:  # I-09
    engine = database.connect(url)
    day = timedelta(days=1)
    entries = [
        entry(1),
        entry(2, NOW + day, actor="central", action="cancel"),
        entry(3, NOW + 2 * day, detail="Đảo Trường Sa"),
    ]
    audit = await written(engine, *entries)

    async def found(**wanted: Any) -> list[str]:
        return [row.entry.subject for row in await audit.newest(EntryFilter(**wanted), 9)]

    assert await found() == ["s3", "s2", "s1"]
    assert await found(text="xuong huan") == await found(text="Phường Xương Huân") == ["s2", "s1"]
    assert await found(text="DAO truong") == ["s3"]
    assert await found(actor="central") == await found(action="cancel") == await found(subject="s2") == ["s2"]
    assert await found(start=NOW + day) == ["s3", "s2"]
    assert await found(end=NOW + day) == ["s1"]
    assert await found(before=2) == ["s1"]
    assert [row.entry.subject for row in await audit.newest(EntryFilter(), 2)] == ["s3", "s2"]
    assert [row.id for rows in [rows async for rows in audit.each(EntryFilter(text="huan"))] for row in rows] == [1, 2]
    await engine.dispose()


# Over REST.


async def exported(client: Any, query: str) -> str:
    async with client.get(f"/api/v1/audit/export?{query}") as response:
        assert response.status == 200
        return str(await response.text())


async def test_the_log_is_exported_as_csv_and_as_json_lines(world: World) -> None:
    await world.services.audit.append(AuditEntry(NOW, "=cmd", "test", "s1", 'Xương Huân, "1"', "2001:db8::1", 9))
    client = await world.signed_in("central")
    rows = list(csv.DictReader(io.StringIO((await exported(client, "format=csv&action=test")).removeprefix("\ufeff"))))
    assert [(row["Thời điểm"], row["Tài khoản"], row["Chi tiết"]) for row in rows] == [
        ("06/04/2026 08:00:00", "'=cmd", 'Xương Huân, "1"')
    ]
    lines = [json.loads(line) for line in (await exported(client, "format=jsonl")).splitlines()]
    assert [line["action"] for line in lines] == ["test", "login", "export-log", "export-log"]
    head = GENESIS
    for line in lines:  # whoever has the file can verify it
        at = datetime.fromisoformat(line["at"])
        about = (line[name] for name in ("actor", "action", "subject", "detail", "address", "port"))
        head = entry_hash(head, line["id"], AuditEntry(at, *about), line["profile"])
        assert line["seal"] == head


async def test_the_page_is_told_what_came_of_verifying(world: World) -> None:
    client = await world.signed_in("admin")
    await world.server.periodic_jobs.work()
    async with client.get("/api/v1/audit/check") as response:
        first = await response.json()
    assert (first["checked"], first["broken"]) == ("2026-04-06T01:00:00Z", None)
    await forge(world.services.database, "UPDATE audit SET actor = 'x' WHERE id = 1")
    async with client.post("/api/v1/audit/check", json={}) as response:
        assert await response.json() == {
            "checked": "2026-04-06T01:00:00Z",
            "entries": 0,
            "last": 0,
            "head": GENESIS,
            "broken": 1,
        }


def noted(rows: list[AuditEntry]) -> list[tuple[str, str, str, str]]:
    return [(row.actor, row.action, row.subject, row.detail) for row in rows[::-1]]


async def test_refused_requests_are_in_the_audit_log(world: World) -> None:
    client, before = await world.signed_in("nhatrang"), await world.services.scheduler.capacity_limit()
    for path, body in (
        (f"/api/v1/points/{NHA_TRANG}/devices", {"devices": 2}),
        ("/api/v1/capacity/steps", {"sessions": 40, "points": 500, "reason": "x"}),
    ):
        async with client.post(path, json=body) as response:
            assert await problem_of(response) == (403, "forbidden")
        assert noted(await world.audited(1)) == [("nhatrang", "refused", path, "POST")]
    assert await world.services.scheduler.capacity_limit() == before


async def test_readers_of_codes_are_in_the_audit_log_once_a_day(world: World) -> None:  # I-08
    session = await world.session(NHA_TRANG)
    client = await world.signed_in("nhatrang")
    for _ in range(2):
        for path in ("sessions", f"sessions/{session.id}"):
            async with client.get(f"/api/v1/{path}") as response:
                assert response.status == 200
    outsider = await world.signed_in("camranh")
    async with outsider.get("/api/v1/sessions") as response:
        assert await response.json() == []
    assert noted(await world.audited(9)) == [
        ("nhatrang", "login", "nhatrang", ""),
        ("nhatrang", "see-codes", "568", session.number),
        ("nhatrang", "see-phones", "568", session.number),
        ("camranh", "login", "camranh", ""),
    ]
    world.clock.advance(86_400)
    client = await world.signed_in("nhatrang")
    async with client.get(f"/api/v1/sessions/{session.id}") as response:
        assert response.status == 200
    assert [entry.action for entry in await world.audited(3)] == ["see-phones", "see-codes", "login"]


async def test_what_somebody_saw_is_there_once_a_day_whoever_writes_it_and_however_that_is_answered(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = database.connect(url)
    async with engine.begin() as db:
        await db.run_sync(METADATA.create_all, [AUDIT])
    one, other = AuditLog(engine, PROFILES), AuditLog(engine, PROFILES)
    fates: tuple[Fate, ...] = ("unanswered", "lost")
    for fate in fates:
        script_commits(monkeypatch, engine, fate)
        with pytest.raises(DBAPIError):
            await one.once(entry(1, detail=fate))
        await one.once(entry(1, detail=fate))
        await other.once(entry(1, NOW + timedelta(hours=1), detail=fate, port=8))
    await asyncio.gather(*(each.once(entry(2)) for each in (one, one, other)))
    await other.once(entry(2, NOW + timedelta(days=1)))
    for field in ("actor", "action", "subject", "detail", "address"):
        await other.once(entry(2, NOW + timedelta(days=1), **{field: "\0another"}))
        await one.once(entry(2, NOW + timedelta(days=1), **{field: "\0another"}))
    assert [(row.entry.subject, row.entry.detail) for row in await one.after(0, 9)] == [
        ("s1", "unanswered"),
        ("s1", "lost"),
        *[("s2", "Phường Xương Huân")] * 4,
        ("another", "Phường Xương Huân"),
        ("s2", "another"),
        ("s2", "Phường Xương Huân"),
    ]
    await database.dispose(engine)


async def test_five_failed_sign_ins_are_a_security_event(world: World) -> None:
    for _ in range(6):
        async with world.client().post("/api/v1/login", json={"account": "host", "password": "x"}) as response:
            assert response.status in {401, 429}
    assert [entry.action for entry in await world.audited(9)] == ["login-locked", *["login-failed"] * 5]


async def test_twenty_wrong_codes_lock_and_are_a_security_event(world: World) -> None:
    session = await world.session(NHA_TRANG)
    socket = await world.socket("camranh")
    for _ in range(20):
        assert (await socket.ask(type="join", code="0000000000"))["error"] == "code-unknown"
    assert (await socket.ask(type="join", code=session.code))["error"] == "code-locked"
    log = noted(await world.audited(30))
    assert log[0] == ("camranh", "login", "camranh", "")
    assert log[1:21] == [("camranh", "code-wrong", "camranh", "code-unknown")] * 20
    assert log[21:] == [("camranh", "code-locked", "camranh", "")]


async def test_joins_are_in_the_audit_log(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    await world.join("nhatrang", session)
    assert noted(await world.audited(1)) == [("nhatrang", "enter", session.id, session.number)]


# At the command line.


async def shell(settings: Settings, *arguments: str) -> None:
    parser = ArgumentParser()
    admin_cli.add_arguments(parser)
    await admin_cli.run(settings, parser.parse_args(arguments))


async def test_the_command_line_verifies_and_is_on_the_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = make_settings(tmp_path, None)
    await shell(settings, "create-account", "kim", "--role", "technician")
    capsys.readouterr()
    await shell(settings, "verify-log")
    output = capsys.readouterr().out
    head = output.split()[-1]
    assert output == f"1 entries are what was written, head {head}\n"
    await shell(settings, "verify-log", "--head", head)
    assert capsys.readouterr().out == output
    with pytest.raises(BadLog):
        await shell(settings, "verify-log", "--head", f"1:{'0' * 64}")
    engine = database.connect(settings.database_url)
    row = (await AuditLog(engine, PROFILES).newest(EntryFilter(), 1))[0]
    assert (row.entry.actor, row.entry.action, row.entry.subject, row.entry.detail) == (
        f"shell/{os.getuid()}",
        "admin",
        "create-account",
        "account=kim role=['technician'] language=vi",
    )
    await forge(engine, "UPDATE audit SET actor = 'x'")
    await engine.dispose()
    with pytest.raises(BadLog, match="entry 1 of the audit log is not what was written"):
        await shell(settings, "verify-log")
