"""The mailroom (văn thư): takes in each letter of the official mailbox once, and decides what becomes of it (R-071).

A letter's fate, what is answered and what is kept of it are written in one transaction; only then may its mailbox be
told that it was read. A crash in between brings the letter again, and it is known by its Message-ID and sender.

A letter whose sender's domain does not answer for it may be anybody's: it waits for a person, without a receipt number
and without a deadline, until somebody has confirmed it with the unit.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.registration.drafts import Drafts
from scheduler.calendar import store as calendar_store
from scheduler.calendar.deadlines import Clock
from scheduler.core.database import writing
from scheduler.core.errors import NotQuarantined
from scheduler.core.model import Draft
from scheduler.files.sandboxed_parser import SandboxedParser
from scheduler.inbound_mail import autoreply_policy, message, sender_authentication, store
from scheduler.inbound_mail.extraction import extractor
from scheduler.inbound_mail.extraction.unit_names import UnitNames
from scheduler.inbound_mail.message import OfficialLetter
from scheduler.inbound_mail.store import Place, Received
from scheduler.notifications import outbox
from scheduler.notifications.wording import Channels, Notice, NoticeFacts, receipt
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store

MAX_BYTES = 10 << 20
"""What is read of a letter; the mailbox keeps the rest."""
MAX_ANSWERS = 100
"""So many strangers are answered within a day, however many write: a flood of forgeries reaches nobody else."""
MAX_AUTHENTICATION = 300
KEPT = timedelta(days=365)
_DAY = timedelta(days=1)
_LETTERS_ONLY = Channels(mail=True)


@dataclass(frozen=True, slots=True)
class Address:
    """The mailbox that is read: its own address, and the name its server signs Authentication-Results with."""

    own: str
    server: str = ""


class InboundMail:
    """Letters received."""

    def __init__(
        self, engine: AsyncEngine, address: Address, profiles: Profiles, drafts: Drafts, parser: SandboxedParser
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

    async def receive(self, raw: bytes, size: int, place: Place, arrived: datetime, now: datetime) -> Received:
        """Decide on a letter of `size` bytes, of which MAX_BYTES are given; one that came before is returned.

        What cannot be read is for a person, and as good as read: it must not come again.
        """
        understood = await message.read_untrusted(self._parser, raw)
        came = understood or message.head(raw)
        async with writing(self._engine) as db:
            known = await store.again(db, came.id, came.sender, place)
            if known is not None:
                return known
            unit = await outbox.unit_of(db, came.sender) if came.sender else None
            received = self._described(came, size, place, arrived, now)
            if understood is None:
                received = replace(received, unit=unit, fate="person", reason="unreadable")
            elif unit is None:
                received = await self._stranger(db, came, received)
            else:
                received = await self._official(db, came, replace(received, unit=unit))
            return replace(received, id=await store.add(db, received, raw if unit else None))

    def _described(self, came: OfficialLetter, size: int, place: Place, arrived: datetime, now: datetime) -> Received:
        """Write down what a letter is; nothing is done about it yet."""
        found = sender_authentication.results(came.all("authentication-results"), self._address.server)
        return Received(
            message_id=came.id,
            sender=came.sender,
            subject=came.subject,
            arrived=arrived.astimezone(UTC).replace(microsecond=0),
            at=now.replace(microsecond=0),
            size=size,
            place=place,
            unit=None,
            verdict=sender_authentication.verdict(found, came.sender),
            authentication=" ".join(map(str, found))[:MAX_AUTHENTICATION],
            fate="ignored",
        )

    async def _official(self, db: AsyncConnection, came: OfficialLetter, received: Received) -> Received:
        """Make a draft of a registration; other letters are for a person, and those that may be forged."""
        if autoreply_policy.automatic(came):
            return replace(received, reason="automatic")
        if received.verdict == "fail":
            return replace(received, fate="person", reason="unauthenticated")
        if not extractor.asks(came):
            return replace(received, fate="person")
        draft = await self._draft(db, came, received, received.arrived)
        await outbox.tell(db, await self._receipt(db, draft, received), _LETTERS_ONLY, received.at)
        return replace(received, fate="draft", draft=draft.id)

    async def _draft(self, db: AsyncConnection, came: OfficialLetter, received: Received, counts: datetime) -> Draft:
        """Read a letter into a draft, which lies with the unit that registers for its writer (reading A11).

        It counts as received at `counts`.
        """
        policy = self._profiles.at(received.arrived)
        day = received.arrived.astimezone(policy.zone).date()
        units = {unit.id: unit for unit in await units_store.units(db)}
        valid = [unit for unit in units.values() if unit.valid(day)]
        known = {unit.id for unit in valid}
        places = UnitNames(valid, [point for point in await units_store.all_points(db) if point.unit in known])
        writer = units[received.unit or ""]
        reading = extractor.read(came, places, writer.id, received.arrived, policy.zone)
        by_parent = policy.registration.by_parent(writer.level)
        inbox = writer.parent if by_parent and writer.parent else writer.id
        return await self._drafts.put(
            db, inbox, "mail", came.sender, reading.content(), counts, origin=writer.id, thread=came.id
        )

    async def _receipt(self, db: AsyncConnection, draft: Draft, received: Received) -> Notice:
        """Acknowledge a draft to its writer's mailbox on record, with number, time, and when that counts from (A14)."""
        policy = self._profiles.at(draft.arrived)
        clock = Clock(policy, (await calendar_store.notes(db)).calendar)
        urgent = draft.content.get("class") == "khan_cap"
        effective = draft.arrived if urgent else clock.worktime.receipt(draft.arrived)
        facts = NoticeFacts(draft.number, received.subject, reason=receipt(draft.arrived, effective, policy.zone))
        thread = received.message_id if received.message_id.startswith("<") else ""
        return Notice("receipt", f"receipt:{draft.id}", facts, unit=received.unit, thread=thread)

    async def _stranger(self, db: AsyncConnection, came: OfficialLetter, received: Received) -> Received:
        """Ask for the official mailbox, politely: not machines, one letter a day for each address."""
        if autoreply_policy.automatic(came) or autoreply_policy.listed(came):
            return replace(received, reason="automatic")
        if not autoreply_policy.answerable(came, self._address.own) or received.verdict == "fail":
            return replace(received, reason="unanswerable")
        if await store.answered(db, received.at - _DAY, came.sender):
            return replace(received, reason="answered-today")
        if await store.answered(db, received.at - _DAY) >= MAX_ANSWERS:
            return replace(received, reason="busy-day")
        thread = came.id if came.id.startswith("<") else ""
        key = f"not-official:{came.sender}:{received.at:%Y%m%d%H%M%S}"
        notice = Notice("not-official", key, NoticeFacts(), recipient=came.sender, thread=thread)
        await outbox.tell(db, notice, _LETTERS_ONLY, received.at)
        return replace(received, fate="answered", reason="not-official")

    # The desk.

    async def letters(self, limit: int) -> list[Received]:
        """Return letters: those a person has yet to read, then the others, newest first in each."""
        async with self._engine.begin() as db:
            return await store.newest(db, limit)

    async def letter(self, number: int) -> tuple[Received, bytes | None] | None:
        """Return a letter, and as it came if that was kept."""
        async with self._engine.begin() as db:
            found = await store.one(db, number)
            return None if found is None else (found, await store.raw(db, number))

    async def handle(self, number: int, by: str, now: datetime) -> bool:
        """Note that somebody has read a letter that waited for a person; tell whether it still did."""
        async with writing(self._engine) as db:
            return await store.handle(db, number, by, now)

    async def accept(self, number: int, by: str, now: datetime) -> Received:
        """Make a draft of a letter whose unit has confirmed to `by` that it is its own; it counts from now.

        Raises NotQuarantined.
        """
        found = await self.letter(number)
        came = await message.read_untrusted(self._parser, found[1]) if found and found[1] else None
        async with writing(self._engine) as db:
            waiting = await store.one(db, number)
            if came is None or waiting is None or not waiting.quarantined:
                raise NotQuarantined
            draft = await self._draft(db, came, waiting, now)
            await outbox.tell(db, await self._receipt(db, draft, waiting), _LETTERS_ONLY, now)
            await store.accept(db, number, draft.id, by, now)
            return replace(waiting, fate="draft", draft=draft.id, handled=draft.arrived, handled_by=by)

    async def prune(self, now: datetime) -> None:
        """Forget letters of more than a year ago."""
        async with writing(self._engine) as db:
            await store.prune(db, now - KEPT)
