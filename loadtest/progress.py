"""Reports progress of a command: a line at the start of each step, one a second, and one at its end."""

import time
from collections.abc import Callable

Say = Callable[[str], None]

BETWEEN_S = 1.0


class Steps:
    """So many steps, one after the other; `clock` returns seconds."""

    def __init__(self, count: int, say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        # given
        self._count = count
        self._say = say
        self._clock = clock
        # owned
        self._number = 0
        self._what = ""
        self._said = 0.0

    def begin(self, what: str) -> None:
        """Begin the next step."""
        self._number += 1
        self._what = what
        self._tell("…")

    def reached(self, done: int, of: int) -> None:
        """Report how far the step is, unless that was just reported."""
        if done >= of or self._clock() - self._said >= BETWEEN_S:
            self._tell(f"{done} of {of}")

    def _tell(self, far: str) -> None:
        self._said = self._clock()
        self._say(f"[{self._number}/{self._count}] {self._what}: {far}")
