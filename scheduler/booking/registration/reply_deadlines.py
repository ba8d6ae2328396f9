"""Tracks the replies owed to units, and reminds the people on duty of those that are due (R-083).

A registration counts from its receipt: an official letter as a draft, any other as a session. Once a minute a periodic
job records new registrations and given replies, and reminds the people on duty when a share of the time has passed.
Each share is notified once, an emergency at once.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.registration import reply_store
from scheduler.booking.registration.reply_store import OwedReply
from scheduler.booking.sessions import store as sessions_store
from scheduler.calendar import store as calendar_store
from scheduler.calendar.deadlines import Clock
from scheduler.core.database import writing
from scheduler.core.model import CLASSES, EMERGENCY, ORDINARY, ClassId, Draft, DraftState, Happening, Session
from scheduler.notifications import outbox
from scheduler.notifications.wording import Channels, Contacts, Kind, Notice, NoticeFacts
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store

AT_ONCE, WHOLE = 1, 100
"""Percentages beside those of the profile: of a new emergency, and of a reply whose time is over."""
NO_START = timedelta(days=365)
"""The deadline of a draft that names no time is counted as if its meeting were so far ahead."""

_LETTERS = Channels(mail=True)
_CLASSES: dict[object, ClassId] = {klass: klass for klass in CLASSES}


class ReplyDeadlines:
    """Records replies that are owed and sends reminders. `contacts` are the people on duty and their head."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, contacts: Contacts) -> None:
        self._engine = engine
        self._profiles = profiles
        self._contacts = contacts

    async def work(self, now: datetime) -> None:
        """Record new registrations and given replies, and send the reminders that are due."""
        async with writing(self._engine) as db:
            clock = await self._clock(db, now)
            for draft in await reply_store.unseen_drafts(db):
                await reply_store.add(db, _of_draft(draft, clock))
            for happening in await reply_store.unseen_happenings(db):
                await self._follow(db, happening)
            for draft in await reply_store.settled_drafts(db):
                await self._settle(db, draft)
            for owed in await reply_store.unanswered(db):
                await self._remind(db, owed, clock, now)

    async def _clock(self, db: AsyncConnection, now: datetime) -> Clock:
        return Clock(self._profiles.at(now), (await calendar_store.corrections(db)).calendar)

    async def _follow(self, db: AsyncConnection, happening: Happening) -> None:
        """Record from one history row that a session waits for its reply, or got it (issued or cancelled)."""
        answered = None if happening.kind == "waiting" else happening.at
        known = await reply_store.one(db, happening.session)
        if known is None:
            session = await sessions_store.known(db, happening.session)
            host = (await units_store.points_named(db, [session.host_point]))[session.host_point]
            await reply_store.add(db, replace(_of_session(session, host.unit), answered=answered))
        elif known.answered is None and answered is not None:
            await reply_store.record_reply(db, happening.session, answered)
        await reply_store.record_progress(db, happening)

    async def _settle(self, db: AsyncConnection, draft: Draft) -> None:
        """Mark a discarded draft as replied to; drop a confirmed one, because its session is owed the reply."""
        if draft.state == DraftState.CONFIRMED:
            await reply_store.drop(db, draft.id)
        else:
            await reply_store.record_reply(db, draft.id, draft.settled or draft.arrived)

    async def _remind(self, db: AsyncConnection, owed: OwedReply, clock: Clock, now: datetime) -> None:
        share = self.passed_share(owed, clock, now)
        if share <= owed.told:
            return
        kind: Kind = "overdue" if share >= WHOLE else "urgent" if share == AT_ONCE else "reminder"
        names = {unit.id: unit.name for unit in await units_store.units(db)}
        due = f"{owed.due.astimezone(self._profiles.at(now).zone):%H:%M %d/%m/%Y}"
        facts = NoticeFacts(owed.number, host=names.get(owed.unit, ""), reason=f"hạn trả lời {due}")
        operator = self._profiles.at(now).directory.operator_unit
        for unit, address in self._recipients(operator if operator in names else None, late=share >= WHOLE):
            key = f"answer:{owed.subject}:{share}:{address or unit}"
            await outbox.tell(db, Notice(kind, key, facts, unit=unit, recipient=address), _LETTERS, now)
        await reply_store.record_reminder(db, owed.subject, share)

    def _recipients(self, operator: str | None, late: bool) -> list[tuple[str | None, str]]:
        """Return units and addresses to remind: the people on duty, else the operating unit; their head, if late."""
        on_duty: list[tuple[str | None, str]] = [(None, address) for address in self._contacts.on_duty]
        head = [(None, address) for address in self._contacts.head if late]
        return [*(on_duty or ([(operator, "")] if operator else [])), *head]

    def passed_share(self, owed: OwedReply, clock: Clock, now: datetime) -> int:
        """Return the largest share of its time, in percent, that has passed; 0 before the first."""
        percents = self._profiles.at(now).deadlines.remind_percent
        start = owed.start or owed.received + NO_START
        reached = [percent for percent in percents if clock.share(owed.klass, owed.received, start, percent) <= now]
        at_once = [AT_ONCE] if owed.klass == EMERGENCY else []
        return max([0, *at_once, *reached, *([WHOLE] if owed.due <= now else [])])

    async def open(self, now: datetime) -> list[tuple[OwedReply, int]]:
        """Return the replies owed, the most urgent first, each with the share of its time that has passed (percent)."""
        async with self._engine.begin() as db:
            clock = await self._clock(db, now)
            return [(owed, self.passed_share(owed, clock, now)) for owed in await reply_store.unanswered(db)]

    async def counted(self, start: datetime, end: datetime, now: datetime) -> tuple[int, int]:
        """Count the replies that were due in [start, end): on time, and late or still missing."""
        async with self._engine.begin() as db:
            return await reply_store.counted(db, start, min(end, now))


def _of_draft(draft: Draft, clock: Clock) -> OwedReply:
    """Return the reply that is owed to a letter from an official mailbox."""
    klass = _CLASSES.get(draft.content.get("class"), ORDINARY)
    start = _start(draft.content.get("official"))
    counted = clock.deadlines(klass, draft.arrived, start or draft.arrived + NO_START)
    return OwedReply(
        subject=draft.id,
        kind="draft",
        number=draft.number,
        unit=draft.origin or draft.unit,
        klass=klass,
        received=draft.arrived,
        effective=counted.effective,
        due=counted.reply,
        start=start,
    )


def _start(official: object) -> datetime | None:
    """Return the start of a draft's meeting; None if it is missing, unreadable or without a time zone."""
    text = official.get("start") if isinstance(official, dict) else None
    try:
        start = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return start if start.tzinfo and 2000 <= start.year < 2200 else None


def _of_session(session: Session, unit: str) -> OwedReply:
    """Return the reply that is owed to a registration."""
    return OwedReply(
        subject=session.id,
        kind="session",
        number=session.number,
        unit=unit,
        klass=session.klass,
        received=session.received,
        effective=session.effective,
        due=session.reply_due,
        start=session.official.start,
    )
