"""Feedback is kept with what came of it; breaches are what the records say, on both databases (Điều 20, 21.2)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.conduct import breaches
from scheduler.conduct.box import Box, Feedback
from scheduler.conduct.breaches import Breach
from scheduler.conduct.errors import UnknownFeedback
from scheduler.conduct.handover import Handover
from scheduler.conduct.handovers import Handovers
from scheduler.conduct.sheets import Sheets
from scheduler.errors import TooLate
from scheduler.notices import NOWHERE
from tests.scheduler.conduct.conftest import Office
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import NOW, REQUEST, at, on

SHA = "ab" * 32
END = at("05/04/2023 09:00")
DAY = timedelta(days=1)


@pytest.fixture
def handovers(office: Office) -> Handovers:
    return Handovers(office.engine, PROFILES, NOWHERE)


@pytest.fixture
def box(office: Office, handovers: Handovers) -> Box:
    return Box(office.engine, PROFILES, Sheets(office.engine, PROFILES, NOWHERE), handovers)


async def test_feedback_is_kept_with_its_answer(office: Office, box: Box) -> None:
    points = {point.id: point for point in await office.scheduler.points()}
    unit, other = points["nt.xuonghuan"].unit, points["nt.vinhhai"].unit
    said = await box.drop(unit, "nt.xuonghuan", "Đường truyền yếu", NOW)
    assert said == Feedback(said.id, unit, "nt.xuonghuan", NOW, "Đường truyền yếu")
    assert (await box.feedback(), await box.feedback(unit), await box.feedback(other)) == ([said], [said], [])
    answered = await box.answer(said.id, "forwarded", "Đã báo cáo UBND tỉnh", "truc.ban", NOW + DAY)
    assert answered == replace(
        said, status="forwarded", answer="Đã báo cáo UBND tỉnh", answered_by="truc.ban", answered=NOW + DAY
    )
    assert await box.feedback(unit) == [answered]
    with pytest.raises(UnknownFeedback):
        await box.answer("nothing", "handled", "", "truc.ban", NOW)


async def test_breaches_are_what_the_records_say(office: Office, box: Box, handovers: Handovers) -> None:
    points = {point.id: point for point in await office.scheduler.points()}
    host, commune = points["so.tttt"].unit, points["nt.xuonghuan"].unit
    session = office.session
    evening = replace(REQUEST, official=on("04/04/2023", "14:00", "15:00"))
    with pytest.raises(TooLate):
        await office.scheduler.submit(evening, at("03/04/2023 15:00"))
    made = await handovers.open(session.id, SHA, END)
    found = await box.breaches(NOW - DAY, NOW + 30 * DAY, made.due + timedelta(seconds=1))
    told = [(each.kind, each.unit, each.session, each.point) for each in found]
    assert told == [
        ("receipt", host, session.id, None),
        ("closing", host, session.id, "so.tttt"),
        ("closing", commune, session.id, "nt.xuonghuan"),
        ("late", host, None, "so.tttt"),
    ]
    assert await box.breaches(NOW - DAY, NOW, END) == []


@given(st.integers(0, 5), st.none() | st.integers(0, 5), st.integers(0, 5))
def test_a_receipt_is_a_breach_when_it_came_after_its_day_or_never(due: int, received: int | None, now: int) -> None:
    def day(number: int) -> datetime:
        return NOW + number * DAY

    got = None if received is None or received > now else day(received)
    made = Handover("s", "u", NOW, day(due), NOW, SHA, got)
    expected = (now > due) if got is None else received is not None and received > due
    found = breaches.unreceived([made], day(now))
    assert found == ([Breach(day(due), "receipt", "u", "s")] if expected else [])
