"""Units check their figures: asked, reminded, replied, beside what was counted (Điều 19.5; R-122).

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
class Office:
    """Who asks, and the post."""

    scheduler: Scheduler
    reports: Reports
    correction_requests: CorrectionRequests
    notifications: Notifications
    unit: str

    async def told(self) -> list[tuple[str, str | None, str]]:
        return [
            (each.kind, each.unit, each.facts.reason)
            for each in sorted(await self.notifications.newest(99), key=lambda n: n.id)
        ]


@pytest.fixture
async def office(seeded_url: str, scheduler: Scheduler) -> AsyncIterator[Office]:
    engine = database.connect(seeded_url, CIPHER)
    reports, channels = Reports(engine, PROFILES, scheduler), Channels(mail=True)
    points = {point.id: point for point in await scheduler.points()}
    await scheduler.submit(REQUEST, NOW)
    correction_requests = CorrectionRequests(engine, PROFILES, reports, channels)
    yield Office(scheduler, reports, correction_requests, Notifications(engine, ZONE, channels), points["so.tttt"].unit)
    await engine.dispose()


async def test_r122_a_unit_corrects_its_prefilled_figures_beside_the_count(office: Office) -> None:
    made = await office.correction_requests.ask("Số liệu 6 tháng", SPRING, DUE, (), "truc", ASKED)
    assert made.replies == (UnitReply(office.unit, COUNTED),)
    said = {**COUNTED, "sessions": 3}
    with pytest.raises(InvalidRequest) as caught:
        await office.correction_requests.reply(made.id, office.unit, said, " ", "so.tttt", ASKED)
    assert list(map(str, caught.value.errors)) == ["remark: required"]
    given = await office.correction_requests.reply(made.id, office.unit, said, "Hai phiên họp ngoài", "so.tttt", DUE)
    assert given == UnitReply(office.unit, COUNTED, said, "Hai phiên họp ngoài", "so.tttt", DUE)
    report = await office.reports.report(SPRING, None, DUE)
    assert report.corrections == (Correction(office.unit, "sessions", 3, "Hai phiên họp ngoài", "so.tttt", DUE),)
    assert [(row.key, row.figures.sessions) for row in report.rows["unit"]] == [(office.unit, 1)]  # never overwritten
    other = Interval(SPRING.start, SPRING.end - timedelta(days=1))
    assert (await office.reports.report(other, None, DUE)).corrections == ()
    await office.correction_requests.reply(made.id, office.unit, COUNTED, "", "so.tttt", DUE)
    assert (await office.reports.report(SPRING, None, DUE)).corrections == ()


async def test_r122_units_are_notified_reminded_and_listed_as_overdue(office: Office) -> None:
    late = (await office.scheduler.units())[3].id
    made = await office.correction_requests.ask("Số liệu 6 tháng", SPRING, DUE, (office.unit, late), "truc", ASKED)
    await office.correction_requests.reply(made.id, office.unit, COUNTED, "", "so.tttt", ASKED)
    until = "hạn trả lời 17:00 08/06/2023"
    asked = [("figures-asked", unit, until) for unit in sorted((office.unit, late))]
    await office.correction_requests.remind(at("06/06/2023 16:59"))
    assert await office.told() == asked
    for now in ("06/06/2023 17:00", "08/06/2023 17:00"):
        await office.correction_requests.remind(at(now))
    assert await office.told() == [*asked, ("figures-due", late, until)]
    (kept,) = await office.correction_requests.requests()
    assert kept.reminded == at("06/06/2023 17:00")
    stand = {each.unit: status(each, kept.due, DUE + timedelta(seconds=1)) for each in kept.replies}
    assert stand == {office.unit: "confirmed", late: "overdue"}
    assert status(kept.replies[0], kept.due, DUE) in {"confirmed", "waiting"}


async def test_r122_faulty_requests_and_replies_are_refused(office: Office) -> None:
    with pytest.raises(UnknownUnit):
        await office.correction_requests.ask("Số liệu", SPRING, DUE, ("nothing",), "truc", ASKED)
    empty = Interval(DUE, DUE + timedelta(days=1))
    for title, period, due, wrong in (
        (" ", SPRING, DUE, "title: required"),
        ("Số liệu", SPRING, ASKED, "due: in-the-past"),
        ("Số liệu", empty, DUE, "units: required"),
    ):
        with pytest.raises(InvalidRequest) as caught:
            await office.correction_requests.ask(title, period, due, (), "truc", ASKED)
        assert list(map(str, caught.value.errors)) == [wrong]
    made = await office.correction_requests.ask("Số liệu", SPRING, DUE, (), "truc", ASKED)
    for request, unit in (("nothing", office.unit), (made.id, (await office.scheduler.units())[3].id)):
        with pytest.raises(Unknown):
            await office.correction_requests.reply(request, unit, COUNTED, "", "x", ASKED)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"sessions": 1}, ["figures: required (minutes)"]),
        ({"sessions": 1, "minutes": 60, "x": 1}, ["figures: unknown-code (x)"]),
        ({"sessions": -1, "minutes": 60}, ["figures: too-many (10000000)"]),
        ({"sessions": 1, "minutes": 60}, []),
    ],
)
def test_r122_every_figure_is_stated_once(said: dict[str, int], wrong: list[str]) -> None:
    assert list(map(str, faults(said, "", {"sessions": 1, "minutes": 60}))) == wrong


def asked_on(day: int, said: int | None) -> CorrectionRequest:
    moment = NOW + timedelta(days=day)
    answer = UnitReply("u", {"sessions": 1})
    if said is not None:
        answer = replace(answer, stated={"sessions": said}, remark=str(day), by="b", at=moment)
    return CorrectionRequest(str(day), "", SPRING, moment, "", moment, None, (answer,))


@given(
    st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 3)), unique_by=lambda pair: pair[0], max_size=5)
)
def test_r122_the_last_reply_stands(asked: list[tuple[int, int | None]]) -> None:
    answers: list[tuple[int, int]] = sorted((day, said) for day, said in asked if said is not None)
    expected: tuple[Correction, ...] = ()
    if answers and answers[-1][1] != 1:
        day, said = answers[-1]
        moment: datetime = NOW + timedelta(days=day)
        expected = (Correction("u", "sessions", said, str(day), "b", moment),)
    assert corrections([asked_on(day, said) for day, said in asked], SPRING) == expected
