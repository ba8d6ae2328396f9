"""Errors of the directory, besides those of :mod:`scheduler.core.errors`.

SchedulerError
├── IllegalMove         a point's state does not allow the move
├── QuotaExceeded       a unit would have more points than Điều 8 allows
├── NotReady            a point lacks something of Điều 9 to be active; every lack is named
├── DevicesDescribed    a count of devices would remove some that are described
├── LastDevice          a point has at least one device
├── DecidedAlready      a change was accepted or rejected before
├── BadSheet            a spreadsheet with faulty rows; nothing of it is imported
├── PreviewStale        an import would now do something else than its preview showed
└── Unknown             no such room, device, line, person, provider, document or change
"""

from scheduler.core import errors as core_errors
from scheduler.core.errors import FieldError, SchedulerError


class IllegalMove(core_errors.IllegalMove):
    """A point in `state` cannot make this move; nothing was changed."""


class QuotaExceeded(SchedulerError):
    """A unit would have `wanted` points where `quota` are allowed by `article`."""

    def __init__(self, unit: str, quota: int, wanted: int, article: str) -> None:
        super().__init__(unit, quota, wanted, article)
        self.unit = unit
        self.quota = quota
        self.wanted = wanted
        self.article = article


class NotReady(SchedulerError):
    """A point cannot become active yet (R-046).

    Words: ``not-assessed`` ``assessment-failed`` ``assessment-line`` ``assessment-over`` ``no-line`` ``line-slow-up``
    ``line-slow-down`` ``line-unmeasured`` ``line-type`` ``name-grammar`` ``quota`` ``no-account`` ``no-managing-unit``.
    """

    def __init__(self, lacks: list[FieldError]) -> None:
        super().__init__(lacks)
        self.lacks = lacks

    def __str__(self) -> str:
        return "; ".join(map(str, self.lacks))


class Unknown(SchedulerError):
    """There is no object of `kind` with this id."""

    def __init__(self, kind: str, id_: str) -> None:
        super().__init__(kind, id_)
        self.kind = kind
        self.id = id_


class LastDevice(SchedulerError):
    """The device is the only one of its point, which must have at least one."""


class DecidedAlready(SchedulerError):
    """The change was accepted or rejected before."""


class PreviewStale(SchedulerError):
    """An import would now do something else than its preview showed; nothing was imported."""
