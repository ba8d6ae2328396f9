"""What every part of the preparation works with, and whom an alert goes to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    """The database, the profiles and where notices go."""

    engine: AsyncEngine
    profiles: Profiles
    channels: Channels

    def policy(self, session: Session) -> Policy:
        """Return the profile a session is prepared and held under: that of its official start."""
        return self.profiles.at(session.official.start)

    async def tell_units(
        self, db: AsyncConnection, kind: Kind, session: Session, slot: Slot, reasons: Mapping[str, str], now: datetime
    ) -> None:
        """Tell each unit once of its points, by point id with words; units without a mailbox through the one above."""
        points = await units_store.points_named(db, (session.host_point, *reasons))
        units = {unit.id: unit for unit in await units_store.units(db)}
        boxes = await outbox.mailboxes(db)
        letters: dict[str, list[str]] = {}
        for point, reason in reasons.items():
            for unit in recipients(points[point], units, self.policy(session), boxes):
                letters.setdefault(unit, []).append(f"{points[point].name}{reason}")
        for unit, lines in letters.items():
            notice = of_slot(kind, session, slot, points[session.host_point], lines, unit)
            await outbox.tell(db, notice, self.channels, now)

    async def tell_operator(
        self, db: AsyncConnection, kind: Kind, session: Session, slot: Slot, lines: Sequence[str], now: datetime
    ) -> None:
        """Tell the operating unit and the groups once, if there is something to tell."""
        if not lines:
            return
        host = (await units_store.points_named(db, [session.host_point]))[session.host_point]
        known = {unit.id for unit in await units_store.units(db)}
        operator = self.policy(session).directory.operator_unit
        notice = of_slot(kind, session, slot, host, lines, operator if operator in known else None)
        await outbox.tell(db, notice, self.channels, now)


def recipients(point: Point, units: Mapping[str, Unit], policy: Policy, boxes: Iterable[str]) -> list[str]:
    """Return whom an alert about a point goes to: its unit, and the one above where that registers for it (Điều 12.2).

    Who has no mailbox is left out, unless nobody has one.
    """
    unit = units[point.unit]
    above = unit.parent if policy.registration.by_parent(unit.level) else None
    concerned = [each for each in (unit.id, above) if each is not None]
    reached = set(boxes)
    return [each for each in concerned if each in reached] or [unit.id]


def of_slot(kind: Kind, session: Session, slot: Slot, host: Point, lines: Sequence[str], unit: str | None) -> Notice:
    """Return a notice about one slot of a session for a unit; a slot that was moved is told anew."""
    times = (slot.kind, seconds(slot.start), seconds(slot.end))
    facts = NoticeFacts(session.number, session.title, host.label, (times,), 1 + len(session.points), "; ".join(lines))
    return Notice(kind, f"{kind}:{session.id}:{slot.kind}:{times[1]}:{unit or ''}", facts, unit, session.id)
