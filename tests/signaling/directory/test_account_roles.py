"""An administrator changes the roles of an account; where the profile asks for it a second one approves.

Also tests `signaling/accounts/role_changes.py`.
"""

import asyncio
import json
from argparse import Namespace
from collections.abc import AsyncIterator

from aiohttp import ClientSession

from scheduler.policy.policy import TwoPersonPolicy
from signaling.accounts.role_changes import checked
from signaling.app import admin_cli
from signaling.app.admin_cli import NewAccount, create_account
from signaling.core.account import Account
from signaling.core.errors import BadInput
from tests.signaling.booking.approval_calls import decide
from tests.signaling.booking.queue_calls import REASON, got
from tests.signaling.world import NOW, PASSWORD, World, problem_of

UNIT = "so.nnptnt"
RULE = TwoPersonPolicy(actions=("change-roles",))


def fault(account: Account, *roles: str, elsewhere: bool = False) -> str:
    """Return the word of the fault of a change, or the roles that an account gets."""
    try:
        return " ".join(checked(account, roles, elsewhere=elsewhere, operator="so.tttt"))
    except BadInput as error:
        return error.faults[0].detail


def test_roles_fit_the_account() -> None:
    person = Account("an", "An", ("supervisor",), None, None)
    of_unit = Account("binh", "Bình", ("registrant",), UNIT, None)
    glass = Account("glass", "Phong bì", ("administrator",), None, None, break_glass=True)
    point = Account("room", "Phòng", ("site",), UNIT, "p1")
    lines = Account("vnpt", "VNPT", ("provider",), None, None, provider="vnpt")
    assert fault(person, "technician", "administrator") == "administrator technician"
    assert fault(of_unit, "site", "registrant") == "registrant site"
    assert fault(Account("cuc", "Cúc", ("site",), "so.tttt", None), "technician") == "technician"
    assert [
        fault(person, "supervisor"),
        fault(person, "site"),
        fault(person, "provider"),
        fault(person, "administrator", elsewhere=True),
        fault(of_unit, "technician"),
        fault(glass, "supervisor"),
        fault(point, "registrant"),
        fault(lines, "supervisor"),
    ] == [
        "roles-same",
        "roles-need-unit",
        "roles-of-place",
        "roles-of-groups",
        "roles-of-operator",
        "roles-of-break-glass",
        "roles-of-place",
        "roles-of-place",
    ]


async def change(client: ClientSession, account: str, *roles: str) -> tuple[int, str]:
    """Change the roles of an account; return the status, and the word of a problem."""
    body = {"roles": roles, "reason": REASON}
    async with client.post(f"/api/v1/directory/accounts/{account}/roles", json=body) as response:
        return (204, "") if response.status == 204 else await problem_of(response)


async def roles_of(world: World, account: str) -> tuple[str, ...]:
    stored = await world.accounts.account(account)
    assert stored is not None
    return stored[0].roles


async def told(world: World) -> list[tuple[str, str, str, str]]:
    words = ("roles", "approval-")
    return [(e.actor, e.action, e.subject, e.detail) for e in await world.audited(50) if e.action.startswith(words)]


async def two_persons(world: World) -> tuple[ClientSession, ClientSession]:
    """Let the profile ask for two persons; return two administrators."""
    await create_account(world.services, NewAccount("admin2", "Hai", ("administrator",)), PASSWORD, NOW)
    profiles = world.services.scheduler.all_profiles
    profiles.policies = tuple(each.model_copy(update={"two_persons": RULE}) for each in profiles.policies)
    return await world.signed_in("admin"), await world.signed_in("admin2")


async def test_an_administrator_changes_roles_which_ends_sign_ins(world: World) -> None:
    admin, office = await world.signed_in("admin"), await world.signed_in("office")
    assert await change(admin, "admin", "supervisor") == (403, "forbidden")
    assert await change(admin, "office", "supervisor") == (422, "invalid")
    assert await change(admin, "office", "technician", "supervisor") == (204, "")
    assert await roles_of(world, "office") == ("technician", "supervisor")
    async with office.get("/api/v1/me") as response:
        assert response.status == 401
    assert await told(world) == [("admin", "roles", "office", f"supervisor → technician supervisor: {REASON}")]


async def test_a_second_administrator_approves_a_change_of_roles(world: World) -> None:
    admin, admin2 = await two_persons(world)
    for _ in range(2):
        assert await change(admin, "office", "administrator") == (409, "approval-needed")
    [request] = await got(admin2, "/approvals")
    assert (request["account"], request["roles_before"], request["roles"], request["victims"], request["session"]) == (
        "office",
        ["supervisor"],
        ["administrator"],
        [],
        None,
    )
    assert await decide(admin, request["id"], "approve") == (403, "forbidden")
    assert await roles_of(world, "office") == ("supervisor",)
    assert await decide(admin2, request["id"], "approve") == (204, "")
    assert await roles_of(world, "office") == ("administrator",)
    assert [each[:3] for each in await told(world)] == [
        ("admin2", "approval-give", "office"),
        ("admin2", "roles", "office"),
        ("admin", "approval-ask", "office"),
    ]


async def test_nobody_approves_what_concerns_their_own_roles_and_others_by_now_void_it(world: World) -> None:
    admin, admin2 = await two_persons(world)
    assert await change(admin, "admin2", "supervisor") == (409, "approval-needed")
    [own] = await got(admin2, "/approvals")
    assert await decide(admin2, own["id"], "approve") == (403, "forbidden")
    assert await change(admin, "office", "technician") == (409, "approval-needed")
    request = (await got(admin2, "/approvals"))[-1]
    await world.accounts.set_roles("office", ("supervisor",), ("administrator",), {"admin"})
    assert await decide(admin2, request["id"], "approve") == (409, "approval-over")
    assert await roles_of(world, "office") == ("administrator",)


async def test_an_emergency_changes_roles_at_once_and_is_confirmed(world: World) -> None:
    admin, _ = await two_persons(world)
    assert await change(admin, "admin2", "supervisor") == (409, "approval-needed")
    [request] = await got(admin, "/approvals")
    assert await decide(admin, request["id"], "emergency") == (204, "")
    assert await roles_of(world, "admin2") == ("supervisor",)
    assert await change(admin, "office", "administrator") == (409, "approval-needed")
    [office] = [each for each in await got(admin, "/approvals") if each["account"] == "office"]
    assert await decide(admin, office["id"], "emergency") == (204, "")
    second = await world.signed_in("office")
    assert await decide(second, request["id"], "approve") == (204, "")
    assert await decide(second, office["id"], "approve") == (403, "forbidden")
    assert [each[1] for each in await told(world)].count("approval-confirm") == 1


async def test_an_account_made_on_the_machine_is_confirmed_on_the_page(world: World) -> None:
    admin, _ = await two_persons(world)
    made = {"name": "", "point": None, "unit": None, "provider": None, "language": "vi", "must_change": False}
    arguments = Namespace(account="third", role=["administrator"], ask=False, **made)
    await admin_cli.COMMANDS["create-account"](world.services, arguments)
    [request] = await got(admin, "/approvals")
    assert (request["account"], request["state"], request["roles_before"]) == ("third", "emergency", [])
    assert request["asked_by"].startswith("shell/")
    assert await decide(admin, request["id"], "approve") == (204, "")
    assert await got(admin, "/approvals") == []


async def test_who_was_an_administrator_when_a_request_began_decides_nothing_when_it_ends(world: World) -> None:
    _, admin2 = await two_persons(world)
    begun, over = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b'{"reason": '
        begun.set()
        await over.wait()
        yield json.dumps(REASON).encode() + b', "roles": ["administrator"]}'

    headers = {"Content-Type": "application/json"}
    path = "/api/v1/directory/accounts/office/roles"
    late = asyncio.create_task(admin2.post(path, data=body(), headers=headers))
    await begun.wait()
    await asyncio.sleep(0.1)  # the sign-in is read
    assert await world.accounts.set_roles("admin2", ("administrator",), ("supervisor",), {"admin"})
    over.set()
    async with await late as response:
        assert await problem_of(response) == (401, "signed-out")


async def test_of_two_who_take_each_others_role_at_once_one_remains(world: World) -> None:
    await two_persons(world)
    done = await asyncio.gather(
        world.accounts.set_roles("admin", ("administrator",), ("supervisor",), {"admin2"}),
        world.accounts.set_roles("admin2", ("administrator",), ("supervisor",), {"admin"}),
    )
    [left] = [each for each in ("admin", "admin2") if await roles_of(world, each) == ("administrator",)]
    assert sorted(done) == [False, True]
    await world.accounts.disable(left)
    assert not await world.accounts.set_roles("office", ("supervisor",), ("administrator",), {left})


async def test_what_somebody_asked_who_is_no_administrator_by_now_is_not_done(world: World) -> None:
    admin, admin2 = await two_persons(world)
    assert await change(admin2, "office", "administrator") == (409, "approval-needed")
    [request] = await got(admin, "/approvals")
    assert await world.accounts.set_roles("admin2", ("administrator",), ("supervisor",), {"admin"})
    assert await decide(admin, request["id"], "approve") == (409, "approval-over")
    assert await roles_of(world, "office") == ("supervisor",)
    assert await got(admin, "/approvals") == []
