"""How far a transport is, whatever it carries media by."""

import logging
from collections.abc import Callable
from typing import Literal

logger = logging.getLogger(__name__)

State = Literal["new", "connecting", "connected", "closed"]
Changed = Callable[[State, str], None]
"""Is told each step, and its reason."""


class Stateful:
    """Goes through its states once; what is closed stays closed."""

    def __init__(self, changed: Changed) -> None:
        # given
        self._changed = changed
        # owned
        self.state: State = "new"

    def _set_state(self, state: State, reason: str) -> None:
        if self.state in ("closed", state):
            return
        logger.debug("= transport %s -> %s %s", self.state, state, reason)
        self.state = state
        self._changed(state, reason)

    def _close(self) -> None:
        """Be closed without telling anybody."""
        self._changed = _ignore
        self._set_state("closed", "")


def _ignore(_state: State, _reason: str) -> None:
    """Nobody is interested any more."""
