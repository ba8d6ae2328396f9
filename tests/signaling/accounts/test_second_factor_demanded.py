"""An account that must have a second factor adds one after the password, and can do nothing else before (TCVN 14423).

Tests parts of `sign_in.py`, `signaling/http/middleware.py` and `signaling/meeting/websocket.py`.
"""

from typing import get_args

import aiohttp
import pytest

from scheduler.policy.policy import NO_SECOND_FACTOR, AccountRole, SecondFactorPolicy
from signaling.app.api_table import PREFIX, ROUTES
from signaling.core.account import ROLES, Account, Source
from signaling.http.openapi import public_path
from tests.signaling.request_bodies import GOOD
from tests.signaling.second_factor_calls import API, NONE, code, demand, enrol, halfway, me, pass_code
from tests.signaling.world import CHEAP, NOW, PASSWORD, World, problem_of

HERE, OFFICE = ["127.0.0.0/8"], ["10.0.0.0/8"]


def policy(**fields: object) -> SecondFactorPolicy:
    return SecondFactorPolicy.model_validate(fields)


def test_the_policy_names_the_roles_of_accounts() -> None:
    assert get_args(AccountRole) == ROLES


async def test_an_administrator_adds_one_first_and_can_do_nothing_else(world: World) -> None:
    demand(world, policy(everywhere=["administrator"], trusted=HERE))
    client = await world.signed_in("admin")
    assert await me(client) == (200, True)
    closed = [
        route
        for route in ROUTES
        if route.access != "open" and not public_path(route.path).startswith(("/me", "/logout", "/second-factor"))
    ]
    responses = {}
    for route in closed:
        path = PREFIX + public_path(route.path).replace("{id}", "nothing")
        body = {"json": GOOD.get(public_path(route.path), {})} if route.method == "POST" else {}
        async with client.request(route.method, path, **body) as response:
            responses[route.method, path] = await problem_of(response)
    assert set(responses.values()) == {(403, "must-enrol")}
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await client.ws_connect("/ws")
    async with client.get(f"{API}/nothing") as response:
        assert await problem_of(response) == (403, "must-enrol")
    secret, codes = await enrol(world, client)
    assert (await me(client), len(codes)) == ((200, False), 10)
    async with client.get(f"{API}/setup") as response:
        assert response.status == 200
    again = await halfway(world, "admin")
    assert await pass_code(again, code(world, secret)) == ""
    assert await me(again) == (200, False)


async def test_others_are_asked_where_they_come_from_outside_alone(world: World) -> None:
    sign_in = world.server.sign_in
    await world.accounts.add_account(Account("an", "An", ("registrant",), "568", None), CHEAP.hash(PASSWORD), NOW)
    demand(world, policy(outside=["registrant", "site"], trusted=OFFICE))
    outcomes = {}
    for name in ("an", "host", "central"):  # host is an account of a point, which is exempt
        for address in ("10.9.9.9", "11.9.9.9"):
            token, account = await sign_in.login(name, PASSWORD, Source(address, 1), NOW)
            known = await sign_in.account(token, address, NOW)
            assert known is not None and known.must_enrol == account.must_enrol
            outcomes[name, address] = account.must_enrol
    assert {key for key, must in outcomes.items() if must} == {("an", "11.9.9.9")}


async def test_a_sign_in_from_a_trusted_network_does_not_hold_outside(world: World) -> None:
    sign_in = world.server.sign_in
    await world.accounts.add_account(Account("an", "An", ("registrant",), "568", None), CHEAP.hash(PASSWORD), NOW)
    demand(world, policy(outside=["registrant"], trusted=OFFICE))
    token, _ = await sign_in.login("an", PASSWORD, Source("10.9.9.9", 1), NOW)
    taken_outside = await sign_in.account(token, "11.9.9.9", NOW)
    assert taken_outside is not None and taken_outside.must_enrol
    login = await sign_in.login_of(token, "11.9.9.9", NOW)
    assert login is not None and login.account.must_enrol


async def test_a_policy_that_begins_reaches_those_who_are_signed_in(world: World) -> None:
    client, socket = await world.signed_in("central"), await world.socket("central")
    demand(world, policy(everywhere=["technician"]))
    async with client.get(f"{API}/sessions") as response:
        assert await problem_of(response) == (403, "must-enrol")
    await enrol(world, client)
    assert (await socket.type("bye"))["reason"] == "signed-out"
    async with client.get(f"{API}/sessions") as response:
        assert response.status == 200
    demand(world, NO_SECOND_FACTOR)
    await halfway(world, "central")  # who has a second factor is asked for it all the same


async def test_who_removes_the_last_factor_must_add_one_again(world: World) -> None:
    demand(world, policy(everywhere=["technician"]))
    client = await world.signed_in("central")
    await enrol(world, client)
    async with client.post(f"{API}/second-factor/totp/remove", json={"password": PASSWORD}) as response:
        assert response.status == 204
    assert await me(client) == (200, True)
    async with client.get(f"{API}/second-factor") as response:
        assert await response.json() == {**NONE, "demanded": True}


async def test_the_second_factor_comes_before_a_new_password(world: World) -> None:
    demand(world, policy(everywhere=["administrator"]))
    fresh = Account("fresh", "Mới", ("administrator",), None, None, must_change=True)
    await world.accounts.add_account(fresh, CHEAP.hash(PASSWORD), NOW)
    client = await world.signed_in("fresh")
    change = {"current": PASSWORD, "password": "quite another one"}
    async with client.post(f"{API}/password", json=change) as response:
        assert await problem_of(response) == (403, "must-enrol")
    await enrol(world, client)
    async with client.get(f"{API}/sessions") as response:
        assert await problem_of(response) == (403, "must-change-password")
    async with client.post(f"{API}/password", json=change) as response:
        assert ((await response.json())["must_change"], response.status) == (False, 200)
    async with client.get(f"{API}/sessions") as response:
        assert response.status == 200
