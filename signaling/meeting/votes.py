"""Carries out votes in running meetings: what was voted is stored before anybody is told of it."""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from mediaserver.api import MediaEngine
from mediaserver.errors import MediaError
from scheduler.core.note import Note, no_note
from scheduler.operations.votes.errors import AlreadyVoted, BallotsLost, NotEntitled, VoteOver, VoteRunning
from scheduler.operations.votes.model import Question, Vote
from scheduler.operations.votes.service import Votes
from signaling.audit.log import AuditLog
from signaling.core.errors import MessageError
from signaling.meeting.client import Client
from signaling.meeting.runner import MeetingRunner
from signaling.messages.votes import CancelVote, CastVote, CloseVote, OpenVote, RecordVote, ShowVote

log = logging.getLogger(__name__)

T = TypeVar("T")
KEPT = "vote "
"""What the names of keys begin with that media workers keep."""
FORGET_EVERY = timedelta(minutes=1)
PATIENCE = timedelta(seconds=30)
"""So long after its time a secret vote stays open whose key is not here: workers come to a server that leads anew
within some seconds."""
_WORDS = {
    VoteRunning: "vote-running",
    VoteOver: "vote-over",
    NotEntitled: "not-entitled",
    AlreadyVoted: "already-voted",
    BallotsLost: "ballots-lost",
}


class MeetingVotes:
    """Obeys the messages about votes, one at a time in each meeting.

    The audit log is told who opened, closed and announced, and what was recorded for others, in the transaction of the
    vote (decision 150); never a ballot. Media workers keep the key of a secret vote for the server that leads next
    (decision 130).
    """

    def __init__(self, votes: Votes, engine: MediaEngine, audit: AuditLog) -> None:
        self._votes = votes
        self._engine = engine
        self._audit = audit
        self._leads_since: datetime | None = None
        self._looked: datetime | None = None
        """When it was last compared which keys media workers keep."""

    async def open(self, meeting: MeetingRunner, client: Client, message: OpenVote, now: datetime) -> None:
        """Put a question to the points."""
        account = meeting.state.may_lead(client.id)
        question = _question(message)

        async def opened() -> None:
            voters = meeting.state.voters(question, message.points)
            kind = "secret" if question.secret else "open"
            note = self._note(client, "vote-open", meeting, now, f" {kind}")
            timing = message.seconds, message.item
            vote = await self._votes.open(meeting.id, question, voters, account, now, *timing, note)
            await self._keep_key(vote)
            await meeting.apply(meeting.state.vote_changed(vote), client, message.ref)

        await self._in_turn(meeting, opened())

    async def cast(self, meeting: MeetingRunner, client: Client, message: CastVote, now: datetime) -> None:
        """Take the vote of a client's point."""
        await self._in_turn(meeting, self._cast(client, message, meeting, meeting.state.own_point(client.id), now))

    async def record(self, meeting: MeetingRunner, client: Client, message: RecordVote, now: datetime) -> None:
        """Take what a point said aloud, from who leads the meeting."""
        meeting.state.may_lead(client.id)
        if meeting.state.latest_vote.known(message.vote, running=True).question.secret:
            raise MessageError("forbidden")
        await self._in_turn(meeting, self._cast(client, message, meeting, message.point, now))

    async def close(self, meeting: MeetingRunner, client: Client, message: CloseVote, now: datetime) -> None:
        """Count the votes, and announce the result if that is wanted."""
        account = meeting.state.may_lead(client.id)

        async def closed() -> None:
            running = meeting.state.latest_vote.known(message.vote, running=True)
            await self._expect_key(running, now)
            vote = await self._close(running, account, now, self._note(client, "vote-close", meeting, now))
            if message.announce:
                vote = await self._votes.announce(vote.id, now, self._note(client, "vote-announce", meeting, now))
            shown_since = now if message.announce else None
            await meeting.apply(meeting.state.vote_changed(vote, shown_since), client, message.ref)

        await self._in_turn(meeting, closed())

    async def cancel(self, meeting: MeetingRunner, client: Client, message: CancelVote, now: datetime) -> None:
        """Cancel the vote in progress, whose question is a mistake; everyone is told, and another may be asked."""
        account = meeting.state.may_lead(client.id)

        async def cancelled() -> None:
            running = meeting.state.latest_vote.known(message.vote, running=True)
            note = self._note(client, "vote-cancel", meeting, now)
            vote = await self._votes.cancel(running.id, account, now, note)
            await self._forget_key(vote)
            await meeting.apply(meeting.state.vote_changed(vote), client, message.ref)

        await self._in_turn(meeting, cancelled())

    async def show(self, meeting: MeetingRunner, client: Client, message: ShowVote, now: datetime) -> None:
        """Announce a result over the picture, or take it away."""
        meeting.state.may_lead(client.id)

        async def shown() -> None:
            vote = meeting.state.latest_vote.known(message.vote, running=False)
            if message.on and vote.announced is None:
                vote = await self._votes.announce(vote.id, now, self._note(client, "vote-announce", meeting, now))
            await meeting.apply(meeting.state.vote_changed(vote, now if message.on else None), client, message.ref)

        await self._in_turn(meeting, shown())

    async def recover(self, over: Collection[str], now: datetime) -> None:
        """Close the votes that a killed server left in sessions that are over; have the keys of others kept anew."""
        self._leads_since = now
        left = await self._votes.in_progress()
        for vote in left:
            await self._has_key(vote)
        await self._votes.recover(over, now)
        for vote in left:
            await (self._forget_key(vote) if vote.session in over else self._keep_key(vote))

    async def in_progress(self) -> set[str]:
        """Return the sessions with a vote in progress, also of an earlier server."""
        return {vote.session for vote in await self._votes.in_progress()}

    async def load(self, meeting: MeetingRunner) -> None:
        """Give a meeting that begins, or begins anew, its latest vote."""
        meeting.state.latest_vote.vote = await self._votes.latest(meeting.id)

    async def tick(self, meeting: MeetingRunner, now: datetime) -> None:
        """Close the vote whose time is over; take a result away that was shown long enough."""
        latest = meeting.state.latest_vote
        if latest.timed_out(now) or latest.shown_enough(now):
            with suppress(MessageError):  # it was closed, without an answer
                await self._in_turn(meeting, self._tick(meeting, now))

    async def _tick(self, meeting: MeetingRunner, now: datetime) -> None:
        latest = meeting.state.latest_vote
        if latest.vote is not None and latest.timed_out(now):
            deadline = latest.vote.deadline or now
            if not await self._has_key(latest.vote) and now < deadline + PATIENCE:
                return  # media workers that have it may be still to come
            closed = await self._close(latest.vote, "", deadline)
            await meeting.apply(meeting.state.vote_changed(closed))
        elif latest.vote is not None and latest.shown_enough(now):
            await meeting.apply(meeting.state.vote_changed(latest.vote))

    async def end(self, meeting: MeetingRunner, now: datetime) -> None:
        """Close the vote in progress of a meeting that is over."""
        if (vote := meeting.state.latest_vote.running) is not None:
            with suppress(MessageError):  # as above
                await self._in_turn(meeting, self._end(meeting, vote, now))

    async def _end(self, meeting: MeetingRunner, vote: Vote, now: datetime) -> None:
        if meeting.state.latest_vote.running is not None:
            meeting.state.latest_vote.vote = await self._close(vote, "", now)

    async def _cast(
        self, client: Client, message: CastVote | RecordVote, meeting: MeetingRunner, point: str, now: datetime
    ) -> None:
        running = meeting.state.latest_vote.known(message.vote, running=True)
        if meeting.state.latest_vote.timed_out(now):
            raise MessageError("vote-over")
        aloud = isinstance(message, RecordVote)
        recorded = self._note(client, "vote-record", meeting, now, f" {point} {message.choice + 1}")
        note = recorded if aloud else no_note
        await self._expect_key(running, now)
        vote = await self._votes.cast(running.id, point, message.choice, aloud=aloud, note=note)
        await meeting.apply(meeting.state.vote_taken(vote, point), client, message.ref)

    async def _close(self, vote: Vote, by: str, now: datetime, note: Note[Vote] = no_note) -> Vote:
        await self._has_key(vote)
        closed = await self._votes.close(vote.id, by, now, note)
        await self._forget_key(vote)
        return closed

    async def _keep_key(self, vote: Vote) -> None:
        """Have media workers keep the key of a secret vote for the server that leads next."""
        if vote.question.secret and (key := await self._votes.key(vote.id)) is not None:
            await self._tell_workers(vote, base64.b64encode(key).decode())

    async def _forget_key(self, vote: Vote) -> None:
        if vote.question.secret:
            await self._tell_workers(vote, "")

    async def _tell_workers(self, vote: Vote, key: str) -> None:
        try:
            await self._engine.keep(f"{KEPT}{vote.id}", key)
        except MediaError as error:
            log.warning("x media workers do not keep the key of vote %s: %s", vote.id, error)

    async def _has_key(self, vote: Vote) -> bool:
        """Take the key of a secret vote that another server opened from media workers; return whether it is here."""
        if not vote.question.secret or await self._votes.key(vote.id) is not None:
            return True
        try:
            text = (await self._engine.held()).kept.get(f"{KEPT}{vote.id}", "")
            key = base64.b64decode(text, validate=True)
            return bool(key) and await self._votes.take_over(vote.id, key)
        except (MediaError, ValueError):
            return False

    async def _expect_key(self, vote: Vote, now: datetime) -> None:
        """Take the key of a secret vote; raise MessageError where media workers that have it may be still to come."""
        early = self._leads_since is not None and now < self._leads_since + PATIENCE
        if not await self._has_key(vote) and early:
            raise MessageError("media-restarting")

    async def forget_keys(self, now: datetime) -> None:
        """Once a minute have media workers forget the keys of votes that were closed while they were away."""
        if self._looked is not None and now - self._looked < FORGET_EVERY:
            return
        self._looked = now
        try:
            kept = {name for name in (await self._engine.held()).kept if name.startswith(KEPT)}
        except MediaError:
            return
        running = {f"{KEPT}{vote.id}" for vote in await self._votes.in_progress()} if kept else set()
        for name in kept - running:
            with suppress(MediaError):
                await self._engine.keep(name, "")

    async def _in_turn(self, meeting: MeetingRunner, work: Awaitable[T]) -> T:
        """Do work on the votes of a meeting after what came before, also if the asker's socket ends meanwhile."""

        async def alone() -> T:
            async with meeting.vote_lock:
                try:
                    return await work
                except (VoteRunning, VoteOver):
                    await self._catch_up(meeting)
                    raise

        try:
            return await asyncio.shield(asyncio.ensure_future(alone()))
        except tuple(_WORDS) as error:
            raise MessageError(_WORDS[type(error)]) from None

    async def _catch_up(self, meeting: MeetingRunner) -> None:
        """Tell a meeting of the vote that the database opened or closed without an answer (decision 149)."""
        known, vote = meeting.state.latest_vote.vote, await self._votes.latest(meeting.id)
        if vote is None or (known is not None and (known.id, known.closed is None) == (vote.id, vote.closed is None)):
            return
        await (self._keep_key(vote) if vote.closed is None else self._forget_key(vote))
        await meeting.apply(meeting.state.vote_changed(vote))

    def _note(self, client: Client, action: str, meeting: MeetingRunner, now: datetime, about: str = "") -> Note[Vote]:
        """Return what tells the audit log of a change of a vote, by its number and more `about` it."""

        async def note(db: AsyncConnection, vote: Vote) -> None:
            detail = f"{vote.number}{about}"
            entry = client.source.entry(now, client.account.account, action, meeting.id, detail)
            await self._audit.append_with(db, entry)

        return note


def _question(message: OpenVote) -> Question:
    return Question(
        message.question, tuple(message.choices), message.secret, message.quorum, message.majority, message.base
    )
