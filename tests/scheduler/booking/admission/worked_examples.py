"""Registrations of the regulation's worked examples, of seven to nineteen points."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from scheduler.booking.registration.service import Scheduler
from scheduler.core.model import ClassId, Interval, Session, State
from tests.scheduler.world import NOW, REQUEST, SUDDEN, URGENT, on

PROVINCE, HEALTH, COMMUNE = "ubnd.khanh-hoa", "so.yt", "vn.vanthanh"
CAM_LAM, NINH_HOA, VAN_NINH, NHA_TRANG = "ubnd.cam-lam", "ubnd.ninh-hoa", "ubnd.van-ninh", "ubnd.nha-trang"
MORNING = on("05/04/2023", "08:00", "10:00")
HELD = ((CAM_LAM, 15), (NINH_HOA, 28), (VAN_NINH, 14), (COMMUNE, 6), (HEALTH, 40), (NHA_TRANG, 28))  # 101 to 106


async def ask(
    scheduler: Scheduler,
    host: str,
    legs: int,
    official: Interval = MORNING,
    rehearsal: Interval | None = None,
    klass: ClassId = "thuong",
    wait: bool = True,
    now: datetime = NOW,
) -> Session:
    """Register for a host with so many devices in all."""
    points = [point.id for point in await scheduler.points() if point.id != host]
    few = points[: min(legs, 140) - 1]
    await scheduler.set_devices(host, legs - len(few))
    times = replace(REQUEST, host_point=host, points=tuple(few), official=official, rehearsal=rehearsal)
    request = replace(times, klass=klass, **{"thuong": {}, "dot_xuat": SUDDEN, "khan_cap": URGENT}[klass])
    session = await scheduler.submit(request, now, wait=wait)
    await scheduler.set_devices(host, 1)
    assert session.legs == legs
    return session


async def states(scheduler: Scheduler, sessions: Sequence[Session]) -> list[State]:
    return [(await scheduler.session(session.id)).state for session in sessions]


async def r066(scheduler: Scheduler) -> list[Session]:
    sessions = [await ask(scheduler, host, legs) for host, legs in HELD]
    assert await states(scheduler, sessions) == [State.ISSUED] * 6
    return sessions
