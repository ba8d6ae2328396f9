"""Receives each letter of the official mailbox once, and decides what is done with it (văn thư, R-071).

The decision, the reply and the stored letter are written in one transaction; only then is the letter marked as read in
its mailbox. After a crash in between, the letter comes again and is recognised by its Message-ID and sender.

A letter whose sender's domain does not vouch for it may be forged. It waits for a person, without a receipt number and
without a deadline, until somebody has confirmed it with the unit.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.registration.drafts import Drafts
from scheduler.calendar import store as calendar_store
from scheduler.calendar.deadlines import Clock
from scheduler.core.database import writing
from scheduler.core.errors import NotQuarantined
from scheduler.core.model import EMERGENCY, Draft
from scheduler.files.sandboxed_parser import SandboxedParser
from scheduler.inbound_mail import autoreply_policy, message, sender_authentication, store
from scheduler.inbound_mail.extraction import extractor
from scheduler.inbound_mail.extraction.unit_names import UnitNames
from scheduler.inbound_mail.message import OfficialLetter
from scheduler.inbound_mail.store import MailboxPosition, StoredLetter
from scheduler.notifications import outbox
from scheduler.notifications.wording import Channels, Notice, NoticeFacts, receipt
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store

MAX_BYTES = 10 << 20
"""The most bytes of a letter that are read; the rest stays in the mailbox."""
MAX_AUTOREPLIES = 100
"""The most automatic replies to unknown senders in a day, so that a flood of forged letters reaches few others."""
MAX_AUTHENTICATION = 300
RETENTION = timedelta(days=365)
_DAY = timedelta(days=1)
_LETTERS_ONLY = Channels(mail=True)


@dataclass(frozen=True, slots=True)
class OfficialMailbox:
    """The official mailbox: its address, and the name of its server in Authentication-Results."""

    own: str
    server: str = ""


class InboundMail:
    """Receives, lists and handles official letters. One method is one transaction."""

    def __init__(
        self, engine: AsyncEngine, address: OfficialMailbox, profiles: Profiles, drafts: Drafts, parser: SandboxedParser
    ) -> None:
        self._engine = engine
        self._address = address
        self._profiles = profiles
        self._drafts = drafts
        self._parser = parser

    async def last_uid(self, validity: int) -> int:
        """Return the highest UID read so far of a mailbox with this UIDVALIDITY."""
        async with self._engine.begin() as db:
            return await store.last_uid(db, validity)

    async def receive(
        self, raw: bytes, size: int, place: MailboxPosition, arrived: datetime, now: datetime
    ) -> StoredLetter:
        """Store a letter and decide on it; `size` is its length, of which at most MAX_BYTES are given.

        A letter that came before is returned as it was stored. A letter that cannot be parsed is left to a person, and
        counts as received, so that it does not come again.
        """
        understood = await message.read_untrusted(self._parser, raw)
        letter = understood or message.head(raw)
        async with writing(self._engine) as db:
            known = await store.again(db, letter.id, letter.sender, place)
            if known is not None:
                return known
            unit = await outbox.unit_of(db, letter.sender) if letter.sender else None
            received = self._described(letter, size, place, arrived, now)
            if understood is None:
                received = replace(received, unit=unit, outcome="person", reason="unreadable")
            elif unit is None:
                received = await self._stranger(db, letter, received)
            else:
                received = await self._official(db, letter, replace(received, unit=unit))
            return replace(received, id=await store.add(db, received, raw if unit else None))

    def _described(
        self, letter: OfficialLetter, size: int, place: MailboxPosition, arrived: datetime, now: datetime
    ) -> StoredLetter:
        """Return a letter as it is stored, before anything is decided on it."""
        results = sender_authentication.results(letter.all("authentication-results"), self._address.server)
        return StoredLetter(
            message_id=letter.id,
            sender=letter.sender,
            subject=letter.subject,
            arrived=arrived.astimezone(UTC).replace(microsecond=0),
            at=now.replace(microsecond=0),
            size=size,
            place=place,
            unit=None,
            verdict=sender_authentication.verdict(results, letter.sender),
            authentication=" ".join(map(str, results))[:MAX_AUTHENTICATION],
            outcome="ignored",
        )

    async def _official(self, db: AsyncConnection, letter: OfficialLetter, received: StoredLetter) -> StoredLetter:
        """Make a draft of a registration; leave other letters, and letters that may be forged, to a person."""
        if autoreply_policy.automatic(letter):
            return replace(received, reason="automatic")
        if received.verdict == "fail":
            return replace(received, outcome="person", reason="unauthenticated")
        if not extractor.asks(letter):
            return replace(received, outcome="person")
        draft = await self._draft(db, letter, received, received.arrived)
        await outbox.tell(db, await self._receipt(db, draft, received), _LETTERS_ONLY, received.at)
        return replace(received, outcome="draft", draft=draft.id)

    async def _draft(
        self, db: AsyncConnection, letter: OfficialLetter, received: StoredLetter, counts: datetime
    ) -> Draft:
        """Make a draft from a letter, in the inbox of the unit that registers for its writer (reading A11).

        It counts as received at `counts`.
        """
        policy = self._profiles.at(received.arrived)
        day = received.arrived.astimezone(policy.zone).date()
        units = {unit.id: unit for unit in await units_store.units(db)}
        valid = [unit for unit in units.values() if unit.valid(day)]
        known = {unit.id for unit in valid}
        places = UnitNames(valid, [point for point in await units_store.all_points(db) if point.unit in known])
        writer = units[received.unit or ""]
        reading = extractor.read(letter, places, writer.id, received.arrived, policy.zone)
        by_parent = policy.registration.by_parent(writer.level)
        inbox = writer.parent if by_parent and writer.parent else writer.id
        return await self._drafts.put(
            db, inbox, "mail", letter.sender, reading.content(), counts, origin=writer.id, thread=letter.id
        )

    async def _receipt(self, db: AsyncConnection, draft: Draft, received: StoredLetter) -> Notice:
        """Send a receipt for a draft to its writer's mailbox: number, time, and from when it counts (A14)."""
        policy = self._profiles.at(draft.arrived)
        clock = Clock(policy, (await calendar_store.corrections(db)).calendar)
        urgent = draft.content.get("class") == EMERGENCY
        effective = draft.arrived if urgent else clock.worktime.receipt(draft.arrived)
        facts = NoticeFacts(draft.number, received.subject, reason=receipt(draft.arrived, effective, policy.zone))
        thread = received.message_id if received.message_id.startswith("<") else ""
        return Notice("receipt", f"receipt:{draft.id}", facts, unit=received.unit, thread=thread)

    async def _stranger(self, db: AsyncConnection, letter: OfficialLetter, received: StoredLetter) -> StoredLetter:
        """Ask an unknown sender to use an official mailbox: never a machine, one reply a day for each address."""
        if autoreply_policy.automatic(letter) or autoreply_policy.listed(letter):
            return replace(received, reason="automatic")
        if not autoreply_policy.answerable(letter, self._address.own) or received.verdict == "fail":
            return replace(received, reason="unanswerable")
        if await store.autoreplies(db, received.at - _DAY, letter.sender):
            return replace(received, reason="answered-today")
        if await store.autoreplies(db, received.at - _DAY) >= MAX_AUTOREPLIES:
            return replace(received, reason="busy-day")
        thread = letter.id if letter.id.startswith("<") else ""
        key = f"not-official:{letter.sender}:{received.at:%Y%m%d%H%M%S}"
        notice = Notice("not-official", key, NoticeFacts(), recipient=letter.sender, thread=thread)
        await outbox.tell(db, notice, _LETTERS_ONLY, received.at)
        return replace(received, outcome="answered", reason="not-official")

    # Letters that wait for a person.

    async def letters(self, limit: int) -> list[StoredLetter]:
        """Return letters: those that wait for a person, then the others, newest first in each."""
        async with self._engine.begin() as db:
            return await store.newest(db, limit)

    async def letter(self, number: int) -> tuple[StoredLetter, bytes | None] | None:
        """Return a letter, and its raw bytes if they were kept."""
        async with self._engine.begin() as db:
            stored = await store.one(db, number)
            return None if stored is None else (stored, await store.raw(db, number))

    async def handle(self, number: int, by: str, now: datetime) -> bool:
        """Record that a person has handled a waiting letter. Return False if it no longer waited."""
        async with writing(self._engine) as db:
            return await store.handle(db, number, by, now)

    async def accept(self, number: int, by: str, now: datetime) -> StoredLetter:
        """Make a draft of a quarantined letter after its unit has confirmed it to `by`; it counts from now.

        Raises NotQuarantined.
        """
        stored = await self.letter(number)
        letter = await message.read_untrusted(self._parser, stored[1]) if stored and stored[1] else None
        async with writing(self._engine) as db:
            waiting = await store.one(db, number)
            if letter is None or waiting is None or not waiting.quarantined:
                raise NotQuarantined
            draft = await self._draft(db, letter, waiting, now)
            await outbox.tell(db, await self._receipt(db, draft, waiting), _LETTERS_ONLY, now)
            await store.accept(db, number, draft.id, by, now)
            return replace(waiting, outcome="draft", draft=draft.id, handled=draft.arrived, handled_by=by)

    async def prune(self, now: datetime) -> None:
        """Delete letters older than a year."""
        async with writing(self._engine) as db:
            await store.prune(db, now - RETENTION)
