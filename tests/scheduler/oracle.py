"""A second implementation of the limits for tests: every minute by itself, 5·(load + test room) ≤ 4·max.

It shares nothing with the product and is simple on purpose: mutants survived tests that reused the product's helpers on
sparse times.
"""

from dataclasses import dataclass, field

HORIZON = 60  # minutes; everything in these tests happens inside

Slots = tuple[tuple[int, int], ...]  # (start, end) in minutes


@dataclass
class Oracle:
    """All bookings, one row each, the maximum of each minute, and the legs that the test room always has."""

    max_sessions: list[int]
    max_points: list[int]
    held: dict[object, tuple[Slots, int]] = field(default_factory=dict)
    test_legs: int = 0

    def load(self, minute: int) -> tuple[int, int]:
        """Return (sessions, legs) running in a minute."""
        running = [legs for slots, legs in self.held.values() for start, end in slots if start <= minute < end]
        return len(running), sum(running)

    def breaks(self, minute: int, legs: int) -> list[tuple[str, int]]:
        """Return the limits that one more session of `legs` exceeds in a minute, with the load it would need."""
        sessions, points = self.load(minute)
        broken = []
        if 5 * (sessions + 1) > 4 * self.max_sessions[minute]:
            broken.append(("sessions", sessions + 1))
        if 5 * (points + legs + self.test_legs) > 4 * self.max_points[minute]:
            broken.append(("points", points + legs))
        return broken

    def fits(self, slots: Slots, legs: int) -> bool:
        """Return whether a booking exceeds no limit in any of its minutes."""
        return not any(self.breaks(minute, legs) for start, end in slots for minute in range(start, end))

    def within(self) -> bool:
        """Return whether every minute keeps both limits (I3)."""
        loads = [self.load(minute) for minute in range(HORIZON)]
        return all(
            5 * sessions <= 4 * self.max_sessions[m]
            and (not points or 5 * (points + self.test_legs) <= 4 * self.max_points[m])
            for m, (sessions, points) in enumerate(loads)
        )
