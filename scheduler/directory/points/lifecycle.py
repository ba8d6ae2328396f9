"""The states of a point and the moves between them (R-046). Points of a units file are active from the start. Pure."""

from scheduler.core.model import PointState
from scheduler.directory.errors import IllegalMove
from scheduler.directory.model import Move

MOVES: dict[tuple[PointState, Move], PointState] = {
    (PointState.DRAFT, "submit"): PointState.AWAITING,
    (PointState.AWAITING, "pass"): PointState.PASSED,
    (PointState.AWAITING, "fail"): PointState.DRAFT,
    (PointState.PASSED, "activate"): PointState.ACTIVE,
    (PointState.PASSED, "reassess"): PointState.AWAITING,
    (PointState.ACTIVE, "suspend"): PointState.SUSPENDED,
    (PointState.SUSPENDED, "resume"): PointState.ACTIVE,
    (PointState.SUSPENDED, "reassess"): PointState.AWAITING,
    **{(state, "withdraw"): PointState.WITHDRAWN for state in PointState if state != PointState.WITHDRAWN},
}

BY_HAND: tuple[Move, ...] = ("submit", "activate", "suspend", "resume", "reassess", "withdraw")
"""The moves that an operator asks for; `pass` and `fail` follow from an assessment."""

CONDITIONED: tuple[Move, ...] = ("activate", "resume")
"""The moves for which every condition of Điều 9 must hold."""


def after(state: PointState, move: Move) -> PointState:
    """Return the state after a move. Raises IllegalMove, which names both."""
    if (state, move) not in MOVES:
        raise IllegalMove(state, move)
    return MOVES[state, move]


def possible(state: PointState) -> tuple[Move, ...]:
    """Return the moves that an operator may ask for in a state, in the order of the table."""
    return tuple(move for move in BY_HAND if (state, move) in MOVES)
