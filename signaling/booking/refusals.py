"""Endpoint of refused registrations (R-019): the rule that refused each, never contents that may be secret."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from scheduler.core.model import ClassId, RefusalWord
from signaling.booking.context import BOOKING
from signaling.http.route import ApiRequest, Interval, Model, Moment, Named, Route, Window

DEFAULT_PERIOD = timedelta(days=200)
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


async def refusals(request: ApiRequest) -> list[Refused]:
    """List refusals, newest first."""
    request.only(request.account.central)
    start, end = (
        request.query.from_ or request.now - DEFAULT_PERIOD,
        request.query.to or request.now + timedelta(seconds=1),
    )
    names = await request.unit_names()
    return [
        Refused(
            at=refusal.at,
            unit=Named(id=refusal.unit, name=names[refusal.unit]),
            host_point=refusal.host_point,
            title=refusal.title,
            class_=refusal.klass,
            official=Interval(start=refusal.official.start, end=refusal.official.end),
            word=refusal.word,
            detail=refusal.detail,
            by=refusal.by,
            profile=refusal.profile,
        )
        for refusal in await request.context(BOOKING).scheduler.refusals(start, end)
    ]


ROUTES = [Route("GET", "/refusals", refusals, "Refused registrations", list[Refused], query=Period, problems=(403,))]
