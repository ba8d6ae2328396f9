"""The states of a transport, whichever protocol carries its media."""

import logging
from collections.abc import Callable
from typing import Literal

logger = logging.getLogger(__name__)

State = Literal["new", "connecting", "connected", "closed"]
Changed = Callable[[State, str], None]
"""Is called with each new state and its reason."""


class Stateful:
    """Goes through its states once; a closed transport stays closed."""

    def __init__(self, changed: Changed) -> None:
        self._changed = changed
        self.state: State = "new"

    def _set_state(self, state: State, reason: str) -> None:
        if self.state in ("closed", state):
            return
        logger.debug("= transport %s -> %s %s", self.state, state, reason)
        self.state = state
        self._changed(state, reason)

    def _close(self) -> None:
        """Close without calling `changed`."""
        self._changed = _ignore
        self._set_state("closed", "")


def _ignore(_state: State, _reason: str) -> None:
    """Replace the callback once nobody is interested any more."""
