"""Writes the calendar entry of a notice (RFC 5545, RFC 5546): it asks to reserve the times, or to release them."""

from datetime import UTC, datetime

from icalendar import Calendar, Event, vCalAddress

from scheduler.notifications.outbox import OutboxItem
from scheduler.notifications.wording import SLOT_NAMES, WORDINGS

PRODUCT = "-//Diemcau//Diem cau//VI"


def entry(notice: OutboxItem, organizer: str, attendee: str) -> str | None:
    """Return the calendar of a notice, or None if its kind has none. One event for each slot, with a stable UID."""
    method = WORDINGS[notice.kind].method
    if method is None or notice.session is None:
        return None
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    for kind, start, end in notice.facts.slots:
        event = _event(notice, organizer, attendee)
        event.add("uid", f"{notice.session}-{kind}@diemcau")
        event.add("dtstart", datetime.fromtimestamp(start, UTC))
        event.add("dtend", datetime.fromtimestamp(end, UTC))
        event.add("summary", f"{SLOT_NAMES.get(kind, kind)}: {notice.facts.title}")
        event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
        calendar.add_component(event)
    text: str = calendar.to_ical().decode()
    return text


def _event(notice: OutboxItem, organizer: str, attendee: str) -> Event:
    """Return the common properties of all events. They omit the code: it is secret, and calendars are shared."""
    event = Event()
    event.add("dtstamp", notice.created)
    event.add("sequence", notice.sequence)
    event.add("organizer", vCalAddress(f"mailto:{organizer}"))
    event.add("attendee", vCalAddress(f"mailto:{attendee}"))
    event.add("location", notice.facts.host)
    event.add("description", notice.facts.number)
    return event
