"""Endpoints of the working calendar and of the deadlines counted with it (Điều 13.2, 15.3)."""

from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from scheduler.calendar.day_corrections import CalendarCorrections, DayCorrection
from scheduler.calendar.deadlines import Deadlines as CountedDeadlines
from scheduler.calendar.working_time import Worktime
from scheduler.core.model import ClassId
from signaling.http.route import ApiRequest, Model, Moment, Route
from signaling.policy.context import POLICY

Year = Annotated[int, Field(ge=2000, le=2199)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class YearQuery(Model):
    """A year; this one by default."""

    year: Year | None = None


class SpecialDay(Model):
    """A day that differs from its weekday, or was corrected by an account or the product (``shipped``)."""

    day: date
    working: bool
    number: str | None
    dated: date | None
    by: str | None


class Calendar(Model):
    """One year; without confirmation its deadlines are provisional."""

    year: int
    confirmed: bool
    days: list[SpecialDay]


class Correction(Model):
    """A day is worked or off by a document; `working` null takes the correction back."""

    day: Day
    working: Annotated[bool, Field(strict=True)] | None
    number: Number | None = None
    dated: Day | None = None


class Confirmation(Model):
    """Confirms that the calendar of a year is the one the Government announced."""

    year: Year


class DeadlineQuery(Model):
    """The meeting whose deadlines are counted, as if it were registered now."""

    class_: Annotated[ClassId, Field(alias="class")]
    start: Moment


class Deadlines(Model):
    """Instant when a registration counts as received, the latest instant to register, and what is due afterwards.

    A rehearsal that starts before `rehearsal` comes less than a working day after receipt.
    """

    received: Moment
    effective: Moment
    latest: Moment | None
    late: bool
    reply: Moment
    check: Moment
    rehearsal: Moment
    provisional: bool


async def calendar(request: ApiRequest) -> Calendar:
    """Return the calendar of a year."""
    year = request.query.year or request.now.astimezone(request.context(POLICY).scheduler.policy(request.now).zone).year
    return await _calendar(request, year)


async def correct(request: ApiRequest) -> Calendar:
    """Correct a day; answers with its year."""
    context = request.context(POLICY)
    request.only("administrator" in request.account.roles)
    body: Correction = request.body
    if body.working is None:
        await context.scheduler.uncorrect_day(body.day)
    else:
        note = DayCorrection(body.day, body.working, body.number or "", body.dated, request.account.account)
        await context.scheduler.correct_day(note)
    await request.note("calendar-day", body.day.isoformat(), f"{body.working} {body.number or ''}".strip())
    return await _calendar(request, body.day.year)


async def confirm(request: ApiRequest) -> Calendar:
    """Confirm a year."""
    request.only("administrator" in request.account.roles)
    body: Confirmation = request.body
    await request.context(POLICY).scheduler.confirm_year(body.year, request.account.account, request.now)
    await request.note("calendar-year", str(body.year), "confirmed")
    return await _calendar(request, body.year)


async def deadlines(request: ApiRequest) -> Deadlines:
    """Return the deadlines of a registration that comes now."""
    query: DeadlineQuery = request.query
    clock = await request.context(POLICY).scheduler.clock(request.now)
    return wire(clock.deadlines(query.class_, request.now, query.start))


def wire(counted: CountedDeadlines) -> Deadlines:
    """Convert deadlines to their wire form."""
    return Deadlines(
        received=counted.received,
        effective=counted.effective,
        latest=counted.latest,
        late=counted.late,
        reply=counted.reply,
        check=counted.check,
        rehearsal=counted.rehearsal,
        provisional=counted.provisional,
    )


async def _calendar(request: ApiRequest, year: int) -> Calendar:
    context = request.context(POLICY)
    notes = await context.scheduler.calendar()
    work = (await context.scheduler.clock(request.now)).worktime
    return Calendar(year=year, confirmed=year in notes.confirmed, days=_special(notes, work, year))


def _special(notes: CalendarCorrections, work: Worktime, year: int) -> list[SpecialDay]:
    corrected = {note.day: note for note in notes.days}
    first = date(year, 1, 1)
    days = [first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days)]
    return [_wire(day, work, corrected.get(day)) for day in days if day in corrected or not work.usual(day)]


def _wire(day: date, work: Worktime, note: DayCorrection | None) -> SpecialDay:
    source: dict[str, Any] = {"number": None, "dated": None, "by": None}
    if note is not None:
        source = {"number": note.number, "dated": note.dated, "by": note.by or "shipped"}
    return SpecialDay(day=day, working=work.works(day), **source)


ROUTES = [
    Route("GET", "/calendar", calendar, "Working days of a year", Calendar, query=YearQuery, problems=(409,)),
    Route("POST", "/calendar/days", correct, "Correct a day", Calendar, body=Correction, problems=(403,)),
    Route("POST", "/calendar/years", confirm, "Confirm a year", Calendar, body=Confirmation, problems=(403,)),
    Route(
        "GET", "/deadlines", deadlines, "Deadlines of a registration", Deadlines, query=DeadlineQuery, problems=(409,)
    ),
]
