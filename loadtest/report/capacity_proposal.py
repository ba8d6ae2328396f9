"""Proposes the capacity to record in the scheduler, from the costs of cases. Pure arithmetic.

The server's CPU is modelled as a cost for each meeting (composing, encoding, mixing) and for each point (receiving,
forwarding), fitted over the cases by least squares. Điều 12.4 lets 80 % of the maximum be issued, so the maximum is
such that this share stays within the CPU the server may use, and within the meetings and points that a case really ran.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

USABLE = Fraction(4, 5)
"""Share of the maximum that may be issued (Điều 12.4.a)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Cost of one case: the server's CPU in percent of a core, with so many meetings and connected points."""

    meetings: int
    points: int
    cpu_pct: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """The maximum to record, the usable part of it that may be issued, and the basis of both (percent of a core)."""

    max_sessions: int
    max_points: int
    usable_sessions: int
    usable_points: int
    session_pct: float
    point_pct: float
    budget_pct: float
    expected_pct: float
    """The server's CPU when all of the usable capacity is in use."""
    seen_sessions: int
    seen_points: int

    def cores_for(self, sessions: int, points: int, share: float) -> float | None:
        """Return the cores of this kind for so many meetings and points in use, `share` of them for the server.

        None when the cases could not separate the cost of a meeting from that of its points.
        """
        if not self.session_pct:
            return None
        return (self.session_pct * sessions + self.point_pct * points) / (100 * share)


def propose(samples: Sequence[Sample], cores: int, share: float) -> Proposal:
    """Return the maximum that keeps the server below `share` of `cores`. Raises ValueError without samples.

    Points come first, since a province's largest meeting must fit; the CPU they leave goes to meetings.
    """
    if not samples:
        raise ValueError("no case ran, so nothing can be proposed")
    session_pct, point_pct = fit(samples)
    budget = 100 * cores * share
    seen_sessions = max(sample.meetings for sample in samples)
    seen_points = max(sample.points for sample in samples)
    points = min(seen_points, _fitting(budget - session_pct, point_pct, seen_points))
    sessions = min(seen_sessions, _fitting(budget - point_pct * points, session_pct, seen_sessions))
    return Proposal(
        maximum(sessions),
        maximum(points),
        sessions,
        points,
        session_pct,
        point_pct,
        budget,
        session_pct * sessions + point_pct * points,
        seen_sessions,
        seen_points,
    )


def fit(samples: Sequence[Sample]) -> tuple[float, float]:
    """Return CPU per meeting and per point, neither negative; what cannot be separated counts for the points."""
    if len({Fraction(sample.meetings, max(1, sample.points)) for sample in samples}) > 1:
        shape = np.array([(sample.meetings, sample.points) for sample in samples], float)
        (session, point), *_ = np.linalg.lstsq(shape, np.array([sample.cpu_pct for sample in samples]), rcond=None)
        if session >= 0 and point >= 0:
            return float(session), float(point)
    return 0.0, max(sample.cpu_pct / max(1, sample.points) for sample in samples)


def maximum(usable: int) -> int:
    """Return the largest maximum of which no more than `usable` may be issued."""
    return int(((usable + 1) / USABLE).__ceil__()) - 1


def _fitting(budget: float, each: float, most: int) -> int:
    return max(1, int(budget / each)) if each * most > max(0.0, budget) else most
