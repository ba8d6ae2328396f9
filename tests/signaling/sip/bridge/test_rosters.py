"""Another MCU, written line by line, that a whole server calls and asks who is in its room."""

import pytest

from signaling.app.settings import Settings
from signaling.sip.agent.agent import Agent
from signaling.sip.bridge import bridge
from signaling.sip.protocol.message import Request
from signaling.sip.protocol.roster import MEDIA_TYPE
from tests.signaling.fake_room_systems import register, tick, wait_for_calls
from tests.signaling.sip import wire
from tests.signaling.sip.agents import soon
from tests.signaling.sip.rosters import roster, user
from tests.signaling.sip.whole_server import LOOPBACK, served
from tests.signaling.world import NHA_TRANG


@pytest.fixture(autouse=True)
def _time_passes_when_we_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the bridge's timer off: tests say when time passes."""
    monkeypatch.setattr(bridge, "TICK_SECONDS", 3600.0)


async def asked(peer: wire.Peer, method: str) -> Request:
    """Return the next request of a method; what is repeated before it is passed over."""
    while True:
        message = await soon(peer.heard.get())
        if isinstance(message, Request) and message.method == method:
            return message


def sound_alone(offer: str) -> str:
    """Return an answer that takes G.722 of an offer."""
    media = [line.split() for line in offer.splitlines() if line.startswith("m=")]
    lines = [
        f"m=audio 40000 {protocol} 9" if kind == "m=audio" else f"{kind} 0 {protocol} {number}"
        for kind, _, protocol, number, *_ in media
    ]
    return "\r\n".join(["v=0", "o=- 2 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", *lines, ""])


async def test_r021_the_host_reads_who_is_in_the_room_of_another_mcu(settings: Settings) -> None:
    async with served(settings) as world:
        agent = world.server.sip_bridge.outbound.agent
        assert isinstance(agent, Agent)
        async with wire.udp(agent) as peer:
            await register(world, NHA_TRANG, LOOPBACK, kind="LINK", port=peer.port, transport="UDP")
            session = await world.session(NHA_TRANG)
            host, _ = await world.join("host", session)
            await tick(world, 0)
            invite = await asked(peer, "INVITE")
            peer.parameters = ";isfocus"
            peer.respond(invite, 200, body=sound_alone(invite.text))
            (row,) = await wait_for_calls(host, "connected")
            assert (row["inside"], row["inside_more"]) == ([], 0)

            subscribe = await asked(peer, "SUBSCRIBE")
            peer.respond(subscribe, 200, "Expires: 3600")
            peer.call_id, peer.theirs = subscribe.call_id, subscribe.sender.tag
            we = user(subscribe.sender.uri, subscribe.sender.name)
            users = [we, user("sip:a@mcu", "Văn phòng Chính phủ"), user("sip:b@mcu", "Bộ Y tế"), user("tel:")]
            state = "Event: conference", "Subscription-State: active;expires=3600", f"Content-Type: {MEDIA_TYPE}"
            peer.request("NOTIFY", *state, body=roster(users))
            (row,) = (await host.until(lambda message: message["type"] == "calls"))["calls"]
            assert (row["inside"], row["inside_more"]) == (["Văn phòng Chính phủ", "Bộ Y tế"], 1)
            (call,) = agent.traced(row["device"], LOOPBACK)
            texts = [each.text for each in call.messages]
            assert {text.split(" ")[0] for text in texts} >= {"INVITE", "SUBSCRIBE", "NOTIFY"}
            assert not any("Bộ Y tế" in text for text in texts)

            peer.call_id, peer.theirs = invite.call_id, invite.sender.tag
            peer.request("BYE")
            (row,) = await wait_for_calls(host, "left")
            assert (row["inside"], row["inside_more"]) == ([], 0)
            end = await asked(peer, "SUBSCRIBE")
            assert (end.call_id, end.get("expires")) == (subscribe.call_id, "0")
