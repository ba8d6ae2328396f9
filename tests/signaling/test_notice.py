"""What is said in a meeting stays there: components accept the notice, a name is over the picture (R-040)."""

from tests.signaling.world import NHA_TRANG, World

KEEP = "Nghiêm túc thực hiện kịch bản và điều khiển của điểm cầu chủ trì. Không phổ biến nội dung họp ra bên ngoài."


async def test_r040_a_component_accepts_the_notice_once_and_that_is_noted(world: World) -> None:
    session = await world.session(NHA_TRANG)
    guest = await world.socket("nhatrang")
    assert await guest.ask(type="join", code=session.code) == {"type": "error", "error": "notice", "text": KEEP}
    assert "enter" not in [entry.action for entry in await world.audited(5)]
    joined = await guest.ask(type="join", code=session.code, accepted=True)
    assert (joined["type"], joined["watermark"]) == ("joined", True)
    await guest.ask(type="leave")
    again = await world.socket("nhatrang")
    assert (await again.ask(type="join", code=session.code))["type"] == "joined"
    accepted = [entry for entry in await world.audited(50) if entry.action == "accept-notice"]
    assert [(entry.actor, entry.subject, entry.detail) for entry in accepted] == [
        ("nhatrang", session.id, session.number)
    ]


async def test_the_host_and_who_controls_from_elsewhere_have_nothing_to_accept(world: World) -> None:
    session = await world.session(NHA_TRANG)
    for account in ("host", "central"):
        socket = await world.socket(account)
        assert (await socket.ask(type="join", code=session.code))["type"] == "joined"
