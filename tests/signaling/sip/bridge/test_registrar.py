"""Devices that register where they take calls (RFC 3261 §10).

Also tests `registration.py`, `password_check.py`, `registered_peers.py`, `reachability.py` and `bindings_store.py`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

from scheduler.directory.model import Binding, Device
from signaling.sip.agent.agent import Agent, SipSettings, Target
from signaling.sip.protocol import digest
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.message import Response
from signaling.sip.protocol.trace import TracedCall, TracedMessage
from tests.signaling.fake_room_systems import register, tick, use_fake_agent, wait_for_calls
from tests.signaling.sip import wire
from tests.signaling.sip.wire import HOST, Peer
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW, World, older

ACCOUNT = Credentials("p.hop", "rat-bi-mat")
VCS = "10.79.6.20"


async def device_with_password(world: World, address: str | None = VCS) -> Device:
    """Register the device of Nha Trang with a user name and a password; return it."""
    await register(world, NHA_TRANG, VCS, dial_out=False)
    (device,) = await world.services.equipment.devices(NHA_TRANG)
    about = replace(device, address=address, auth_user=ACCOUNT.user, dial_out=True)
    return await world.services.equipment.describe(about, world.clock.now, {"password": ACCOUNT.password})


@asynccontextmanager
async def registering(world: World) -> AsyncIterator[Peer]:
    """Yield a peer of an agent whose handler is the server's bridge."""
    agent = Agent(SipSettings(HOST, 0), world.server.sip_bridge)
    await agent.start()
    try:
        async with wire.udp(agent) as peer:
            yield peer
    finally:
        await agent.close()


async def answered(peer: Peer, *headers: str, credentials: Credentials = ACCOUNT, method: str = "REGISTER") -> Response:
    """Register without an answer to a challenge, then with one; return the second response."""
    peer.request(method, *headers)
    response = await peer.response()
    asked = digest.challenge(response)
    assert response.status == 401 and asked is not None
    proof = digest.authorization(asked, credentials, method, f"sip:123@{HOST}", "client")
    peer.request(method, f"Authorization: {proof[1]}", *headers)
    return await peer.response()


async def shown(world: World) -> dict[str, Any]:
    """Return the device as the directory's page shows it."""
    central = await world.signed_in("central")
    async with central.get(f"/api/v1/directory/points/{NHA_TRANG}/stock") as response:
        row: dict[str, Any] = (await response.json())["devices"][0]
        return row


async def test_a_device_registers_renews_and_leaves(world: World) -> None:
    device = await device_with_password(world)
    async with registering(world) as peer:
        peer.numbers = count(50)
        contact = f"sip:peer@{HOST}:{peer.port};transport=udp"
        response = await answered(peer, "Expires: 86400")
        assert (response.status, response.get("contact")) == (200, f"<{contact}>;expires=3600")
        (binding,) = (await world.services.equipment.bindings(NOW)).values()
        until = NOW + timedelta(hours=1)
        assert binding == Binding(device.id, contact, HOST, peer.port, "udp", "call@peer", 51, until)
        assert (await shown(world))["registered"] == "2026-04-06T02:00:00Z"
        assert await world.services.equipment.bindings(until) == {}  # it ends by itself
        peer.numbers = count(1)
        assert (await answered(peer)).status == 500  # an older one came late
        peer.numbers = count(60)
        assert (await answered(peer, "Expires: 59")).get("min-expires") == "60"
        assert (await answered(peer, "Expires: 0")).status == 200
        assert await world.services.equipment.bindings(NOW) == {}
        assert (await answered(peer, "Expires: soon")).status == 400


async def test_wrong_passwords_are_guesses(world: World) -> None:
    await device_with_password(world)
    async with registering(world) as peer:
        for credentials in (Credentials("p.hop", "x"), Credentials("nobody", "rat-bi-mat")):
            assert (await answered(peer, credentials=credentials)).status == 403
        noted = [(each.action, each.subject, each.address) for each in await world.audited(2)]
        assert noted == [("register-refused", name, HOST) for name in ("nobody", "p.hop")]
    assert await world.services.equipment.bindings(NOW) == {}


async def test_guesses_from_elsewhere_or_from_behind_its_nat_lock_no_device_out(world: World) -> None:
    await device_with_password(world)
    async with registering(world) as stranger, registering(world) as peer:
        assert (await answered(peer)).status == 200
        (binding,) = (await world.services.equipment.bindings(NOW)).values()
        stranger.call_id = "stranger"
        for _ in range(10):
            assert (await answered(stranger, credentials=Credentials(ACCOUNT.user, "x"))).status == 403
        assert [each.action for each in await world.audited(2)] == ["password-locked", "register-refused"]
        assert (await answered(stranger)).status == 403  # the password is right, and not looked at
        assert len([each for each in await world.audited(50) if each.action == "register-refused"]) == 10
        assert (await answered(peer)).status == 200  # from where it is registered
        await world.services.equipment.bind(replace(binding, port=1))
        assert (await answered(peer)).status == 403
        await older(world.server.redis, 300)
        assert (await answered(stranger)).status == 200


async def test_guesses_through_its_sbc_lock_no_device_out_that_says_where_it_registered(world: World) -> None:
    await device_with_password(world)
    async with registering(world) as sbc:
        assert (await answered(sbc)).status == 200
        sbc.call_id, sbc.contact_user = "stranger", "stranger"
        for _ in range(10):
            assert (await answered(sbc, credentials=Credentials(ACCOUNT.user, "x"))).status == 403
        assert (await answered(sbc)).status == 403
        sbc.call_id, sbc.contact_user = "call", "peer"
        assert (await answered(sbc, method="INVITE")).status == 404  # its code is looked at
        sbc.ack(f"INVITE{sbc.number}")
        for _ in range(10):
            assert (await answered(sbc, credentials=Credentials(ACCOUNT.user, "x"))).status == 403
        assert (await answered(sbc)).status == 403  # who knows its Contact guesses no further either


async def test_a_device_is_called_where_it_registered(world: World) -> None:
    agent = use_fake_agent(world)
    device = await device_with_password(world, address=None)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await tick(world, 0)
    assert agent.called == []  # nobody knows where it is
    until = NOW + timedelta(seconds=60)
    await world.services.equipment.bind(Binding(device.id, "sip:a@10.0.0.9", VCS, 40000, "tcp", "c", 1, until))
    await tick(world, 5)
    await wait_for_calls(host, "connected")
    assert agent.called == [Target(VCS, 40000, "tcp", contact="sip:a@10.0.0.9", credentials=ACCOUNT)]
    assert agent.called[0].uri == agent.called[0].logical_uri == "sip:a@10.0.0.9"
    agent.calls[0].end("gone")
    await wait_for_calls(host, "waiting")
    await tick(world, 60)
    (row,) = await wait_for_calls(host, "waiting")
    assert (row["status"], len(agent.called)) == (480, 1)


async def test_the_gateway_knows_names_and_addresses_of_the_register(world: World) -> None:
    use_fake_agent(world)
    device = await device_with_password(world)
    until = NOW + timedelta(seconds=60)
    await world.services.equipment.bind(Binding(device.id, "sip:a@10.0.0.9", "10.79.7.7", 5060, "udp", "c", 1, until))
    bridge = world.server.sip_bridge
    assert not bridge.names_device(ACCOUNT.user)
    await tick(world, 5)
    assert [bridge.names_device(each) for each in (ACCOUNT.user, "mallory", "")] == [True, False, False]
    await register(world, CAM_RANH, "10.79.6.21", sip_user="2002")
    await tick(world, 5)
    assert [bridge.proves_itself(each) for each in (ACCOUNT.user, "2002", "mallory", "")] == [True, *[False] * 3]
    assert [bridge.has_address(each) for each in (VCS, "10.79.7.7", "10.66.6.6")] == [True, True, False]


async def test_the_directory_shows_who_answers(world: World) -> None:
    agent = use_fake_agent(world)
    await device_with_password(world)
    assert (await shown(world))["reachable"] is None
    for responding, answers in (({VCS}, True), (set(), False)):
        agent.responding = responding
        await world.server.reachability.work(NOW)
        assert (await shown(world))["reachable"] is answers


async def test_messages_of_a_device_are_those_of_its_calls_whose_address_need_not_be_known(world: World) -> None:
    agent = use_fake_agent(world)
    device = await device_with_password(world, address=None)
    agent.traces[device.id] = [TracedCall("10.79.7.7", [TracedMessage(NOW, sent=True, text="BYE")])]
    assert [call.messages[0].text for call in await world.server.sip_bridge.traced(device)] == ["BYE"]
    await register(world, CAM_RANH, None, protocol="H323", sip_user="2001")
    (by_number,) = await world.services.equipment.devices(CAM_RANH)
    outbound = world.server.sip_bridge.outbound
    outbound.protocols, outbound.gatekeeper = ("SIP", "H323"), ("10.79.0.9", 1719)
    agent.traces["10.79.0.9"] = agent.traces[device.id]  # of nobody who is known: the gatekeeper routes all calls
    assert await world.server.sip_bridge.traced(by_number) == []


async def test_messages_of_a_device_without_an_address_are_those_from_where_it_registered(world: World) -> None:
    agent = use_fake_agent(world)
    device = await device_with_password(world, address=None)
    central, url = await world.signed_in("central"), f"/api/v1/directory/devices/{device.id}/trace"
    async with central.get(url) as response:
        assert response.status == 409  # nobody knows where it is
    expires = world.clock.now + timedelta(minutes=5)
    await world.services.equipment.bind(
        Binding(device.id, "sip:123@10.1.1.1", "10.79.7.7", 5060, "udp", "c", 1, expires)
    )
    message = TracedMessage(NOW, sent=True, text="INVITE sip:•••@10.1.1.1 SIP/2.0")
    agent.traces["10.79.7.7"] = [TracedCall("10.79.7.7", [message])]
    async with central.get(url) as response:
        assert [call["messages"][0]["text"] for call in await response.json()] == [message.text]
