"""Holds what the decisions on a whole queue need, read once: claims that hold capacity, queued claims, usable limit.

Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scheduler.calendar.deadlines import Clock
from scheduler.core.capacity_limit import CapacityLimit
from scheduler.core.model import Admit, Claim, Interval, Refuse


@dataclass(frozen=True, slots=True)
class QueueSnapshot:
    """The claims that hold capacity around the times of the queue (`held`), and the queued claims (`queue`).

    `decisions` caches the decision on each claim, because every later claim of the order asks for it again (R-064).
    """

    held: Sequence[Claim]
    queue: Sequence[Claim]
    usable: CapacityLimit
    clock: Clock
    decisions: dict[str, Admit | Refuse] = field(default_factory=dict)

    def holding(self, where: Iterable[Interval]) -> list[Claim]:
        """Return the claims that meet one of the intervals."""
        wanted = list(where)
        return [claim for claim in self.held if _meets(claim, wanted)]


def _meets(claim: Claim, wanted: Sequence[Interval]) -> bool:
    return any(slot.start < each.end and each.start < slot.end for slot in claim.slots for each in wanted)
