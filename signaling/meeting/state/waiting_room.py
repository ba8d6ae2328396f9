"""Waiting room of a meeting: points that were not invited wait for the host's decision (Điều 3.7, R-011). Pure."""

from dataclasses import dataclass, field

from signaling.core.errors import MessageError
from signaling.messages.joining import DoorState, Knock

MOST = 20
"""Largest number of waiting points: a host could not look at more."""


@dataclass(slots=True)
class WaitingRoom:
    """The waiting points by client, in the order they came."""

    waiting: dict[str, Knock] = field(default_factory=dict)
    turned_away: set[str] = field(default_factory=set)
    """Accounts that were turned away and need not ask again."""

    @property
    def state(self) -> DoorState:
        """The message to host and controllers."""
        return DoorState(waiting=list(self.waiting.values()))

    def knock(self, knock: Knock) -> None:
        """Add a point. Raises MessageError ``not-invited`` for an account that was turned away, ``full``."""
        if knock.account in self.turned_away:
            raise MessageError("not-invited")
        if len(self.waiting) >= MOST:
            raise MessageError("full")
        self.waiting[knock.id] = knock

    def known(self, id_: str) -> Knock:
        """Return a waiting point. Raises MessageError ``unknown-seat``."""
        if id_ not in self.waiting:
            raise MessageError("unknown-seat")
        return self.waiting[id_]

    def decided(self, id_: str, admitted: bool) -> None:
        """Remove a point that was admitted or turned away."""
        knock = self.waiting.pop(id_)
        if not admitted:
            self.turned_away.add(knock.account)
