"""Helpers for tests of the scheduler: local times as in the regulation's examples, requests with sensible defaults."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from scheduler.booking.registration.service import Scheduler
from scheduler.core.code_encryption import KEY_BYTES, CodeCipher
from scheduler.core.model import Interval, Request
from scheduler.policy.profile_files import Profiles, load

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def at(text: str) -> datetime:
    """Return the moment of ``05/04/2023 08:00`` in Khánh Hòa."""
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=ZONE).astimezone(UTC)


def on(day: str, start: str, end: str) -> Interval:
    """Return an interval within one day."""
    return Interval(at(f"{day} {start}"), at(f"{day} {end}"))


NOW = at("03/04/2023 08:00")
CIPHER = CodeCipher(bytes(KEY_BYTES))
"""The cipher of all test processes, which read each other's codes."""

REQUEST = Request(
    host_point="so.tttt",
    points=("nt.xuonghuan",),
    rehearsal=None,
    official=on("05/04/2023", "08:00", "09:00"),
    title="Giao ban tuần 14",
    contact_name="Nguyễn Văn An",
    contact_phone="0905 123 456",
    recording=False,
    submitted_by="so.tttt",
    purpose="noi_bo_don_vi",
    kind="giao_ban",
    form="truc_tuyen",
    secret=False,
)
SUDDEN: dict[str, Any] = {"reason": "Họp gấp theo Công văn 12"}
URGENT: dict[str, Any] = {"ground": "thien_tai", "reason": "Lũ trên sông Cái"}
"""The fields that a registration of another class needs: ground and reason."""


async def asking(scheduler: Scheduler, legs: int, official: Interval, rehearsal: Interval | None = None) -> Request:
    """Return a request of exactly so many legs, 2 to 169, of one device each."""
    host, *points = [point.id for point in (await scheduler.points())[:legs]]
    return replace(REQUEST, host_point=host, points=tuple(points), official=official, rehearsal=rehearsal)


def hours(number: int) -> timedelta:
    """Return a number of hours."""
    return timedelta(hours=number)


@cache
def shipped() -> Profiles:
    """Return the shipped profiles; reading them takes longer than many a test."""
    return load()


def profiles_with(test_legs: int = 0, **rules: object) -> Profiles:
    """Return the shipped profiles with other rules of revocation; examples of Điều 12.4 know no test room."""
    return Profiles(
        tuple(
            policy.model_copy(
                update={
                    "revocation": policy.revocation.model_copy(update=rules),
                    "capacity": policy.capacity.model_copy(update={"test_legs": test_legs}),
                }
            )
            for policy in shipped().policies
        )
    )
