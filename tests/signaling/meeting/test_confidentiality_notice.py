"""Confidential meetings: components accept the notice, and a viewer's name is drawn over the picture (R-040)."""

from scheduler.directory.model import AccessLine
from tests.signaling.world import CAM_RANH, NHA_TRANG, World

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


async def test_r028_a_point_on_the_internet_declares_that_nothing_shares_its_line(world: World) -> None:
    statement = (
        "Điểm cầu nối qua Internet: không chia sẻ kết nối với hệ thống khác trong phiên họp (điểm b khoản 3 Điều 6)."
    )
    internet = AccessLine("a", NHA_TRANG, "INTERNET", None, 20_000, True, ())
    await world.services.equipment.set_line(internet)
    await world.services.equipment.set_line(AccessLine("b", CAM_RANH, "INTERNET", None, 20_000, True, ()))
    await world.services.equipment.set_line(AccessLine("c", CAM_RANH, "WAN", None, 4_000, True, ()))
    session = await world.session(NHA_TRANG, CAM_RANH)
    join = {"type": "join", "code": session.code, "accepted": True}
    guest = await world.socket("nhatrang")
    assert await guest.ask(**join) == {"type": "error", "error": "dedicated", "text": statement}
    assert (await guest.ask(**join, dedicated=True))["type"] == "joined"
    await guest.ask(type="leave")
    again = await world.socket("nhatrang")
    assert (await again.ask(**join))["type"] == "joined"
    declared = [entry for entry in await world.audited(50) if entry.action == "declare-line"]
    assert [(entry.actor, entry.subject, entry.detail) for entry in declared] == [("nhatrang", session.id, NHA_TRANG)]
