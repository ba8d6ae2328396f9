"""Who is on duty, as the roof sees it: one method, one transaction (Điều 14.1, 14.2, 16.3, 17.3)."""

import uuid
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler import registry_store, store
from scheduler.database import writing
from scheduler.errors import InvalidRequest, UnknownDuty
from scheduler.preparation import board_store, duty
from scheduler.preparation.desk import Desk
from scheduler.preparation.duty import Duty


class Duties:
    """Keeps duties."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def assign(self, given: Duty) -> Duty:
        """Put a person on duty, under an id that is made here. Raises UnknownSession, InvalidRequest."""
        wanted = replace(duty.normal(given), id=uuid.uuid4().hex)
        async with writing(self._desk.engine) as db:
            session = await store.known(db, given.session)
            faults = duty.faults(wanted, session, [unit.id for unit in await registry_store.units(db)])
            if faults:
                raise InvalidRequest(faults)
            await board_store.assign(db, wanted)
        return wanted

    async def one(self, duty_id: str) -> Duty:
        """Return a duty. Raises UnknownDuty."""
        async with self._desk.engine.begin() as db:
            return await _known(db, duty_id)

    async def arrive(self, duty_id: str, now: datetime) -> Duty:
        """Somebody on duty is there; the first time counts (R-114). Raises UnknownDuty."""
        async with writing(self._desk.engine) as db:
            await board_store.arrive(db, duty_id, now)
            return await _known(db, duty_id)

    async def relieve(self, duty_id: str) -> Duty:
        """Take somebody off duty. Raises UnknownDuty."""
        async with writing(self._desk.engine) as db:
            relieved = await _known(db, duty_id)
            await board_store.remove(db, duty_id)
        return relieved


async def _known(db: AsyncConnection, duty_id: str) -> Duty:
    found = await board_store.duty(db, duty_id)
    if found is None:
        raise UnknownDuty(duty_id)
    return found
