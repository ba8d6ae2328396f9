"""Systems that are no neighbours, or behave badly: what they cannot do to meetings that are held together.

Also tests `pace.py` of `signaling/cascade`.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.app.settings import Settings
from signaling.cascade import pace
from signaling.cascade.model import Neighbour
from signaling.cascade.pace import BURST, RATE, Pace
from tests.signaling.cascade.two_systems import OUR_POINT, TwoSystems, asked, two_systems
from tests.signaling.request_bodies import GOOD
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW


@pytest.fixture
async def systems(settings: Settings, prepared: Path, tmp_path: Path) -> AsyncIterator[TwoSystems]:
    async with two_systems(settings, prepared, tmp_path / "below") as both:
        yield both


async def test_another_system_above_neither_shows_nor_cancels_nor_changes_a_session_that_is_not_its_own(
    systems: TwoSystems,
) -> None:
    session = await systems.above.session(NHA_TRANG)
    await systems.tell()
    (held,) = await systems.held()
    await systems.below.join("nhatrang", held)
    key = await systems.below.services.neighbours.add_above(Neighbour("bo-y-te", CAM_RANH, OUR_POINT), NOW)
    told = GOOD["/cascade/meetings"] | {"session": session.id}
    assert await asked(systems.below, "meetings", told, key) == 200
    assert await asked(systems.below, "reservations/withdraw", {"session": session.id}, key) == 204
    running = systems.below.server.meetings.meetings[held.id].state
    assert (running.neighbours.state.meetings, running.chat.of_chair(NHA_TRANG)) == ({}, ())
    assert await systems.held() == [held]


async def test_what_is_sent_again_is_shown_and_written_once(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG)
    await systems.tell()
    (held,) = await systems.held()
    await systems.below.join("nhatrang", held)
    key = await systems.above.services.neighbours.key("tinh")
    first = GOOD["/cascade/meetings"] | {"session": session.id}
    later = first | {
        "began": "2026-04-05T02:00:00Z",
        "messages": [{"id": 1, "at": "2026-04-05T02:00:00Z", "name": "", "text": "Họp lại"}],
    }
    for body in (first, first, later, first, later):
        assert await asked(systems.below, "meetings", body, key) == 200
    assert [each.text for each in await systems.below.services.attendance.chat(held.id)] == ["Nghỉ 10 phút", "Họp lại"]


async def test_times_and_numbers_outside_of_any_calendar_are_no_server_error(systems: TwoSystems) -> None:
    key = await systems.above.services.neighbours.key("tinh")
    message = GOOD["/cascade/meetings"]["messages"][0]
    for change in ({"at": "9999-12-31T23:59:59-14:00"}, {"id": 2**64}, {"id": 0}):
        body = GOOD["/cascade/meetings"] | {"messages": [message | change]}
        assert await asked(systems.below, "meetings", body, key) == 422


async def test_a_neighbour_that_asks_too_often_is_refused(systems: TwoSystems, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "BURST", 3.0)
    monkeypatch.setattr(pace, "RATE", 0.0)
    key = await systems.above.services.neighbours.key("tinh")
    other = await systems.below.services.neighbours.add_above(Neighbour("bo-y-te", CAM_RANH, OUR_POINT), NOW)
    body = {"session": "x"}
    assert [await asked(systems.below, "reservations/withdraw", body, key) for _ in range(4)] == [204, 204, 204, 429]
    assert await asked(systems.below, "reservations/withdraw", body, other) == 204


def test_a_hundred_requests_a_second_are_answered_as_far_as_the_pace_goes() -> None:
    now = 0.0
    limited = Pace(lambda: now)
    assert limited.allow("chinh-phu.secret")
    limited.know("chinh-phu.secret")
    answered = []
    for number in range(1000):
        now = number / 100
        answered.append(limited.allow("chinh-phu.secret"))
        assert limited.allow(f"chinh-phu.guess-{number}")  # costs what a guess costs, elsewhere
    assert sum(answered) == int(BURST - 1 + 9.99 * RATE)
    now += 60
    assert [limited.allow("chinh-phu.secret") for _ in range(int(BURST) + 1)] == [True] * int(BURST) + [False]


def test_the_oldest_of_too_many_keys_is_limited_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MAX_KEYS", 2)
    monkeypatch.setattr(pace, "BURST", 1.0)
    limited = Pace(lambda: 0.0)
    for key in ("a", "b", "c"):
        limited.know(key)
    assert [limited.allow(key) for key in ("a", "b", "c")] == [True, False, False]
