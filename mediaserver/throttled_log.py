"""A log for exceptions in a loop: it writes at most one a second and counts the rest.

Every loop that serves several peers, packets or rooms catches what one of them raises and logs it here, so that the
others go on. A peer may cause an exception with each packet, and a log that fills the disk would cost everybody more
than the fault.
"""

import logging
import time
from math import inf

LOG_INTERVAL_S = 1.0
"""The least seconds between two exceptions of one loop that are written."""


class ThrottledLog:
    """Logs the exceptions of one loop to `logger`."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._logged_at = -inf
        self.count = 0
        """Exceptions since start, written or not."""
        self._suppressed = 0

    def caught(self, text: str, *arguments: object) -> None:
        """Log the exception that is being handled, with this text."""
        self.count += 1
        now = time.monotonic()
        if now - self._logged_at < LOG_INTERVAL_S:
            self._suppressed += 1
            return
        more = f" (and {self._suppressed} not logged)" if self._suppressed else ""
        self._logged_at, self._suppressed = now, 0
        self._logger.exception(text + more, *arguments)
