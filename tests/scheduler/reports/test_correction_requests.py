"""Units are asked to check their figures, reminded, and reply; counted figures stay (Điều 19.5; R-122).

Also tests `corrections.py` and `corrections_store.py`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.errors import InvalidRequest, UnknownUnit
from scheduler.core.model import Interval
from scheduler.directory.errors import Unknown
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Channels
from scheduler.reports.correction_requests import CorrectionRequests
from scheduler.reports.corrections import Correction, CorrectionRequest, UnitReply, corrections, faults, status
from scheduler.reports.service import Reports
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import CIPHER, NOW, REQUEST, ZONE, at

SPRING = Interval(at("15/12/2022 00:00"), at("15/06/2023 00:00"))
ASKED, DUE = at("01/06/2023 08:00"), at("08/06/2023 17:00")  # as in R-122
COUNTED = {"registered": 1, "sessions": 1, "minutes": 60, "points": 2, "recorded": 0, "incidents": 0}


@dataclass
class ServicesFixture:
    """Reports, correction requests and notifications over one database; `unit` registered a session."""

    scheduler: Scheduler
    reports: Reports
    correction_requests: CorrectionRequests
    notifications: Notifications
    unit: str

    async def notices(self) -> list[tuple[str, str | None, str]]:
        return [
            (each.kind, each.unit, each.facts.reason)
            for each in sorted(await self.notifications.newest(99), key=lambda n: n.id)
        ]


@pytest.fixture
async def services(seeded_url: str, scheduler: Scheduler) -> AsyncIterator[ServicesFixture]:
    engine = database.connect(seeded_url, CIPHER)
    reports, channels = Reports(engine, PROFILES, scheduler), Channels(mail=True)
    points = {point.id: point for point in await scheduler.points()}
    await scheduler.submit(REQUEST, NOW)
    correction_requests = CorrectionRequests(engine, PROFILES, reports, channels)
    yield ServicesFixture(
        scheduler, reports, correction_requests, Notifications(engine, ZONE, channels), points["so.tttt"].unit
    )
    await engine.dispose()


async def test_r122_a_unit_corrects_its_prefilled_figures_beside_the_count(services: ServicesFixture) -> None:
    made = await services.correction_requests.ask("Số liệu 6 tháng", SPRING, DUE, (), "truc", ASKED)
    assert made.replies == (UnitReply(services.unit, COUNTED),)
    figures = {**COUNTED, "sessions": 3}
    with pytest.raises(InvalidRequest) as caught:
        await services.correction_requests.reply(made.id, services.unit, figures, " ", "so.tttt", ASKED)
    assert list(map(str, caught.value.errors)) == ["remark: required"]
    reply = await services.correction_requests.reply(
        made.id, services.unit, figures, "Hai phiên họp ngoài", "so.tttt", DUE
    )
    assert reply == UnitReply(services.unit, COUNTED, figures, "Hai phiên họp ngoài", "so.tttt", DUE)
    report = await services.reports.report(SPRING, None, DUE)
    assert report.corrections == (Correction(services.unit, "sessions", 3, "Hai phiên họp ngoài", "so.tttt", DUE),)
    assert [(row.key, row.figures.sessions) for row in report.rows["unit"]] == [(services.unit, 1)]  # never overwritten
    other = Interval(SPRING.start, SPRING.end - timedelta(days=1))
    assert (await services.reports.report(other, None, DUE)).corrections == ()
    await services.correction_requests.reply(made.id, services.unit, COUNTED, "", "so.tttt", DUE)
    assert (await services.reports.report(SPRING, None, DUE)).corrections == ()


async def test_r122_units_are_notified_reminded_and_listed_as_overdue(services: ServicesFixture) -> None:
    late = (await services.scheduler.units())[3].id
    made = await services.correction_requests.ask("Số liệu 6 tháng", SPRING, DUE, (services.unit, late), "truc", ASKED)
    await services.correction_requests.reply(made.id, services.unit, COUNTED, "", "so.tttt", ASKED)
    until = "hạn trả lời 17:00 08/06/2023"
    first_notices = [("figures-asked", unit, until) for unit in sorted((services.unit, late))]
    await services.correction_requests.remind(at("06/06/2023 16:59"))
    assert await services.notices() == first_notices
    for now in ("06/06/2023 17:00", "08/06/2023 17:00"):
        await services.correction_requests.remind(at(now))
    assert await services.notices() == [*first_notices, ("figures-due", late, until)]
    (stored,) = await services.correction_requests.requests()
    assert stored.reminded == at("06/06/2023 17:00")
    stand = {each.unit: status(each, stored.due, DUE + timedelta(seconds=1)) for each in stored.replies}
    assert stand == {services.unit: "confirmed", late: "overdue"}
    assert status(stored.replies[0], stored.due, DUE) in {"confirmed", "waiting"}


async def test_r122_faulty_requests_and_replies_are_refused(services: ServicesFixture) -> None:
    with pytest.raises(UnknownUnit):
        await services.correction_requests.ask("Số liệu", SPRING, DUE, ("nothing",), "truc", ASKED)
    empty = Interval(DUE, DUE + timedelta(days=1))
    for title, period, due, wrong in (
        (" ", SPRING, DUE, "title: required"),
        ("Số liệu", SPRING, ASKED, "due: in-the-past"),
        ("Số liệu", empty, DUE, "units: required"),
    ):
        with pytest.raises(InvalidRequest) as caught:
            await services.correction_requests.ask(title, period, due, (), "truc", ASKED)
        assert list(map(str, caught.value.errors)) == [wrong]
    made = await services.correction_requests.ask("Số liệu", SPRING, DUE, (), "truc", ASKED)
    for request, unit in (("nothing", services.unit), (made.id, (await services.scheduler.units())[3].id)):
        with pytest.raises(Unknown):
            await services.correction_requests.reply(request, unit, COUNTED, "", "x", ASKED)


@pytest.mark.parametrize(
    ("stated", "wrong"),
    [
        ({"sessions": 1}, ["figures: required (minutes)"]),
        ({"sessions": 1, "minutes": 60, "x": 1}, ["figures: unknown-code (x)"]),
        ({"sessions": -1, "minutes": 60}, ["figures: too-many (10000000)"]),
        ({"sessions": 1, "minutes": 60}, []),
    ],
)
def test_r122_every_figure_is_stated_once(stated: dict[str, int], wrong: list[str]) -> None:
    assert list(map(str, faults(stated, "", {"sessions": 1, "minutes": 60}))) == wrong


def request_of_day(day: int, stated: int | None) -> CorrectionRequest:
    moment = NOW + timedelta(days=day)
    reply = UnitReply("u", {"sessions": 1})
    if stated is not None:
        reply = replace(reply, stated={"sessions": stated}, remark=str(day), by="b", at=moment)
    return CorrectionRequest(str(day), "", SPRING, moment, "", moment, None, (reply,))


@given(
    st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 3)), unique_by=lambda pair: pair[0], max_size=5)
)
def test_r122_the_last_reply_stands(requests_of_days: list[tuple[int, int | None]]) -> None:
    replies: list[tuple[int, int]] = sorted((day, stated) for day, stated in requests_of_days if stated is not None)
    expected: tuple[Correction, ...] = ()
    if replies and replies[-1][1] != 1:
        day, stated = replies[-1]
        moment: datetime = NOW + timedelta(days=day)
        expected = (Correction("u", "sessions", stated, str(day), "b", moment),)
    assert corrections([request_of_day(day, stated) for day, stated in requests_of_days], SPRING) == expected
