"""Who waits at the door of a meeting without being invited, until the host answers (Điều 3.7, R-011). Pure."""

from dataclasses import dataclass, field

from signaling.core.errors import MessageError
from signaling.messages.server import DoorState, Knock

MOST = 20
"""More than so many do not wait: a host could not look at them."""


@dataclass(slots=True)
class WaitingRoom:
    """The points that wait, in the order they came, by client."""

    waiting: dict[str, Knock] = field(default_factory=dict)
    turned_away: set[str] = field(default_factory=set)
    """Their accounts; who was turned away need not ask again."""

    @property
    def state(self) -> DoorState:
        """What who leads the meeting sees."""
        return DoorState(waiting=list(self.waiting.values()))

    def knock(self, knock: Knock) -> None:
        """Somebody waits from now on. Raises MessageError ``not-invited`` for who was turned away, ``full``."""
        if knock.account in self.turned_away:
            raise MessageError("not-invited")
        if len(self.waiting) >= MOST:
            raise MessageError("full")
        self.waiting[knock.id] = knock

    def known(self, id_: str) -> Knock:
        """Return who waits. Raises MessageError ``unknown-seat``."""
        if id_ not in self.waiting:
            raise MessageError("unknown-seat")
        return self.waiting[id_]

    def answered(self, id_: str, admitted: bool) -> None:
        """Somebody waits no longer."""
        knock = self.waiting.pop(id_)
        if not admitted:
            self.turned_away.add(knock.account)
