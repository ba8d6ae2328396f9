"""Events that webhooks tell of, their bodies, and the intervals of retries. Pure.

A body has ids, numbers, times and states alone: no title, no free text, no person, and never the code of a session. Who
gets it asks the API for the rest, by a token of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from scheduler.core.model import HappeningKind

EventType = Literal[
    "session.registered",
    "session.changed",
    "session.cancelled",
    "session.started",
    "session.ended",
    "code.issued",
    "code.revoked",
    "recording.ready",
    "recording.deleted",
    "incident.opened",
    "incident.closed",
]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)

TEST = "webhook.test"
"""The event that an administrator asks for; every webhook gets it."""

OF_HAPPENINGS: Mapping[HappeningKind, EventType] = {
    "issued": "code.issued",
    "reinstated": "code.issued",
    "revoked": "code.revoked",
    "amended": "session.changed",
    "extended": "session.changed",
    "cancelled": "session.cancelled",
    "released": "session.cancelled",
    "opened": "session.started",
}
"""The event of each entry in the history of a session; that it waits for a code is none of its own."""

RETRIES = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000))
"""The pause before each further try: the last one is 52 hours after the first."""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A session as webhooks tell of it; `start` and `end` are those of its official slot."""

    id: str
    number: str
    state: str
    host_unit: str
    host_point: str
    start: datetime
    end: datetime


def body_of(event: str, at: datetime, data: Mapping[str, object]) -> str:
    """Return the body of an event (Standard Webhooks: type, timestamp, data)."""
    return json.dumps({"type": event, "timestamp": at, "data": data}, ensure_ascii=False, default=_text)


def session_data(facts: SessionFacts) -> dict[str, object]:
    """Return a session as it stands in a body."""
    return {field: getattr(facts, field) for field in SessionFacts.__slots__}


def _text(value: object) -> str:
    """Return a time as in the API: RFC 3339 in UTC. Raises TypeError for anything else."""
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} in a body")
    return value.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
