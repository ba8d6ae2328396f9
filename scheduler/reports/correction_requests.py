"""Asks units to check their figures of a period and stores their replies (Điều 19.5; R-122).

Each method is one transaction.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core import text
from scheduler.core.database import writing
from scheduler.core.errors import FieldError, InvalidRequest, UnknownUnit
from scheduler.core.model import Interval
from scheduler.core.sql_values import instant, seconds
from scheduler.directory.errors import Unknown
from scheduler.notifications import outbox
from scheduler.notifications.wording import Channels, Kind, Notice, NoticeFacts
from scheduler.policy.profile_files import Profiles
from scheduler.reports import corrections, corrections_store
from scheduler.reports.corrections import ASKED, MAX_TEXT, CorrectionRequest, UnitReply
from scheduler.reports.figures import Figures
from scheduler.reports.service import Reports
from scheduler.units import store as units_store


class CorrectionRequests:
    """Sends requests by mail, stores the replies of units, reminds those that have not replied."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, reports: Reports, channels: Channels) -> None:
        self._engine = engine
        self._profiles = profiles
        self._reports = reports
        self._channels = channels

    async def ask(
        self, title: str, period: Interval, due: datetime, units: Collection[str], by: str, now: datetime
    ) -> CorrectionRequest:
        """Ask units to check what was counted of each.

        With no units named, every unit that registered a session is asked. Raises UnknownUnit, InvalidRequest.
        """
        title = text.clean(title)
        found = text.validate("title", title, MAX_TEXT)
        found += [FieldError("due", "in-the-past")] if due <= now else []
        counted = {row.key: row.figures for row in (await self._reports.report(period, None, now)).rows["unit"]}
        asked = sorted(set(units) or counted)
        found += [] if asked else [FieldError("units", "required")]
        if found:
            raise InvalidRequest(found)
        answers = tuple(UnitReply(unit, _of(counted.get(unit, Figures()))) for unit in asked)
        async with writing(self._engine) as db:
            known = {unit.id for unit in await units_store.units(db)}
            for unit in asked:
                if unit not in known:
                    raise UnknownUnit(unit)
            at, until = instant(seconds(now)), instant(seconds(due))
            made = CorrectionRequest(uuid.uuid4().hex, title, period, until, by, at, None, answers)
            await corrections_store.add(db, made)
            for unit in asked:
                await self._tell(db, "figures-asked", made, unit, now)
            return made

    async def requests(self) -> list[CorrectionRequest]:
        """Return all requests, the newest first."""
        async with self._engine.begin() as db:
            return await corrections_store.requests(db)

    async def answer(
        self, request_id: str, unit: str, said: Mapping[str, int], remark: str, by: str, now: datetime
    ) -> UnitReply:
        """Store the reply of a unit, in place of an earlier one. Raises Unknown, InvalidRequest."""
        async with writing(self._engine) as db:
            request = await corrections_store.known(db, request_id)
            asked = next((each for each in request.answers if each.unit == unit), None)
            if asked is None:
                raise Unknown("figure-request", request_id)
            remark = text.clean(remark)
            found = corrections.faults(said, remark, asked.counted)
            if found:
                raise InvalidRequest(found)
            given = replace(asked, said=dict(said), remark=remark, by=by, at=instant(seconds(now)))
            await corrections_store.answer(db, request.id, given, now)
            return given

    async def remind(self, now: datetime) -> None:
        """Remind units whose reply is due soon; once for each request."""
        async with self._engine.begin() as db:
            due = [each for each in await corrections_store.requests(db) if corrections.reminder_due(each, now)]
        if not due:
            return
        async with writing(self._engine) as db:
            for request in due:
                for answer in request.answers:
                    if answer.at is None:
                        await self._tell(db, "figures-due", request, answer.unit, now)
                await corrections_store.reminded(db, request.id, now)

    async def _tell(
        self, db: AsyncConnection, kind: Kind, request: CorrectionRequest, unit: str, now: datetime
    ) -> None:
        until = f"{request.due.astimezone(self._profiles.at(now).zone):%H:%M %d/%m/%Y}"
        facts = NoticeFacts(title=request.title, reason=f"hạn trả lời {until}")
        await outbox.tell(db, Notice(kind, f"{kind}:{request.id}:{unit}", facts, unit), self._channels, now)


def _of(given: Figures) -> dict[str, int]:
    return {name: getattr(given, name) for name in ASKED}
