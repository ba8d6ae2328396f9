"""Prints the progress of a command: a line at the start of each step, then one a second, and one at its end."""

import asyncio
import time
from collections.abc import Callable

PrintLine = Callable[[str], None]
"""Prints one line of text for the person who runs the command."""

INTERVAL_S = 1.0
"""Least seconds between two lines of one step."""
QUIET_S = 5.0
"""Longest time without a line while a step goes on."""


class Steps:
    """Numbers and prints `count` steps of a command; `clock` returns seconds."""

    def __init__(self, count: int, print_line: PrintLine, clock: Callable[[], float] = time.monotonic) -> None:
        self._count = count
        self._print_line = print_line
        self._clock = clock
        self._number = 0
        self._title = ""
        self._began_at = 0.0
        self._printed_at = 0.0

    def begin(self, title: str) -> None:
        """Begin the next step."""
        self._number += 1
        self._title = title
        self._print("…")
        self._began_at = self._printed_at

    def reached(self, done: int, of: int) -> None:
        """Print that `done` of `of` parts of the step are done, at most once a second before the last one."""
        if done >= of or self._clock() - self._printed_at >= INTERVAL_S:
            self._print(f"{done} of {of}")

    def end(self) -> None:
        """End the last step."""
        self._title = ""

    async def tell_of_waiting(self) -> None:
        """Print that a step still goes on whenever it has said nothing for a while; runs until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            self.tell_if_quiet()

    def tell_if_quiet(self) -> None:
        """Print for how long the step has gone on if it has said nothing for a while."""
        if self._title and self._clock() - self._printed_at >= QUIET_S:
            self._print(f"… {self._clock() - self._began_at:.0f} s")

    def _print(self, progress: str) -> None:
        self._printed_at = self._clock()
        self._print_line(f"[{self._number}/{self._count}] {self._title}: {progress}")
