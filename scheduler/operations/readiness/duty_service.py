"""Stores who is on duty, and notifies those on central duty (Điều 14.1, 14.2, 16.3, 17.3).

Each method is one transaction.
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.sessions import store as sessions_store
from scheduler.core.database import writing
from scheduler.core.errors import InvalidRequest, UnknownDuty
from scheduler.core.model import Session
from scheduler.directory.model import Person
from scheduler.directory.people import store as people_store
from scheduler.notifications import outbox, wording
from scheduler.notifications.alerts import Alerts
from scheduler.operations.readiness import duty
from scheduler.operations.readiness import store as readiness_store
from scheduler.operations.readiness.duty import Duty, DutyRole
from scheduler.units import store as units_store

ROLES: Mapping[DutyRole, str] = {"main": "trực chính", "backup": "trực dự phòng"}
"""The roles of central duty, in the words of their notices."""


class Duties:
    """Stores who is on duty."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts

    async def assign(self, person: Duty, now: datetime) -> Duty:
        """Put a person on duty under a new id; those on central duty are notified (R-089).

        A person who is on the lists of people is recognised by account or telephone. Raises UnknownSession,
        InvalidRequest.
        """
        wanted = replace(duty.normalised(person), id=uuid.uuid4().hex)
        async with writing(self._alerts.engine) as db:
            session = await sessions_store.known(db, person.session)
            listed = await _listed(db, wanted, now.astimezone(self._alerts.policy(session).zone).date())
            wanted = replace(wanted, account=wanted.account or (listed.account if listed else None))
            faults = duty.faults(wanted, session, [unit.id for unit in await units_store.units(db)])
            if faults:
                raise InvalidRequest(faults)
            await readiness_store.assign(db, wanted)
            if wanted.role in ROLES:
                await self._tell(db, session, wanted, listed.email if listed else "", now)
        return wanted

    async def _tell(self, db: AsyncConnection, session: Session, person: Duty, email: str, now: datetime) -> None:
        """Notify a person on duty at their own address, else through the operating unit's mailbox."""
        host = (await units_store.points_named(db, [session.host_point]))[session.host_point]
        operator = self._alerts.policy(session).directory.operator_unit
        known = operator in {unit.id for unit in await units_store.units(db)}
        reason = f"{person.name} – {ROLES[person.role]}"
        notice = wording.of_unit("duty", session, host, operator, reason, person.id)
        if email or known:
            notice = replace(notice, unit=operator if known else None, recipient=email)
            await outbox.tell(db, notice, self._alerts.channels, now)

    async def one(self, duty_id: str) -> Duty:
        """Return a duty. Raises UnknownDuty."""
        async with self._alerts.engine.begin() as db:
            return await _known(db, duty_id)

    async def arrive(self, duty_id: str, now: datetime) -> Duty:
        """Note that a person on duty has arrived; the first time counts (R-114). Raises UnknownDuty."""
        async with writing(self._alerts.engine) as db:
            await readiness_store.arrive(db, duty_id, now)
            return await _known(db, duty_id)

    async def relieve(self, duty_id: str) -> Duty:
        """Take a person off duty, and return the duty. Raises UnknownDuty."""
        async with writing(self._alerts.engine) as db:
            relieved = await _known(db, duty_id)
            await readiness_store.remove(db, duty_id)
        return relieved


async def _listed(db: AsyncConnection, person: Duty, day: date) -> Person | None:
    """Return the listed person who is put on duty, by account, else by telephone; None if not listed."""
    people = [each for each in await people_store.people(db) if each.serves(day)]
    own = [each for each in people if person.account and each.account == person.account]
    return next(iter([*own, *(each for each in people if person.phone and each.phone == person.phone)]), None)


async def _known(db: AsyncConnection, duty_id: str) -> Duty:
    known = await readiness_store.duty(db, duty_id)
    if known is None:
        raise UnknownDuty(duty_id)
    return known
