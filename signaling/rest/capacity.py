"""How much of the capacity is taken when."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from signaling.errors import BadInput, Fault
from signaling.rest.route import Call, Model, Moment, Route

LONGEST = timedelta(days=400)
USUAL = timedelta(days=7)


class Window(Model):
    """Which time; a week from now unless said otherwise, 400 days at most."""

    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None


class Limit(Model):
    """The rated maximum and the share that may be given away."""

    max: int
    usable: int


class Step(Model):
    """A constant load."""

    start: Moment
    end: Moment
    sessions: int
    points: int


class Capacity(Model):
    """Both limits now, and the load over the time asked for."""

    sessions: Limit
    points: Limit
    steps: list[Step]


async def capacity(call: Call) -> Capacity:
    """Return limits and load."""
    window: Window = call.query
    start = window.from_ or call.now
    end = window.to or start + USUAL
    if end - start > LONGEST:
        raise BadInput([Fault("to", "too-long-interval")])
    limits = await call.roof.scheduler.limits(call.now)
    steps = await call.roof.scheduler.load(start, end) if end > start else []
    return Capacity(
        sessions=Limit(max=limits.maximum.sessions, usable=limits.usable.sessions),
        points=Limit(max=limits.maximum.points, usable=limits.usable.points),
        steps=[Step(start=s.start, end=s.end, sessions=s.sessions, points=s.points) for s in steps],
    )


ROUTES = [Route("GET", "/capacity", capacity, "Limits and load", Capacity, query=Window)]
