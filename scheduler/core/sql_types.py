"""Column types that convert between SQL and Python in one place."""

from datetime import datetime

from sqlalchemy import BigInteger, Dialect, TypeDecorator

from scheduler.core.sql_values import instant, seconds


class Timestamp(TypeDecorator[datetime]):
    """Stores an aware datetime as whole seconds since 1970, rounded down, and returns it in UTC.

    Comparisons in SQL take datetimes, too; on whole seconds they are exact.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """Return what the database stores for a moment."""
        return None if value is None else seconds(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        """Return the moment of a stored number."""
        return None if value is None else instant(value)
