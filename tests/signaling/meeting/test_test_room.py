"""The test room (Điều 17.2.a, R-109, I-15): at any hour, without a registration, on legs of its own."""

from datetime import timedelta
from typing import Any

from mediaserver.api import EngineLost, EngineReady
from scheduler.core.model import Amount
from signaling.app.settings import Settings
from tests.fakes import FakeEngine
from tests.signaling.world import CAU_BA, DIEN_KHANH, NHA_TRANG, NOW, Socket, World, open_world

ROOM = f"test-room:{CAU_BA}"


async def visit(world: World, account: str, **fields: Any) -> tuple[Socket, dict[str, Any]]:
    socket = await world.socket(account)
    return socket, await socket.ask(type="test-room", **fields)


async def test_r109_a_point_sees_and_hears_itself_without_a_registration(world: World) -> None:
    socket, joined = await visit(world, "cauba")
    assert (joined["type"], joined["role"], joined["controller"]) == ("joined", "host", False)
    assert joined["session"] == {
        "id": ROOM,
        "title": "Phòng thử",
        "number": "",
        "host": "UBND xã Cầu Bà",
        "official": {"start": "2026-04-06T01:00:00Z", "end": "2026-04-06T01:10:00Z"},
    }
    await socket.ask(type="offer", sdp="v=0")
    room = world.engine.rooms[ROOM]
    assert [seat.label for seat in room.seats.values()] == ["KV.CauBa · UBND xã Cầu Bà"]
    assert (room.floors, room.recording, room.options.echo_s) == ({joined["seat"]}, None, 1.5)
    entries = await world.audited(3)
    assert next((e.action, e.subject) for e in entries if e.actor == "cauba") == ("test-room", CAU_BA)


async def test_a_test_room_leaves_no_record_and_has_no_controller(world: World) -> None:
    socket, _ = await visit(world, "cauba")
    for message in (
        {"type": "record", "on": True},
        {"type": "report", "kind": "no-sound"},
        {"type": "layout", "kind": "single"},
        {"type": "assist", "on": True},
    ):
        assert (await socket.ask(**message))["error"] == "forbidden"
    await world.tick(20)
    assert (await socket.ask(type="test-room"))["error"] == "already-joined"
    assert world.engine.rooms[ROOM].recording is None


async def test_a_member_of_a_unit_tries_one_of_its_points_only(world: World) -> None:
    assert (await visit(world, "central"))[1]["error"] == "no-point"
    assert (await visit(world, "cauba", point=NHA_TRANG))[1]["error"] == "no-point"
    assert (await visit(world, "cauba", point=CAU_BA))[1]["type"] == "joined"


async def test_i15_a_full_room_says_so_until_somebody_leaves(world: World) -> None:
    first, _ = await visit(world, "cauba")
    for account in ("nhatrang", "camranh", "dienkhanh"):
        assert (await visit(world, account))[1]["type"] == "joined"
    late, refused = await visit(world, "vanninh")
    assert (refused["error"], refused["text"]) == (
        "test-room-full",
        "Phòng thử đang đủ chỗ. Mỗi lượt thử chỉ vài phút, hãy thử lại sau.",
    )
    await first.ask(type="leave")
    assert (await late.ask(type="test-room"))["type"] == "joined"


async def test_sessions_and_the_test_room_take_nothing_from_each_other(world: World) -> None:
    await world.services.scheduler.operator.set_capacity(
        NOW - timedelta(hours=2), Amount(5, 8), NOW
    )  # 6 legs: 2 and the 4 reserved
    session = await world.session(NHA_TRANG)
    for account in ("cauba", "nhatrang", "camranh", "dienkhanh"):
        assert (await visit(world, account))[1]["type"] == "joined"
    for account in ("host", "nhatrang"):
        await world.join(account, session)


async def test_sessions_come_first_when_the_maximum_has_fallen(world: World) -> None:
    session = await world.session(NHA_TRANG, DIEN_KHANH)
    await world.services.scheduler.operator.set_capacity(NOW, Amount(5, 5), NOW)  # 4 legs, 3 of them the session's
    assert (await visit(world, "cauba"))[1]["type"] == "joined"
    assert (await visit(world, "vanninh"))[1]["error"] == "test-room-full"
    for account in ("host", "nhatrang", "dienkhanh"):
        await world.join(account, session)


async def test_a_visit_ends_and_the_next_has_all_the_time(world: World) -> None:
    socket, joined = await visit(world, "cauba")
    await world.tick(599)
    again, resumed = await visit(world, "cauba", resume=joined["resume"])
    assert resumed["session"]["official"]["end"] == "2026-04-06T01:10:00Z"
    assert (await socket.type("bye"))["reason"] == "replaced"
    await world.tick(1)
    assert (await again.type("bye"))["reason"] == "ended"
    assert ROOM not in world.engine.rooms
    socket, joined = await visit(world, "cauba")
    assert joined["session"]["official"]["end"] == "2026-04-06T01:20:00Z"
    world.clock.advance(120)
    await socket.ask(type="leave")
    assert (await visit(world, "cauba"))[1]["session"]["official"]["end"] == "2026-04-06T01:22:00Z"


async def test_a_lost_worker_brings_the_test_room_back(world: World) -> None:
    socket, joined = await visit(world, "cauba")
    world.engine.lose_everything()
    world.engine.emit(EngineLost())
    world.engine.emit(EngineReady())
    await socket.type("renew")
    assert world.engine.rooms[ROOM].floors == {joined["seat"]}


async def test_everybody_in_a_full_test_room_is_back_in_it_after_a_restart(settings: Settings) -> None:
    engine, accounts = FakeEngine(), ("cauba", "nhatrang", "camranh", "dienkhanh")
    async with open_world(settings, held=engine) as world:
        tokens = [(await visit(world, account))[1]["resume"] for account in accounts]
        await world.server.meetings.dependencies.connected_devices.write()
        await world.server.meetings.leave()
    async with open_world(settings, held=engine) as world:
        assert engine.rooms == {}
        for account, token in zip(accounts, tokens, strict=True):
            socket, joined = await visit(world, account, resume=token)
            assert joined["type"] == "joined"
            assert (await socket.ask(type="offer", sdp="v=0"))["type"] == "answer"
