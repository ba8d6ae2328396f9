"""Endpoints of coming changes: other rules or ending units, shown beforehand to those who must act (R-002)."""

from collections.abc import Mapping
from datetime import date

from scheduler.directory.endings import Ending as ComingEnding
from scheduler.directory.endings import EndReason
from scheduler.units import seed
from signaling.booking import session_briefs
from signaling.booking.session_briefs import Brief
from signaling.core.account import Account
from signaling.directory.context import POINTS
from signaling.directory.jobs import losers
from signaling.http.route import ApiRequest, Model, Named, NamedPoint, Route


class Unit(Model):
    """A unit that ends: its last day, and its successor, if known."""

    id: str
    name: str
    level: str
    why: EndReason
    successor: str | None


class Loser(Model):
    """An account of a unit that ends, or of a technician of the former operator."""

    account: str
    name: str
    unit: str | None


class Operators(Model):
    """Operators of the system until then, and from then on."""

    before: str
    after: str


class Ending(Model):
    """Changes that apply from `day` on; `profile` begins on it, if one does. Sessions are held then or later."""

    day: date
    profile: str | None
    units: list[Unit]
    hosts: list[NamedPoint]
    sessions: list[Brief]
    accounts: list[Loser]
    operators: Operators | None


class Outdated(Model):
    """Units that are registered as valid, though they ended by a shipped file; and what puts that right: the setting
    that names the profiles, and the units files to import, in order."""

    units: list[Named]
    profiles: str
    files: list[str]


async def endings(request: ApiRequest) -> list[Ending]:
    """List coming changes, the nearest day first."""
    context = request.context(POINTS)
    request.only(request.account.central)
    coming = await context.directory.endings(request.now)
    accounts = await context.accounts.accounts() if coming else []
    names = {unit.id: unit.name for unit in await context.scheduler.units()}
    briefs = await session_briefs.of(request, {beyond.session.id for each in coming for beyond in each.sessions})
    return [_wire(each, briefs, losers(each, accounts), names) for each in coming]


def _wire(
    ending: ComingEnding, briefs: session_briefs.Briefs, accounts: list[Account], names: Mapping[str, str]
) -> Ending:
    operators = [names.get(unit, unit) for unit in ending.operators or ()]
    return Ending(
        day=ending.day,
        profile=ending.profile,
        units=[
            Unit(
                id=each.unit.id,
                name=each.unit.name,
                level=each.unit.level,
                why=each.reason,
                successor=names.get(each.unit.successor or ""),
            )
            for each in ending.units
        ],
        hosts=[NamedPoint(id=point.id, name=point.name, label=point.label) for point in ending.hosts],
        sessions=[briefs[each.session.id] for each in ending.sessions],
        accounts=[Loser(account=a.account, name=a.name, unit=names.get(a.unit or "")) for a in accounts],
        operators=Operators(before=operators[0], after=operators[1]) if operators else None,
    )


async def outdated(request: ApiRequest) -> Outdated:
    """List registered units that have ended by the shipped files, and what to import to mend that."""
    context = request.context(POINTS)
    request.only(request.account.central)
    ended = seed.outdated(await context.scheduler.units(), context.scheduler.day(request.now))
    return Outdated(
        units=[Named(id=unit.id, name=unit.name) for unit in ended],
        profiles=seed.TWO_TIER_PROFILES,
        files=[str(path) for path in (seed.KHANH_HOA_2024, seed.KHANH_HOA_2025)],
    )


ROUTES = [
    Route("GET", "/endings", endings, "What ends on days to come", list[Ending], problems=(403,)),
    Route("GET", "/units/outdated", outdated, "Units that are none any longer", Outdated, problems=(403,)),
]
