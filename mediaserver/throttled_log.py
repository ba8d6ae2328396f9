"""One fault costs one packet, one peer or one room: what loops over many goes on with the others.

Every loop that serves more than one of them catches what one raises and tells it here. What a peer sends may raise
in each packet, so faults of one loop are told once in a second, and the rest are counted: a log that fills the disk
would cost everybody more than the fault.
"""

import logging
import time
from math import inf

TOLD_S = 1.0
"""The least time between two faults of one loop that are told."""


class ThrottledLog:
    """Those of one loop, told to its module's `logger`."""

    def __init__(self, logger: logging.Logger) -> None:
        # given
        self._logger = logger
        # owned
        self._told = -inf
        self.count = 0
        """Since start, told or not."""
        self._untold = 0

    def caught(self, text: str, *arguments: object) -> None:
        """Tell the exception that is being handled."""
        self.count += 1
        now = time.monotonic()
        if now - self._told < TOLD_S:
            self._untold += 1
            return
        more = f" (and {self._untold} not told)" if self._untold else ""
        self._told, self._untold = now, 0
        self._logger.exception(text + more, *arguments)
