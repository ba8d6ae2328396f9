"""Carries out votes in running meetings: what was voted is stored before anybody is told of it."""

import asyncio
from collections.abc import Awaitable, Collection
from datetime import datetime
from typing import TypeVar

from scheduler.operations.votes.errors import AlreadyVoted, BallotsLost, NotEntitled, VoteOver, VoteRunning
from scheduler.operations.votes.model import Question, Vote
from scheduler.operations.votes.service import Votes
from signaling.audit.log import AuditLog
from signaling.core.errors import MessageError
from signaling.meeting.client import Client
from signaling.meeting.runner import MeetingRunner
from signaling.messages.votes import CancelVote, CastVote, CloseVote, OpenVote, RecordVote, ShowVote

T = TypeVar("T")
_WORDS = {
    VoteRunning: "vote-running",
    VoteOver: "vote-over",
    NotEntitled: "not-entitled",
    AlreadyVoted: "already-voted",
    BallotsLost: "ballots-lost",
}


class MeetingVotes:
    """Obeys the messages about votes, one at a time in each meeting.

    The audit log is told who opened, closed and announced, and what was recorded for others; never a ballot.
    """

    def __init__(self, votes: Votes, audit: AuditLog) -> None:
        self._votes = votes
        self._audit = audit

    async def open(self, meeting: MeetingRunner, client: Client, message: OpenVote, now: datetime) -> None:
        """Put a question to the points."""
        account = meeting.state.may_lead(client.id)
        question = _question(message)

        async def opened() -> None:
            voters = meeting.state.voters(question, message.points)
            vote = await self._votes.open(meeting.id, question, voters, account, now, message.seconds, message.item)
            kind = "secret" if question.secret else "open"
            await self._note(client, "vote-open", meeting, f"{vote.number} {kind}", now)
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
            vote = await self._votes.close(running.id, account, now)
            vote = await self._votes.announce(vote.id, now) if message.announce else vote
            shown_since = now if message.announce else None
            await self._note(client, "vote-close", meeting, str(vote.number), now)
            if message.announce:
                await self._note(client, "vote-announce", meeting, str(vote.number), now)
            await meeting.apply(meeting.state.vote_changed(vote, shown_since), client, message.ref)

        await self._in_turn(meeting, closed())

    async def cancel(self, meeting: MeetingRunner, client: Client, message: CancelVote, now: datetime) -> None:
        """Cancel the vote in progress, whose question is a mistake; everyone is told, and another may be asked."""
        account = meeting.state.may_lead(client.id)

        async def cancelled() -> None:
            running = meeting.state.latest_vote.known(message.vote, running=True)
            vote = await self._votes.cancel(running.id, account, now)
            await self._note(client, "vote-cancel", meeting, str(vote.number), now)
            await meeting.apply(meeting.state.vote_changed(vote), client, message.ref)

        await self._in_turn(meeting, cancelled())

    async def show(self, meeting: MeetingRunner, client: Client, message: ShowVote, now: datetime) -> None:
        """Announce a result over the picture, or take it away."""
        meeting.state.may_lead(client.id)

        async def shown() -> None:
            vote = meeting.state.latest_vote.known(message.vote, running=False)
            first = message.on and vote.announced is None
            vote = await self._votes.announce(vote.id, now) if first else vote
            if first:
                await self._note(client, "vote-announce", meeting, str(vote.number), now)
            await meeting.apply(meeting.state.vote_changed(vote, now if message.on else None), client, message.ref)

        await self._in_turn(meeting, shown())

    async def recover(self, over: Collection[str], now: datetime) -> None:
        """Close the votes that a killed server left in sessions that are over."""
        await self._votes.recover(over, now)

    async def in_progress(self) -> set[str]:
        """Return the sessions with a vote in progress, also of an earlier server."""
        return {vote.session for vote in await self._votes.in_progress()}

    async def load(self, meeting: MeetingRunner) -> None:
        """Give a meeting that begins, or begins anew, its latest vote."""
        latest = (await self._votes.of_session(meeting.id))[-1:]
        meeting.state.latest_vote.vote = latest[0] if latest else None

    async def tick(self, meeting: MeetingRunner, now: datetime) -> None:
        """Close the vote whose time is over; take a result away that was shown long enough."""
        latest = meeting.state.latest_vote
        if latest.timed_out(now) or latest.shown_enough(now):
            await self._in_turn(meeting, self._tick(meeting, now))

    async def _tick(self, meeting: MeetingRunner, now: datetime) -> None:
        latest = meeting.state.latest_vote
        if latest.vote is not None and latest.timed_out(now):
            closed = await self._votes.close(latest.vote.id, "", latest.vote.deadline or now)
            await meeting.apply(meeting.state.vote_changed(closed))
        elif latest.vote is not None and latest.shown_enough(now):
            await meeting.apply(meeting.state.vote_changed(latest.vote))

    async def end(self, meeting: MeetingRunner, now: datetime) -> None:
        """Close the vote in progress of a meeting that is over."""
        if (vote := meeting.state.latest_vote.running) is not None:
            await self._in_turn(meeting, self._end(meeting, vote, now))

    async def _end(self, meeting: MeetingRunner, vote: Vote, now: datetime) -> None:
        if meeting.state.latest_vote.running is not None:
            meeting.state.latest_vote.vote = await self._votes.close(vote.id, "", now)

    async def _cast(
        self, client: Client, message: CastVote | RecordVote, meeting: MeetingRunner, point: str, now: datetime
    ) -> None:
        running = meeting.state.latest_vote.known(message.vote, running=True)
        if meeting.state.latest_vote.timed_out(now):
            raise MessageError("vote-over")
        aloud = isinstance(message, RecordVote)
        vote = await self._votes.cast(running.id, point, message.choice, aloud=aloud)
        if aloud:
            await self._note(client, "vote-record", meeting, f"{vote.number} {point} {message.choice + 1}", now)
        await meeting.apply(meeting.state.vote_taken(vote, point), client, message.ref)

    async def _in_turn(self, meeting: MeetingRunner, work: Awaitable[T]) -> T:
        """Do work on the votes of a meeting after what came before, also if the asker's socket ends meanwhile."""

        async def alone() -> T:
            async with meeting.vote_lock:
                return await work

        try:
            return await asyncio.shield(asyncio.ensure_future(alone()))
        except tuple(_WORDS) as error:
            raise MessageError(_WORDS[type(error)]) from None

    async def _note(self, client: Client, action: str, meeting: MeetingRunner, detail: str, now: datetime) -> None:
        await self._audit.append(client.source.entry(now, client.account.account, action, meeting.id, detail))


def _question(message: OpenVote) -> Question:
    return Question(
        message.question, tuple(message.choices), message.secret, message.quorum, message.majority, message.base
    )
