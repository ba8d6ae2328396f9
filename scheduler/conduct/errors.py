"""What the conduct of a session refuses; the roof turns classes into words."""

from scheduler.errors import SchedulerError


class UnknownIncident(SchedulerError):
    """No such incident, or none the caller may see."""


class IllegalStep(SchedulerError):
    """An incident that is so cannot have this done to it: `state` and `step` say what."""

    def __init__(self, state: str, step: str) -> None:
        super().__init__(f"{step} while {state}")
        self.state = state
        self.step = step
