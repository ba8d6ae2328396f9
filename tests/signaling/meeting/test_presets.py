"""Layouts on the keys of the console: saved with the session, told to controllers, there for the next one."""

from tests.signaling.world import NHA_TRANG, World

FIELDS = {"focus": NHA_TRANG, "seats": [], "page": 0, "rotate": 0, "empty": False, "title": True, "clock": False}


async def test_presets_are_saved_with_the_session_and_told_to_controllers(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, joined = await world.join("host", session)
    central, _ = await world.join("central", session)
    point, seated = await world.join("nhatrang", session)
    assert (joined["presets"], seated["presets"]) == ([], [])
    preset = {"number": 3, "kind": "1+5", **FIELDS}
    assert await host.ask(type="preset", **preset) == {"type": "presets", "presets": [preset]}
    assert (await central.type("presets"))["presets"] == [preset]
    assert (await point.ask(type="preset", **preset))["error"] == "controlled-by"
    assert (await host.ask(type="preset", **preset | {"number": 7}))["error"] == "bad-message"
    assert (await host.ask(type="preset", **preset | {"seats": ["a", "a"]}))["error"] == "bad-message"
    await host.ask(type="end")
    _, again = await world.join("host", session)
    assert again["presets"] == [preset]


async def test_a_preset_that_this_release_does_not_know_is_left_out(world: World) -> None:
    session = await world.session(NHA_TRANG)
    await world.services.scheduler.set_presets(session.id, {1: '{"kind": "spiral"}', 2: '{"kind": "grid"}'})
    _, joined = await world.join("host", session)
    assert [(each["number"], each["kind"]) for each in joined["presets"]] == [(2, "grid")]
