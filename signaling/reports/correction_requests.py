"""Endpoints of correction requests: units check, correct or confirm their figures (Điều 19.5; R-122)."""

from typing import Annotated

from pydantic import Field, StringConstraints

from scheduler.reports import corrections
from scheduler.reports.corrections import CorrectionRequest, ReplyStatus, UnitReply
from signaling.core.errors import NotFound
from signaling.http.route import ID, ApiRequest, Id, Interval, Model, Moment, Named, Route
from signaling.reports.context import REPORTS
from signaling.reports.rest import PeriodQuery, periods_of

Name = Annotated[str, StringConstraints(max_length=32)]


class Ask(Model):
    """The period, the deadline, and the units; none: all that registered sessions in the period."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    due: Moment
    units: Annotated[tuple[Id, ...], Field(max_length=1000)] = ()


class Said(Model):
    """All figures as the unit states them, with the reason of its changes."""

    figures: dict[Name, int]
    remark: Annotated[str, StringConstraints(max_length=1000)] = ""


class Given(Model):
    """The request to one unit; `said` is null until it replies."""

    unit: Named
    counted: dict[str, int]
    said: dict[str, int] | None
    remark: str
    by: str
    at: Moment | None
    standing: ReplyStatus


class Inquiry(Model):
    """A request to units; a unit sees only its own reply. `answered` of `asked` have replied."""

    id: str
    title: str
    period: Interval
    due: Moment
    by: str
    at: Moment
    asked: int
    answered: int
    answers: list[Given]
    may_answer: bool


async def inquiries(request: ApiRequest) -> list[Inquiry]:
    """List requests: all for supervisors, else those to the account's unit."""
    names = await request.unit_names()
    requests = await request.context(REPORTS).correction_requests.requests()
    own = [each for each in requests if request.account.sees_all or _concerns(request, each)]
    return [_wire(request, each, names) for each in own]


async def ask(request: ApiRequest) -> Inquiry:
    """Ask units to check the figures of a period."""
    context = request.context(REPORTS)
    request.only(request.account.central)
    body: Ask = request.body
    by = request.account.account
    created = await context.correction_requests.ask(
        body.title, periods_of(request)[0], body.due, body.units, by, request.now
    )
    await request.note("figures-asked", created.id, f"{created.title} ({len(created.replies)})")
    return _wire(request, created, await request.unit_names())


async def answer(request: ApiRequest) -> Given:
    """Confirm or correct the figures of the account's unit."""
    if request.account.unit is None:
        raise NotFound
    body: Said = request.body
    unit, by = request.account.unit, request.account.account
    reply = await request.context(REPORTS).correction_requests.reply(
        request.id, unit, body.figures, body.remark, by, request.now
    )
    await request.note("figures-said", request.id, f"{reply.corrected or 'confirmed'} {reply.remark}"[:200])
    return _reply(reply, reply.at or request.now, request, await request.unit_names())


def _concerns(request: ApiRequest, correction: CorrectionRequest) -> bool:
    return any(each.unit == request.account.unit for each in correction.replies)


def _wire(request: ApiRequest, of: CorrectionRequest, names: dict[str, str]) -> Inquiry:
    seen = [each for each in of.replies if request.account.sees_all or each.unit == request.account.unit]
    return Inquiry(
        id=of.id,
        title=of.title,
        period=Interval(start=of.period.start, end=of.period.end),
        due=of.due,
        by=of.by,
        at=of.at,
        asked=len(of.replies),
        answered=sum(each.at is not None for each in of.replies),
        answers=[_reply(each, of.due, request, names) for each in seen],
        may_answer=_concerns(request, of),
    )


def _reply(of: UnitReply, due: Moment, request: ApiRequest, names: dict[str, str]) -> Given:
    return Given(
        unit=Named(id=of.unit, name=names.get(of.unit, of.unit)),
        counted=dict(of.counted),
        said=None if of.stated is None else dict(of.stated),
        remark=of.remark,
        by=of.by,
        at=of.at,
        standing=corrections.status(of, due, request.now),
    )


ROUTES = [
    Route("GET", "/figure-requests", inquiries, "What units are asked to go through", list[Inquiry]),
    Route(
        "POST", "/figure-requests", ask, "Ask units to go through their figures", Inquiry,
        body=Ask, query=PeriodQuery, status=201, problems=(403, 404),
    ),
    Route(
        "POST", f"/figure-requests/{ID}", answer, "Confirm or correct one's own figures", Given,
        body=Said, problems=(404,),
    ),
]  # fmt: skip
