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
from scheduler.core.sql_values import whole_second
from scheduler.directory.errors import Unknown
from scheduler.notifications import outbox
from scheduler.notifications.wording import Channels, Kind, Notice, NoticeFacts
from scheduler.policy.profile_files import Profiles
from scheduler.reports import corrections, corrections_store
from scheduler.reports.corrections import CHECKED_FIGURES, MAX_TEXT, CorrectionRequest, UnitReply
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
        errors = text.validate("title", title, MAX_TEXT)
        errors += [FieldError("due", "in-the-past")] if due <= now else []
        counted = {row.key: row.figures for row in (await self._reports.report(period, None, now)).rows["unit"]}
        asked_units = sorted(set(units) or counted)
        errors += [] if asked_units else [FieldError("units", "required")]
        if errors:
            raise InvalidRequest(errors)
        replies = tuple(UnitReply(unit, _of(counted.get(unit, Figures()))) for unit in asked_units)
        async with writing(self._engine) as db:
            known = {unit.id for unit in await units_store.units(db)}
            for unit in asked_units:
                if unit not in known:
                    raise UnknownUnit(unit)
            at, until = whole_second(now), whole_second(due)
            made = CorrectionRequest(uuid.uuid4().hex, title, period, until, by, at, None, replies)
            await corrections_store.add(db, made)
            for unit in asked_units:
                await self._tell(db, "figures-asked", made, unit, now)
            return made

    async def requests(self) -> list[CorrectionRequest]:
        """Return all requests, the newest first."""
        async with self._engine.begin() as db:
            return await corrections_store.requests(db)

    async def reply(
        self, request_id: str, unit: str, figures: Mapping[str, int], remark: str, by: str, now: datetime
    ) -> UnitReply:
        """Store the reply of a unit, in place of an earlier one. Raises Unknown, InvalidRequest."""
        async with writing(self._engine) as db:
            request = await corrections_store.known(db, request_id)
            awaited = next((each for each in request.replies if each.unit == unit), None)
            if awaited is None:
                raise Unknown("figure-request", request_id)
            remark = text.clean(remark)
            errors = corrections.faults(figures, remark, awaited.counted)
            if errors:
                raise InvalidRequest(errors)
            reply = replace(awaited, stated=dict(figures), remark=remark, by=by, at=whole_second(now))
            await corrections_store.set_reply(db, request.id, reply, now)
            return reply

    async def remind(self, now: datetime) -> None:
        """Remind units whose reply is due soon; once for each request."""
        async with self._engine.begin() as db:
            due = [each for each in await corrections_store.requests(db) if corrections.reminder_due(each, now)]
        if not due:
            return
        async with writing(self._engine) as db:
            for request in due:
                for reply in request.replies:
                    if reply.at is None:
                        await self._tell(db, "figures-due", request, reply.unit, now)
                await corrections_store.reminded(db, request.id, now)

    async def _tell(
        self, db: AsyncConnection, kind: Kind, request: CorrectionRequest, unit: str, now: datetime
    ) -> None:
        until = f"{request.due.astimezone(self._profiles.at(now).zone):%H:%M %d/%m/%Y}"
        facts = NoticeFacts(title=request.title, reason=f"hạn trả lời {until}")
        await outbox.tell(db, Notice(kind, f"{kind}:{request.id}:{unit}", facts, unit), self._channels, now)


def _of(figures: Figures) -> dict[str, int]:
    return {name: getattr(figures, name) for name in CHECKED_FIGURES}
