"""Opens votes of a session, takes the votes of points, closes and announces. Each method is one transaction.

A vote that was taken is stored: it outlives the server. Of a secret vote only two things are stored, which nothing
joins: which points have voted, and how many ballots each choice has; the latter encrypted until it is closed.
"""

import asyncio
import logging
import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core.database import writing
from scheduler.core.note import Note, no_note
from scheduler.operations.votes import rules, store
from scheduler.operations.votes.ballot_keys import BallotKeys
from scheduler.operations.votes.errors import AlreadyVoted, BallotsLost, NotEntitled, VoteOver, VoteRunning
from scheduler.operations.votes.model import MIN_SECRET, Question, Vote, Voter, deadline_of

log = logging.getLogger(__name__)


class Votes:
    """Stores the votes of sessions."""

    def __init__(self, engine: AsyncEngine, keys: BallotKeys) -> None:
        self._engine = engine
        self._keys = keys

    async def open(
        self,
        session: str,
        question: Question,
        voters: Sequence[Voter],
        by: str,
        now: datetime,
        seconds: int | None = None,
        item: str | None = None,
        note: Note[Vote] = no_note,
    ) -> Vote:
        """Open a vote, which closes after so many seconds, if it is told. Raises VoteRunning, OSError."""
        id_ = secrets.token_hex(8)
        if question.secret:
            await asyncio.to_thread(self._keys.make, id_)
        async with writing(self._engine) as db:
            if any(vote.closed is None for vote in await store.of_session(db, session)):
                raise VoteRunning
            number = await store.next_number(db, session)
            deadline = deadline_of(now, seconds)
            vote = Vote(id_, session, number, question, tuple(voters), now, by, item, deadline)
            none = self._keys.seal(id_, [0] * len(question.choices)) if question.secret else None
            await store.add(db, vote, none)
            await note(db, vote)
        return vote

    async def cast(self, id_: str, point: str, choice: int, *, aloud: bool = False, note: Note[Vote] = no_note) -> Vote:
        """Store the vote of a point; in an open vote it replaces the earlier one, a secret ballot stays.

        Raises VoteOver, NotEntitled, AlreadyVoted, BallotsLost.
        """
        async with writing(self._engine) as db:
            vote = await self._running(db, id_)
            voter = vote.voter(point)
            if voter is None or not 0 <= choice < len(vote.question.choices):
                raise NotEntitled
            if not vote.question.secret:
                await store.mark(db, id_, replace(voter, choice=choice, aloud=aloud))
            elif voter.voted:
                raise AlreadyVoted
            else:
                counts = list(await self._ballots(db, vote))
                counts[choice] += 1
                await store.mark(db, id_, voter)
                await store.seal(db, id_, self._keys.seal(id_, counts))
            cast = await self._known(db, id_)
            await note(db, cast)
        return cast

    async def close(self, id_: str, by: str, now: datetime, note: Note[Vote] = no_note) -> Vote:
        """Count the votes; the key of a secret vote is destroyed. Raises VoteOver."""
        async with writing(self._engine) as db:
            vote = await self._running(db, id_)
            await store.close(db, id_, await self._counts(db, vote), by, now)
            closed = await self._known(db, id_)
            await note(db, closed)
        await self._destroy_key(id_)
        return closed

    async def cancel(self, id_: str, by: str, now: datetime, note: Note[Vote] = no_note) -> Vote:
        """Close a vote whose question was a mistake: it is kept, and never counted. Raises VoteOver."""
        async with writing(self._engine) as db:
            await self._running(db, id_)
            await store.cancel(db, id_, by, now)
            cancelled = await self._known(db, id_)
            await note(db, cancelled)
        await self._destroy_key(id_)
        return cancelled

    async def announce(self, id_: str, now: datetime, note: Note[Vote] = no_note) -> Vote:
        """Note that the result of a closed vote is announced, once. Raises VoteOver, also for a cancelled one."""
        async with writing(self._engine) as db:
            vote = await self._known(db, id_)
            if vote.closed is None or vote.cancelled:
                raise VoteOver
            if vote.announced is None:
                await store.announce(db, id_, now)
                vote = await self._known(db, id_)
                await note(db, vote)
        return vote

    async def of_session(self, session: str) -> list[Vote]:
        """Return the votes of a session, in their order."""
        async with self._engine.begin() as db:
            return await store.of_session(db, session)

    async def latest(self, session: str) -> Vote | None:
        """Return the latest vote of a session. The key of one that was closed without an answer is destroyed."""
        votes = (await self.of_session(session))[-1:]
        if votes and votes[0].closed is not None:
            await self._destroy_key(votes[0].id)
        return votes[0] if votes else None

    async def find(self, id_: str) -> Vote:
        """Return a vote. Raises VoteOver if there is none."""
        async with self._engine.begin() as db:
            return await self._known(db, id_)

    async def recover(self, over: Collection[str], now: datetime) -> None:
        """Close the votes that a killed server left in sessions that are over; destroy keys that nothing needs."""
        async with self._engine.begin() as db:
            left = await store.in_progress(db)
        for vote in left:
            if vote.session in over:
                await self.close(vote.id, "", now)
        await asyncio.to_thread(self._keys.destroy_others, {vote.id for vote in left if vote.session not in over})

    async def in_progress(self) -> list[Vote]:
        """Return the votes of all sessions that are not closed."""
        async with self._engine.begin() as db:
            return await store.in_progress(db)

    async def key(self, id_: str) -> bytes | None:
        """Return the key of a secret vote in progress; None where it is not here. Raises OSError."""
        return await asyncio.to_thread(self._keys.read, id_)

    async def take_over(self, id_: str, key: bytes) -> bool:
        """Go on with a secret vote that another server opened, by its key; return False if that is another one.

        Raises OSError.
        """
        async with self._engine.begin() as db:
            sealed = await store.sealed(db, id_)
        return await asyncio.to_thread(self._keys.take_over, id_, key, sealed)

    async def _destroy_key(self, id_: str) -> None:
        """Destroy the key of a vote that is closed, which stays closed where that fails: `recover` tries again."""
        try:
            await asyncio.to_thread(self._keys.destroy, id_)
        except OSError:
            log.exception("x the key of a secret vote could not be destroyed, the next start tries again")

    async def _counts(self, db: AsyncConnection, vote: Vote) -> tuple[int, ...] | None:
        """Return the counts to store; None for a secret vote with too few ballots, or whose key is lost."""
        if not vote.question.secret:
            return rules.count(vote)
        if vote.cast < MIN_SECRET:
            return None
        try:
            return await self._ballots(db, vote)
        except BallotsLost:
            return None

    async def _ballots(self, db: AsyncConnection, vote: Vote) -> tuple[int, ...]:
        """Return the ballots so far for each choice of a secret vote. Raises BallotsLost.

        They are as many as the points that have voted: who put earlier counts back could have one ballot counted alone.
        """
        counts = self._keys.open(vote.id, await store.sealed(db, vote.id))
        if sum(counts) != vote.cast:
            raise BallotsLost
        return counts

    async def _running(self, db: AsyncConnection, id_: str) -> Vote:
        vote = await self._known(db, id_)
        if vote.closed is not None:
            raise VoteOver
        return vote

    async def _known(self, db: AsyncConnection, id_: str) -> Vote:
        vote = await store.find(db, id_)
        if vote is None:
            raise VoteOver
        return vote
