"""The states of a registration: one table of moves over one enum.

A session holds capacity, and has a code that works, if and only if it is *issued* (I10). Whether an issued session is
live is no state of its own: it is, during its slots.
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
"""What is tried again, in its old place of the order, whenever capacity comes free (R-068)."""


def after(state: State, move: Move) -> State:
    """Return the state after a move. Raises IllegalMove."""
    if (state, move) not in MOVES:
        raise IllegalMove(state, move)
    return MOVES[state, move]
