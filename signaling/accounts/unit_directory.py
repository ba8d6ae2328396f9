"""Units and points at one time, and the policies: the values by which rights are decided. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.core.model import Point, PointState, Session, SessionOutline, Unit
from scheduler.policy import controllers, registrants
from scheduler.policy.controllers import Control
from scheduler.policy.policy import Policy
from scheduler.policy.profile_files import Profiles
from scheduler.policy.registrants import Registrants


@dataclass(frozen=True, slots=True)
class UnitDirectory(Mapping[str, Point]):
    """A mapping of all points by id, with all units and all policies.

    The policy in force at its start holds for a session: one from before a change of levels stays as it was (R-001).
    """

    points: Mapping[str, Point]
    units: Sequence[Unit]
    profiles: Profiles
    now: datetime

    @property
    def policy(self) -> Policy:
        """The policy in force at `now`."""
        return self.profiles.at(self.now)

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

    def invited(self, session: Session | SessionOutline) -> frozenset[str]:
        """Return the units whose points take part in a session."""
        return frozenset(self.points[point].unit for point in session.everyone)

    def registrants(self, session: Session) -> Registrants:
        """Return the units that may register a session, and so amend or cancel it (Điều 12)."""
        policy, day = self.rules(session), self.profiles.day(session.official.start)
        host = self.unit(session.host_point)
        return registrants.registrants(host, self.units, session.purpose, session.klass, policy, day)

    def rules(self, session: Session | SessionOutline) -> Policy:
        """Return the policy that holds for a session."""
        return self.profiles.at(session.official.start)

    def control(self, session: Session) -> Control:
        """Return the units that control a session (Điều 10.1, 14.3.a)."""
        active = {point.unit for point in self.points.values() if point.state == PointState.ACTIVE}
        return controllers.control(self.unit(session.host_point), self.units, self.rules(session), active)

    def named(self, units: Sequence[str]) -> str:
        """Return the names of units for people: the labels of their points."""
        labels = {point.unit: point.label for point in reversed([*self.points.values()])}
        return ", ".join(labels[unit] for unit in units)

    def wards(self, unit: str | None, session: Session | SessionOutline) -> frozenset[str]:
        """Return the units that a unit registers for by their level when a session starts."""
        return frozenset() if unit is None else registrants.wards(unit, self.units, self.rules(session))

    def all_wards(self, unit: str) -> frozenset[str]:
        """Return the units that a unit registers for under any of the policies."""
        return frozenset().union(*(registrants.wards(unit, self.units, policy) for policy in self.profiles.policies))
