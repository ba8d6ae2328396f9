"""The states of a registration and the moves between them, as one table.

A session holds capacity, and has a live code, if and only if it is *issued* (I10). "Live" is no state of its own: an
issued session is live during its slots.
"""

from typing import Literal

from scheduler.core.errors import IllegalMove
from scheduler.core.model import State

Move = Literal["issue", "revoke", "cancel"]

MOVES: dict[tuple[State, Move], State] = {
    (State.WAITING, "issue"): State.ISSUED,
    (State.WAITING, "cancel"): State.CANCELLED,
    (State.ISSUED, "revoke"): State.REVOKED,
    (State.ISSUED, "cancel"): State.CANCELLED,
    (State.REVOKED, "issue"): State.ISSUED,
    (State.REVOKED, "cancel"): State.CANCELLED,
}

QUEUED = (State.WAITING, State.REVOKED)
"""The states of sessions that are tried again, in their place of the order, when capacity comes free (R-068)."""


def after(state: State, move: Move) -> State:
    """Return the state after a move. Raises IllegalMove."""
    if (state, move) not in MOVES:
        raise IllegalMove(state, move)
    return MOVES[state, move]
