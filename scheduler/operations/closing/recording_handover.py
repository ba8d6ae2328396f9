"""Rules for handing a recording to its host, keeping it and deleting it (Điều 15.2–15.4, reading A27). Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from scheduler.policy.policy import RecordingPolicy

HandoverStatus = Literal["due", "overdue", "received", "late", "deleted"]
"""Waits for the host; waits too long; received in time; received late; files deleted."""


@dataclass(frozen=True, slots=True)
class Handover:
    """The handover of one recording to its host unit.

    `due` is the close of the second working day after the end; `digest` the SHA-256 of the file. `told` is when the
    link was sent; `keep_until` is until when the file is kept centrally, None until it was received.
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
        """Return the status at a time."""
        if self.deleted is not None:
            return "deleted"
        if self.received is not None:
            return "received" if self.received <= self.due else "late"
        return "due" if now <= self.due else "overdue"


def reminder_due(handover: Handover, policy: RecordingPolicy, now: datetime) -> bool:
    """Return whether the host is to be reminded now: once, some hours before the handover is due."""
    return handover.received is None and handover.reminded is None and now >= handover.due - policy.remind


def kept_until(received: datetime, policy: RecordingPolicy) -> datetime:
    """Return until when a recording that was received is kept centrally."""
    return received + timedelta(days=policy.keep_central_days)


def warning_due(handover: Handover, policy: RecordingPolicy, now: datetime) -> bool:
    """Return whether the host is to be warned now that the recording will be deleted."""
    return (
        handover.keep_until is not None
        and handover.deleted is None
        and handover.warned is None
        and now >= handover.keep_until - timedelta(days=policy.warn_days)
    )


def deletion_due(handover: Handover, policy: RecordingPolicy, now: datetime) -> bool:
    """Return whether a recording is to be deleted now.

    It must have been kept long enough since it was received, and its host warned long enough before.
    """
    return (
        handover.keep_until is not None
        and handover.deleted is None
        and handover.warned is not None
        and now >= max(handover.keep_until, handover.warned + timedelta(days=policy.warn_days))
    )
