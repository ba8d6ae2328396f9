"""Commands of a controller to one point: its camera, the name it is shown under, its removal; and the log of commands.

Also tests `action_log.py` and `state/removed_points.py`.
"""

from dataclasses import asdict

from mediaserver.api import CameraControl, CameraControllable, CameraMovement, CameraSource
from signaling.app.settings import Settings
from tests.fakes import FakeEngine
from tests.signaling.sqlite_lock import sqlite_locked
from tests.signaling.world import CAM_RANH, HOST, NHA_TRANG, NOW, World, open_world, wait_until

AT = NOW.isoformat().replace("+00:00", "Z")
REASON = "Thiết bị gây nhiễu tiếng"


async def test_a_hidden_camera_is_told_to_the_engine_and_to_everyone(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    point, joined = await world.join("nhatrang", session)
    seat = joined["seat"]
    await host.send(type="camera", seat=seat, on=False)
    assert (await point.seat(seat, hidden=True))["camera"] is False
    in_engine = world.engine.rooms[session.id].seats
    await wait_until(lambda: not in_engine[seat].camera)
    await host.send(type="camera", seat=seat, on=True)
    await point.seat(seat, hidden=False)
    await wait_until(lambda: in_engine[seat].camera)
    assert (await point.ask(type="camera", seat=seat, on=False))["error"] == "controlled-by"
    assert (await host.ask(type="camera", seat="nobody", on=False))["error"] == "unknown-seat"


async def test_a_point_is_shown_under_another_name_and_its_registered_one_stays(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)
    point, joined = await world.join("nhatrang", session)
    for of in (NHA_TRANG, CAM_RANH):  # one that is here, and one that is absent
        await host.send(type="rename", point=of, label="Hội trường lớn")
    row = await point.seat(joined["seat"], label="Hội trường lớn")
    assert row["name"] == "UBND.Nha Trang"
    in_engine = world.engine.rooms[session.id].seats
    await wait_until(lambda: in_engine[joined["seat"]].label == "UBND.Nha Trang · Hội trường lớn")
    _, late = await world.join("camranh", session)
    assert next(each for each in late["seats"] if each["point"] == CAM_RANH)["label"] == "Hội trường lớn"
    assert (await host.ask(type="rename", point="nobody", label="X"))["error"] == "unknown-seat"
    assert (await point.ask(type="rename", point=NHA_TRANG, label="X"))["error"] == "controlled-by"
    for label in ("", "  ", "hai\ndòng", "x" * 101):
        assert (await host.ask(type="rename", point=NHA_TRANG, label=label))["error"] == "bad-message"


async def test_a_removed_point_is_told_why_and_stays_out_until_it_is_let_back(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    point, joined = await world.join("nhatrang", session)
    removed = {"type": "removed", "points": [{"point": NHA_TRANG, "reason": REASON, "at": AT}]}
    assert await host.ask(type="remove", point=NHA_TRANG, reason=REASON) == removed
    assert await point.type("bye") == {"type": "bye", "reason": "removed", "text": REASON}
    again = await world.socket("nhatrang")
    refusal = await again.ask(type="join", code=session.code, resume=joined["resume"], accepted=True)
    assert (refusal["error"], refusal["text"]) == ("removed", f"Điểm cầu đã được mời ra khỏi phiên họp: {REASON}")
    central, _ = await world.join("central", session)
    assert await central.type("removed") == removed
    assert await host.ask(type="let-back", point=NHA_TRANG) == {"type": "removed", "points": []}
    assert (await host.ask(type="let-back", point=NHA_TRANG))["error"] == "unknown-seat"
    await world.join("nhatrang", session)


async def test_an_absent_point_stays_out_too_so_that_letting_one_back_is_undone(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    removed = {"type": "removed", "points": [{"point": NHA_TRANG, "reason": REASON, "at": AT}]}
    assert await host.ask(type="remove", point=NHA_TRANG, reason=REASON) == removed
    point = await world.socket("nhatrang")
    assert (await point.ask(type="join", code=session.code, accepted=True))["error"] == "removed"


async def test_neither_the_host_nor_who_is_not_of_the_session_can_be_removed(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    point, _ = await world.join("nhatrang", session)
    assert (await host.ask(type="remove", point=HOST, reason=REASON))["error"] == "forbidden"
    assert (await host.ask(type="remove", point=CAM_RANH, reason=REASON))["error"] == "unknown-seat"
    assert (await host.ask(type="remove", point=NHA_TRANG, reason=""))["error"] == "bad-message"
    for command in ({"type": "remove", "reason": REASON}, {"type": "let-back"}):
        assert (await point.ask(point=NHA_TRANG, **command))["error"] == "controlled-by"


async def test_another_process_knows_names_cameras_and_who_was_removed(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session = await world.session(NHA_TRANG, CAM_RANH)
        host, _ = await world.join("host", session)
        _, joined = await world.join("nhatrang", session)
        await world.join("camranh", session)
        await host.send(type="camera", seat=joined["seat"], on=False)
        await host.send(type="rename", point=NHA_TRANG, label="Hội trường")
        removed = await host.ask(type="remove", point=CAM_RANH, reason=REASON)
        await world.server.meetings.leave()
    async with open_world(settings, held=engine) as later:
        central, seen = await later.join("central", session)
        assert await central.type("removed") == removed
        row = next(each for each in seen["seats"] if each["seat"] == joined["seat"])
        assert (row["label"], row["hidden"]) == ("Hội trường", True)


async def test_a_movement_of_a_camera_is_noted_once_and_ends_with_the_socket(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    _, joined = await world.join("nhatrang", session)
    seat = joined["seat"]
    assert (await host.ask(type="camera-move", seat=seat, pan=1))["error"] == "no-camera-control"
    sources = [CameraSource(1), CameraSource(6, "PC")]
    control = CameraControl(("pan", "zoom"), 3, tuple(sources), 1)
    world.engine.emit(CameraControllable(session.id, seat, control))
    await host.seat(
        seat, control={"axes": ["pan", "zoom"], "presets": 3, "sources": [*map(asdict, sources)], "source": 1}
    )
    commands: list[dict[str, int]] = [{"pan": 1}, {"pan": 1}, {"pan": 1, "zoom": -1}, {}, {"pan": 1}]
    for message in commands:
        await host.send(type="camera-move", seat=seat, **message)
    await host.send(type="camera-preset", seat=seat, number=2)
    await host.send(type="camera-preset", seat=seat, number=0, store=True)
    assert (await host.ask(type="camera-preset", seat=seat, number=3))["error"] == "no-camera-control"
    await host.send(type="camera-source", seat=seat, number=6)
    assert (await host.ask(type="camera-source", seat=seat, number=2))["error"] == "no-camera-control"
    world.drop("host")
    right, still = CameraMovement(pan=1), CameraMovement()
    moves = [right, right, CameraMovement(pan=1, zoom=-1), still, right, still]
    await wait_until(lambda: [call[3] for call in world.engine.calls if call[0] == "move_camera"] == moves)
    presets = [call[3:] for call in world.engine.calls if call[0] == "use_camera_preset"]
    assert presets == [(2, False), (0, True)]
    assert [call[3:] for call in world.engine.calls if call[0] == "select_camera_source"] == [(6,)]
    noted = [each for each in reversed(await world.audited(20)) if each.action.startswith("camera-")]
    assert [(each.action, each.detail) for each in noted] == [
        ("camera-move", "UBND.Nha Trang pan +1"),
        ("camera-move", "UBND.Nha Trang pan +1 zoom -1"),
        ("camera-move", "UBND.Nha Trang pan +1"),
        ("camera-preset", "UBND.Nha Trang 3"),
        ("camera-store", "UBND.Nha Trang 1"),
        ("camera-source", "UBND.Nha Trang 6"),
    ]


async def test_each_command_of_a_controller_is_in_the_audit_log(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    _, joined = await world.join("nhatrang", session)
    seat = joined["seat"]
    commands: list[tuple[dict[str, object], tuple[str, str]]] = [
        ({"type": "layout", "kind": "1+5"}, ("layout", "1+5 everyone")),
        ({"type": "layout", "kind": "grid", "audience": "components"}, ("layout", "grid components")),
        ({"type": "layout-same", "audience": "components"}, ("layout-same", "components")),
        ({"type": "preset", "number": 2, "kind": "grid"}, ("preset", "2 grid")),
        ({"type": "floor", "seat": seat, "open": True}, ("floor", "UBND.Nha Trang")),
        ({"type": "gain", "seat": seat, "decibels": 3}, ("gain", "UBND.Nha Trang +3 dB")),
        ({"type": "mute-all", "but": seat}, ("mute-all", "UBND.Nha Trang")),
        ({"type": "floor", "seat": seat, "open": False}, ("floor-end", "UBND.Nha Trang")),
        ({"type": "hands", "seats": []}, ("order-hands", "0")),
        ({"type": "lower", "seat": seat}, ("lower-hand", "UBND.Nha Trang")),
        ({"type": "camera", "seat": seat, "on": False}, ("camera-off", "UBND.Nha Trang")),
        ({"type": "camera", "seat": seat, "on": True}, ("camera-on", "UBND.Nha Trang")),
        ({"type": "rename", "point": NHA_TRANG, "label": "Hội trường"}, ("rename", "UBND.Nha Trang: Hội trường")),
        ({"type": "one-picture-all", "on": True}, ("one-picture", "")),
        ({"type": "one-picture-all", "on": False}, ("one-picture-end", "")),
        ({"type": "lock", "room": True, "hands": True}, ("lock", "room hands")),
        ({"type": "lock", "room": False, "hands": False}, ("unlock", "")),
        ({"type": "record", "on": True}, ("record", "")),
        ({"type": "record", "on": True, "pause": True}, ("record-pause", "")),
        ({"type": "record", "on": False}, ("record-end", "")),
        ({"type": "voices", "on": True}, ("voices", "")),
        ({"type": "step", "to": None}, ("step", "")),
        ({"type": "chat-open", "on": True}, ("chat-open", "")),
        ({"type": "remove", "point": NHA_TRANG, "reason": REASON}, ("remove", f"UBND.Nha Trang: {REASON}")),
        ({"type": "let-back", "point": NHA_TRANG}, ("let-back", "UBND.Nha Trang")),
        ({"type": "end"}, ("end-for-all", "")),
    ]
    for command, _ in commands:
        await host.send(**command)
    await host.type("bye")
    entries = [each for each in reversed(await world.audited(len(commands))) if each.subject == session.id]
    assert [(each.action, each.detail) for each in entries] == [entry for _, entry in commands]
    assert {(each.actor, each.address) for each in entries} == {("host", "127.0.0.1")}


class LookingEngine(FakeEngine):
    """An engine that looks up the newest entry of the audit log whenever a floor is opened or shut."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None
        self.actions: list[str] = []

    async def set_floor(self, room: str, seat: str, open_: bool) -> None:
        assert self.world is not None
        self.actions += [entry.action for entry in await self.world.audited(1)]
        await super().set_floor(room, seat, open_)


async def test_a_command_is_in_the_log_before_it_acts_and_acts_while_the_log_is_locked(settings: Settings) -> None:
    async with open_world(settings, held=(engine := LookingEngine())) as world:
        engine.world = world
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        _, joined = await world.join("nhatrang", session)
        await host.send(type="floor", seat=joined["seat"], open=True)
        await host.seat(joined["seat"], floor=True)
        await wait_until(lambda: len(engine.actions) == 1)
        async with sqlite_locked(settings.data / "diemcau.sqlite3"):
            await host.send(type="gain", seat=joined["seat"], decibels=3)
            await host.send(type="gain", seat=joined["seat"], decibels=-3)
            await wait_until(lambda: ("set_gain", session.id, joined["seat"], -3) in engine.calls)
        await host.send(type="floor", seat=joined["seat"], open=False)
        await wait_until(lambda: len(engine.actions) == 2)
        entries = [(each.action, each.detail) for each in await world.audited(4)]
    assert engine.actions == ["floor", "floor-end"]
    name = "UBND.Nha Trang"
    assert entries[::-1] == [("floor", name), ("gain", f"{name} +3 dB"), ("gain", f"{name} -3 dB"), ("floor-end", name)]


async def test_a_command_that_is_refused_is_not_in_the_log(world: World) -> None:
    session = await world.session(NHA_TRANG)
    await world.join("host", session)
    point, _ = await world.join("nhatrang", session)
    before = await world.audited(1)
    assert (await point.ask(type="layout", kind="grid"))["error"] == "controlled-by"
    assert await world.audited(1) == before
