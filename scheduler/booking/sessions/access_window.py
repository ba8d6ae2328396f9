"""Decides whether a code admits a point now: from the lobby before a slot until the grace time after it. Pure."""

from collections.abc import Sequence
from datetime import datetime

from scheduler.booking.sessions.states import QUEUED
from scheduler.core.errors import Cancelled, Ended, NotInvited, Revoked, TooEarly
from scheduler.core.model import Phase, Session, Slot, State
from scheduler.policy.policy import AccessWindowPolicy


def phase(session: Session, window: AccessWindowPolicy, now: datetime) -> Phase:
    """Return the phase of a session; between rehearsal and official meeting it is upcoming again."""
    return phase_of_slots(session.state, session.slots, window, now)


def phase_of_slots(state: State, slots: Sequence[Slot], window: AccessWindowPolicy, now: datetime) -> Phase:
    """Return the phase of some slots of a session in a state."""
    if state == State.CANCELLED:
        return "cancelled"
    if all(slot.end + window.grace <= now for slot in slots):
        return "ended"
    if state in QUEUED:
        return "revoked" if state == State.REVOKED else "waiting"
    if any(slot.start <= now < slot.end + window.grace for slot in slots):
        return "open"
    if any(slot.start - window.lobby <= now < slot.start for slot in slots):
        return "lobby"
    return "upcoming"


def opens(session: Session, window: AccessWindowPolicy, now: datetime) -> datetime | None:
    """Return when the lobby of the next slot opens; None if no slot is to come."""
    return min((slot.start - window.lobby for slot in session.slots if now < slot.start), default=None)


def check(
    session: Session, point_id: str | None, window: AccessWindowPolicy, now: datetime, dead: bool = False
) -> None:
    """Check that a point may enter now; `point_id` None is a person without a point. A `dead` code admits nobody.

    Raises NotInvited before it tells anything about the session's times, then Cancelled, Ended, Revoked, TooEarly.
    """
    if point_id is not None and point_id not in session.everyone:
        raise NotInvited
    now_phase = phase(session, window, now)
    if now_phase == "cancelled":
        raise Cancelled
    if now_phase == "ended":
        raise Ended
    if dead or session.code is None:
        raise Revoked
    next_lobby = opens(session, window, now)
    if now_phase == "upcoming" and next_lobby is not None:
        raise TooEarly(next_lobby)
