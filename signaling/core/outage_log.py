"""What goes to the log of the process: a database or a Valkey that is lost is told in one line a minute.

Every loop and every request meets it, again and again, and each of their tracebacks says the same: a log that fills the
disk would cost more than the outage. Whatever else goes wrong is told whole.
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

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
OUTAGE_SECONDS = 60.0
"""The least time between two lines about one that is lost."""
OURS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""What a database that answers says to a faulty statement."""
SQLITE_LOST = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
}


def set_up(level: str) -> None:
    """Log to stderr from a level on."""
    handler = logging.StreamHandler()
    handler.addFilter(Outages())
    logging.basicConfig(level=level, format=FORMAT, handlers=[handler])
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it logs a traceback for every junk request line


class Outages(logging.Filter):
    """Makes tracebacks about what is lost one line, and keeps all but one a minute back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        # given
        self._clock = clock
        # owned
        self._told: dict[str, float] = {}
        self._untold: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is told."""
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
    """Return what is lost when an error says so: `database` or `Valkey`."""
    if isinstance(error, RedisConnectionError | RedisTimeoutError | BusyLoadingError):
        return "Valkey"
    if isinstance(error, PoolTimeoutError):
        return "database"
    if not isinstance(error, DBAPIError) or isinstance(error, OURS):
        return None
    code = getattr(error.orig, "sqlite_errorcode", None)
    return "database" if code is None or code & 0xFF in SQLITE_LOST else None
