"""What the conduct of a session refuses; the roof turns classes into words."""

from scheduler.core.errors import SchedulerError


class UnknownIncident(SchedulerError):
    """No such incident, or none the caller may see."""


class IllegalStep(SchedulerError):
    """An incident that is so cannot have this done to it: `state` and `step` say what."""

    def __init__(self, state: str, step: str) -> None:
        super().__init__(f"{step} while {state}")
        self.state = state
        self.step = step


class NotOver(SchedulerError):
    """A session that was not held has nothing to switch off yet."""


class UnknownItem(SchedulerError):
    """The profile has no such item, place or kind."""


class ClosingOrder(SchedulerError):
    """Something else comes first: `turn` is its name (khoản 1 Điều 15)."""

    def __init__(self, turn: str) -> None:
        super().__init__(turn)
        self.turn = turn


class NotHandedOver(SchedulerError):
    """There is nothing to receive, or its SHA-256 is another one."""


class UnknownMaterial(SchedulerError):
    """No such document or wish, or none the caller may see."""


class UnknownFeedback(SchedulerError):
    """Nobody said that."""
