"""Decides which work an account is shown on its first page, and which way into a session. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from scheduler.core.model import Phase
from scheduler.operations.incidents.provider_view import ProviderOverview
from scheduler.today.model import Owed, OwedKind
from signaling.core.account import Account, Role

OF_UNIT: tuple[OwedKind, ...] = ("checks", "lists", "material", "handovers", "figures")
OF_ROLE: Mapping[Role, tuple[OwedKind, ...]] = {
    "registrant": (*OF_UNIT, "drafts", "people"),
    "site": (*OF_UNIT, "controls"),
}
"""The work that people of a unit do for it."""
WATCHED: tuple[OwedKind, ...] = ("emergencies", "queue", "replies", "incidents")
"""The work that a supervisor watches."""
OF_CENTRE: tuple[OwedKind, ...] = (
    *WATCHED,
    "drafts",
    "letters",
    "notices",
    "checks",
    "handovers",
    "points",
    "changes",
    "feedback",
    "controls",
    "reviews",
)
"""The work that the operating unit does, for all units."""

Action = Literal["control", "join", "prepare", "queue", "watch"]
"""Enter the console; enter the room; prepare the own points; decide in the queue; see how it goes."""


def work_of(account: Account) -> dict[OwedKind, str | None]:
    """Return the kinds of work that an account is shown, each of its unit or (None) of all units."""
    everywhere = OF_CENTRE if account.central else WATCHED if account.sees_all else ()
    own = [kind for role in account.roles for kind in OF_ROLE.get(role, ())] if account.unit else []
    return {**dict.fromkeys(own, account.unit), **dict.fromkeys(everywhere, None)}


def provider_work(overview: ProviderOverview, now: datetime) -> list[Owed]:
    """Return what a provider owes: replies about its lines, and a contact for each session to come."""
    faults = [each for each in overview.incidents if each.steps[-1].kind == "provider"]
    unnamed = [e.session for e in overview.sessions if e.contact is None and e.session.official.end > now]
    contacts = Owed("contacts", len(unnamed), min((each.check_due for each in unnamed), default=None))
    return [each for each in (Owed("faults", len(faults)), contacts) if each.count]


def action(account: Account, phase: Phase, *, may_control: bool, takes_part: bool) -> Action | None:
    """Return the main thing that an account can do about a slot."""
    if phase in {"open", "lobby"}:
        entering: Action | None = "control" if may_control else "join" if takes_part else None
        return entering or ("watch" if account.sees_all else None)
    if phase == "upcoming":
        return "prepare" if takes_part or account.central else None
    return "queue" if phase in {"waiting", "revoked"} and account.sees_all else None
