"""Column types that convert between SQL and Python in one place."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Dialect, Enum, TypeDecorator, type_coerce
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

from scheduler.core.sql_values import EPOCH, SECOND, seconds


def _moment(value: int | None) -> datetime | None:
    return None if value is None else EPOCH + value * SECOND


class Timestamp(TypeDecorator[datetime]):
    """Stores an aware datetime as whole seconds since 1970, rounded down, and returns it in UTC.

    Comparisons in SQL take datetimes, too; on whole seconds they are exact. Integers are compared as seconds since
    1970. SQLAlchemy takes a difference of two moments for a moment: wrap them in :func:`in_seconds` first.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """Return what the database stores for a moment."""
        return None if value is None else seconds(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        """Return the moment of a stored number."""
        return _moment(value)

    def result_processor(self, _dialect: Dialect, _coltype: object) -> Callable[[int | None], datetime | None]:
        """Return the same as one function: the database gives integers, and reports read hundreds of thousands."""
        return _moment

    def coerce_compared_value(self, _op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Return the type of a value that is compared with a moment: an integer stays as it is."""
        return BigInteger() if isinstance(value, int) else self


class MillisecondTimestamp(TypeDecorator[datetime]):
    """Stores an aware datetime as milliseconds since 1970, rounded, and returns it in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """Return what the database stores for a moment."""
        return None if value is None else round(value.timestamp() * 1000)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        """Return the moment of a stored number."""
        return None if value is None else EPOCH + timedelta(milliseconds=value)


def enumerated(members: type[StrEnum], length: int) -> Enum:
    """Return the type of a text column whose values are those of an enum; it takes and returns members.

    The column stays a VARCHAR without a constraint. A value that has no member raises LookupError when it is read.
    """
    return Enum(
        members,
        values_callable=lambda enum: [member.value for member in enum],
        native_enum=False,
        create_constraint=False,
        length=length,
    )


def in_seconds(moment: ColumnElement[datetime]) -> ColumnElement[int]:
    """Return a moment of a query as the number of seconds that is stored, to calculate with in SQL."""
    return type_coerce(moment, BigInteger)
