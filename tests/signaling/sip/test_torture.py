"""A whole server answers the messages of RFC 4475 and RFC 5118 as its agent does, and refuses whom it does not know."""

from signaling.app.settings import Settings
from signaling.sip.agent.agent import Agent
from tests.signaling.sip.agents import soon
from tests.signaling.sip.torture import CASES, PROBE, Case, final, sender, status
from tests.signaling.sip.whole_server import served

REFUSED = {b"INVITE": 403, b"REGISTER": 401}
"""What who is not registered hears where the agent would take what it asks for."""
AFTERWARDS = {"regbadct", "unksm2"}
"""Messages whose Contacts are read once the password is right (RFC 3261 §10.3)."""


def expected(case: Case) -> int | None:
    """Return the status by which a whole server answers."""
    method = case.data.split(maxsplit=1)[0]
    return REFUSED.get(method, 200) if case.status == 200 or case.name in AFTERWARDS else case.status


async def test_a_whole_server_survives_all_of_them(settings: Settings) -> None:
    async with served(settings) as world:
        agent = world.server.sip_bridge.outbound.agent
        assert isinstance(agent, Agent)
        for number, case in enumerate(CASES, 1):
            async with sender(f"127.0.1.{number}", agent.address) as peer:
                peer.send(case)
                if case.status is not None:
                    assert (case.name, status(await final(peer.heard))) == (case.name, expected(case))
                peer.wire.sendto(PROBE)
                assert b"probe" in await soon(peer.heard.get()), case.name
