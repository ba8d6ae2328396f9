"""Endpoint of the first page: sessions of the day, and what the account owes."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import get_args

from scheduler.booking.sessions import access_window
from scheduler.booking.sessions.listing import Selection
from scheduler.core import model
from scheduler.core.model import Phase, SlotKind
from scheduler.operations.incidents.provider_view import ProviderOverview
from scheduler.today.model import Owed, OwedKind
from signaling.accounts import permissions
from signaling.accounts.unit_directory import UnitDirectory
from signaling.accounts.visible_sessions import units_and_points
from signaling.http.route import ApiRequest, Model, Moment, Route
from signaling.today import rules
from signaling.today.context import TODAY

MAX_SESSIONS = 200
AHEAD = timedelta(days=30)
COMING = 3
"""So many sessions are shown of the days to come."""
SHOWN = frozenset(get_args(Phase)) - {"cancelled"}


class TodaySlot(Model):
    """A slot of a session; `phase` is that of the slot, `code` only for accounts it is meant for.

    People of a provider see neither title nor code. A code is `withheld` while the audit log, which has to say who saw
    it, cannot be written. `action` is the main thing that the account can do about it;
    `called` are the labels of the unit's absent points that the chair calls.
    """

    id: str
    number: str
    title: str | None
    host: str
    kind: SlotKind
    start: Moment
    end: Moment
    phase: Phase
    code: str | None
    withheld: bool
    action: rules.Action | None
    called: list[str]


class Work(Model):
    """So much work of a kind; `due` is when the first of it is due, if it has a deadline."""

    kind: OwedKind
    count: int
    due: Moment | None


class Today(Model):
    """The slots of the province's day, the next ones of later days, and what the account owes."""

    now: Moment
    slots: list[TodaySlot]
    coming: list[TodaySlot]
    owed: list[Work]


async def today(request: ApiRequest) -> Today:
    """Return what is on today, what comes next, and what the account owes."""
    context = request.context(TODAY)
    start, end = _day(request)
    if request.account.outsider:
        overview = await context.provider_view.overview(request.account.provider or "", request.now)
        slots, owed = _provider_slots(request, overview), rules.provider_work(overview, request.now)
    else:
        slots = await _slots(request, start, end)
        owed = await context.owed_work.counted(rules.work_of(request.account), request.now)
    return Today(
        now=request.now,
        slots=[each for each in slots if each.start < end and each.end > start],
        coming=[each for each in slots if each.start >= end][:COMING],
        owed=[_work(each) for each in owed],
    )


def _day(request: ApiRequest) -> tuple[datetime, datetime]:
    scheduler = request.context(TODAY).scheduler
    day, zone = scheduler.day(request.now), scheduler.policy(request.now).zone
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


async def _slots(request: ApiRequest, start: datetime, end: datetime) -> list[TodaySlot]:
    """Return the slots from today on that the account may see: all of today, and the first ones after it."""
    unit_directory = await units_and_points(request)
    sessions = await _sessions(request, unit_directory, start, end, MAX_SESSIONS)
    known = {each.id for each in sessions}
    later = await _sessions(request, unit_directory, end, end + AHEAD, COMING + len(known))
    sessions += [each for each in later if each.id not in known]
    shown = [_slot(request, session, slot, unit_directory) for session in sessions for slot in session.slots]
    seen = [await _with_calls(request, unit_directory, each) for each in shown if each.end > start]
    codes = sorted({each.number for each in seen if each.code})
    if codes and not await request.saw_if_stored("see-codes", request.account.unit or "", " ".join(codes)):
        seen = [each.model_copy(update={"code": None, "withheld": each.code is not None}) for each in seen]
    return sorted(seen, key=lambda each: (each.start, each.number))


async def _with_calls(request: ApiRequest, unit_directory: UnitDirectory, slot: TodaySlot) -> TodaySlot:
    """Name the own points that the chair calls into a session that is on; the chair is told that they know."""
    if slot.phase not in {"lobby", "open"}:
        return slot
    own = {point.id: point.label for point in unit_directory.values() if point.unit == request.account.unit}
    called = await request.context(TODAY).meetings.called(slot.id, own, request.now)
    return slot.model_copy(update={"called": [own[point] for point in called]})


async def _sessions(
    request: ApiRequest, unit_directory: UnitDirectory, start: datetime, end: datetime, limit: int
) -> list[model.Session]:
    unit = request.account.unit
    units = None if request.account.sees_all else [] if unit is None else [unit, *unit_directory.all_wards(unit)]
    selection = Selection(start, end, units, phases=SHOWN)
    page = await request.context(TODAY).scheduler.page(selection, request.now, limit)
    return [each for each in page if permissions.may_see(request.account, each, unit_directory)]


def _slot(request: ApiRequest, session: model.Session, slot: model.Slot, unit_directory: UnitDirectory) -> TodaySlot:
    account, window = request.account, unit_directory.rules(session).door
    phase = access_window.phase_of_slots(session.state, (slot,), window, request.now)
    knows = permissions.may_know_code(account, session, unit_directory)
    return TodaySlot(
        id=session.id,
        number=session.number,
        title=session.title,
        host=unit_directory[session.host_point].label,
        kind=slot.kind,
        start=slot.start,
        end=slot.end,
        phase=phase,
        code=session.code if knows and phase != "ended" else None,
        withheld=False,
        action=rules.action(
            account,
            phase,
            may_control=permissions.may_control(account, unit_directory.control(session)),
            takes_part=account.central or account.unit in unit_directory.invited(session),
        ),
        called=[],
    )


def _provider_slots(request: ApiRequest, overview: ProviderOverview) -> list[TodaySlot]:
    """Return the slots in which a line of the provider is used."""
    policy = request.context(TODAY).scheduler.policy
    return [
        TodaySlot(
            id=session.id,
            number=session.number,
            title=None,
            host=overview.points[session.host_point].label,
            kind=slot.kind,
            start=slot.start,
            end=slot.end,
            phase=access_window.phase_of_slots(session.state, (slot,), policy(slot.start).door, request.now),
            code=None,
            withheld=False,
            action=None,
            called=[],
        )
        for session in (each.session for each in overview.sessions)
        for slot in session.slots
    ]


def _work(owed: Owed) -> Work:
    return Work(kind=owed.kind, count=owed.count, due=owed.due)


ROUTES: Sequence[Route] = [
    Route("GET", "/today", today, "What is on today, and what is owed", Today, access="provider", problems=(404,)),
]
