"""Units and points as they are now, and who answers for whom: what rights are judged by. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scheduler import control, registrants
from scheduler.control import Control
from scheduler.model import Point, PointState, Session, Unit
from scheduler.policy import Policy
from scheduler.registrants import Registrants


@dataclass(frozen=True, slots=True)
class Bodies(Mapping[str, Point]):
    """All points by id, which it is a mapping of, all units, and the profile in force."""

    points: Mapping[str, Point]
    units: Sequence[Unit]
    policy: Policy

    def __getitem__(self, point: str) -> Point:
        return self.points[point]

    def __iter__(self) -> Iterator[str]:
        return iter(self.points)

    def __len__(self) -> int:
        return len(self.points)

    def unit(self, point: str) -> Unit:
        """Return the unit of a point."""
        owner = self.points[point].unit
        return next(unit for unit in self.units if unit.id == owner)

    def invited(self, session: Session) -> frozenset[str]:
        """Return the units whose points are in a session."""
        return frozenset(self.points[point].unit for point in session.everyone)

    def registrants(self, session: Session) -> Registrants:
        """Return who may register a session, and so amend or cancel it (Điều 12)."""
        day = session.official.start.astimezone(self.policy.zone).date()
        host = self.unit(session.host_point)
        return registrants.registrants(host, self.units, session.purpose, session.klass, self.policy, day)

    def control(self, session: Session) -> Control:
        """Return who controls a session (Điều 10.1, 14.3.a)."""
        active = {point.unit for point in self.points.values() if point.state == PointState.ACTIVE}
        return control.control(self.unit(session.host_point), self.units, self.policy, active)

    def named(self, units: Sequence[str]) -> str:
        """Return units by the labels of their points, for people."""
        labels = {point.unit: point.label for point in reversed([*self.points.values()])}
        return ", ".join(labels[unit] for unit in units)

    def wards(self, unit: str | None) -> frozenset[str]:
        """Return the units that a unit registers for by their level."""
        return frozenset() if unit is None else registrants.wards(unit, self.units, self.policy)
