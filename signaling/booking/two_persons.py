"""Asks for a second person before codes are revoked or roles changed, where the profile says so."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from scheduler.core.note import Note
from signaling.booking.approval_letters import What
from signaling.booking.approvals_store import Action, Approval, new_approval
from signaling.booking.context import BOOKING
from signaling.core.errors import ApprovalNeeded
from signaling.http.route import ApiRequest

ASKED_BY: Mapping[Action, Literal["revoke-codes", "change-roles"]] = {
    "confirm-plan": "revoke-codes",
    "shed": "revoke-codes",
    "change-roles": "change-roles",
}
"""The word of the profile that asks for a second person."""


def wanted(request: ApiRequest, action: Action) -> bool:
    """Return whether the profile wants a second person for an action."""
    return ASKED_BY[action] in request.context(BOOKING).scheduler.policy(request.now).two_persons.actions


async def tell(request: ApiRequest, what: What, approval: Approval) -> None:
    """Mail those who may approve a request."""
    context = request.context(BOOKING)
    waits = approval.action == "confirm-plan"
    number = (await context.scheduler.session(approval.subject)).number if waits else ""
    operator = context.scheduler.policy(request.now).directory.operator_unit
    await context.approval_letters.send(what, approval, number, operator, request.now)


async def check(
    request: ApiRequest, action: Action, subject: str, victims: Sequence[str], reason: str, override: bool = False
) -> None:
    """Ask for a second person before codes are revoked, where the profile wants one.

    Raises ApprovalNeeded; then nothing else has happened.
    """
    if victims and wanted(request, action):
        await _ask(request, _new(request, action, subject, victims, reason, override), f"{len(victims)}")


async def check_roles(request: ApiRequest, account: str, before: Sequence[str], roles: Sequence[str]) -> None:
    """Ask for a second person before an account gets other roles, where the profile wants one.

    Raises ApprovalNeeded; then nothing else has happened.
    """
    if wanted(request, "change-roles"):
        asked = _new(request, "change-roles", account, (), request.body.reason, override=False)
        change = f"{' '.join(before)} → {' '.join(roles)}"
        await _ask(request, replace(asked, roles_before=",".join(before), roles=",".join(roles)), change)


def _new(
    request: ApiRequest, action: Action, subject: str, victims: Sequence[str], reason: str, override: bool
) -> Approval:
    until = request.now + request.context(BOOKING).scheduler.policy(request.now).two_persons.valid
    return new_approval(action, subject, victims, override, reason, request.account.account, request.now, until)


async def _ask(request: ApiRequest, asked: Approval, detail: str) -> None:
    note: Note[Approval] = request.noting(
        "approval-ask", lambda asked: (asked.subject, f"{detail}: {asked.reason}"[:1000])
    )
    approval = await request.context(BOOKING).approvals.ask(asked, note)
    if approval is asked:
        await tell(request, "approval-asked", approval)
    raise ApprovalNeeded(approval.id)
