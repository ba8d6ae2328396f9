"""Points that are not invited stay in the waiting room until the host admits them or turns them away (R-011)."""

from scheduler.core.model import Amount
from tests.signaling.world import CAM_RANH, DIEN_AN, NHA_TRANG, NOW, Socket, World, wait_until


async def knocks(world: World, account: str, code: str | None) -> Socket:
    """Somebody comes who is not invited, and waits."""
    socket = await world.socket(account)
    response = await socket.ask(type="join", code=code, accepted=True)
    assert response == {"type": "waiting", "host": "UBND tỉnh Khánh Hòa"}
    return socket


async def test_r011_a_point_that_is_not_invited_waits_for_the_host(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    guest = await knocks(world, "dienan", session.code)
    (knock,) = (await host.type("door"))["waiting"]
    assert (knock["point"], knock["name"], knock["account"]) == (DIEN_AN, "DK.DienAn", "dienan")
    assert (await guest.ask(type="hand", raised=True))["error"] == "not-joined"
    assert (await guest.ask(type="join", code=session.code))["error"] == "already-joined"

    await host.send(type="admit", id=knock["id"], on=True)
    assert (await host.type("door"))["waiting"] == []
    await guest.type("admitted")
    joined = await guest.ask(type="join", code=session.code)
    assert (joined["type"], joined["role"]) == ("joined", "component")
    assert [seat["point"] for seat in joined["seats"]] == [session.host_point, NHA_TRANG, DIEN_AN]
    amended = await world.services.scheduler.session(session.id)
    assert (amended.points, amended.legs) == ((NHA_TRANG, DIEN_AN), session.legs + 1)
    noted = [(entry.actor, entry.action, entry.detail) for entry in reversed(await world.audited(50))]
    assert [each for each in noted if each[1] in {"wait-at-door", "admit", "enter"}] == [
        ("host", "enter", session.number),
        ("dienan", "wait-at-door", "DK.DienAn"),
        ("host", "admit", "DK.DienAn"),
        ("dienan", "enter", session.number),
    ]


async def test_a_guest_that_is_turned_away_does_not_wait_again(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    other, _ = await world.join("nhatrang", session)
    guest = await knocks(world, "dienan", session.code)
    (knock,) = (await host.type("door"))["waiting"]
    assert (await other.ask(type="admit", id=knock["id"], on=True))["error"] == "controlled-by"
    await host.send(type="admit", id=knock["id"], on=False)
    assert (await guest.type("bye"))["reason"] == "turned-away"
    assert (await host.ask(type="admit", id=knock["id"], on=True))["error"] == "unknown-seat"
    again = await world.socket("dienan")
    assert (await again.ask(type="join", code=session.code, accepted=True))["error"] == "not-invited"
    assert (await world.services.scheduler.session(session.id)).points == (NHA_TRANG,)


async def test_a_guest_that_is_turned_away_hears_of_it_though_the_host_is_cut_off_meanwhile(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    guest = await knocks(world, "dienan", session.code)
    (knock,) = (await host.type("door"))["waiting"]
    meeting = world.server.meetings.meetings[session.id]
    async with meeting._order:  # something else is carried out
        await host.send(type="admit", id=knock["id"], on=False)
        await wait_until(lambda: not meeting.state.waiting_room.waiting)
        world.drop("host")
        await wait_until(lambda: len(world.server.meetings.clients) == 1)
    assert (await guest.type("bye"))["reason"] == "turned-away"


async def test_the_capacity_holds_for_who_waits_too(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    await world.services.scheduler.operator.set_capacity(NOW, Amount(3, 3), NOW)  # no more than it has
    host, _ = await world.join("host", session)
    await knocks(world, "dienan", session.code)
    (knock,) = (await host.type("door"))["waiting"]
    assert (await host.ask(type="admit", id=knock["id"], on=True))["error"] == "full"
    assert (await world.services.scheduler.session(session.id)).points == (NHA_TRANG, CAM_RANH)


async def test_a_guest_that_leaves_waits_no_longer_and_the_end_sends_the_others_home(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    first, second = await knocks(world, "dienan", session.code), await knocks(world, "vanninh", session.code)
    await host.type("door")
    assert [knock["account"] for knock in (await host.type("door"))["waiting"]] == ["dienan", "vanninh"]
    await first.socket.close()
    assert [knock["account"] for knock in (await host.type("door"))["waiting"]] == ["vanninh"]
    await world.server.meetings.cancelled(session.id)
    assert (await second.type("bye"))["reason"] == "cancelled"
