"""Stores the handovers of recordings to their hosts. Each method is one transaction."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.sessions import store as sessions_store
from scheduler.calendar import store as calendar_store
from scheduler.calendar.deadlines import Clock
from scheduler.core.database import writing
from scheduler.core.errors import UnknownSession
from scheduler.core.note import Note, no_note
from scheduler.core.sql_values import whole_second
from scheduler.notifications import outbox, wording
from scheduler.operations.closing import recording_handover
from scheduler.operations.closing.errors import NotHandedOver
from scheduler.operations.closing.recording_handover import Handover
from scheduler.operations.closing.schema import HANDOVERS
from scheduler.policy.policy import Policy
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store
from scheduler.webhooks import outbox as webhook_outbox


class HandoverService:
    """Stores which host is owed which recording until when, and reminds hosts."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, channels: wording.Channels) -> None:
        self._engine = engine
        self._profiles = profiles
        self._channels = channels

    async def open(self, session_id: str, digest: str, now: datetime) -> Handover:
        """Tell the host that its recording is ready, and return the handover.

        A handover that was opened before is returned unchanged. Raises UnknownSession.
        """
        async with writing(self._engine) as db:
            known = await self._one(db, session_id)
            if known is not None:
                return known
            session = await sessions_store.known(db, session_id)
            host = (await units_store.points_named(db, [session.host_point]))[session.host_point]
            clock = await self._clock(db, session.official.start)
            end = session.official.end
            made = Handover(session_id, host.unit, end, clock.handover(end), whole_second(now), digest)
            await db.execute(insert(HANDOVERS).values(_values(made)))
            await self._tell(db, made, "recording", now)
            await webhook_outbox.tell(db, "recording.ready", session_id, now, _recording(digest))
            return made

    async def reminder_of(self, session_id: str) -> datetime | None:
        """Return from when on the host of a session is reminded of its recording; None for an unknown session.

        Then it should be ready.
        """
        async with self._engine.begin() as db:
            with suppress(UnknownSession):
                slot = (await sessions_store.known(db, session_id)).official
                due = (await self._clock(db, slot.start)).handover(slot.end)
                return due - self._profiles.at(slot.end).conduct.recordings.remind
            return None

    async def receive(
        self, session_id: str, digest: str, by: str, now: datetime, note: Note[Handover] = no_note
    ) -> Handover:
        """Note that the host has its recording, as the SHA-256 that it names proves; a second time changes nothing.

        Raises NotHandedOver when there is no handover, or its SHA-256 differs.
        """
        async with writing(self._engine) as db:
            known = await self._one(db, session_id)
            if known is None or known.digest != digest.strip().lower():
                raise NotHandedOver
            await note(db, known)
            if known.received is not None:
                return known
            at = whole_second(now)
            until = recording_handover.kept_until(at, self._policy(known).conduct.recordings)
            return await self._save(db, replace(known, received=at, received_by=by, keep_until=until))

    async def withdraw(self, session_id: str) -> None:
        """Forget the handover of a recording that is made anew; it is opened again once that is ready."""
        async with writing(self._engine) as db:
            await db.execute(delete(HANDOVERS).where(HANDOVERS.c.session == session_id))

    async def handover(self, session_id: str) -> Handover | None:
        """Return the handover of a session, if there is one."""
        async with self._engine.begin() as db:
            return await self._one(db, session_id)

    async def all(self) -> list[Handover]:
        """Return all handovers, the latest due first."""
        async with self._engine.begin() as db:
            rows = await db.execute(select(HANDOVERS).order_by(HANDOVERS.c.due.desc()))
            return [Handover(**row) for row in rows.mappings()]

    async def of_sessions(self, sessions: Collection[str]) -> list[Handover]:
        """Return the handovers of sessions."""
        async with self._engine.begin() as db:
            rows = await db.execute(select(HANDOVERS).where(HANDOVERS.c.session.in_(sessions)))
            return [Handover(**row) for row in rows.mappings()]

    async def remind(self, now: datetime) -> None:
        """Remind hosts of handovers due soon, and warn of recordings to be deleted (R-102, A27); once each."""
        async with writing(self._engine) as db:
            for each in await self._unsettled(db):
                policy = self._policy(each).conduct.recordings
                if recording_handover.reminder_due(each, policy, now):
                    await self._tell(db, each, "recording-due", now)
                    await self._save(db, replace(each, reminded=now))
                elif recording_handover.warning_due(each, policy, now):
                    await self._tell(db, each, "recording-goes", now)
                    await self._save(db, replace(each, warned=now))

    async def to_delete(self, now: datetime) -> list[Handover]:
        """Return the handovers whose files are to be deleted now; never one that was not received."""
        async with self._engine.begin() as db:
            due = await self._unsettled(db)
        return [
            each for each in due if recording_handover.deletion_due(each, self._policy(each).conduct.recordings, now)
        ]

    async def mark_deleted(self, session_id: str, now: datetime, note: Note[str] = no_note) -> None:
        """Note that the files are deleted; the handover stays on record."""
        async with writing(self._engine) as db:
            own = HANDOVERS.c.session == session_id
            deleted = update(HANDOVERS).where(own).values(deleted=now).returning(HANDOVERS.c.digest)
            for digest in (await db.execute(deleted)).scalars().all():
                await webhook_outbox.tell(db, "recording.deleted", session_id, now, _recording(digest))
            await note(db, session_id)

    async def _unsettled(self, db: AsyncConnection) -> list[Handover]:
        rows = await db.execute(select(HANDOVERS).where(HANDOVERS.c.deleted.is_(None)).order_by(HANDOVERS.c.due))
        return [Handover(**row) for row in rows.mappings()]

    async def _one(self, db: AsyncConnection, session_id: str) -> Handover | None:
        row = (await db.execute(select(HANDOVERS).where(HANDOVERS.c.session == session_id))).mappings().first()
        return None if row is None else Handover(**row)

    async def _save(self, db: AsyncConnection, changed: Handover) -> Handover:
        await db.execute(update(HANDOVERS).where(HANDOVERS.c.session == changed.session).values(_values(changed)))
        return changed

    async def _tell(self, db: AsyncConnection, of: Handover, kind: wording.Kind, now: datetime) -> None:
        session = await sessions_store.known(db, of.session)
        host = (await units_store.points_named(db, [session.host_point]))[session.host_point]
        zone = self._policy(of).zone
        until = of.keep_until or of.due
        reason = f"{until.astimezone(zone):%H:%M %d/%m/%Y}; SHA-256 {of.digest}"
        await outbox.tell(db, wording.of_unit(kind, session, host, of.unit, reason), self._channels, now)

    async def _clock(self, db: AsyncConnection, at: datetime) -> Clock:
        return Clock(self._profiles.at(at), (await calendar_store.corrections(db)).calendar)

    def _policy(self, of: Handover) -> Policy:
        return self._profiles.at(of.ended)


def _recording(digest: str) -> dict[str, object]:
    """Return a recording as webhooks tell of it."""
    return {"recording": {"sha256": digest}}


def _values(of: Handover) -> dict[str, object]:
    return {column.name: getattr(of, column.name) for column in HANDOVERS.c}
