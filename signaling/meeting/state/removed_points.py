"""Points that a controller removed from a meeting: they stay out until one lets them back. Pure."""

from collections.abc import Iterable
from datetime import datetime

from signaling.core.errors import MessageError
from signaling.messages.seats import RemovedPoint, RemovedState


class RemovedPoints:
    """The removed points by id, each with the reason that it is told."""

    def __init__(self) -> None:
        self._points: dict[str, RemovedPoint] = {}

    @property
    def state(self) -> RemovedState:
        """The message to host and controllers."""
        return RemovedState(points=list(self._points.values()))

    @property
    def snapshot(self) -> tuple[RemovedPoint, ...]:
        """The values to store."""
        return tuple(self._points.values())

    def recover(self, points: Iterable[RemovedPoint]) -> None:
        """Take the points of another process."""
        self._points = {each.point: each for each in points}

    def __contains__(self, point: object) -> bool:
        return point in self._points

    def check(self, point: str) -> None:
        """Check that a point may come in. Raises MessageError ``removed``, with the reason."""
        if point in self._points:
            raise MessageError("removed", self._points[point].reason)

    def remove(self, point: str, reason: str, now: datetime) -> None:
        """Keep a point out from now on."""
        self._points[point] = RemovedPoint(point=point, reason=reason, at=now)

    def let_back(self, point: str) -> None:
        """Let a point in again. Raises MessageError ``unknown-seat``."""
        if self._points.pop(point, None) is None:
            raise MessageError("unknown-seat")
