"""Endpoint of refused registrations (R-019): the rule of each, never contents that may be secret."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from scheduler.core.model import ClassId, RefusalWord
from signaling.booking.context import BOOKING
from signaling.http.route import ApiRequest, Interval, Model, Moment, Named, Route, Window

BACK = timedelta(days=200)
"""A half-year report and some days."""


class Refused(Model):
    """One refusal; `title` is empty where secrets were declared."""

    at: Moment
    unit: Named
    host_point: str
    title: str
    class_: Annotated[ClassId, Field(alias="class")]
    official: Interval
    word: RefusalWord
    detail: str
    by: str
    profile: str


class Period(Window):
    """Refusals of this period; of the last 200 days by default."""


async def refusals(call: ApiRequest) -> list[Refused]:
    """List refusals, newest first."""
    call.only(call.account.central)
    start, end = call.query.from_ or call.now - BACK, call.query.to or call.now + timedelta(seconds=1)
    names = await call.unit_names()
    return [
        Refused(
            at=found.at,
            unit=Named(id=found.unit, name=names[found.unit]),
            host_point=found.host_point,
            title=found.title,
            class_=found.klass,
            official=Interval(start=found.official.start, end=found.official.end),
            word=found.word,
            detail=found.detail,
            by=found.by,
            profile=found.profile,
        )
        for found in await call.context(BOOKING).scheduler.refusals(start, end)
    ]


ROUTES = [Route("GET", "/refusals", refusals, "Refused registrations", list[Refused], query=Period, problems=(403,))]
