"""Sends alerts about a session's slot to units and to the operator, and selects the units that an alert goes to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core.model import Point, Session, Slot, Unit
from scheduler.core.sql_values import seconds
from scheduler.notifications import outbox
from scheduler.notifications.wording import Channels, Kind, Notice, NoticeFacts
from scheduler.policy.policy import Policy
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store


@dataclass(frozen=True, slots=True)
class Alerts:
    """Writes alerts into the outbox; holds the database, the profiles and the channels of notices."""

    engine: AsyncEngine
    profiles: Profiles
    channels: Channels

    def policy(self, session: Session) -> Policy:
        """Return the profile in force at a session's official start, which rules its preparation and its conduct."""
        return self.profiles.at(session.official.start)

    async def tell_units(
        self,
        db: AsyncConnection,
        kind: Kind,
        session: Session,
        slot: Slot,
        reasons: Mapping[str, str],
        now: datetime,
        occasion: str = "",
    ) -> None:
        """Notify each unit once about its points; `reasons` are words by point id.

        A unit without a mailbox is notified through its parent. For another `occasion` it is notified again.
        """
        points = await units_store.points_named(db, (session.host_point, *reasons))
        units = {unit.id: unit for unit in await units_store.units(db)}
        mailboxes = await outbox.mailboxes(db)
        letters: dict[str, list[str]] = {}
        for point, reason in reasons.items():
            for unit in recipients(points[point], units, self.policy(session), mailboxes):
                letters.setdefault(unit, []).append(f"{points[point].name}{reason}")
        for unit, text_lines in letters.items():
            notice = of_slot(kind, session, slot, points[session.host_point], text_lines, unit)
            await outbox.tell(db, replace(notice, key=f"{notice.key}{occasion}"), self.channels, now)

    async def tell_operator(
        self, db: AsyncConnection, kind: Kind, session: Session, slot: Slot, text_lines: Sequence[str], now: datetime
    ) -> None:
        """Notify the operating unit and the groups once; do nothing without `text_lines`."""
        if not text_lines:
            return
        host = (await units_store.points_named(db, [session.host_point]))[session.host_point]
        known = {unit.id for unit in await units_store.units(db)}
        operator = self.policy(session).directory.operator_unit
        notice = of_slot(kind, session, slot, host, text_lines, operator if operator in known else None)
        await outbox.tell(db, notice, self.channels, now)


def recipients(point: Point, units: Mapping[str, Unit], policy: Policy, mailboxes: Iterable[str]) -> list[str]:
    """Return the units an alert about a point goes to: its own, and the parent that registers for it (Điều 12.2).

    A unit without a mailbox is left out, unless none has one.
    """
    unit = units[point.unit]
    above = unit.parent if policy.registration.by_parent(unit.level) else None
    concerned = [each for each in (unit.id, above) if each is not None]
    reached = set(mailboxes)
    return [each for each in concerned if each in reached] or [unit.id]


def of_slot(
    kind: Kind, session: Session, slot: Slot, host: Point, text_lines: Sequence[str], unit: str | None
) -> Notice:
    """Return a notice about one slot for a unit; its key has the start, so a moved slot is notified anew."""
    times = (slot.kind, seconds(slot.start), seconds(slot.end))
    facts = NoticeFacts(
        session.number, session.title, host.label, (times,), 1 + len(session.points), "; ".join(text_lines)
    )
    return Notice(kind, f"{kind}:{session.id}:{slot.kind}:{times[1]}:{unit or ''}", facts, unit, session.id)
