"""Handing a session's recording to its host, keeping it, letting it go (Điều 15.2–15.4, reading A27). Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from scheduler.policy.policy import RecordingPolicy

HandoverStatus = Literal["due", "overdue", "received", "late", "deleted"]
"""Waits for the host, waits too long, received in time, received late, no longer kept here."""


@dataclass(frozen=True, slots=True)
class Handover:
    """`due` is the close of the second working day after the end; `digest` the SHA-256 of what was handed over.

    `told` is when the link was sent, `keep_until` until when it is kept centrally, None until it was received.
    """

    session: str
    unit: str
    ended: datetime
    due: datetime
    told: datetime
    digest: str
    received: datetime | None = None
    received_by: str = ""
    keep_until: datetime | None = None
    reminded: datetime | None = None
    warned: datetime | None = None
    deleted: datetime | None = None

    def status(self, now: datetime) -> HandoverStatus:
        """Say how it stands."""
        if self.deleted is not None:
            return "deleted"
        if self.received is not None:
            return "received" if self.received <= self.due else "late"
        return "due" if now <= self.due else "overdue"


def reminder_due(handover: Handover, policy: RecordingPolicy, now: datetime) -> bool:
    """Tell whether the host is to be reminded now: once, some hours before it is due."""
    return handover.received is None and handover.reminded is None and now >= handover.due - policy.remind


def kept_until(received: datetime, policy: RecordingPolicy) -> datetime:
    """Return until when a recording that was received is kept centrally."""
    return received + timedelta(days=policy.keep_central_days)


def warning_due(handover: Handover, policy: RecordingPolicy, now: datetime) -> bool:
    """Tell whether the host is to be told now that the recording will go."""
    return (
        handover.keep_until is not None
        and handover.deleted is None
        and handover.warned is None
        and now >= handover.keep_until - timedelta(days=policy.warn_days)
    )


def deletion_due(handover: Handover, policy: RecordingPolicy, now: datetime) -> bool:
    """Tell whether a recording is to be deleted: kept long enough since it was received, and warned of long before."""
    return (
        handover.keep_until is not None
        and handover.deleted is None
        and handover.warned is not None
        and now >= max(handover.keep_until, handover.warned + timedelta(days=policy.warn_days))
    )
