"""Reasons that two systems tell each other for a session that one of them no longer holds. Pure."""

from collections.abc import Sequence

from scheduler.core.model import Happening, HappeningKind
from signaling.cascade.wire import MAX_REASON
from signaling.messages.base import as_one_line

ENDED: frozenset[HappeningKind] = frozenset({"cancelled", "released", "revoked"})
"""What takes a session's code."""


def why_ended(history: Sequence[Happening]) -> str:
    """Return the reason that was said for the latest loss of a session's code; empty without one."""
    reasons = [each.reason for each in history if each.kind in ENDED]
    return as_one_line(reasons[-1])[:MAX_REASON] if reasons else ""
