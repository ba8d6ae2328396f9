"""The costs of a session on this machine, as the load test measured it with the capacity that it proposed."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select

from signaling.booking.schema import SESSION_COSTS
from signaling.core.errors import BadInput, Fault
from signaling.core.sql_rows import SqlRows

MAX_CORES = 4096
MAX_PCT = 100.0 * MAX_CORES
MAX_POINTS = 10_000
MAX_MACHINE = 200


@dataclass(frozen=True, slots=True)
class SessionCosts:
    """CPU in percent of a core of a session of so many points: its cameras forwarded, or composed for everyone.

    `recorded_pct` comes on top of `forwarded_pct`. It was `measured` on a machine of so many cores.
    """

    measured: datetime
    machine: str
    cores: int
    points: int
    forwarded_pct: float
    composed_pct: float
    recorded_pct: float


class SessionCostStore(SqlRows):
    """The costs that were measured last."""

    async def note(self, costs: SessionCosts) -> None:
        """Replace the costs by newly measured ones."""
        async with self._writer.begin() as connection:
            await connection.execute(delete(SESSION_COSTS))
            await connection.execute(insert(SESSION_COSTS).values(asdict(costs)))

    async def newest(self) -> SessionCosts | None:
        """Return the costs that were measured last, None where nothing was."""
        row = await self._one(select(SESSION_COSTS).order_by(SESSION_COSTS.c.measured.desc()))
        return None if row is None else SessionCosts(**row)


def read(report: str) -> SessionCosts | None:
    """Return the costs in a load test's JSON report, None in one without any. Raises BadInput."""
    try:
        values = json.loads(report)
        if values.get("costs") is None:
            return None
        costs, conditions = values["costs"], values["conditions"]
        found = SessionCosts(
            measured=datetime.fromisoformat(conditions["date"]).astimezone(UTC).replace(microsecond=0),
            machine=str(conditions["machine"])[:MAX_MACHINE],
            cores=_whole(conditions["cores"], MAX_CORES),
            points=_whole(costs["points"], MAX_POINTS),
            **{name: _percent(costs[name]) for name in ("forwarded_pct", "composed_pct", "recorded_pct")},
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise BadInput([Fault("from", "This report has no costs of a session that can be read")]) from None
    return found


def _whole(value: object, most: int) -> int:
    """Return a whole number from 1. Raises ValueError."""
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(value)
    return value


def _percent(value: object) -> float:
    """Return a number of percents. Raises ValueError."""
    if type(value) not in (int, float) or not 0 <= float(str(value)) <= MAX_PCT:
        raise ValueError(value)
    return float(str(value))
