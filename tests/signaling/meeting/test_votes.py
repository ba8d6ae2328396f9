"""Votes over WebSocket: open and secret ones, who is told what, over a restart too. Also tests `state/votes.py`."""

import base64
import logging
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core.database import writing
from scheduler.operations.votes import service as votes_service
from signaling.app.settings import Settings
from signaling.meeting.votes import KEPT
from tests.fakes import FakeEngine
from tests.signaling.world import CAM_RANH, DIEN_KHANH, HOST, NHA_TRANG, Socket, World, make_settings, open_world

QUESTION = "Thông qua dự thảo nghị quyết?"


async def meet(world: World) -> tuple[str, dict[str, Socket]]:
    """Hold a session of four points; return its id and the sockets by account."""
    session = await world.session(NHA_TRANG, CAM_RANH, DIEN_KHANH)
    accounts = ("host", "nhatrang", "camranh", "dienkhanh")
    return session.id, {account: (await world.join(account, session))[0] for account in accounts}


async def ask(socket: Socket, question: str = QUESTION, **fields: Any) -> dict[str, Any]:
    """Put a question; return the vote as who asks is told of it."""
    vote = await socket.ask(type="vote-open", question=question, **fields)
    assert vote["type"] == "vote-state", vote
    return vote


async def test_an_open_vote_from_question_to_result(world: World) -> None:
    _, sockets = await meet(world)
    host, city, bay, district = sockets.values()
    vote = await ask(host)
    assert [vote[name] for name in ("number", "entitled", "cast", "may", "counts")] == [1, 4, 0, True, None]
    assert vote["choices"] == ["Tán thành", "Không tán thành", "Ý kiến khác"]
    prompt = await city.type("vote-state")
    assert [prompt[name] for name in ("id", "cast", "voters", "may", "voted")] == [vote["id"], None, None, True, False]
    taken = await city.ask(type="vote", vote=vote["id"], choice=1)
    assert taken == {"type": "vote-taken", "vote": vote["id"], "choice": 1}
    told = {"type": "vote-cast", "vote": vote["id"], "point": NHA_TRANG, "choice": 1, "aloud": False, "cast": 1}
    assert await host.type("vote-cast") == told
    await city.ask(type="vote", vote=vote["id"], choice=0)
    await bay.ask(type="vote", vote=vote["id"], choice=0)
    await host.ask(type="vote", vote=vote["id"], choice=0)
    recorded = await host.ask(type="vote-record", vote=vote["id"], point=DIEN_KHANH, choice=2)
    assert (recorded["aloud"], recorded["cast"]) == (True, 4)
    assert (await district.type("vote-taken"))["choice"] == 2
    closed = await host.ask(type="vote-close", vote=vote["id"])
    assert (closed["counts"], closed["outcome"]) == ([3, 0, 1], {"quorum": True, "adopted": 0})
    result = await city.until(lambda got: got["type"] == "vote-state" and got["closed"])
    assert [result[name] for name in ("counts", "cast", "shown", "voters")] == [[3, 0, 1], 4, True, None]
    assert (await city.ask(type="vote", vote=vote["id"], choice=1))["error"] == "vote-over"
    actions = [entry.action for entry in await world.audited(6)]
    assert [action for action in actions if action.startswith("vote")] == [
        "vote-announce",
        "vote-close",
        "vote-record",
        "vote-open",
    ]
    await world.tick(61)
    assert (await city.type("vote-state"))["shown"] is False


async def test_who_leads_alone_asks_and_closes_and_points_vote_for_themselves(world: World) -> None:
    session, sockets = await meet(world)
    host, city, bay, _ = sockets.values()
    assert (await city.ask(type="vote-open", question=QUESTION))["error"] == "forbidden"
    vote = await ask(host, points=[HOST, NHA_TRANG])
    assert (await host.ask(type="vote-open", question=QUESTION))["error"] == "vote-running"
    for message in ({"type": "vote-close"}, {"type": "vote-record", "point": CAM_RANH, "choice": 0}):
        assert (await city.ask(vote=vote["id"], **message))["error"] == "forbidden"
    assert (await bay.type("vote-state"))["may"] is False
    assert (await bay.ask(type="vote", vote=vote["id"], choice=0))["error"] == "not-entitled"
    assert (await city.ask(type="vote", vote=vote["id"], choice=5))["error"] == "not-entitled"
    assert (await city.ask(type="vote", vote="another", choice=0))["error"] == "vote-over"
    assert (await host.ask(type="vote-show", vote=vote["id"], on=True))["error"] == "vote-over"
    closed = await host.ask(type="vote-close", vote=vote["id"], announce=False)
    assert [closed[name] for name in ("counts", "announced")] == [[0, 0, 0], False]
    assert closed["outcome"] == {"quorum": False, "adopted": None}
    ended = await city.until(lambda got: got.get("closed") is not None)
    assert [ended[name] for name in ("counts", "announced")] == [None, False]
    await host.ask(type="vote-show", vote=vote["id"], on=True)
    assert (await city.type("vote-state"))["counts"] == [0, 0, 0]
    technician, joined = await world.join("central", await world.services.scheduler.session(session))
    assert joined["vote"]["counts"] == [0, 0, 0]
    assert (await technician.ask(type="vote", vote=vote["id"], choice=0))["error"] == "not-entitled"


async def test_a_mistaken_question_is_cancelled_for_everyone_and_another_is_asked(world: World) -> None:
    _, sockets = await meet(world)
    host, city, *_ = sockets.values()
    vote = await ask(host, question="Thông qua Nghị quyết năm 2206?")
    await city.ask(type="vote", vote=vote["id"], choice=0)
    assert (await city.ask(type="vote-cancel", vote=vote["id"]))["error"] == "forbidden"
    cancelled = await host.ask(type="vote-cancel", vote=vote["id"])
    assert [cancelled[name] for name in ("cancelled", "announced", "shown", "counts")] == [True, False, False, None]
    told = await city.until(lambda got: got["type"] == "vote-state" and got["closed"])
    assert [told[name] for name in ("cancelled", "counts", "voted")] == [True, None, True]
    for message in ({"type": "vote-cancel"}, {"type": "vote-close"}, {"type": "vote-show", "on": True}):
        assert (await host.ask(vote=vote["id"], **message))["error"] == "vote-over"
    assert (await city.ask(type="vote", vote=vote["id"], choice=1))["error"] == "vote-over"
    assert (await ask(host))["number"] == 2
    actions = [entry.action for entry in await world.audited(4)]
    assert [action for action in actions if action == "vote-cancel"] == ["vote-cancel"]


async def test_a_vote_closes_by_itself_when_its_time_is_over(world: World) -> None:
    _, sockets = await meet(world)
    host, city, *_ = sockets.values()
    vote = await ask(host, seconds=30)
    await city.ask(type="vote", vote=vote["id"], choice=0)
    world.clock.advance(30)
    assert (await city.ask(type="vote", vote=vote["id"], choice=1))["error"] == "vote-over"
    await world.tick(1)
    closed = await host.until(lambda got: got["type"] == "vote-state" and got["closed"])
    assert (closed["closed"], closed["counts"], closed["announced"]) == (closed["deadline"], [1, 0, 0], False)


@pytest.mark.parametrize("secret", [False, True])
async def test_what_was_voted_outlives_the_server(settings: Settings, secret: bool) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session, sockets = await meet(world)
        vote = await ask(sockets["host"], secret=secret)
        for account, choice in (("nhatrang", 1), ("camranh", 0), ("host", 0)):
            await sockets[account].ask(type="vote", vote=vote["id"], choice=choice)
        if secret:
            await world.server.meetings.leave()
    async with open_world(settings, held=engine) as world:
        known = await world.services.scheduler.session(session)
        host, joined = await world.join("host", known)
        city, again = await world.join("nhatrang", known)
        assert [(state["vote"]["voted"], state["vote"]["choice"]) for state in (joined, again)] == [
            (True, None if secret else 0),
            (True, None if secret else 1),
        ]
        answer = await city.ask(type="vote", vote=vote["id"], choice=1)
        assert answer.get("error") == ("already-voted" if secret else None)
        assert (await host.ask(type="vote-close", vote=vote["id"]))["counts"] == [2, 1, 0]


async def half_voted(settings: Settings, engine: FakeEngine, folder: Path, **fields: Any) -> tuple[Settings, str, str]:
    """Hold a secret vote of which two ballots are cast when its server dies; return another one, session and vote.

    The other server has the same database and secrets, and nothing of the data directory that was lost.
    """
    async with open_world(settings, held=engine) as world:
        session, sockets = await meet(world)
        vote = await ask(sockets["host"], secret=True, **fields)
        for account, choice in (("nhatrang", 1), ("camranh", 0)):
            await sockets[account].ask(type="vote", vote=vote["id"], choice=choice)
        await world.server.meetings.leave()
    shutil.copytree(settings.data, folder, ignore=shutil.ignore_patterns("ballots", "run", "*.sqlite3*"))
    return replace(settings, data=folder), session, vote["id"]


async def test_a_secret_vote_goes_on_under_another_server_to_which_media_workers_bring_its_key(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    engine, folder = FakeEngine(), tmp_path_factory.mktemp("other") / "data"
    other, session, vote = await half_voted(settings, engine, folder)
    assert list(engine.kept) == [f"{KEPT}{vote}"]
    async with open_world(other, held=engine) as world:
        known = await world.services.scheduler.session(session)
        host, _ = await world.join("host", known)
        city, _ = await world.join("nhatrang", known)
        assert (await city.ask(type="vote", vote=vote, choice=1))["error"] == "already-voted"
        assert (await host.ask(type="vote", vote=vote, choice=0))["type"] == "vote-taken"
        assert (await host.ask(type="vote-close", vote=vote))["counts"] == [2, 1, 0]
    assert (engine.kept, list((folder / "ballots").iterdir())) == ({}, [])


@pytest.mark.parametrize("kept", ["", "AAAA", "none", base64.b64encode(bytes(32)).decode()])
async def test_a_secret_vote_whose_key_no_worker_brings_is_lost_only_after_half_a_minute(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, kept: str
) -> None:
    engine, folder = FakeEngine(), tmp_path_factory.mktemp("other") / "data"
    other, session, vote = await half_voted(settings, engine, folder, seconds=10)
    engine.kept = {f"{KEPT}{vote}": kept}
    async with open_world(other, held=engine) as world:
        host, joined = await world.join("host", await world.services.scheduler.session(session))
        ballot = {"type": "vote", "vote": vote, "choice": 0}
        assert (await host.ask(**ballot))["error"] == "media-restarting"
        await world.tick(29)
        assert (await world.services.votes.find(vote)).closed is None
        assert (await host.ask(type="vote-close", vote=vote))["error"] == "media-restarting"
        await world.tick(12)
        closed = await host.until(lambda got: got["type"] == "vote-state" and got["closed"])
        assert (closed["counts"], closed["cast"], joined["vote"]["closed"]) == (None, 2, None)
    assert engine.kept == {}


async def test_workers_that_were_away_forget_the_keys_of_votes_that_were_closed_meanwhile(world: World) -> None:
    _, sockets = await meet(world)
    vote = await ask(sockets["host"], secret=True)
    kept = dict(world.engine.kept)
    world.engine.kept |= {f"{KEPT}closed": "AAAA", "another": "text"}
    await world.tick(61)
    assert world.engine.kept == kept | {"another": "text"}
    await sockets["host"].ask(type="vote-cancel", vote=vote["id"])
    assert world.engine.kept == {"another": "text"}


@pytest.mark.parametrize("secret", [False, True])
async def test_a_vote_that_could_not_be_stored_is_not_half_stored_and_counts_once_when_it_is_sent_again(
    world: World, secret: bool
) -> None:
    _, sockets = await meet(world)
    host, city, bay, district = sockets.values()
    vote = await ask(host, secret=secret)
    tables = ("votes",) if secret else ("voters", "votes")  # of a ballot, the count is what is written last
    for name in tables:
        await execute(world, f"CREATE TRIGGER full_{name} BEFORE UPDATE ON {name} BEGIN SELECT RAISE(FAIL, 'x'); END")
    ballot = {"type": "vote", "vote": vote["id"], "choice": 1}
    assert (await city.ask(**ballot))["error"] == "unavailable"
    assert (await host.ask(type="vote-close", vote=vote["id"]))["error"] == "unavailable"
    assert (await host.ask(type="vote-cancel", vote=vote["id"]))["error"] == "unavailable"
    for name in tables:
        await execute(world, f"DROP TRIGGER full_{name}")
    for socket in (city, city, bay, district):
        await socket.ask(**ballot)
    closed = await host.ask(type="vote-close", vote=vote["id"])
    assert (closed["counts"], closed["cast"]) == ([0, 3, 0], 3)


async def execute(world: World, statement: str) -> None:
    async with world.services.database.begin() as db:
        await db.execute(text(statement))


@pytest.mark.parametrize("secret", [False, True])
async def test_a_vote_whose_acknowledgement_was_lost_counts_once(world: World, secret: bool) -> None:
    session, sockets = await meet(world)
    host, city, bay, district = sockets.values()
    vote = await ask(host, secret=secret)
    ballot = {"type": "vote", "vote": vote["id"], "choice": 1}
    await city.send(**ballot)
    assert (await host.type("vote-cast"))["cast"] == 1
    await city.socket.close()  # nobody has read the answer
    again, joined = await world.join("nhatrang", await world.services.scheduler.session(session))
    assert (joined["vote"]["voted"], joined["vote"]["choice"]) == (True, None if secret else 1)
    assert (await again.ask(**ballot)).get("error") == ("already-voted" if secret else None)
    for socket in (bay, district):
        await socket.ask(**ballot)
    assert (await host.ask(type="vote-close", vote=vote["id"]))["counts"] == [0, 3, 0]


def break_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next change of a vote take effect without an answer of the database."""

    @asynccontextmanager
    async def breaks(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        monkeypatch.setattr(votes_service, "writing", writing)
        async with writing(engine) as db:
            yield db
        raise OperationalError("COMMIT", {}, OSError("the connection is closed"))

    monkeypatch.setattr(votes_service, "writing", breaks)


async def test_a_vote_that_was_opened_or_closed_without_an_answer_is_told_when_it_is_tried_again(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, sockets = await meet(world)
    host, city, *_ = sockets.values()
    question = {"type": "vote-open", "question": QUESTION, "secret": True}
    break_once(monkeypatch)
    assert [(await host.ask(**question))["error"] for _ in range(2)] == ["unavailable", "vote-running"]
    vote = await city.type("vote-state")
    assert (vote["number"], vote["closed"], list(world.engine.kept)) == (1, None, [f"{KEPT}{vote['id']}"])
    break_once(monkeypatch)
    closing = {"type": "vote-close", "vote": vote["id"]}
    assert [(await host.ask(**closing))["error"] for _ in range(2)] == ["unavailable", "vote-over"]
    told = await city.until(lambda got: got["type"] == "vote-state" and got["closed"])
    assert (told["id"], world.engine.kept, (settings.data / "ballots" / vote["id"]).exists()) == (vote["id"], {}, False)
    assert (await ask(host, seconds=30))["number"] == 2
    break_once(monkeypatch)
    await world.tick(31)
    await world.tick(1)
    assert (await city.until(lambda got: got["type"] == "vote-state" and got["closed"]))["number"] == 2


async def test_the_audit_log_has_each_change_of_a_vote_once_also_of_one_without_an_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)

    async def twice(**message: Any) -> list[str]:
        """Ask what takes effect without an answer, and ask again; return the errors."""
        break_once(monkeypatch)
        return [(await host.ask(**message)).get("error", "") for _ in range(2)]

    async def vote() -> str:
        (*_, latest) = await world.services.votes.of_session(session.id)
        return latest.id

    question = {"type": "vote-open", "question": QUESTION}
    assert await twice(**question) == ["unavailable", "vote-running"]
    assert await twice(type="vote-close", vote=await vote()) == ["unavailable", "vote-over"]
    assert await twice(type="vote-show", vote=await vote(), on=True) == ["unavailable", ""]
    assert await twice(**question, secret=True) == ["unavailable", "vote-running"]
    assert await twice(type="vote-cancel", vote=await vote()) == ["unavailable", "vote-over"]
    noted = [entry for entry in await world.audited(50) if entry.action.startswith("vote")]
    assert [(entry.action, entry.subject, entry.detail) for entry in noted] == [
        ("vote-cancel", session.id, "2"),
        ("vote-open", session.id, "2 secret"),
        ("vote-announce", session.id, "1"),
        ("vote-close", session.id, "1"),
        ("vote-open", session.id, "1 open"),
    ]


async def test_a_vote_ends_with_its_session(world: World) -> None:
    session, sockets = await meet(world)
    await ask(sockets["host"])
    await world.tick(3 * 3600)
    (vote,) = await world.services.votes.of_session(session)
    assert (vote.closed is not None, vote.announced, vote.counts) == (True, None, (0, 0, 0))


async def test_a_secret_vote_needs_points_that_hide_each_other_and_nobody_records_for_one(world: World) -> None:
    _, sockets = await meet(world)
    host = sockets["host"]
    few = await host.ask(type="vote-open", question=QUESTION, secret=True, points=[HOST, NHA_TRANG])
    assert few["error"] == "too-few-voters"
    vote = await ask(host, secret=True)
    refused = await host.ask(type="vote-record", vote=vote["id"], point=CAM_RANH, choice=0)
    assert refused["error"] == "forbidden"
    assert (await sockets["nhatrang"].ask(type="vote", vote=vote["id"], choice=0))["type"] == "vote-taken"
    told = await host.type("vote-cast")
    assert [told[name] for name in ("choice", "cast")] == [None, 1]


RANDOM = re.compile(r"[A-Za-z0-9_/+=-]{12,}|(?<='127.0.0.1', )\d+|0x[0-9a-f]+")
"""Ids, tokens, what is encrypted, ports."""


async def traces(
    settings: Settings, caplog: pytest.LogCaptureFixture, choices: Sequence[int]
) -> tuple[list[str], list[str]]:
    """Hold a secret vote in which three points choose so, in this order.

    Returns all rows of all tables (the audit log among them) before and after it is closed, and all lines of the log,
    without what is random in each run.
    """
    rows: list[str] = []
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(open_world(settings))
        session, sockets = await meet(world)
        vote = await ask(sockets["host"], secret=True)

        async def keep() -> None:
            await world.server.meetings.dependencies.state_writer.ensure_stored(world.server.meetings.meetings[session])
            async with world.services.database.begin() as db:
                names = (await db.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))).scalars().all()
                for name in sorted(names):
                    rows.extend(f"{name} {tuple(row)}" for row in await db.execute(text(f'SELECT * FROM "{name}"')))

        for account, choice in zip(("camranh", "dienkhanh", "nhatrang"), choices, strict=True):
            taken = await sockets[account].ask(type="vote", vote=vote["id"], choice=choice)
            assert taken == {"type": "vote-taken", "vote": vote["id"], "choice": None}
            await keep()
        assert (await sockets["host"].ask(type="vote-close", vote=vote["id"]))["counts"] == [1, 1, 1]
        await keep()
    log = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("signaling", "scheduler.operations")) or "vote" in record.getMessage()
    ]
    caplog.clear()
    return [RANDOM.sub("…", row) for row in rows], [RANDOM.sub("…", line) for line in log]


async def test_tables_audit_log_and_log_cannot_tell_who_cast_which_secret_ballot(
    settings: Settings, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    held = []
    for choices in ([0, 1, 2], [2, 0, 1]):
        folder = tmp_path / "".join(map(str, choices))
        folder.mkdir()
        shutil.copy(settings.data / "diemcau.sqlite3", folder)
        held.append(await traces(make_settings(folder, settings.redis_url), caplog, choices))
    (rows, log), (other_rows, other_log) = held
    assert [row for row in rows if "[1, 1, 1]" in row]
    assert sorted(rows) == sorted(other_rows)
    assert sorted(log) == sorted(other_log)
