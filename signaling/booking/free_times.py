"""Endpoint of free times for a registration that is being filled in (Điều 12.4)."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from scheduler.core import model
from scheduler.core.model import ORDINARY, ClassId
from signaling.booking import queue
from signaling.booking.context import BOOKING
from signaling.booking.queue import Offer
from signaling.http.route import ApiRequest, Model, Moment, Route


class FreeTimesQuery(Model):
    """The times of a session, its number of legs and its class; a rehearsal has both its times or none."""

    start: Moment
    end: Moment
    rehearsal_start: Moment | None = None
    rehearsal_end: Moment | None = None
    legs: Annotated[int, Field(ge=1, le=100_000)]
    class_: Annotated[ClassId, Field(alias="class")] = ORDINARY

    @model_validator(mode="after")
    def _check_rehearsal(self) -> Self:
        """Check that a rehearsal has a start and an end. Raises ValueError."""
        if (self.rehearsal_start is None) != (self.rehearsal_end is None):
            raise ValueError("rehearsal without start or end")
        return self


class FreeTimes(Model):
    """The free times of a session: its own, if it `fits`, and others, those in working hours first."""

    fits: bool
    others: list[Offer]


async def free_times(request: ApiRequest) -> FreeTimes:
    """Return whether a session would fit, and other free times near its own; nothing is held for it."""
    query: FreeTimesQuery = request.query
    rehearsal = (
        model.Interval(query.rehearsal_start, query.rehearsal_end)
        if query.rehearsal_start and query.rehearsal_end
        else None
    )
    official = model.Interval(query.start, query.end)
    found = await request.context(BOOKING).scheduler.free_times(
        rehearsal, official, query.legs, query.class_, request.now
    )
    return FreeTimes(fits=found.fits, others=[queue.offer(each) for each in found.others])


ROUTES = [Route("GET", "/free-times", free_times, "Free times for a session", FreeTimes, query=FreeTimesQuery)]
