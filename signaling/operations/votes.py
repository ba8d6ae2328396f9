"""Endpoints of votes: what a session decided, and the protocol of each vote as PDF."""

import asyncio

from aiohttp import web

from scheduler.core.model import Session
from scheduler.operations.votes.errors import VoteOver
from scheduler.operations.votes.model import Vote
from signaling.accounts import permissions
from signaling.accounts.unit_directory import UnitDirectory
from signaling.accounts.visible_sessions import units_and_points
from signaling.core.errors import Hidden
from signaling.http.route import ID, ApiRequest, Moment, Route
from signaling.http.signed_files import signed
from signaling.http.uploads import attached
from signaling.messages.votes import BaseVote, VoteOutcome, VotingPoint
from signaling.operations.attendance import find
from signaling.operations.context import VOTES
from signaling.operations.vote_protocol import SessionHead, protocol


class ClosedVote(BaseVote):
    """A vote that is closed. `counts` and `outcome` are null where it was cancelled or had too few secret ballots."""

    opened: Moment
    closed: Moment
    cancelled: bool
    announced: Moment | None
    counts: list[int] | None
    outcome: VoteOutcome | None
    voters: list[VotingPoint]


async def votes(request: ApiRequest) -> list[ClosedVote]:
    """Return the votes of a session that are announced or cancelled, to its host all that are closed."""
    session, points = await find(request)
    found = await request.context(VOTES).votes.of_session(session.id)
    return [_wire(vote) for vote in found if _may_read(request, vote, session, points)]


async def protocol_file(request: ApiRequest) -> web.Response:
    """Return the protocol of a vote to who takes part in its session; every download is audited."""
    context = request.context(VOTES)
    try:
        vote = await context.votes.find(request.id)
    except VoteOver:
        raise Hidden from None
    session, points = await context.scheduler.session(vote.session), await units_and_points(request)
    request.seen(permissions.may_see(request.account, session, points) and _may_read(request, vote, session, points))
    host = points[session.host_point]
    head = SessionHead(points.unit(session.host_point).name, session.title, session.number, host.label or host.name)
    zone = context.scheduler.policy(request.now).zone
    body = await asyncio.to_thread(protocol, head, vote, zone)
    await request.note("vote-protocol", session.id, str(vote.number))
    return attached(body, "application/pdf", f"{session.number}-kiem-phieu-{vote.number}.pdf")


def _may_read(request: ApiRequest, vote: Vote, session: Session, points: UnitDirectory) -> bool:
    leads = request.account.sees_all or permissions.is_host(request.account, session, points)
    return vote.closed is not None and (leads or vote.announced is not None or vote.cancelled)


def _wire(vote: Vote) -> ClosedVote:
    return ClosedVote.of(
        vote,
        opened=vote.opened,
        closed=vote.closed,
        cancelled=vote.cancelled,
        announced=vote.announced,
        counts=None if vote.counts is None else list(vote.counts),
        outcome=VoteOutcome.of(vote),
        voters=[VotingPoint.of(voter) for voter in vote.voters],
    )


_PROTOCOL_FILE = Route(
    "GET",
    f"/votes/{ID}/protocol",
    protocol_file,
    "The protocol of a vote",
    None,
    problems=(404,),
    media_type="application/pdf",
)

ROUTES = [
    Route("GET", f"/sessions/{ID}/votes", votes, "What was voted", list[ClosedVote], problems=(404,)),
    _PROTOCOL_FILE,
    signed(_PROTOCOL_FILE),
]
