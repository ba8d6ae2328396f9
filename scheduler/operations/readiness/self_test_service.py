"""Stores the self-tests of points. Each method is one transaction."""

import json
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.database import writing
from scheduler.core.errors import InvalidRequest, UnknownPoint
from scheduler.notifications.alerts import Alerts
from scheduler.operations.readiness.schema import SELF_TESTS
from scheduler.operations.readiness.self_test import SelfTest, SelfTestMeasurement, failed, faults
from scheduler.policy.policy import SelfTestPolicy
from scheduler.units import store as units_store

_MEASURED = ("camera", "mic_dbfs", "luma", "down_kbps", "up_kbps", "latency_ms", "browser", "screen", "device")


class SelfTests:
    """Stores the self-tests of points."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts

    def policy(self, now: datetime) -> SelfTestPolicy:
        """Return the limits by which a self-test is judged today."""
        return self._alerts.profiles.at(now).preparation.self_test

    async def keep(self, point: str, account: str, measured: SelfTestMeasurement, now: datetime) -> SelfTest:
        """Judge and store a self-test. Raises UnknownPoint, InvalidRequest."""
        policy = self.policy(now)
        wrong = faults(measured, policy)
        if wrong:
            raise InvalidRequest(wrong)
        test = SelfTest(point, account, now, measured, failed(measured, policy))
        values = {**asdict(measured), "ticks": json.dumps(measured.ticks), "failed": json.dumps(test.failed)}
        async with writing(self._alerts.engine) as db:
            await _known(db, point)
            await db.execute(insert(SELF_TESTS).values(**values, point=point, account=account, at=now))
        return test

    async def of(self, point: str, limit: int) -> list[SelfTest]:
        """Return the newest self-tests of a point. Raises UnknownPoint."""
        async with self._alerts.engine.begin() as db:
            await _known(db, point)
            query = select(SELF_TESTS).where(SELF_TESTS.c.point == point).order_by(SELF_TESTS.c.id.desc()).limit(limit)
            return [_test(row) for row in (await db.execute(query)).mappings()]


async def newest(db: AsyncConnection, points: Collection[str], since: datetime) -> dict[str, SelfTest]:
    """Return the newest self-test since a time of each point that has one."""
    recent = SELF_TESTS.c.point.in_(list(points)) & (SELF_TESTS.c.at >= since)
    rows = (await db.execute(select(SELF_TESTS).where(recent).order_by(SELF_TESTS.c.id))).mappings()
    return {row["point"]: _test(row) for row in rows}


async def laptops(db: AsyncConnection) -> dict[str, datetime]:
    """Return when each point last tested itself on a laptop (Điều 10.2.b)."""
    query = select(SELF_TESTS.c.point, func.max(SELF_TESTS.c.at)).where(SELF_TESTS.c.device == "laptop")
    return {row[0]: row[1] for row in await db.execute(query.group_by(SELF_TESTS.c.point))}


async def _known(db: AsyncConnection, point: str) -> None:
    if not await units_store.points_named(db, [point]):
        raise UnknownPoint(point)


def _test(row: RowMapping) -> SelfTest:
    measured = SelfTestMeasurement(**{name: row[name] for name in _MEASURED}, ticks=tuple(json.loads(row["ticks"])))
    return SelfTest(row["point"], row["account"], row["at"], measured, tuple(json.loads(row["failed"])))
