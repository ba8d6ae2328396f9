"""Drafts: registrations that a unit has still to confirm, in the unit's inbox (R-058, R-060, reading A11).

A commune's own form, a form meant for the Office, and an official letter become drafts. A draft gets its number on
arrival, and its session keeps it; its place in the order is that of its confirmation. A draft is confirmed by
:meth:`scheduler.booking.registration.service.Scheduler.submit` with `draft`, in the same transaction.
"""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.registration import drafts_store
from scheduler.booking.sessions import store as sessions_store
from scheduler.core import text
from scheduler.core.database import writing
from scheduler.core.errors import DraftSettled, InvalidRequest, UnknownUnit
from scheduler.core.model import Channel, Draft, DraftState
from scheduler.core.note import Note, no_note
from scheduler.notifications import outbox, wording
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store

MAX_LISTED = 500
MAX_SOURCE = 320
MAX_THREAD = 998  # the longest line of a letter (RFC 5322 §2.1.1)


class Drafts:
    """Adds, lists and discards drafts in the inboxes of all units. One method is one transaction."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, channels: wording.Channels = wording.NOWHERE) -> None:
        self._engine = engine
        self._profiles = profiles
        self._channels = channels

    async def add(
        self,
        unit: str,
        channel: Channel,
        source: str,
        content: Mapping[str, object],
        now: datetime,
        origin: str | None = None,
        thread: str = "",
        note: Note[Draft] = no_note,
    ) -> Draft:
        """Put a draft into the inbox of `unit` and give it a receipt number. Raises UnknownUnit.

        `content` has the fields of a registration as they came, by the names of `POST /registrations`. Any of them may
        be missing or faulty; they are validated when the draft is confirmed. `source` is the account or the mailbox it
        came from, `thread` the Message-ID of its letter, `origin` the unit that wrote it. A letter from `unit` itself
        counts as received when it arrived, any other draft when it is confirmed. A unit is notified of drafts from
        others.
        """
        async with writing(self._engine) as db:
            draft = await self.put(db, unit, channel, source, content, now, origin, thread)
            await note(db, draft)
            return draft

    async def put(
        self,
        db: AsyncConnection,
        unit: str,
        channel: Channel,
        source: str,
        content: Mapping[str, object],
        now: datetime,
        origin: str | None = None,
        thread: str = "",
    ) -> Draft:
        """Add a draft as :meth:`add` does, inside a caller's transaction that holds the write lock."""
        units = {known.id for known in await units_store.units(db)}
        for named in (unit, origin or unit):
            if named not in units:
                raise UnknownUnit(named)
        draft = Draft(
            id=uuid.uuid4().hex,
            number=await sessions_store.number(db, self._profiles.at(now), now),
            unit=unit,
            origin=origin,
            channel=channel,
            source=text.printable(text.clean(source))[:MAX_SOURCE],
            thread=text.printable(thread)[:MAX_THREAD],
            content=content,
            arrived=now.replace(microsecond=0),
            state=DraftState.OPEN,
        )
        await drafts_store.add(db, draft)
        if origin != unit:
            await outbox.tell(db, wording.of_draft(draft), self._channels, now)
        if channel == "form" and origin is not None:
            notice = wording.of_passed_on(draft, self._profiles.at(now).zone)
            await outbox.tell(db, notice, wording.Channels(mail=self._channels.mail), now)
        return draft

    async def inbox(self, units: Collection[str] | None = None) -> list[Draft]:
        """Return the drafts in inboxes of units or written by them (None: all), open ones first, then the newest."""
        async with self._engine.begin() as db:
            return await drafts_store.listed(db, units, MAX_LISTED)

    async def draft(self, draft_id: str) -> Draft:
        """Return a draft. Raises UnknownDraft."""
        async with self._engine.begin() as db:
            return await drafts_store.known(db, draft_id)

    async def discard(self, draft_id: str, by: str, reason: str, now: datetime, note: Note[Draft] = no_note) -> Draft:
        """Close a draft without a registration. Raises UnknownDraft, DraftSettled, InvalidRequest (no reason)."""
        cleaned = text.clean(reason)
        faults = text.validate("reason", cleaned, self._profiles.at(now).session.max_title)
        if faults:
            raise InvalidRequest(faults)
        async with writing(self._engine) as db:
            draft = await drafts_store.known(db, draft_id)
            if draft.state != DraftState.OPEN:
                raise DraftSettled(draft.state)
            await drafts_store.settle(db, draft.id, DraftState.DISCARDED, by, now, reason=cleaned)
            discarded = await drafts_store.known(db, draft.id)
            await note(db, discarded)
            return discarded
