"""Errors of incidents, closing, documents and feedback; `signaling.http.problems` maps them to problem responses."""

from scheduler.core.errors import SchedulerError


class UnknownIncident(SchedulerError):
    """There is no such incident, or none that the caller may see."""


class IllegalStep(SchedulerError):
    """An incident in `state` does not allow `step`."""

    def __init__(self, state: str, step: str) -> None:
        super().__init__(f"{step} while {state}")
        self.state = state
        self.step = step


class ReportedJustNow(SchedulerError):
    """The same person reported the same fault a moment ago."""


class NotOver(SchedulerError):
    """A session that was not held cannot be closed yet."""


class UnknownItem(SchedulerError):
    """The profile has no such checklist item, place or kind of meeting."""


class ClosingOrder(SchedulerError):
    """Another item comes first: `turn` is its name (khoản 1 Điều 15)."""

    def __init__(self, turn: str) -> None:
        super().__init__(turn)
        self.turn = turn


class NotHandedOver(SchedulerError):
    """There is no recording to receive, or its SHA-256 differs."""


class UnknownMaterial(SchedulerError):
    """There is no such document or request, or none that the caller may see."""


class UnknownFeedback(SchedulerError):
    """There is no such feedback."""
