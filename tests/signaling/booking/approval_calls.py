"""Asks for a second person and decides, as tests of approvals do."""

from typing import Any

from aiohttp import ClientSession

from scheduler.policy.policy import TwoPersonPolicy
from tests.signaling.booking.queue_calls import REASON, full, got, refused, sent
from tests.signaling.world import World

RULE = TwoPersonPolicy(actions=("revoke-codes",), minutes=30)


async def asked(world: World) -> tuple[ClientSession, ClientSession, Any, str]:
    """Ask for a plan that revokes a code; return who asked, an administrator, its victim, and the request's id."""
    client, admin = await world.signed_in("central"), await world.signed_in("admin")
    _, second, waiting = await full(client)
    profiles = world.services.scheduler.all_profiles
    profiles.policies = tuple(each.model_copy(update={"two_persons": RULE}) for each in profiles.policies)
    path = f"/sessions/{waiting['id']}"
    stale = await sent(client, f"{path}/confirm", {"version": 7, "reason": REASON})
    assert (stale["session"], stale["plan"]["version"]) == (None, 1)
    plan = await sent(client, f"{path}/hold")
    for _ in range(2):
        body = {"version": plan["version"], "reason": REASON}
        assert await refused(client, f"{path}/confirm", body) == (409, "approval-needed")
    [request] = await got(client, "/approvals")
    assert (request["session"]["id"], request["asked_by"], request["state"]) == (waiting["id"], "central", "asked")
    assert ([each["id"] for each in request["victims"]], request["mine"]) == ([second["id"]], True)
    assert request["expires"] == "2026-04-06T01:30:00Z"
    assert (await got(client, f"/sessions/{second['id']}"))["state"] == "issued"
    return client, admin, second, request["id"]


async def state(client: ClientSession, session: Any) -> str:
    """Return the state of a session."""
    found: str = (await got(client, f"/sessions/{session['id']}"))["state"]
    return found


async def decide(client: ClientSession, id_: str, word: str) -> tuple[int, str]:
    """Decide about a request; return the status, and the word of a problem."""
    async with client.post(f"/api/v1/approvals/{id_}/{word}", json={}) as response:
        if response.status == 204:
            return 204, ""
        return response.status, (await response.json())["type"].removeprefix("urn:diemcau:")
