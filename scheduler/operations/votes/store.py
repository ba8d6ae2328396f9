"""Reads and writes the rows of votes, within the caller's transaction."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.operations.votes.model import Question, Vote, Voter
from scheduler.operations.votes.schema import VOTERS, VOTES


async def add(db: AsyncConnection, vote: Vote, sealed: str | None) -> None:
    """Store a vote that is opened, with the points that are entitled; `sealed` are the counts of a secret one."""
    question = vote.question
    await db.execute(
        insert(VOTES).values(
            id=vote.id,
            session=vote.session,
            number=vote.number,
            question=question.text,
            choices=json.dumps(question.choices, ensure_ascii=False),
            secret=question.secret,
            quorum=question.quorum,
            majority=question.majority,
            base=question.base,
            item=vote.item,
            opened=vote.opened,
            by=vote.by,
            deadline=vote.deadline,
            closed_by="",
            sealed=sealed,
        )
    )
    for place, voter in enumerate(vote.voters):
        values = {"point": voter.point, "name": voter.name, "label": voter.label, "voted": False, "aloud": False}
        await db.execute(insert(VOTERS).values(vote=vote.id, place=place, **values))


async def next_number(db: AsyncConnection, session: str) -> int:
    """Return the number of the next vote of a session, from 1 on."""
    latest = await db.scalar(select(func.max(VOTES.c.number)).where(VOTES.c.session == session))
    return (latest or 0) + 1


async def find(db: AsyncConnection, id_: str) -> Vote | None:
    """Return a vote."""
    return next(iter(await _read(db, select(VOTES).where(VOTES.c.id == id_))), None)


async def of_session(db: AsyncConnection, session: str) -> list[Vote]:
    """Return the votes of a session, in their order."""
    return await _read(db, select(VOTES).where(VOTES.c.session == session).order_by(VOTES.c.number))


async def in_progress(db: AsyncConnection) -> list[Vote]:
    """Return all votes that are not closed."""
    return await _read(db, select(VOTES).where(VOTES.c.closed.is_(None)).order_by(VOTES.c.id))


async def sealed(db: AsyncConnection, id_: str) -> str:
    """Return the encrypted counts of a secret vote in progress."""
    counts: str | None = await db.scalar(select(VOTES.c.sealed).where(VOTES.c.id == id_))
    return counts or ""


async def seal(db: AsyncConnection, id_: str, counts: str) -> None:
    """Replace the encrypted counts of a secret vote."""
    await db.execute(update(VOTES).where(VOTES.c.id == id_).values(sealed=counts))


async def mark(db: AsyncConnection, id_: str, voter: Voter) -> None:
    """Store that a point has voted, and in an open vote what."""
    own = VOTERS.c.vote == id_, VOTERS.c.point == voter.point
    await db.execute(update(VOTERS).where(*own).values(voted=True, choice=voter.choice, aloud=voter.aloud))


async def close(db: AsyncConnection, id_: str, counts: Sequence[int] | None, by: str, at: datetime) -> None:
    """Store what was counted; of a secret vote the encrypted counts go."""
    written = None if counts is None else json.dumps(list(counts))
    values = {"closed": at, "closed_by": by, "counts": written, "sealed": None}
    await db.execute(update(VOTES).where(VOTES.c.id == id_).values(values))


async def cancel(db: AsyncConnection, id_: str, by: str, at: datetime) -> None:
    """Close a vote without counts."""
    values = {"closed": at, "closed_by": by, "cancelled": True, "sealed": None}
    await db.execute(update(VOTES).where(VOTES.c.id == id_).values(values))


async def announce(db: AsyncConnection, id_: str, at: datetime) -> None:
    """Store when the result of a vote was announced."""
    await db.execute(update(VOTES).where(VOTES.c.id == id_).values(announced=at))


async def _read(db: AsyncConnection, query: Select[tuple[object]]) -> list[Vote]:
    rows = (await db.execute(query)).mappings().all()
    of_votes = VOTERS.c.vote.in_([row["id"] for row in rows])
    voters: dict[str, list[Voter]] = {row["id"]: [] for row in rows}
    for each in await db.execute(select(VOTERS).where(of_votes).order_by(VOTERS.c.vote, VOTERS.c.place)):
        voters[each.vote].append(Voter(each.point, each.name, each.label, each.voted, each.choice, each.aloud))
    return [_vote(row, voters[row["id"]]) for row in rows]


def _vote(row: RowMapping, voters: Sequence[Voter]) -> Vote:
    return Vote(
        id=row["id"],
        session=row["session"],
        number=row["number"],
        question=Question(
            row["question"],
            tuple(json.loads(row["choices"])),
            row["secret"],
            row["quorum"],
            row["majority"],
            row["base"],
        ),
        voters=tuple(voters),
        opened=row["opened"],
        by=row["by"],
        item=row["item"],
        deadline=row["deadline"],
        closed=row["closed"],
        closed_by=row["closed_by"],
        announced=row["announced"],
        counts=None if row["counts"] is None else tuple(json.loads(row["counts"])),
        cancelled=row["cancelled"],
    )
