"""What a whole queue is judged by, read once however many wait: who holds what, who waits, what may be given away.

Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scheduler.calendar.deadlines import Clock
from scheduler.core.capacity_limit import CapacityLimit
from scheduler.core.model import Admit, Claim, Interval, Refuse


@dataclass(frozen=True, slots=True)
class QueueSnapshot:
    """Claims that hold capacity at the times the queue asks for and around them, by their start; those that wait.

    `weighed` remembers what was decided of a claim, for whoever comes after it in the order asks again (R-064).
    """

    held: Sequence[Claim]
    queue: Sequence[Claim]
    usable: CapacityLimit
    clock: Clock
    weighed: dict[str, Admit | Refuse] = field(default_factory=dict)

    def holding(self, where: Iterable[Interval]) -> list[Claim]:
        """Return the claims that meet one of the intervals."""
        wanted = list(where)
        return [claim for claim in self.held if _meets(claim, wanted)]


def _meets(claim: Claim, wanted: Sequence[Interval]) -> bool:
    return any(slot.start < each.end and each.start < slot.end for slot in claim.slots for each in wanted)
