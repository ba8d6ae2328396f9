"""Endpoint of reply deadlines: registrations without a reply so far, and when it is due (R-083)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from scheduler.booking.registration import reply_store
from scheduler.core.model import ClassId
from signaling.booking.context import BOOKING
from signaling.http.route import ApiRequest, Model, Moment, Named, Route

BACK = timedelta(days=30)


class Answer(Model):
    """A reply that is owed; `passed` is the share of its time, in percent, that was last reached."""

    subject: str
    kind: Literal["draft", "session"]
    number: str
    unit: Named
    klass: ClassId
    received: Moment
    effective: Moment
    due: Moment
    passed: int


class Answers(Model):
    """Open replies, and how many were due in the last 30 days: on time, and late or missing."""

    open: list[Answer]
    on_time: int
    late: int


async def answers(request: ApiRequest) -> Answers:
    """List open replies, the first due first."""
    context = request.context(BOOKING)
    request.only(request.account.sees_all)
    await context.reply_deadlines.work(request.now)  # also replies that came since the periodic job last ran
    names = await request.unit_names()
    on_time, late = await context.reply_deadlines.counted(request.now - BACK, request.now, request.now)
    return Answers(
        open=[_wire(owed, passed, names) for owed, passed in await context.reply_deadlines.open(request.now)],
        on_time=on_time,
        late=late,
    )


def _wire(owed: reply_store.OwedReply, passed: int, names: Mapping[str, str]) -> Answer:
    return Answer(
        subject=owed.subject,
        kind=owed.kind,
        number=owed.number,
        unit=Named(id=owed.unit, name=names[owed.unit]),
        klass=owed.klass,
        received=owed.received,
        effective=owed.effective,
        due=owed.due,
        passed=passed,
    )


ROUTES = [Route("GET", "/answers", answers, "What is to be answered", Answers, problems=(403,))]
