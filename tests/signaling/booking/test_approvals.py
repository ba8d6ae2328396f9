"""Two persons revoke codes where the profile asks for it: request, approval, expiry, emergency, and the audit log.

Also tests `approvals_store.py` and `two_persons.py`.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.policy import profile_files
from scheduler.policy.policy import NO_SECOND_PERSON
from signaling.app.admin_cli import NewAccount, create_account
from signaling.booking import approvals_store
from signaling.booking.approvals_store import new_approval
from tests.signaling.booking.approval_calls import asked, decide, state
from tests.signaling.booking.queue_calls import REASON, got, refused, sent
from tests.signaling.world import NOW, PASSWORD, World


async def actions(world: World) -> list[tuple[str, str]]:
    return [(each.actor, each.action) for each in await world.audited(50) if each.action.startswith("approval-")]


async def test_a_second_administrator_approves(world: World) -> None:
    client, admin, victim, request = await asked(world)
    assert await decide(client, request, "approve") == (403, "forbidden")
    assert await decide(admin, request, "emergency") == (403, "forbidden")
    assert await decide(admin, request, "approve") == (204, "")
    assert await state(client, victim) == "revoked"
    history = await got(client, f"/sessions/{victim['id']}/history")
    assert [(each["kind"], each["by"], each["reason"]) for each in history][-1] == ("revoked", "central", REASON)
    assert await decide(admin, request, "approve") == (409, "approval-over")
    assert await got(admin, "/approvals") == []
    assert await actions(world) == [("admin", "approval-give"), ("central", "approval-ask")]


async def test_nobody_approves_their_own_request(world: World) -> None:
    await create_account(world.services, NewAccount("admin2", "Hai", ("administrator",)), PASSWORD, NOW)
    _, admin, victim, request = await asked(world)
    assert await decide(admin, request, "refuse") == (204, "")
    assert await decide(admin, request, "approve") == (409, "approval-over")
    plan = await got(admin, "/queue")
    path = f"/sessions/{plan['waiting'][0]['session']['id']}"
    version = (await sent(admin, f"{path}/hold"))["version"]
    assert await refused(admin, f"{path}/confirm", {"version": version, "reason": REASON}) == (409, "approval-needed")
    [own] = await got(admin, "/approvals")
    assert await decide(admin, own["id"], "approve") == (403, "forbidden")
    other = await world.signed_in("admin2")
    assert await decide(other, own["id"], "approve") == (204, "")
    assert await state(admin, victim) == "revoked"


async def test_a_request_expires(world: World) -> None:
    client, admin, victim, request = await asked(world)
    world.clock.now = NOW + timedelta(minutes=30)
    assert await got(admin, "/approvals") == []
    assert [await decide(admin, request, word) for word in ("approve", "refuse")] == [(409, "approval-over")] * 2
    assert await decide(client, request, "emergency") == (409, "approval-over")
    assert await state(client, victim) == "issued"


async def test_an_emergency_is_confirmed_afterwards(world: World) -> None:
    client, admin, victim, request = await asked(world)
    assert await decide(client, request, "emergency") == (204, "")
    assert await state(client, victim) == "revoked"
    world.clock.now = NOW + timedelta(days=3)
    admin, client = await world.signed_in("admin"), await world.signed_in("central")
    [listed] = await got(admin, "/approvals")
    assert (listed["id"], listed["state"]) == (request, "emergency")
    assert await decide(client, request, "approve") == (403, "forbidden")
    assert await decide(admin, request, "approve") == (204, "")
    assert await got(admin, "/approvals") == []
    found = [("admin", "approval-confirm"), ("central", "approval-emergency"), ("central", "approval-ask")]
    assert await actions(world) == found


async def test_what_would_revoke_others_by_now_is_not_carried_out(world: World) -> None:
    client, admin, victim, request = await asked(world)
    async with client.post(f"/api/v1/sessions/{victim['id']}/cancel", json={"reason": REASON}) as response:
        assert response.status == 200
    word = await decide(admin, request, "approve")
    assert word in {(409, "approval-over"), (409, "illegal-move")}
    assert await got(admin, "/approvals") == []


async def test_codes_for_lack_of_capacity_are_revoked_by_two(world: World) -> None:
    client, admin, _, _ = await asked(world)
    change = {"sessions": 20, "points": 80, "reason": REASON}
    due = await sent(client, "/capacity/steps", change)
    body = {"victims": [each["id"] for each in due["victims"]], "reason": REASON}
    assert body["victims"]
    assert await refused(client, "/capacity/shed", body) == (409, "approval-needed")
    [request] = [each for each in await got(admin, "/approvals") if each["action"] == "shed"]
    assert await decide(admin, request["id"], "approve") == (204, "")
    assert await state(client, {"id": body["victims"][0]}) == "revoked"


def test_without_the_section_one_person_decides() -> None:
    for policy in profile_files.load().policies:
        assert policy.two_persons == NO_SECOND_PERSON
        assert "two_persons" not in policy.model_dump(mode="json")


async def test_no_number_of_requests_hides_an_emergency(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvals_store, "MAX_LISTED", 2)
    store, until = world.services.approvals, NOW + timedelta(hours=1)
    requests = [new_approval("change-roles", f"a{n}", (), False, "", "admin", NOW, until) for n in range(3)]
    late = replace(new_approval("change-roles", "b", (), False, "", "admin", until, until), state="emergency")
    for each in (*requests, late):
        assert await store.ask(each) is each
    assert [each.subject for each in await store.listed(NOW)] == ["b", "a0"]
    again = new_approval("change-roles", "a2", (), False, "", "admin", NOW, until)
    assert await store.ask(again) == requests[2]
