"""The meeting itself records who was there: joins before they are acknowledged, leaving, silence, a killed server."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from scheduler.core import database
from scheduler.operations.attendance.service import Attendance
from signaling.app.settings import Settings
from signaling.meeting import record_writer
from tests.signaling.sqlite_lock import sqlite_locked
from tests.signaling.world import (
    CAM_RANH,
    HOST,
    NHA_TRANG,
    NOW,
    PATIENCE_S,
    World,
    open_world,
    problem_of,
    wait_for_reconnects,
)


def stamp(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


async def attendance(world: World, session: str, account: str = "host") -> dict[str, Any]:
    client = await world.signed_in(account)
    async with client.get(f"/api/v1/sessions/{session}/attendance") as response:
        assert response.status == 200, await response.text()
        (slot,) = await response.json()
        return dict(slot)


def stays(slot: dict[str, Any], point: str) -> list[tuple[str, str | None]]:
    (row,) = [row for row in slot["points"] if row["point"] == point]
    return [(stay["joined"], stay["left"]) for stay in row["stays"]]


async def test_joins_and_leaves_are_recorded_with_their_times(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    await world.join("host", session)
    await world.join("central", session)
    world.clock.advance(10)
    socket, _ = await world.join("nhatrang", session)
    world.clock.advance(60)
    await socket.ask(type="leave")
    slot = await attendance(world, session.id)
    assert (slot["kind"], slot["expected"], slot["present"]) == ("chinh_thuc", 3, 2)
    assert stays(slot, HOST) == [(stamp(0), None)]
    assert stays(slot, NHA_TRANG) == [(stamp(10), stamp(70))]
    assert stays(slot, CAM_RANH) == []


async def test_r094_speakers_are_recorded_with_the_position_of_the_hand_and_its_topic(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)
    nha_trang, first = await world.join("nhatrang", session)
    cam_ranh, second = await world.join("camranh", session)
    await nha_trang.send(type="hand", raised=True)
    await host.seat(first["seat"], hand=1)
    await cam_ranh.send(type="hand", raised=True)
    await cam_ranh.send(type="hand", raised=True, topic="Đê biển")
    await host.seat(second["seat"], hand=2, topic="Đê biển")
    await host.send(type="floor", seat=second["seat"], open=True)  # out of order
    await host.seat(second["seat"], floor=True, hand=0, topic="")
    world.clock.advance(60)
    await host.send(type="mute-all")
    await host.seat(second["seat"], floor=False)
    await host.send(type="floor", seat=first["seat"], open=True)
    await host.seat(first["seat"], floor=True)
    world.clock.advance(30)
    await nha_trang.ask(type="leave")
    await host.seat(NHA_TRANG, here=False)
    client = await world.signed_in("host")
    async with client.get(f"/api/v1/sessions/{session.id}/speeches") as response:
        spoken = [
            (each["name"], each["place"], each["topic"], each["start"], each["end"]) for each in await response.json()
        ]
    assert spoken == [
        ("UBND.Cam Ranh", 2, "Đê biển", stamp(0), stamp(60)),
        ("UBND.Nha Trang", 1, "", stamp(60), stamp(90)),
    ]
    async with (await world.signed_in("camranh")).get(f"/api/v1/sessions/{session.id}/speeches") as response:
        assert [each["name"] for each in await response.json()] == ["UBND.Cam Ranh"]


async def test_a_lost_line_counts_from_its_last_sign_of_life_and_may_be_explained(world: World) -> None:
    session = await world.session(NHA_TRANG)
    socket, joined = await world.join("nhatrang", session)
    world.clock.advance(100)
    await socket.send(type="hand", raised=True)
    await socket.seat(joined["seat"], hand=1)
    await socket.socket.close()
    while world.server.meetings.meetings[session.id].clients == 1:
        await asyncio.sleep(0.01)
    await world.tick(13)
    world.clock.advance(187)
    back, _ = await world.join("nhatrang", session)
    world.clock.advance(10)
    slot = await attendance(world, session.id)
    assert stays(slot, NHA_TRANG) == [(stamp(0), stamp(100)), (stamp(300), None)]
    point = await world.signed_in("nhatrang")
    cause = {"point": NHA_TRANG, "start": stamp(100), "cause": "Mất điện"}
    async with point.post(f"/api/v1/sessions/{session.id}/interruptions", json=cause) as response:
        assert response.status == 200, await response.text()
        (interruption,) = await response.json()
    assert not back.socket.closed
    gap = {"start": stamp(100), "end": stamp(300), "seconds": 200, "cause": "Mất điện", "by": "nhatrang"}
    (row,) = interruption["points"]  # a component sees its own points
    assert (row["point"], row["interruptions"]) == (NHA_TRANG, [gap])
    entry = (await world.audited(1))[0]
    assert (entry.actor, entry.action, entry.subject) == ("nhatrang", "explain", session.id)


async def test_attendance_is_hidden_from_others_and_only_the_point_explains_an_interruption(world: World) -> None:
    session = await world.session(NHA_TRANG)
    path, cause = f"/api/v1/sessions/{session.id}", {"point": NHA_TRANG, "start": stamp(0), "cause": "x"}
    outside = await world.signed_in("dienkhanh")
    async with outside.get(f"{path}/attendance") as response:
        assert await problem_of(response) == (404, "not-found")
    async with (await world.signed_in("host")).post(f"{path}/interruptions", json=cause) as response:
        assert await problem_of(response) == (403, "forbidden")
    async with (await world.signed_in("nhatrang")).post(f"{path}/interruptions", json=cause) as response:
        assert await problem_of(response) == (422, "invalid")
        assert (await response.json())["errors"] == [
            {"field": "start", "detail": "không có gián đoạn nào bắt đầu lúc đó"}
        ]


async def test_two_devices_of_one_point_are_one_stay(world: World) -> None:
    await world.services.scheduler.set_devices(NHA_TRANG, 2)
    session = await world.session(NHA_TRANG)
    first, _ = await world.join("nhatrang", session)
    world.clock.advance(5)
    second, _ = await world.join("nhatrang", session)
    world.clock.advance(5)
    await first.ask(type="leave")
    assert stays(await attendance(world, session.id), NHA_TRANG) == [(stamp(0), None)]
    world.clock.advance(5)
    await second.ask(type="leave")
    assert stays(await attendance(world, session.id), NHA_TRANG) == [(stamp(0), stamp(15))]


@pytest.fixture
async def impatient(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Yield a server that does not wait long for its turn to write, but longer than a busy machine needs to write."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 500)
    async with open_world(settings) as opened:
        yield opened


async def test_r099_a_departure_that_could_not_be_written_is_written_once_it_can_be(impatient: World) -> None:
    world = impatient
    session = await world.session(NHA_TRANG)
    socket, _ = await world.join("nhatrang", session)
    world.clock.advance(10)
    async with sqlite_locked(world.services.database.url.database or ""):
        await socket.ask(type="leave")
    async with asyncio.timeout(PATIENCE_S):
        while stays(await attendance(world, session.id), NHA_TRANG) != [(stamp(0), stamp(10))]:
            await asyncio.sleep(0.1)


async def test_r099_a_departure_whose_commit_was_not_answered_is_known_to_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, unanswered = Attendance.point_left, [NHA_TRANG]

    async def breaks(service: Attendance, session: str, point: str, at: datetime) -> None:
        await written(service, session, point, at)
        if point in unanswered:
            unanswered.remove(point)
            raise OperationalError("COMMIT", {}, OSError("the connection is closed"))

    monkeypatch.setattr(record_writer, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(Attendance, "point_left", breaks)
    session = await world.session(NHA_TRANG)
    socket, _ = await world.join("nhatrang", session)
    meeting = world.server.meetings.meetings[session.id]
    world.clock.advance(10)
    await socket.ask(type="leave")
    assert unanswered == []
    async with asyncio.timeout(PATIENCE_S):
        while meeting.snapshot.gone:
            await asyncio.sleep(0.01)
    world.clock.advance(5)
    await world.join("nhatrang", session)
    assert stays(await attendance(world, session.id), NHA_TRANG) == [(stamp(0), stamp(10)), (stamp(15), None)]


@pytest.mark.parametrize("write", ["point_joined", "point_left"])
async def test_a_meeting_waits_for_no_arrival_and_departure_that_the_database_does_not_answer(
    world: World, monkeypatch: pytest.MonkeyPatch, write: str
) -> None:
    answers = asyncio.Event()
    written = getattr(Attendance, write)

    async def hang(service: Attendance, session: str, point: str, at: datetime) -> None:
        await answers.wait()
        await written(service, session, point, at)

    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)
    socket, _ = await world.join("nhatrang", session)
    monkeypatch.setattr(Attendance, write, hang)
    leaving = asyncio.create_task(socket.ask(type="leave"))
    joining = asyncio.create_task(world.join("camranh", session))
    await asyncio.sleep(0.1)
    assert (await host.ask(type="chat", text="Vẫn họp"))["type"] == "chat"
    answers.set()
    await asyncio.gather(leaving, joining)
    slot = await attendance(world, session.id)
    assert (stays(slot, NHA_TRANG), stays(slot, CAM_RANH)) == ([(stamp(0), stamp(0))], [(stamp(0), None)])


async def test_r099_a_point_back_before_its_departure_is_written_was_away_all_the_same(impatient: World) -> None:
    world = impatient
    session = await world.session(NHA_TRANG)
    socket, _ = await world.join("nhatrang", session)
    world.clock.advance(10)
    async with sqlite_locked(world.services.database.url.database or ""):
        await socket.ask(type="leave")
    world.clock.advance(5)
    await world.join("nhatrang", session)
    assert stays(await attendance(world, session.id), NHA_TRANG) == [(stamp(0), stamp(10)), (stamp(15), None)]


async def test_a_killed_server_leaves_the_last_sign_of_life_of_what_nobody_leads_on(settings: Settings) -> None:
    async with open_world(settings) as world:
        session = await world.session(NHA_TRANG)
        await world.join("nhatrang", session)
        await world.tick(11)
        world.server.meetings.meetings.clear()  # nobody says goodbye
        world.server.meetings.dependencies.state_writer.ended(session.id)
    async with open_world(settings) as again:
        assert stays(await attendance(again, session.id), NHA_TRANG) == [(stamp(0), stamp(11))]


async def test_r099_each_lost_connection_and_each_try_to_come_back_is_listed(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    there = [await world.join("host", session)]
    socket, joined = await world.join("nhatrang", session)
    there.append(await world.join("camranh", session, resume="of-another-day"))
    world.clock.advance(100)
    await socket.send(type="hand", raised=True)
    await socket.seat(joined["seat"], hand=1)
    await socket.socket.close()
    while world.server.meetings.meetings[session.id].clients == 3:
        await asyncio.sleep(0.01)
    world.clock.advance(20)
    there.append(await world.join("nhatrang", session, resume=joined["resume"], tried=[16, 4]))
    await wait_for_reconnects(world, session.id, ["lost", "tried", "tried", "back"])
    redials = {row["point"]: row["redials"] for row in (await attendance(world, session.id))["points"]}
    assert redials == {
        HOST: [],
        NHA_TRANG: [
            {"name": "UBND.Nha Trang", "kind": "lost", "at": stamp(100)},
            {"name": "UBND.Nha Trang", "kind": "tried", "at": stamp(104)},
            {"name": "UBND.Nha Trang", "kind": "tried", "at": stamp(116)},
            {"name": "UBND.Nha Trang", "kind": "back", "at": stamp(120)},
        ],
        CAM_RANH: [{"name": "UBND.Cam Ranh", "kind": "back", "at": stamp(0)}],
    }
