"""The scheduler as the roof sees it: one method per use case, each one transaction; `now` is always an argument."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.model import Amount, Imported, Limits, LoadStep, Phase, Point, Request, Session, Unit
from scheduler.policy import Policy


class Scheduler:
    """Books sessions. `rated` is the maximum that holds until the first recorded capacity step."""

    def __init__(self, engine: AsyncEngine, policy: Policy, rated: Amount = Amount(20, 250)) -> None:
        raise NotImplementedError

    async def migrate(self) -> None:
        """Bring the scheduler's own tables up to date."""
        raise NotImplementedError

    async def units(self) -> list[Unit]:
        """Return all units in registry order."""
        raise NotImplementedError

    async def points(self, unit: str | None = None) -> list[Point]:
        """Return the points of a unit, or all, in registry order."""
        raise NotImplementedError

    async def point(self, point_id: str) -> Point:
        """Return a point. Raises UnknownPoint."""
        raise NotImplementedError

    async def set_devices(self, point_id: str, devices: int) -> Point:
        """Set the number of devices of a point. Raises UnknownPoint, BadDevices."""
        raise NotImplementedError

    async def import_units(self, text: str) -> Imported:
        """Add or change units and their points from a units file (JSON text). Raises BadUnits."""
        raise NotImplementedError

    async def submit(self, request: Request, now: datetime) -> Session:
        """Admit a request and issue its code. Raises InvalidRequest, CapacityExceeded."""
        raise NotImplementedError

    async def cancel(self, session_id: str, now: datetime) -> Session:
        """Cancel a session: frees its capacity at once. Raises UnknownSession, Ended."""
        raise NotImplementedError

    async def session(self, session_id: str) -> Session:
        """Return a session. Raises UnknownSession."""
        raise NotImplementedError

    async def sessions(
        self,
        start: datetime,
        end: datetime,
        units: Collection[str] | None = None,
        points: Collection[str] | None = None,
    ) -> list[Session]:
        """Return sessions with a slot in [start, end), ordered by start; of these units or points if given."""
        raise NotImplementedError

    async def by_code(self, code: str) -> Session:
        """Return the session a code was issued for, dead or alive. Raises CodeUnknown."""
        raise NotImplementedError

    async def enter(self, code: str, point_id: str | None, now: datetime) -> Session:
        """Open the door with a code; `point_id` None is somebody without a point whom the caller has let in already.

        Raises CodeUnknown, NotInvited, Cancelled, Ended, TooEarly.
        """
        raise NotImplementedError

    def phase(self, session: Session, now: datetime) -> Phase:
        """Return where a session stands at `now`."""
        raise NotImplementedError

    async def load(self, start: datetime, end: datetime) -> list[LoadStep]:
        """Return the load over [start, end) as steps without gaps."""
        raise NotImplementedError

    async def limits(self, now: datetime) -> Limits:
        """Return the maximum and the usable share at `now`."""
        raise NotImplementedError

    async def set_capacity(self, since: datetime, maximum: Amount) -> None:
        """Record that from `since` on the rated maximum is this."""
        raise NotImplementedError
