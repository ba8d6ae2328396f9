"""Votes as they are stored; of a secret one nothing that joins a point with its ballot. Also tests `store.py`."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.operations.votes.ballot_keys import BallotKeys
from scheduler.operations.votes.errors import AlreadyVoted, BallotsLost, NotEntitled, VoteOver, VoteRunning
from scheduler.operations.votes.model import Question, Vote, Voter
from scheduler.operations.votes.service import Votes
from tests.scheduler.conftest import ServicesFixture
from tests.scheduler.world import at

NOW = at("05/04/2023 09:00")
HOST, CITY, LOC_THO, VINH_HAI = POINTS = ("so.tttt", "ubnd.nha-trang", "nt.loctho", "nt.vinhhai")
OPEN, SECRET = Question("Thông qua nghị quyết?"), Question("Bầu trưởng ban?", secret=True)
VOTERS = tuple(Voter(point, point, point.upper()) for point in POINTS)


@pytest.fixture
def keys(tmp_path: Path) -> BallotKeys:
    """Return the keys of secret votes, in a folder of the test."""
    return BallotKeys(tmp_path / "ballots")


async def opened(services: ServicesFixture, keys: BallotKeys, question: Question) -> tuple[Votes, Vote]:
    """Open a vote of four points; return it with its service."""
    session = await services.session(*POINTS)
    votes = Votes(services.engine, keys)
    return votes, await votes.open(session.id, question, VOTERS, "host", NOW)


async def test_an_open_vote_may_be_changed_until_it_is_closed(services: ServicesFixture, keys: BallotKeys) -> None:
    votes, vote = await opened(services, keys, OPEN)
    await votes.cast(vote.id, HOST, 0)
    await votes.cast(vote.id, CITY, 0)
    await votes.cast(vote.id, CITY, 1)
    after = await votes.cast(vote.id, LOC_THO, 2, aloud=True)
    assert [(each.voted, each.choice, each.aloud) for each in after.voters] == [
        (True, 0, False),
        (True, 1, False),
        (True, 2, True),
        (False, None, False),
    ]
    closed = await votes.close(vote.id, "host", NOW + timedelta(minutes=2))
    assert (closed.counts, closed.closed_by, closed.cast) == ((1, 1, 1), "host", 3)
    for refused in (votes.cast(vote.id, HOST, 0), votes.close(vote.id, "host", NOW), votes.announce("none", NOW)):
        with pytest.raises(VoteOver):
            await refused
    announced = await votes.announce(vote.id, NOW + timedelta(minutes=3))
    assert (await votes.announce(vote.id, NOW + timedelta(minutes=9))).announced == announced.announced
    assert await votes.of_session(vote.session) == [announced]


async def test_one_vote_at_a_time_of_points_that_are_entitled(services: ServicesFixture, keys: BallotKeys) -> None:
    votes, vote = await opened(services, keys, OPEN)
    with pytest.raises(VoteRunning):
        await votes.open(vote.session, OPEN, VOTERS, "host", NOW)
    for point, choice in (("ubnd.cam-ranh", 0), (HOST, 3)):
        with pytest.raises(NotEntitled):
            await votes.cast(vote.id, point, choice)
    await votes.close(vote.id, "host", NOW)
    assert (await votes.open(vote.session, OPEN, VOTERS, "host", NOW)).number == 2


async def dump(engine: AsyncEngine) -> dict[str, list[dict[str, object]]]:
    """Return all that the database holds of votes, in the order in which it holds it."""
    async with engine.begin() as db:
        return {
            name: [dict(row) for row in (await db.execute(text(f"SELECT * FROM {name}"))).mappings()]
            for name in ("votes", "voters")
        }


async def secret(
    services: ServicesFixture, keys: BallotKeys, session: str, ballots: Sequence[tuple[str, int]]
) -> tuple[list[dict[str, list[dict[str, object]]]], list[str]]:
    """Hold a secret vote; return the dump after each ballot and after the end, and each stored form of the counts."""
    votes = Votes(services.engine, keys)
    vote = await votes.open(session, SECRET, VOTERS, "host", NOW)
    dumps, sealed = [], []
    for point, choice in ballots:
        await votes.cast(vote.id, point, choice)
        rows = await dump(services.engine)
        sealed.append(str(rows["votes"][-1].pop("sealed")))
        dumps.append(_without_ids(rows))
    await votes.close(vote.id, "host", NOW + timedelta(minutes=1))
    rows = await dump(services.engine)
    assert rows["votes"][-1]["sealed"] is None
    dumps.append(_without_ids(rows))
    for counts in sealed:
        with pytest.raises(BallotsLost):
            keys.open(vote.id, counts)
    async with services.engine.begin() as db:
        await db.execute(text("DELETE FROM voters"))
        await db.execute(text("DELETE FROM votes"))
    return dumps, sealed


def _without_ids(rows: dict[str, list[dict[str, object]]]) -> dict[str, list[dict[str, object]]]:
    return {name: [{key: row[key] for key in row.keys() - {"id", "vote"}} for row in rows[name]] for name in rows}


async def test_who_cast_which_secret_ballot_makes_no_difference_to_what_is_stored(
    services: ServicesFixture, keys: BallotKeys
) -> None:
    session = (await services.session(*POINTS)).id
    held = [
        await secret(services, keys, session, list(zip((CITY, HOST, VINH_HAI, LOC_THO), choices, strict=True)))
        for choices in ((0, 0, 1, 2), (2, 1, 0, 0), (0, 2, 0, 1))
    ]
    first, _ = held[0]
    assert first[-1]["votes"][0]["counts"] == "[2, 1, 1]"
    assert [(row["voted"], row["choice"], row["aloud"]) for row in first[-1]["voters"]] == [(1, None, 0)] * 4
    assert all(dumps == first for dumps, _ in held)
    assert len({len(counts) for _, sealed in held for counts in sealed}) == 1
    assert len({counts for _, sealed in held for counts in sealed}) == 4 * len(
        held
    )  # a ballot for the same is another text


async def test_a_secret_ballot_is_cast_once_also_by_two_devices_at_once(
    services: ServicesFixture, keys: BallotKeys
) -> None:
    votes, vote = await opened(services, keys, SECRET)
    results = await asyncio.gather(*(votes.cast(vote.id, CITY, 1) for _ in range(4)), return_exceptions=True)
    assert [type(result) for result in results].count(AlreadyVoted) == 3
    for point in (HOST, LOC_THO):
        await votes.cast(vote.id, point, 0)
    assert (await votes.close(vote.id, "host", NOW)).counts == (2, 1, 0)


async def test_too_few_secret_ballots_are_never_counted(services: ServicesFixture, keys: BallotKeys) -> None:
    votes, vote = await opened(services, keys, SECRET)
    for point in (HOST, CITY):
        await votes.cast(vote.id, point, 0)
    closed = await votes.close(vote.id, "host", NOW)
    assert (closed.counts, closed.cast) == (None, 2)


@pytest.mark.parametrize("question", [OPEN, SECRET])
async def test_a_cancelled_vote_is_kept_without_counts_and_another_is_asked(
    services: ServicesFixture, keys: BallotKeys, tmp_path: Path, question: Question
) -> None:
    votes, vote = await opened(services, keys, question)
    for point in POINTS:
        await votes.cast(vote.id, point, 0)
    cancelled = await votes.cancel(vote.id, "host", NOW + timedelta(minutes=1))
    assert (cancelled.cancelled, cancelled.counts, cancelled.cast, cancelled.closed_by) == (True, None, 4, "host")
    assert cancelled.closed == NOW + timedelta(minutes=1)
    assert [path.name for path in tmp_path.rglob("ballots/*")] == []
    for refused in (
        votes.cast(vote.id, HOST, 1),
        votes.close(vote.id, "host", NOW),
        votes.cancel(vote.id, "host", NOW),
        votes.announce(vote.id, NOW),
    ):
        with pytest.raises(VoteOver):
            await refused
    assert (await votes.open(vote.session, question, VOTERS, "host", NOW)).number == 2


async def test_a_vote_goes_on_under_another_server_and_ends_with_its_session(
    services: ServicesFixture, keys: BallotKeys, tmp_path: Path
) -> None:
    votes, vote = await opened(services, keys, SECRET)
    for point in POINTS:
        await votes.cast(vote.id, point, 0)
    later = Votes(services.engine, BallotKeys(tmp_path / "ballots"))
    keys.make("of-a-killed-server")
    await later.recover(set(), NOW)
    assert [path.name for path in (tmp_path / "ballots").iterdir()] == [vote.id]
    assert [each.id for each in await later.in_progress()] == [vote.id]
    await later.recover({vote.session}, NOW + timedelta(hours=3))
    closed = await later.find(vote.id)
    assert (closed.counts, closed.closed, closed.closed_by) == ((4, 0, 0), NOW + timedelta(hours=3), "")
    assert list((tmp_path / "ballots").iterdir()) == []


async def test_a_vote_stays_closed_where_its_key_cannot_be_destroyed_yet(
    services: ServicesFixture, keys: BallotKeys, tmp_path: Path
) -> None:
    votes, vote = await opened(services, keys, SECRET)
    for point in POINTS:
        await votes.cast(vote.id, point, 0)
    key, moved = tmp_path / "ballots" / vote.id, tmp_path / "moved"
    key.rename(moved)
    key.mkdir()  # neither overwritten nor deleted as a file
    moved.rename(key / "key")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "open", lambda *_: (4, 0, 0))
        assert (await votes.close(vote.id, "host", NOW)).counts == (4, 0, 0)
    (key / "key").unlink()
    key.rmdir()
    await votes.recover(set(), NOW)
    assert (await votes.open(vote.session, OPEN, VOTERS, "host", NOW)).number == 2


async def test_counts_that_were_put_back_by_hand_tell_no_ballot(services: ServicesFixture, keys: BallotKeys) -> None:
    votes, vote = await opened(services, keys, SECRET)

    async def put(sealed: str) -> None:
        async with services.engine.begin() as db:
            await db.execute(text("UPDATE votes SET sealed = :sealed"), {"sealed": sealed})

    async def kept() -> str:
        return str((await dump(services.engine))["votes"][0]["sealed"])

    nobody = await kept()
    await votes.cast(vote.id, HOST, 0)
    one = await kept()
    await votes.cast(vote.id, CITY, 1)
    both = await kept()
    await put(nobody)  # before the ballot of the next point, which would be counted alone
    with pytest.raises(BallotsLost):
        await votes.cast(vote.id, LOC_THO, 2)
    await put(both)
    await votes.cast(vote.id, LOC_THO, 2)
    await put(one)
    closed = await votes.close(vote.id, "host", NOW)
    assert (closed.counts, closed.cast) == (None, 3)


async def test_without_its_key_a_secret_vote_takes_no_ballot_and_has_no_result(
    services: ServicesFixture, keys: BallotKeys
) -> None:
    votes, vote = await opened(services, keys, SECRET)
    for point in POINTS[:3]:
        await votes.cast(vote.id, point, 0)
    keys.destroy(vote.id)
    with pytest.raises(BallotsLost):
        await votes.cast(vote.id, POINTS[3], 0)
    closed = await votes.close(vote.id, "host", NOW)
    assert (closed.counts, closed.cast) == (None, 3)
