"""Endpoints by which a second person approves, where the profile asks for two (decisions 134 and 146)."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from scheduler.core.model import Act, HeldPlan
from scheduler.core.note import Note, no_note
from signaling.booking import capacity, queue, session_briefs, two_persons
from signaling.booking.approvals_store import Action, Approval, ApprovalState
from signaling.booking.context import BOOKING
from signaling.booking.session_briefs import Brief
from signaling.core.errors import ApprovalOver, NotFound
from signaling.http.route import ID, ApiRequest, Model, Moment, Route


class Waiting(Model):
    """Something that waits for a second person: a request, or an emergency to be confirmed.

    `mine`: the account asked for it, so that somebody else decides. `session` is the one that would get a code, null
    for a lack of capacity; `account` is the one that would get other roles.
    """

    id: str
    action: Action
    session: Brief | None
    victims: list[Brief]
    account: str | None
    roles_before: list[str]
    roles: list[str]
    reason: str
    asked_by: str
    asked: Moment
    expires: Moment
    state: ApprovalState
    mine: bool


async def approvals(request: ApiRequest) -> list[Waiting]:
    """List what waits for a second person, emergencies first, the oldest of each first."""
    request.only(request.account.sees_all)
    found = await request.context(BOOKING).approvals.listed(request.now)
    briefs = await session_briefs.of(request, {i for each in found for i in (each.subject, *each.victims)})
    return [_wire(each, briefs, request.account.account) for each in found]


def _wire(approval: Approval, briefs: session_briefs.Briefs, account: str) -> Waiting:
    return Waiting(
        id=approval.id,
        action=approval.action,
        session=briefs.get(approval.subject),
        victims=[briefs[each] for each in approval.victims if each in briefs],
        account=approval.subject if approval.action == "change-roles" else None,
        roles_before=_words(approval.roles_before),
        roles=_words(approval.roles),
        reason=approval.reason,
        asked_by=approval.asked_by,
        asked=approval.asked,
        expires=approval.expires,
        state=approval.state,
        mine=approval.asked_by == account,
    )


def _words(joined: str) -> list[str]:
    return joined.split(",") if joined else []


async def approve(request: ApiRequest) -> web.Response:
    """Carry out what another account asked for, or confirm an emergency."""
    approval = await _of_another(request)
    if approval.state == "emergency":
        await _move(request, approval, "confirmed", _noting(request, "approval-confirm", approval, approval.asked_by))
        return web.Response(status=204)
    await _carry_out(request, approval, "approved", _noting(request, "approval-give", approval, approval.asked_by))
    return web.Response(status=204)


async def refuse(request: ApiRequest) -> web.Response:
    """Refuse what another account asked for."""
    approval = await _of_another(request)
    if not approval.waits(request.now):
        raise ApprovalOver
    await _move(request, approval, "refused", _noting(request, "approval-refuse", approval, approval.asked_by))
    return web.Response(status=204)


async def emergency(request: ApiRequest) -> web.Response:
    """Carry out one's own request at once; it is confirmed afterwards."""
    request.only(request.account.central)
    approval = await _known(request)
    request.only(approval.asked_by == request.account.account)
    request.only(approval.action != "change-roles" or "administrator" in request.account.roles)
    await _carry_out(request, approval, "emergency", _noting(request, "approval-emergency", approval, approval.reason))
    await two_persons.tell(request, "approval-emergency", approval)
    return web.Response(status=204)


async def _of_another(request: ApiRequest) -> Approval:
    """Return a request that another account made, and not about the account's own roles. Raises Forbidden, NotFound."""
    request.only("administrator" in request.account.roles)
    approval = await _known(request)
    own = approval.subject if approval.action == "change-roles" else None
    request.only(request.account.account not in {approval.asked_by, own})
    return approval


async def _known(request: ApiRequest) -> Approval:
    approval = await request.context(BOOKING).approvals.approval(request.id)
    if approval is None:
        raise NotFound
    return approval


def _noting(request: ApiRequest, action: str, approval: Approval, detail: str) -> Note[object]:
    return request.noting(action, lambda _: (approval.subject, detail))


async def _move(request: ApiRequest, approval: Approval, after: ApprovalState, note: Note[Approval] = no_note) -> None:
    store, by = request.context(BOOKING).approvals, request.account.account
    if not await store.decide(approval, approval.state, after, by, request.now, note):
        raise ApprovalOver


async def _carry_out(request: ApiRequest, approval: Approval, after: ApprovalState, note: Note[object]) -> None:
    """Do what a request names, and nothing else, and note who decided with it.

    Raises ApprovalOver where it is not possible any more.
    """
    if not approval.waits(request.now):
        raise ApprovalOver
    await _move(request, approval, after)
    done = False
    try:
        done = await _CARRIED_OUT[approval.action](request, approval, Act(approval.asked_by, approval.reason), note)
    finally:
        if not done:
            store, by = request.context(BOOKING).approvals, request.account.account
            await store.decide(approval, after, "void", by, request.now)
    if not done:
        raise ApprovalOver


async def _confirm_plan(request: ApiRequest, approval: Approval, act: Act, note: Note[object]) -> bool:
    operator = request.context(BOOKING).scheduler.operator
    held = await operator.hold(approval.subject, request.now)
    if held.victims != approval.victims:
        return False
    done = await queue.carry_out(request, approval.subject, held.version, act, approval.override, note)
    return not isinstance(done, HeldPlan)


async def _shed(request: ApiRequest, approval: Approval, act: Act, note: Note[object]) -> bool:
    return await capacity.carry_out(request, approval.victims, act, note) is None


async def _change_roles(request: ApiRequest, approval: Approval, act: Act, note: Note[object]) -> bool:
    before, roles = _words(approval.roles_before), _words(approval.roles)
    by = {approval.asked_by, request.account.account}
    detail = f"{' '.join(before)} → {' '.join(roles)}: {act.reason}"[:1000]
    both = request.noting("roles", lambda name: (name, detail), note)
    return await request.context(BOOKING).role_changes.carry_out(approval.subject, before, roles, by, both)


_CARRIED_OUT: Mapping[Action, Callable[[ApiRequest, Approval, Act, Note[object]], Awaitable[bool]]] = {
    "confirm-plan": _confirm_plan,
    "shed": _shed,
    "change-roles": _change_roles,
}

ROUTES = [
    Route("GET", "/approvals", approvals, "What waits for a second person", list[Waiting], problems=(403,)),
    Route("POST", f"/approvals/{ID}/approve", approve, "Approve", None, status=204, problems=(403, 404, 409)),
    Route("POST", f"/approvals/{ID}/refuse", refuse, "Refuse", None, status=204, problems=(403, 404, 409)),
    Route("POST", f"/approvals/{ID}/emergency", emergency, "Do it at once", None, status=204, problems=(403, 404, 409)),
]
