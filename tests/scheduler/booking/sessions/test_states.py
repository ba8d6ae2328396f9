"""The table of states allows its moves and no others."""

from itertools import product
from typing import get_args

import pytest

from scheduler.booking.sessions.states import MOVES, Move, after
from scheduler.core.errors import IllegalMove
from scheduler.core.model import State


def test_every_other_move_is_refused_by_name() -> None:
    for state, move in product(State, get_args(Move)):
        if (state, move) in MOVES:
            assert after(state, move) == MOVES[state, move]
        else:
            with pytest.raises(IllegalMove, match=f"^no {move} while {state}$"):
                after(state, move)
    assert {state for state, _ in MOVES} == set(State) - {State.CANCELLED}  # cancelled is for ever
