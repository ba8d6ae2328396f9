"""Writes the calendar entry of a notice (RFC 5545, RFC 5546): it asks to reserve the times, or to release them.

Feeds of whole calendars (`signaling/booking/calendar_feed.py`) write their events by the same functions.
"""

from datetime import UTC, datetime
from typing import Literal

from icalendar import Calendar, Event, vCalAddress

from scheduler.notifications.outbox import OutboxItem
from scheduler.notifications.wording import SLOT_NAMES, WORDINGS

PRODUCT = "-//Diemcau//Diem cau//VI"
Method = Literal["REQUEST", "CANCEL", "PUBLISH"]
Status = Literal["TENTATIVE", "CONFIRMED", "CANCELLED"]


def entry(notice: OutboxItem, organizer: str, attendee: str) -> str | None:
    """Return the calendar of a notice, or None if its kind has none. One event for each slot, with a stable UID."""
    method = WORDINGS[notice.kind].method
    if method is None or notice.session is None:
        return None
    written = calendar(method)
    for kind, start, end in notice.facts.slots:
        times = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
        event = slot_event(notice.session, kind, *times, notice.facts.title)
        event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
        event.add("dtstamp", notice.created)
        event.add("sequence", notice.sequence)
        event.add("organizer", vCalAddress(f"mailto:{organizer}"))
        event.add("attendee", vCalAddress(f"mailto:{attendee}"))
        event.add("location", notice.facts.host)
        event.add("description", notice.facts.number)
        written.add_component(event)
    text: str = written.to_ical().decode()
    return text


def calendar(method: Method) -> Calendar:
    """Return a calendar without events."""
    empty = Calendar()
    empty.add("prodid", PRODUCT)
    empty.add("version", "2.0")
    empty.add("method", method)
    return empty


def slot_event(session: str, kind: str, start: datetime, end: datetime, title: str) -> Event:
    """Return the event of one slot of a session; its UID is the same in every mail and every feed.

    No event names the code: it is secret, and calendars are shared.
    """
    event = Event()
    event.add("uid", f"{session}-{kind}@diemcau")
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("summary", f"{SLOT_NAMES.get(kind, kind)}: {title}")
    return event
