"""Sets up logging; logs a lost database or Valkey in one line a minute instead of a traceback each time.

Every loop and every request meets the outage, and all their tracebacks say the same: a log that fills the disk would
cost more than the outage. All other errors are logged in full.
"""

import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable

from redis.exceptions import BusyLoadingError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from mediaserver import logs

OUTAGE_SECONDS = 60.0
"""Shortest time between two lines about the same outage."""
OURS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""Errors of a database that does answer, to a faulty statement."""
SQLITE_LOST = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
}


def set_up(level: str) -> None:
    """Log to stderr from a level on. Raises ValueError for an unknown format."""
    logs.set_up(level, Outages())
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it logs a traceback for every junk request line


class Outages(logging.Filter):
    """Shortens tracebacks of an outage to one line, and drops all but one a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._told: dict[str, float] = {}
        self._untold: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is logged."""
        error = record.exc_info[1] if record.exc_info else None
        lost = None if error is None else lost_part(error)
        if lost is None:
            return True
        now = self._clock()
        if now - self._told.get(lost, -OUTAGE_SECONDS) < OUTAGE_SECONDS:
            self._untold[lost] += 1
            return False
        more = f" (and {count} not told)" if (count := self._untold.pop(lost, 0)) else ""
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        self._told[lost] = now
        record.msg, record.args = f"x the {lost} does not answer: {reason}; %s{more}", (record.getMessage(),)
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def lost_part(error: BaseException) -> str | None:
    """Return which part is lost when an error means an outage: `database` or `Valkey`; else None."""
    if isinstance(error, RedisConnectionError | RedisTimeoutError | BusyLoadingError):
        return "Valkey"
    if isinstance(error, PoolTimeoutError):
        return "database"
    if not isinstance(error, DBAPIError) or isinstance(error, OURS):
        return None
    code = getattr(error.orig, "sqlite_errorcode", None)
    return "database" if code is None or code & 0xFF in SQLITE_LOST else None
