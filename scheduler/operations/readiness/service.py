"""Stores technical checks, builds readiness boards and warns of what is missing. Each method is one transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.sessions import store as sessions_store
from scheduler.core.database import writing
from scheduler.core.errors import InvalidRequest
from scheduler.core.model import Point, PointState, Session, SlotKind, State, Unit
from scheduler.core.text import clean
from scheduler.directory.equipment import devices_store, lines_store
from scheduler.directory.model import AccessLine
from scheduler.notifications import outbox
from scheduler.notifications.alerts import Alerts, of_slot
from scheduler.notifications.wording import Channels
from scheduler.operations.attendance import presence_store
from scheduler.operations.readiness import power_on_steps, self_test_service, technical_check
from scheduler.operations.readiness import store as readiness_store
from scheduler.operations.readiness.board import Board, BoardInputs, board
from scheduler.operations.readiness.technical_check import CheckResult, TechnicalCheck
from scheduler.policy.controllers import control
from scheduler.units import store as units_store

AHEAD = timedelta(hours=24)
"""How far ahead warnings look; checks are due some hours before a slot."""

OLDEST_TEST = timedelta(days=7)
"""Older self-tests are not read; the profile says for how long one counts."""


class ReadinessService:
    """Stores technical checks and builds the readiness boards of sessions."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts
        self._warned: set[tuple[str, str, datetime]] = set()
        """The warnings that this server gave; the outbox prevents a second one by another server."""

    async def check(
        self,
        session_id: str,
        points: Sequence[str],
        kind: SlotKind,
        result: CheckResult,
        words: str,
        by: str,
        now: datetime,
    ) -> Session:
        """Store the result of a technical check for points of a session. Raises UnknownSession, InvalidRequest."""
        cleaned = clean(words)
        async with writing(self._alerts.engine) as db:
            session = await sessions_store.known(db, session_id)
            faults = technical_check.faults(session, points, kind, result, cleaned)
            if faults:
                raise InvalidRequest(faults)
            slot = next(slot for slot in session.slots if slot.kind == kind)
            for point in dict.fromkeys(points):
                await readiness_store.keep_check(
                    db, session.id, slot, TechnicalCheck(point, kind, result, cleaned, by, now)
                )
        return session

    async def board(self, session_id: str, accounts: Collection[str] | None, now: datetime) -> Board:
        """Return the board of a session. Raises UnknownSession.

        `accounts` are the points that somebody can sign in for; None: not known.
        """
        async with self._alerts.engine.begin() as db:
            session = await sessions_store.known(db, session_id)
            return (await self._boards(db, [session], accounts, now))[0]

    async def between(
        self, start: datetime, end: datetime, accounts: Collection[str] | None, now: datetime
    ) -> list[Board]:
        """Return the boards of issued sessions with a slot in [start, end), by their start."""
        async with self._alerts.engine.begin() as db:
            return await self._boards(db, await _issued(db, start, end), accounts, now)

    async def _boards(
        self, db: AsyncConnection, sessions: Sequence[Session], accounts: Collection[str] | None, now: datetime
    ) -> list[Board]:
        if not sessions:
            return []
        first = min(session.slots[0].start for session in sessions)
        beside = await _issued(db, first, max(session.slots[-1].end for session in sessions))
        ids = [session.id for session in sessions]
        points = {point for session in sessions for point in session.everyone}
        everywhere, all_units = await units_store.all_points(db), await units_store.units(db)
        inputs = BoardInputs(
            checks=await readiness_store.checks(db, sessions),
            duties=await readiness_store.duties(db, {*ids, *(other.id for other in beside)}),
            stays=await presence_store.of_sessions(db, ids),
            beside=beside,
            levels={point.id: point.level for point in everywhere},
            owners={point.id: point.unit for point in everywhere},
            units=[unit.id for unit in all_units],
            consoles=await self._consoles(db, sessions, everywhere, all_units),
            accounts=accounts,
            addresses={each.point: each.address for each in await devices_store.devices(db) if each.address},
            lines=_by_point(await lines_store.lines(db)),
            steps=await power_on_steps.steps(db, ids),
            links=await power_on_steps.link_tests(db, sessions),
            providers={each.id: each.name for each in await lines_store.providers(db)},
            tests=await self_test_service.newest(db, points, now - OLDEST_TEST),
        )
        return [board(session, inputs, self._alerts.policy(session), now) for session in sessions]

    async def _consoles(
        self, db: AsyncConnection, sessions: Sequence[Session], points: Sequence[Point], units: Sequence[Unit]
    ) -> dict[str, dict[str, str]]:
        """Return the names of the units that control each session, with the day their laptop was last tested.

        A blank day means never.
        """
        by_id, owners = {unit.id: unit for unit in units}, {point.id: point.unit for point in points}
        active = {point.unit for point in points if point.state == PointState.ACTIVE}
        tested: dict[str, datetime] = {}
        for point, when in (await self_test_service.laptops(db)).items():
            tested[owners[point]] = max(when, tested.get(owners[point], when))
        by_session: dict[str, dict[str, str]] = {}
        for session in sessions:
            policy = self._alerts.policy(session)
            held = control(by_id[owners[session.host_point]], units, policy, active)
            days = {unit: f"{at.astimezone(policy.zone):%d/%m/%Y}" for unit, at in tested.items()}
            by_session[session.id] = {by_id[unit].name: days.get(unit, "") for unit in held.units}
        return by_session

    async def alarm(self, now: datetime) -> None:
        """Warn of what is missing when it falls due: once the operating unit, and each unit of its own points.

        A unit whose room a session of higher rank has is notified a day before (I-04).
        """
        for readiness in await self.between(now, now + AHEAD, None, now):
            if readiness.yielded and self._first("room", readiness):
                await self._tell_yielded(readiness, now)
            policy = self._alerts.policy(readiness.session).preparation
            if readiness.due <= now and self._first("unchecked", readiness):
                await self._tell_unchecked(readiness, now)
            arrive = readiness.slot.start - timedelta(minutes=policy.arrive_min)
            if arrive <= now and self._first("not-arrived", readiness):
                await self._tell_not_arrived(readiness, now)

    def _first(self, kind: str, readiness: Board) -> bool:
        """Return whether this server warns of this for the first time."""
        key = (kind, readiness.session.id, readiness.slot.start)
        new = key not in self._warned
        self._warned.add(key)
        return new

    async def _tell_unchecked(self, readiness: Board, now: datetime) -> None:
        red = {
            point: f" ({mark.value})" if mark.value else ""
            for point, marks in readiness.points.items()
            for mark in marks
            if mark.item == "check" and mark.colour == "red"
        }
        nobody = ["chưa phân công cán bộ trực" for mark in readiness.marks if mark.colour == "red"]
        async with writing(self._alerts.engine) as db:
            points = await units_store.points_named(db, list(red))
            lines = [*nobody, *(f"{points[point].name}{why}" for point, why in red.items())]
            await self._alerts.tell_operator(db, "unchecked", readiness.session, readiness.slot, lines, now)
            await self._alerts.tell_units(db, "check-missing", readiness.session, readiness.slot, red, now)

    async def _tell_yielded(self, readiness: Board, now: datetime) -> None:
        """Notify the units of the rooms, and the host, which will miss these points."""
        session, rooms = readiness.session, {point: f" ({number})" for point, number in readiness.yielded.items()}
        async with writing(self._alerts.engine) as db:
            points = await units_store.points_named(db, (session.host_point, *rooms))
            host = points[session.host_point]
            lines = [f"{points[point].name}{number}" for point, number in rooms.items()]
            notice = of_slot("room", session, readiness.slot, host, lines, host.unit)
            await outbox.tell(db, notice, Channels(mail=self._alerts.channels.mail), now)
            await self._alerts.tell_units(db, "room", session, readiness.slot, rooms, now)

    async def _tell_not_arrived(self, readiness: Board, now: datetime) -> None:
        late = [each.name for each in readiness.duties if each.arrived is None and each.role in {"main", "on_site"}]
        async with writing(self._alerts.engine) as db:
            await self._alerts.tell_operator(db, "not-arrived", readiness.session, readiness.slot, late, now)


def _by_point(access_lines: Sequence[AccessLine]) -> dict[str, list[AccessLine]]:
    by_point: dict[str, list[AccessLine]] = {}
    for line in access_lines:
        by_point.setdefault(line.point, []).append(line)
    return by_point


async def _issued(db: AsyncConnection, start: datetime, end: datetime) -> list[Session]:
    return [each for each in await sessions_store.between(db, start, end) if each.state == State.ISSUED]
