"""An absent point is called: its people see it on their first page, and the chair sees that they did."""

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from scheduler.operations.attendance.service import Attendance
from signaling.app.settings import Settings
from tests.fakes import FakeEngine
from tests.signaling.world import CAM_RANH, HOST, NHA_TRANG, NOW, World, open_world

AT = NOW.isoformat().replace("+00:00", "Z")


async def called_on_first_page(world: World, account: str) -> list[str]:
    async with (await world.signed_in(account)).get("/api/v1/today") as response:
        (slot,) = (await response.json())["slots"]
        return list(slot["called"])


async def test_an_absent_point_is_called_until_it_comes(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)
    await world.join("camranh", session)
    unseen: dict[str, Any] = {"point": NHA_TRANG, "at": AT, "seen": None}
    assert await host.ask(type="call-point", point=NHA_TRANG) == {"type": "called", "points": [unseen]}
    assert (await world.audited(1))[0].action == "call-point"
    world.clock.advance(20)
    assert await called_on_first_page(world, "camranh") == []
    assert await called_on_first_page(world, "nhatrang") == ["UBND thành phố Nha Trang"]
    seen = await host.until(lambda got: got["type"] == "called" and got["points"][0]["seen"] is not None)
    assert seen["points"][0]["seen"] == "2026-04-06T01:00:20Z"
    await world.join("nhatrang", session)
    assert (await host.until(lambda got: got["type"] == "called" and not got["points"]))["points"] == []
    assert await called_on_first_page(world, "nhatrang") == []


async def test_a_call_without_an_answer_of_the_database_is_in_the_audit_log(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)
    breaks, calls = OperationalError("COMMIT", {}, OSError("the connection is closed")), Attendance.call

    async def unanswered(*arguments: Any) -> None:
        monkeypatch.setattr(Attendance, "call", calls)
        await calls(*arguments)
        raise breaks

    monkeypatch.setattr(Attendance, "call", unanswered)
    await host.ask(type="call-point", point=NHA_TRANG)
    await host.until(lambda got: got.get("error") == "unavailable")
    world.clock.advance(1)
    assert (await host.ask(type="call-point", point=NHA_TRANG))["type"] == "called"
    assert [(each.action, each.detail) for each in await world.audited(2)] == [("call-point", NHA_TRANG)] * 2


async def test_only_a_controller_calls_and_only_points_that_are_invited_and_absent(world: World) -> None:
    session = await world.session(CAM_RANH)
    host, _ = await world.join("host", session)
    point, _ = await world.join("camranh", session)
    for absent in (NHA_TRANG, CAM_RANH, HOST):
        assert (await host.ask(type="call-point", point=absent))["error"] == "unknown-seat"
    assert (await point.ask(type="call-point", point=HOST))["error"] == "controlled-by"


async def test_another_process_knows_who_was_called(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session = await world.session(NHA_TRANG, CAM_RANH)
        host, _ = await world.join("host", session)
        called = await host.ask(type="call-point", point=NHA_TRANG)
        await world.server.meetings.leave()
    async with open_world(settings, held=engine) as later:
        central, _ = await later.join("central", session)
        assert await central.type("called") == called
