"""Meetings over real sockets: joining, the handshake, errors, the join guard, lost workers, the end.

Also tests `manager.py`, `join.py`, `client.py`, `websocket.py` and `dispatcher.py`.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError
from sqlalchemy import update
from sqlalchemy.event import listen, remove
from sqlalchemy.exc import SQLAlchemyError

from mediaserver.api import (
    EVERYONE,
    CameraWanted,
    EngineLost,
    EngineReady,
    Layout,
    Levels,
    PeerDown,
    RecordingEnded,
    Speaking,
    TilesForwarded,
)
from mediaserver.errors import AlreadyRecording, BadOffer, EngineGone
from scheduler.core.model import Amount
from scheduler.operations.attendance.presence_intervals import ReconnectAttempt
from scheduler.policy.profile_files import SHIPPED
from signaling.accounts.schema import ACCOUNTS
from signaling.app.settings import Settings
from signaling.audit.log import EntryFilter
from signaling.meeting import record_writer, runner, websocket
from signaling.meeting.client import BURST
from signaling.messages.calls import CalledSystem, CallsState
from tests.signaling.world import (
    CAM_RANH,
    DIEN_KHANH,
    NHA_TRANG,
    NOW,
    PATIENCE_S,
    World,
    open_world,
    wait_for_reconnects,
    wait_until,
)

HOUR = timedelta(hours=1)
OFF = {"type": "recording", "on": False, "paused": False, "since": None, "seconds": 0, "error": None, "voices": False}
OFF["composed"] = "afterwards"
PLAIN = {"seats": [], "page": 0, "rotate": 0, "empty": False, "title": False, "clock": False, "own": {}}


async def test_the_picture_says_title_and_names_of_a_session_that_is_changed_while_it_is_held(world: World) -> None:
    session = await world.session(NHA_TRANG)
    _, joined = await world.join("host", session)
    await world.server.meetings.amended(replace(session, title="Họp bất thường", points=(NHA_TRANG, CAM_RANH)))
    options = world.engine.rooms[session.id].options
    host, nha_trang, cam_ranh = (
        f"UBND.{name} · UBND {label}"
        for name, label in (
            ("Khanh Hoa", "tỉnh Khánh Hòa"),
            ("Nha Trang", "thành phố Nha Trang"),
            ("Cam Ranh", "thành phố Cam Ranh"),
        )
    )
    names = {session.host_point: host, NHA_TRANG: nha_trang, CAM_RANH: cam_ranh, joined["seat"]: host}
    assert (options.title, options.names) == ("Họp bất thường", names)


async def test_a_meeting_from_join_to_goodbye(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, joined = await world.join("host", session)
    assert {key: joined[key] for key in ("role", "controller", "layout", "recording", "view", "now")} == {
        "role": "host",
        "controller": True,
        "layout": {"type": "layout", "kind": "grid", "focus": None, **PLAIN},
        "recording": OFF,
        "view": "composed",
        "now": "2026-04-06T01:00:00Z",
    }
    assert joined["session"] == {
        "id": session.id,
        "title": "Họp giao ban <b>tháng 4</b>",
        "number": session.number,
        "host": "UBND tỉnh Khánh Hòa",
        "official": {"start": "2026-04-06T01:00:00Z", "end": "2026-04-06T03:00:00Z"},
    }
    guest, there = await world.join("nhatrang", session)
    seat = there["seat"]
    await host.seat(seat, here=True, floor=False, media="none")
    assert await guest.ask(type="offer", sdp="v=0") == {"type": "answer", "sdp": "answer to v=0"}
    await host.seat(seat, media="connected")
    await guest.send(type="hand", raised=True)
    assert (await host.seat(seat, hand=1))["since"] == "2026-04-06T01:00:00Z"
    await host.send(type="floor", seat=seat, open=True)
    await guest.seat(seat, floor=True, hand=0)
    assert seat in world.engine.rooms[session.id].floors
    assert await host.ask(type="layout", kind="single", focus=seat) == {
        "type": "layout",
        "kind": "single",
        "focus": seat,
        **PLAIN,
    }
    assert (await guest.type("layout"))["focus"] == seat
    assert await guest.ask(type="view", source=f"camera:{joined['seat']}") == {
        "type": "view",
        "source": f"camera:{joined['seat']}",
    }
    await host.send(type="gain", seat=seat, decibels=9)
    await host.seat(seat, gain=9)  # which may be told while the entry of the audit log is still written
    await wait_until(lambda: ("set_gain", session.id, seat, 9) in world.engine.calls)
    world.engine.emit(Levels(session.id, {seat: -45}))
    assert await host.type("levels") == {"type": "levels", "levels": {seat: -45}}
    world.engine.emit(Speaking(session.id, seat))
    assert await host.type("speaking") == {"type": "speaking", "seat": seat}
    assert await guest.ask(type="leave") == {"type": "bye", "reason": "left"}
    assert await guest.closed() == 1000
    await host.seat(NHA_TRANG, here=False)
    assert seat not in world.engine.rooms[session.id].seats


async def test_what_is_only_told_is_not_stored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await world.session(NHA_TRANG)
    host, joined = await world.join("host", session)
    meeting, changes = world.server.meetings.meetings[session.id], list[str]()
    meeting.flush()
    before = meeting.snapshot
    monkeypatch.setattr(meeting, "changed", lambda: changes.append("changed"))
    for event in (
        Levels(session.id, {joined["seat"]: -45}),
        Speaking(session.id, joined["seat"]),
        CameraWanted(session.id, joined["seat"], 180),
        TilesForwarded(session.id, joined["seat"], ()),
    ):
        await world.server.meetings._routes[type(event)](event)
    assert (changes, meeting.snapshot, meeting.state.flush()) == ([], before, None)
    for kind in ("levels", "speaking", "wanted", "tiles"):
        assert (await host.type(kind))["type"] == kind


REFUSED_JOINS: list[tuple[str, timedelta, str]] = [
    ("nobody", timedelta(0), "no-point"),
    ("nhatrang", HOUR * 4, "too-early"),
]


@pytest.mark.parametrize(("account", "start", "word"), REFUSED_JOINS)
async def test_a_refused_join_says_why(world: World, account: str, start: timedelta, word: str) -> None:
    session = await world.session(NHA_TRANG, start=start)
    socket = await world.socket(account)
    refused = await socket.ask(type="join", code=session.code)
    assert (refused["type"], refused["error"]) == ("error", word)
    assert refused.get("opens") == ("2026-04-06T04:30:00Z" if word == "too-early" else None)


async def test_dead_and_unknown_codes(world: World) -> None:
    session = await world.session(NHA_TRANG)
    cancelled = await world.session(NHA_TRANG)
    await world.services.scheduler.cancel(cancelled.id, NOW)
    socket = await world.socket("nhatrang")
    words = [(await socket.ask(type="join", code=code))["error"] for code in (cancelled.code, "0", "000 000 0000")]
    world.clock.advance(3 * 3600)
    words.append((await socket.ask(type="join", code=session.code))["error"])
    assert words == ["cancelled", "code-unknown", "code-unknown", "ended"]


async def test_guessing_codes_locks_the_account_and_nobody_else(world: World) -> None:
    session = await world.session(NHA_TRANG)
    socket = await world.socket("nhatrang")
    words = [(await socket.ask(type="join", code=f"{guess:010}"))["error"] for guess in range(20)]
    assert set(words) == {"code-unknown"}
    assert (await socket.ask(type="join", code=session.code))["error"] == "code-locked"
    await world.join("host", session)


async def test_a_code_typed_with_blanks(world: World) -> None:
    session = await world.session(NHA_TRANG)
    socket = await world.socket("nhatrang")
    typed = f" {session.code[:3]} {session.code[3:6]} {session.code[6:]} " if session.code else ""
    assert (await socket.ask(type="join", code=typed, accepted=True))["type"] == "joined"
    assert (await socket.ask(type="join", code=typed, accepted=True))["error"] == "already-joined"


async def test_r051_a_code_has_as_many_digits_as_the_profile_says(settings: Settings, tmp_path: Path) -> None:
    longer = tmp_path / "longer.yaml"
    longer.write_text(
        "{id: longer, version: 1, title: T, extends: KH-2023, effective_from: 2024-01-01, effective_to: null,"
        " code: {digits: 12}}"
    )
    async with open_world(replace(settings, profiles=(*SHIPPED, longer))) as world:
        session = await world.session(NHA_TRANG)
        assert len(session.code or "") == 12
        await world.join("nhatrang", session)


@pytest.mark.parametrize(
    ("account", "origin", "status"),
    [
        (None, None, 401),
        (None, "own", 401),
        ("host", "https://evil.example", 403),
        ("host", "null", 403),
        ("host", "http://[", 403),
        ("host", "own", 101),
        ("host", None, 101),
    ],
)
async def test_the_handshake(world: World, account: str | None, origin: str | None, status: int) -> None:
    client = await world.signed_in(account) if account else world.client()
    own = str(world.http.make_url("")).rstrip("/")
    headers = {} if origin is None else {"Origin": own if origin == "own" else origin}
    if status == 101:
        await client.ws_connect("/ws", headers=headers)
        return
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/ws", headers=headers)
    assert refused.value.status == status


async def test_a_page_may_ask_for_a_sign_of_life_also_before_it_joins(world: World) -> None:
    session = await world.session(NHA_TRANG)
    socket = await world.socket("nhatrang")
    assert await socket.ask(type="ping") == {"type": "pong"}
    assert (await socket.ask(type="join", code=session.code, accepted=True))["type"] == "joined"
    assert await socket.ask(type="ping") == {"type": "pong"}


async def test_faults_are_answered_and_the_connection_goes_on(world: World) -> None:
    session = await world.session(NHA_TRANG)
    socket = await world.socket("nhatrang")
    for sent in ("{", "[]", '{"type":"dance"}', '{"type":"hand","raised":"<img onerror=alert(1)>"}'):
        await socket.socket.send_str(sent)
        fault = await socket.type("error")
        assert (fault["error"], "<img" in fault["text"]) == ("bad-message", False)
    await socket.socket.send_bytes(b"\0\1")
    assert (await socket.type("error"))["error"] == "bad-message"
    for message in ({"type": "hand", "raised": True}, {"type": "offer", "sdp": "x"}, {"type": "leave"}):
        assert (await socket.ask(**message))["error"] == "not-joined"
    assert (await socket.ask(type="join", code=session.code, accepted=True))["type"] == "joined"


@pytest.mark.parametrize(("size", "code"), [(192 * 1024 + 1, 1009), (400_000, 1009)])
async def test_too_large_closes_with_1009(world: World, size: int, code: int) -> None:
    socket = await world.socket("host")
    await socket.socket.send_str("x" * size)
    assert await socket.closed() == code


async def test_192_kib_are_read(world: World) -> None:
    socket = await world.socket("host")
    await socket.socket.send_str(json.dumps({"type": "leave", "ref": "x" * (192 * 1024 - 28)}))
    assert (await socket.type("error"))["error"] == "bad-message"


async def test_messages_sent_too_fast_are_refused(world: World) -> None:
    socket = await world.socket("host")
    for _ in range(int(BURST) * 3):
        await socket.send(type="leave")
    words = [(await socket.type("error"))["error"] for _ in range(int(BURST) * 3)]
    assert words[:10] == ["not-joined"] * 10
    assert "too-fast" in words
    assert set(words) == {"not-joined", "too-fast"}


async def test_text_is_in_the_language_of_the_account_and_a_bad_offer_is_told(world: World) -> None:
    session = await world.session(NHA_TRANG)
    socket, _ = await world.join("nhatrang", session)
    world.engine.failing["connect"] = BadOffer("no codec")
    fault = await socket.ask(type="offer", sdp="junk")
    assert fault == {
        "type": "error",
        "error": "bad-offer",
        "text": "Không kết nối được âm thanh, hình ảnh với thiết bị này.",
    }
    world.engine.failing["connect"] = EngineGone("down")
    assert (await socket.ask(type="offer", sdp="v=0"))["error"] == "media-restarting"


async def test_a_point_with_more_devices_than_it_reserved_finds_the_session_full(world: World) -> None:
    session = await world.session(NHA_TRANG)
    await world.services.scheduler.set_devices(NHA_TRANG, 9)
    await world.join("host", session)
    first, _ = await world.join("nhatrang", session)
    socket = await world.socket("nhatrang")
    assert await socket.ask(type="join", code=session.code, accepted=True) == {
        "type": "error",
        "error": "full",
        "text": "Vượt số điểm cầu đã đăng ký, hoặc hệ thống đã hết năng lực được cấp (điểm a khoản 4 Điều 12).",
    }  # I-05
    await first.ask(type="leave")
    assert (await socket.ask(type="join", code=session.code, accepted=True))["type"] == "joined"


async def test_early_points_take_no_place_from_points_that_are_due(world: World) -> None:
    await world.services.scheduler.operator.set_capacity(
        NOW - timedelta(hours=2), Amount(5, 10), NOW
    )  # usable: 4 points beside the test room
    due = await world.session(NHA_TRANG, DIEN_KHANH)
    later = await world.session(CAM_RANH, start=timedelta(hours=2))
    world.clock.advance(100 * 60)
    await world.join("camranh", later)  # one place is reserved by nobody
    early = await world.socket("host")
    assert (await early.ask(type="join", code=later.code))["error"] == "full"
    for account in ("host", "nhatrang", "dienkhanh"):
        await world.join(account, due)
    world.clock.advance(20 * 60)  # the later session's own time
    assert (await early.ask(type="join", code=later.code))["type"] == "joined"


async def test_coming_back_with_the_token(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    guest, joined = await world.join("nhatrang", session)
    await guest.send(type="hand", raised=True)
    await host.send(type="floor", seat=joined["seat"], open=True)
    await guest.ask(type="offer", sdp="v=0")
    await host.seat(joined["seat"], floor=True, media="connected")
    await guest.socket.close()
    await host.seat(joined["seat"], media="lost")
    await world.tick(12)
    await host.seat(joined["seat"], here=False)
    assert joined["seat"] not in world.engine.rooms[session.id].seats
    assert await world.server.meetings.dependencies.connected_devices.connected(session.id) == [1]
    _, again = await world.join("nhatrang", session, resume=joined["resume"])
    assert (again["seat"], joined["seat"] in world.engine.rooms[session.id].floors) == (joined["seat"], True)
    await host.seat(joined["seat"], here=True, floor=True)


async def test_a_seat_is_taken_back_without_a_look_at_the_session_in_the_database(world: World) -> None:
    """After a failover everybody comes back at once; what the meeting knows the database is not asked."""
    session = await world.session(NHA_TRANG)
    statements: list[str] = []

    def note(*facts: Any) -> None:
        statements.append(facts[2])

    for account in ("nhatrang", "central"):
        socket, joined = await world.join(account, session)
        await socket.socket.close()
        await wait_until(lambda: not world.server.meetings.clients)
        again = await world.socket(account)
        listen(world.services.database.sync_engine, "before_cursor_execute", note)
        assert (await again.ask(type="join", code=session.code, resume=joined["resume"]))["seat"] == joined["seat"]
        remove(world.services.database.sync_engine, "before_cursor_execute", note)
        await again.socket.close()
        await wait_until(lambda: not world.server.meetings.clients)
    assert any("INTO audit" in each for each in statements)
    assert [each for each in statements if " sessions" in each or " displays" in each or " lines" in each] == []
    actions = [row.entry.action for row in await world.services.audit.newest(EntryFilter(subject=session.id), 6)]
    assert actions == ["control", "enter", "control", "enter", "enter", "enter"]


async def test_a_seat_is_not_taken_back_where_its_account_may_not_sit_any_more(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    socket, joined = await world.join("nhatrang", session)
    await socket.socket.close()
    await wait_until(lambda: not world.server.meetings.clients)
    async with world.services.database.begin() as db:
        await db.execute(update(ACCOUNTS).where(ACCOUNTS.c.account == "nhatrang").values(point=DIEN_KHANH))
    again = await world.socket("nhatrang")
    reply = await again.ask(type="join", code=session.code, accepted=True, resume=joined["resume"])
    assert reply["type"] == "waiting"


async def test_reconnections_that_wait_for_the_database_are_written_together(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.session(NHA_TRANG)
    socket, joined = await world.join("nhatrang", session)
    attendance, facts = world.services.attendance, world.server.meetings.dependencies.record_writer
    written, go_on, store = list[list[str]](), asyncio.Event(), attendance.add_reconnects

    async def add_reconnects(session: str, redials: Sequence[ReconnectAttempt]) -> None:
        written.append([each.kind for each in redials])
        await store(session, redials)

    monkeypatch.setattr(attendance, "add_reconnects", add_reconnects)
    monkeypatch.setattr(runner, "PATIENCE_SECONDS", 0.01)
    await facts.store("what others wait for", go_on.wait, 0.0)
    for _ in range(2):
        await socket.socket.close()
        await wait_until(lambda: not world.server.meetings.clients)
        socket, joined = await world.join("nhatrang", session, resume=joined["resume"])
    assert written == []
    go_on.set()
    await wait_for_reconnects(world, session.id, ["lost", "back", "lost", "back"])
    monkeypatch.setattr(record_writer, "MOST_FACTS", 0)
    await socket.socket.close()
    await wait_until(lambda: not world.server.meetings.clients)
    monkeypatch.undo()
    monkeypatch.setattr(attendance, "add_reconnects", add_reconnects)
    await world.join("nhatrang", session, resume=joined["resume"])
    await wait_for_reconnects(world, session.id, ["lost", "back", "lost", "back", "back"])
    assert written == [["lost", "back", "lost", "back"], ["back"]]


async def test_a_client_cut_off_while_it_is_seated_finds_its_seat_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.session(NHA_TRANG)
    guest, joined = await world.join("nhatrang", session)
    await guest.ask(type="view", source="composed:speaker")  # a picture that is asked for before it is seated again
    await guest.socket.close()
    await wait_until(lambda: not world.server.meetings.clients)
    await world.tick(12)
    arrange, requested, go_on = world.engine.set_layout, asyncio.Event(), asyncio.Event()

    async def slowly(room: str, layout: Layout | None, audience: str = EVERYONE) -> None:
        requested.set()
        await go_on.wait()
        await arrange(room, layout, audience)

    monkeypatch.setattr(world.engine, "set_layout", slowly)
    cut = await world.socket("nhatrang")
    await cut.send(type="join", code=session.code, accepted=True, resume=joined["resume"])
    await requested.wait()
    world.drop("nhatrang")
    await wait_until(lambda: not world.server.meetings.clients)
    go_on.set()
    back, again = await world.join("nhatrang", session, resume=joined["resume"])
    assert (again["seat"], list(world.engine.rooms[session.id].seats)) == (joined["seat"], [joined["seat"]])
    assert (await back.ask(type="offer", sdp="v=0"))["type"] == "answer"


async def test_a_second_browser_replaces_the_first(world: World) -> None:
    session = await world.session(NHA_TRANG)
    first, _ = await world.join("nhatrang", session)
    await world.join("nhatrang", session)
    assert await first.type("bye") == {"type": "bye", "reason": "replaced"}
    assert await first.closed() == 1000


async def test_an_account_of_a_unit_sits_at_its_point_and_the_central_one_observes(world: World) -> None:
    session = await world.session(NHA_TRANG)
    _, joined = await world.join("central", session)
    assert (joined["role"], joined["controller"], joined["seats"][0]["here"]) == ("observer", True, False)


async def test_a_replaced_worker_is_told_everything_and_clients_renew(world: World) -> None:
    session = await world.session(NHA_TRANG, recording=True)
    host, joined = await world.join("host", session)
    await host.ask(type="offer", sdp="v=0")
    await host.seat(joined["seat"], media="connected")
    await world.tick(1)
    assert (await host.type("recording"))["on"] is True
    world.engine.lose_everything()
    world.engine.emit(EngineLost())
    await host.seat(joined["seat"], media="none")
    world.engine.emit(EngineReady())
    await host.type("renew")
    room = world.engine.rooms[session.id]
    assert (list(room.seats), room.floors) == ([joined["seat"]], {joined["seat"]})
    parts = [
        (part.part, part.state, (part.path == room.recording)) for part in await world.recording_store.recordings()
    ]
    assert sorted(parts) == [(0, "recording", False), (1, "broken", False), (2, "recording", True)]


async def test_a_lost_worker_is_told_although_the_database_cannot_note_what_it_recorded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.session(NHA_TRANG)
    host, joined = await world.join("host", session)
    await host.ask(type="offer", sdp="v=0")
    await host.seat(joined["seat"], media="connected")

    async def refuses(*_: object) -> None:
        raise SQLAlchemyError("locked")

    monkeypatch.setattr(world.server.recordings, "interrupted", refuses)
    world.engine.emit(EngineLost())
    await host.seat(joined["seat"], media="none")


async def test_recording_ends_with_what_the_engine_says(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    assert (await host.ask(type="record", on=True))["on"] is True
    path = world.engine.rooms[session.id].recording
    assert path is not None
    world.engine.emit(RecordingEnded(session.id, path, 7.6, "disk-full"))
    assert await host.type("recording") == {**OFF, "error": "disk-full"}
    assert [(part.state, part.reason) for part in await world.recording_store.recordings()] == [("broken", "disk-full")]
    world.engine.failing["start_recording"] = AlreadyRecording()
    assert await host.ask(type="record", on=True) == {**OFF, "error": "unavailable"}


async def test_a_meeting_ends_a_quarter_of_an_hour_after_its_official_end(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await world.tick(2 * 3600 + 15 * 60 - 1)
    assert list(world.server.meetings.meetings) == [session.id]
    await world.tick(1)
    assert await host.type("bye") == {"type": "bye", "reason": "ended"}
    assert (await host.closed(), world.engine.rooms, world.server.meetings.meetings) == (1000, {}, {})


async def test_cancelling_ends_the_meeting(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    client = await world.signed_in("central")
    async with client.post(f"/api/v1/sessions/{session.id}/cancel", json={}) as response:
        assert response.status == 200
    assert await host.type("bye") == {"type": "bye", "reason": "cancelled"}


async def test_a_transport_that_fell_silent_shows_and_a_room_unknown_to_us_is_ignored(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, joined = await world.join("host", session)
    await host.ask(type="offer", sdp="v=0")
    await host.seat(joined["seat"], media="connected")
    world.engine.emit(PeerDown("nowhere", "nobody", "silent"))
    world.engine.emit(PeerDown(session.id, joined["seat"], "silent"))
    await host.seat(joined["seat"], media="none")


async def test_shutdown_says_bye(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    idle = await world.socket("nhatrang")
    await host.ask(type="record", on=True)
    await world.server.meetings.stop()
    assert [(part.state, part.reason) for part in await world.recording_store.recordings()] == [("broken", "empty")]
    await asyncio.sleep(0.5)  # whoever reads late hears it too
    assert [await s.type("bye") for s in (host, idle)] == [{"type": "bye", "reason": "shutdown"}] * 2


async def test_pings_are_answered(world: World) -> None:
    socket = await world.socket("host")
    await socket.socket.close()
    client = await world.signed_in("host")
    raw: Any = await client.ws_connect("/ws", autoping=False)
    await raw.ping(b"there?")
    kinds = {}
    while WSMsgType.PONG not in kinds:
        got = await raw.receive()
        kinds[got.type] = got.data
    assert kinds[WSMsgType.PONG] == b"there?"


async def test_a_socket_that_answers_no_ping_is_closed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await world.signed_in("host")
    monkeypatch.setattr(websocket, "PING_SECONDS", 0.05)
    raw = await client.ws_connect("/ws", autoping=False)
    assert [(await raw.receive()).type for _ in range(2)] == [WSMsgType.PING, WSMsgType.CLOSE]


@pytest.mark.faults
async def test_a_fault_in_one_meeting_stops_time_in_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    faulty, sound = await world.session(NHA_TRANG), await world.session(DIEN_KHANH, host=CAM_RANH, recording=True)
    for account, session in (("host", faulty), ("camranh", sound)):
        client, _ = await world.join(account, session)
        await client.ask(type="offer", sdp="v=0")

    def broken(_: object) -> None:
        raise KeyError("ours")

    monkeypatch.setattr(world.server.meetings.meetings[faulty.id].state, "tick", broken)
    await world.tick(1)
    assert [world.engine.rooms[each.id].recording is None for each in (faulty, sound)] == [True, False]
    assert "x work for one meeting failed, the others go on" in caplog.text


async def test_a_meeting_that_ends_while_time_passes_in_another_is_passed_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await world.session(NHA_TRANG), await world.session(DIEN_KHANH, host=CAM_RANH)
    for account, session in (("host", first), ("camranh", second)):
        await world.join(account, session)
    manager = world.server.meetings
    monkeypatch.setattr(manager.line_monitor, "look", lambda *_: manager.cancelled(second.id))
    await world.tick(1)
    assert list(manager.meetings) == [first.id]


async def test_a_join_is_confirmed_first_and_then_has_the_latest_state(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.session(NHA_TRANG)
    meeting = await world.server.meetings.open(session)
    system = CalledSystem(device="d", point=NHA_TRANG, name="a", state="calling", at=None, status=0)
    await meeting.apply(meeting.state.calls(CallsState(calls=[system])))
    seated, written = asyncio.Event(), asyncio.Event()

    async def wait_before_storing(_: object) -> None:
        seated.set()
        await written.wait()

    monkeypatch.setattr(world.server.meetings.dependencies.state_writer, "ensure_stored", wait_before_storing)
    host = await world.socket("host")
    await host.send(type="join", code=session.code)
    await seated.wait()
    answered = CallsState(calls=[system.model_copy(update={"state": "connected"})])
    changing = asyncio.create_task(meeting.apply(meeting.state.calls(answered)))
    await asyncio.sleep(0)
    written.set()
    await changing
    received: list[str] = []
    while len(received) < 2:
        message = json.loads((await host._receive()).data)
        if message["type"] in ("joined", "calls"):
            received.append(message.get("calls", [{"state": "joined"}])[0]["state"])
    assert received == ["joined", "connected"]  # as it is by then


async def test_a_socket_that_ends_while_its_seat_is_kept_can_be_resumed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.session(NHA_TRANG)
    seated, written = asyncio.Event(), asyncio.Event()

    async def wait_before_storing(_: object) -> None:
        seated.set()
        await written.wait()

    monkeypatch.setattr(world.server.meetings.dependencies.state_writer, "ensure_stored", wait_before_storing)
    host = await world.socket("host")
    await host.send(type="join", code=session.code)
    await seated.wait()
    world.drop("host")
    await host.closed()
    written.set()
    state = world.server.meetings.meetings[session.id].state
    async with asyncio.timeout(PATIENCE_S):
        while not world.engine.rooms.get(session.id) or not world.engine.rooms[session.id].seats:
            await asyncio.sleep(0)
    assert list(world.engine.rooms[session.id].seats) == list(state.roster.seats)
