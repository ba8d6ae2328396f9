"""Stores documents of sessions and the requests of units to get them. Each method is one transaction."""

import uuid
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.sessions import store as sessions_store
from scheduler.core.database import writing
from scheduler.core.errors import TooManyDocuments
from scheduler.core.schema import POINTS, SESSIONS
from scheduler.core.sql_values import storable, whole_second
from scheduler.notifications import outbox, wording
from scheduler.operations.closing.documents import RECORDING, AccessRequest, Document
from scheduler.operations.closing.errors import UnknownMaterial
from scheduler.operations.closing.schema import DOCUMENTS, GRANTS
from scheduler.units import store as units_store

MAX_DOCUMENTS = 50
"""The most documents of one session."""


class DocumentService:
    """Stores the documents of sessions and which units may have them."""

    def __init__(self, engine: AsyncEngine, channels: wording.Channels) -> None:
        self._engine = engine
        self._channels = channels

    async def add(self, document: Document) -> None:
        """Store a document. Raises UnknownSession, TooManyDocuments."""
        async with writing(self._engine) as db:
            await sessions_store.known(db, document.session)
            if len(await _documents(db, document.session)) >= MAX_DOCUMENTS:
                raise TooManyDocuments(MAX_DOCUMENTS)
            row = {column.name: getattr(document, column.name) for column in DOCUMENTS.c}
            await db.execute(insert(DOCUMENTS).values(row))

    async def remove(self, document_id: str) -> Document:
        """Delete a document with the requests for it. Raises UnknownMaterial."""
        async with writing(self._engine) as db:
            document = await _document(db, document_id)
            await db.execute(delete(GRANTS).where(GRANTS.c.subject == document_id))
            await db.execute(delete(DOCUMENTS).where(DOCUMENTS.c.id == document_id))
            return document

    async def document(self, document_id: str) -> Document:
        """Return a document. Raises UnknownMaterial."""
        async with self._engine.begin() as db:
            return await _document(db, document_id)

    async def documents(self, session: str) -> list[Document]:
        """Return the documents of a session, the oldest first."""
        async with self._engine.begin() as db:
            return await _documents(db, session)

    async def every_document(self) -> list[Document]:
        """Return the documents of all sessions, the oldest first."""
        async with self._engine.begin() as db:
            rows = await db.execute(select(DOCUMENTS).order_by(DOCUMENTS.c.at, DOCUMENTS.c.id))
            return [Document(**row) for row in rows.mappings()]

    async def ask(self, session_id: str, subject: str, unit: str, by: str, text: str, now: datetime) -> AccessRequest:
        """Ask the host for its recording or a document.

        A request that still waits for a reply is returned instead. Raises UnknownMaterial.
        """
        async with writing(self._engine) as db:
            await self._known(db, session_id, subject)
            for old in await _grants(db, [session_id]):
                if (old.subject, old.unit, old.answer) == (subject, unit, "waiting"):
                    return old
            request = AccessRequest(uuid.uuid4().hex, session_id, subject, unit, by, whole_second(now), text)
            await db.execute(insert(GRANTS).values(_values(request)))
            session = await sessions_store.known(db, session_id)
            host = (await units_store.points_named(db, [session.host_point]))[session.host_point]
            notice = wording.of_unit("material", session, host, host.unit, text, request.id)
            await outbox.tell(db, notice, self._channels, now)
            return request

    async def reply(
        self, grant_id: str, granted: bool, until: datetime | None, by: str, now: datetime
    ) -> AccessRequest:
        """Grant or refuse a request, also in place of an earlier reply. Raises UnknownMaterial."""
        async with writing(self._engine) as db:
            rows = await db.execute(select(GRANTS).where(GRANTS.c.id.in_(storable([grant_id]))))
            row = rows.mappings().first()
            if row is None:
                raise UnknownMaterial
            reply = replace(
                AccessRequest(**row),
                answer="granted" if granted else "refused",
                answered_by=by,
                answered=whole_second(now),
                until=until if granted else None,
            )
            await db.execute(update(GRANTS).where(GRANTS.c.id == grant_id).values(_values(reply)))
            return reply

    async def offer(
        self, session_id: str, subject: str, units: Collection[str], until: datetime | None, by: str, now: datetime
    ) -> None:
        """Grant units the recording or a document without a request. Raises UnknownMaterial."""
        async with writing(self._engine) as db:
            await self._known(db, session_id, subject)
            at = whole_second(now)
            for unit in units:
                grant = AccessRequest(uuid.uuid4().hex, session_id, subject, unit, "", at, "", "granted", by, at, until)
                await db.execute(insert(GRANTS).values(_values(grant)))

    async def grant(self, grant_id: str) -> AccessRequest:
        """Return one request. Raises UnknownMaterial."""
        async with self._engine.begin() as db:
            row = (await db.execute(select(GRANTS).where(GRANTS.c.id.in_(storable([grant_id]))))).mappings().first()
        if row is None:
            raise UnknownMaterial
        return AccessRequest(**row)

    async def grants(self, sessions: Collection[str]) -> list[AccessRequest]:
        """Return the requests and grants of sessions, the newest first."""
        async with self._engine.begin() as db:
            return await _grants(db, sessions)

    async def inbox(self, unit: str | None) -> list[AccessRequest]:
        """Return the requests to a host unit and those it made itself, the newest first; None: of all units."""
        query = select(GRANTS).where(GRANTS.c.asked_by != "").order_by(GRANTS.c.asked.desc(), GRANTS.c.id).limit(500)
        if unit is not None:
            own = select(POINTS.c.id).where(POINTS.c.unit.in_(storable([unit])))
            hosted = select(SESSIONS.c.id).where(SESSIONS.c.host_point.in_(own))
            query = query.where(or_(GRANTS.c.unit.in_(storable([unit])), GRANTS.c.session.in_(hosted)))
        async with self._engine.begin() as db:
            return [AccessRequest(**row) for row in (await db.execute(query)).mappings()]

    async def _known(self, db: AsyncConnection, session_id: str, subject: str) -> None:
        await sessions_store.known(db, session_id)
        if subject != RECORDING and (await _document(db, subject)).session != session_id:
            raise UnknownMaterial


async def _document(db: AsyncConnection, document_id: str) -> Document:
    rows = await db.execute(select(DOCUMENTS).where(DOCUMENTS.c.id.in_(storable([document_id]))))
    row = rows.mappings().first()
    if row is None:
        raise UnknownMaterial
    return Document(**row)


async def _documents(db: AsyncConnection, session: str) -> list[Document]:
    of_session = select(DOCUMENTS).where(DOCUMENTS.c.session.in_(storable([session])))
    rows = await db.execute(of_session.order_by(DOCUMENTS.c.at, DOCUMENTS.c.id))
    return [Document(**row) for row in rows.mappings()]


async def _grants(db: AsyncConnection, sessions: Collection[str]) -> list[AccessRequest]:
    wanted = select(GRANTS).where(GRANTS.c.session.in_(storable(sessions)))
    rows = await db.execute(wanted.order_by(GRANTS.c.asked.desc(), GRANTS.c.id))
    return [AccessRequest(**row) for row in rows.mappings()]


def _values(request: AccessRequest) -> dict[str, object]:
    return {column.name: getattr(request, column.name) for column in GRANTS.c}
