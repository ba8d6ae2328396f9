"""Signing in: the lock after five failures, who is locked and who is not, and the password that must be changed.

Also tests `rest.py`, `passwords.py`, `store.py` and `throttle.py`.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError
from hypothesis import given
from hypothesis import strategies as st

from scheduler.policy import profile_files
from signaling.accounts.passwords import (
    Passwords,
    check_password,
    check_roles,
    hash_of_nobody,
    normal_name,
    random_password,
)
from signaling.app.admin_cli import NewAccount, create_account
from signaling.app.settings import Settings
from signaling.core.account import Account, Source, network_of
from signaling.core.errors import BadInput, BadLogin, Locked
from tests.signaling.world import NOW, PASSWORD, World, older, open_world, problem_of

HERE, THERE = Source("192.0.2.1", 1111), Source("192.0.2.2", 2222)


async def outcome(world: World, account: str, password: str, source: Source = HERE) -> str:
    try:
        await world.server.sign_in.login(account, password, source, world.clock())
    except (BadLogin, Locked) as error:
        return type(error).__name__
    return "in"


async def test_five_failures_lock_the_pair_for_a_quarter_of_an_hour(world: World) -> None:
    assert [await outcome(world, "host", "wrong") for _ in range(5)] == ["BadLogin"] * 5
    assert await outcome(world, "host", PASSWORD) == "Locked"
    assert await outcome(world, " HOST ", PASSWORD) == "Locked"
    assert await outcome(world, "host", PASSWORD, THERE) == "in"
    assert await outcome(world, "nhatrang", PASSWORD) == "in"
    await older(world.server.redis, 800)
    assert await outcome(world, "host", PASSWORD) == "Locked"
    await older(world.server.redis, 100)
    assert await outcome(world, "host", PASSWORD) == "in"


async def test_unknown_accounts_are_locked_alike(world: World) -> None:
    outcomes = [await outcome(world, "who", PASSWORD) for _ in range(6)]
    assert outcomes == ["BadLogin"] * 5 + ["Locked"]


async def test_guesses_sent_at_once_are_counted_too(world: World) -> None:
    outcomes = await asyncio.gather(*(outcome(world, "host", f"guess {i}") for i in range(12)))
    assert sorted(outcomes) == ["BadLogin"] * 5 + ["Locked"] * 7


async def test_one_address_may_fail_fifty_times_over_all_accounts(world: World) -> None:
    outcomes = [await outcome(world, f"guess{i // 4}", "wrong") for i in range(51)]
    assert outcomes == ["BadLogin"] * 50 + ["Locked"]
    assert await outcome(world, "host", PASSWORD) == "Locked"
    assert await outcome(world, "host", PASSWORD, THERE) == "in"


async def test_the_right_password_forgets_the_failures(world: World) -> None:
    for _ in range(3):
        assert [await outcome(world, "host", "wrong") for _ in range(4)] == ["BadLogin"] * 4
        assert await outcome(world, "host", PASSWORD) == "in"


async def test_a_lock_says_how_long(world: World) -> None:
    client = world.client()
    for _ in range(5):
        async with client.post("/api/v1/login", json={"account": "host", "password": "wrong"}) as response:
            assert await problem_of(response) == (401, "bad-login")
    async with client.post("/api/v1/login", json={"account": "host", "password": PASSWORD}) as response:
        assert await problem_of(response) == (429, "locked")
        assert round(int(response.headers["Retry-After"]), -1) == 900
        assert (await response.json())["detail"] == "Hãy thử lại sau 15 phút"


async def test_me_and_logout(world: World) -> None:
    client = await world.signed_in("nhatrang")
    async with client.get("/api/v1/me") as response:
        me = await response.json()
    assert me == {
        "account": "nhatrang",
        "name": "Nhatrang",
        "roles": ["site"],
        "unit": {"id": me["unit"]["id"], "name": "Thành phố Nha Trang"},
        "point": {"id": "ubnd.nha-trang", "name": "UBND.Nha Trang", "label": "UBND thành phố Nha Trang"},
        "language": "vi",
        "must_change": False,
        "must_enrol": False,
        "idle_minutes": None,
        "kind": "own",
        "provider": None,
        "administration": None,
        "signs": False,
        "recovery_codes_due": False,
    }
    cookie = client.cookie_jar.filter_cookies(world.http.make_url("/"))["diemcau"].value
    async with client.post("/api/v1/logout", json={}) as response:
        assert response.status == 204
    async with world.client().get("/api/v1/me", headers={"Cookie": f"diemcau={cookie}"}) as response:
        assert await problem_of(response) == (401, "signed-out")


async def test_a_login_ends_after_twelve_hours(world: World) -> None:
    client = await world.signed_in("host")
    world.clock.advance(12 * 3600)
    async with client.get("/api/v1/me") as response:
        assert await problem_of(response) == (401, "signed-out")


async def test_a_one_time_password_opens_nothing_but_its_own_change(world: World) -> None:
    account = Account("fresh", "Mới", ("technician",), None, None, must_change=True)
    await world.accounts.add_account(account, await Passwords().hash(PASSWORD), NOW)
    client = await world.signed_in("fresh")
    for call in ("sessions", "units", "audit"):
        async with client.get(f"/api/v1/{call}") as response:
            assert await problem_of(response) == (403, "must-change-password")
    async with client.get("/ws", headers={"Upgrade": "websocket", "Connection": "upgrade"}) as response:
        assert await problem_of(response) == (403, "must-change-password")
    async with client.post("/api/v1/password", json={"current": "wrong", "password": "quite another one"}) as response:
        assert await problem_of(response) == (401, "bad-login")
    for fresh, said in [(PASSWORD, "phải khác mật khẩu cũ"), ("short", "phải có từ 12 đến 200 ký tự")]:
        async with client.post("/api/v1/password", json={"current": PASSWORD, "password": fresh}) as response:
            assert (response.status, (await response.json())["errors"]) == (
                422,
                [{"field": "password", "detail": said}],
            )
    async with client.post("/api/v1/password", json={"current": PASSWORD, "password": "quite another one"}) as response:
        assert (await response.json())["must_change"] is False
    async with client.get("/api/v1/sessions") as response:
        assert await response.json() == []


async def test_sign_ins_and_failures_are_in_the_audit_log(world: World) -> None:
    await outcome(world, "host", "wrong")
    await outcome(world, "host", PASSWORD)
    await outcome(world, "\0bad", "wrong")
    log = await world.audited(10)
    assert [(e.actor, e.action, e.address, e.port) for e in log] == [
        ("?", "login-failed", "192.0.2.1", 1111),
        ("host", "login", "192.0.2.1", 1111),
        ("host", "login-failed", "192.0.2.1", 1111),
    ]


def test_addresses_of_one_network_count_together() -> None:
    addresses = ["192.0.2.1", "2001:db8:1:2:3::4", "2001:db8:1:2::9", "fe80::1%eth0", "somewhere"]
    assert [network_of(address) for address in addresses] == [
        "192.0.2.1",
        "2001:db8:1:2::",
        "2001:db8:1:2::",
        "fe80::",
        "somewhere",
    ]


@pytest.mark.parametrize("name", ["", "-a", "a b", "A/b", "ă", "x" * 65, "a\0"])
def test_bad_account_names(name: str) -> None:
    with pytest.raises(BadInput):
        normal_name(name)


@given(st.text(max_size=80))
def test_account_names_are_normal_or_refused(text: str) -> None:
    try:
        name = normal_name(text)
    except BadInput:
        return
    assert normal_name(name) == name == name.lower()


def test_passwords_and_roles() -> None:
    check_password(random_password(), "admin")
    for password in ("short", "x" * 201, "administrator1"):
        with pytest.raises(BadInput):
            check_password(password, "administrator")
    assert check_roles(["site", "registrant", "site"]) == ("registrant", "site")
    for roles in ([], ["king"]):
        with pytest.raises(BadInput):
            check_roles(roles)


def test_an_unknown_account_costs_as_much_as_a_wrong_password() -> None:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    nobody = hash_of_nobody(hasher)
    assert extract_parameters(nobody) == extract_parameters(hasher.hash(PASSWORD))
    with pytest.raises(VerifyMismatchError):  # a hash that cannot be read would be refused without any work
        hasher.verify(nobody, PASSWORD)


async def test_a_taken_name_is_refused(world: World) -> None:
    known = await world.accounts.account("host")
    assert known is not None
    with pytest.raises(BadInput):
        await world.accounts.add_account(replace(known[0], name="Other"), "hash", NOW)


async def test_r014_with_another_operating_unit_its_people_alone_are_central(settings: Settings) -> None:
    switch, two_tier = datetime(2025, 6, 30, 17, tzinfo=UTC), profile_files.SHIPPED[-1].with_name("KH-2025-2T.yaml")
    async with open_world(replace(settings, profiles=(*profile_files.SHIPPED, two_tier))) as world:

        async def roles(client: ClientSession, now: datetime) -> list[str]:
            world.clock.now = now
            async with client.get("/api/v1/me") as response:
                found: list[str] = (await response.json())["roles"]
            async with client.get("/api/v1/queue") as response:
                assert response.status == (200 if "technician" in found else 403)
            return found

        world.clock.now = switch - timedelta(seconds=1)
        both = NewAccount("x", "X", ["technician", "site"], unit="so.tttt")
        await create_account(world.services, both, PASSWORD, world.clock())
        theirs, free = await world.signed_in("x"), await world.signed_in("central")
        assert await roles(theirs, world.clock()) == ["technician", "site"]
        assert await roles(theirs, switch) == ["site"]
        assert await roles(free, switch) == ["technician"]  # of the operating unit, whichever it is
        assert await roles(await world.signed_in("x"), switch) == ["site"]


async def test_an_account_sees_where_it_is_signed_in_and_signs_out_elsewhere(world: World) -> None:
    here, there, other = [await world.signed_in(name) for name in ("host", "host", "nhatrang")]
    world.clock.advance(60)
    tablet = world.client()
    sent = {"account": "host", "password": PASSWORD}
    async with tablet.post("/api/v1/login", json=sent, headers={"User-Agent": "Tablet/1 (Máy tính bảng)"}) as response:
        assert response.status == 200
    async with here.get("/api/v1/sign-ins") as response:
        devices = await response.json()
    assert [(each["since"], each["address"], each["current"]) for each in devices[:1]] == [
        ("2026-04-06T01:01:00Z", "127.0.0.1", False)
    ]
    assert devices[0]["browser"] == "Tablet/1 (Máy tính bảng)"
    assert sorted(each["current"] for each in devices) == [False, False, True]
    async with here.post("/api/v1/sign-ins/end-others", json={}) as response:
        assert response.status == 204
    statuses = []
    for client in (here, there, tablet, other):
        async with client.get("/api/v1/me") as response:
            statuses.append(response.status)
    assert statuses == [200, 401, 401, 200]
    [entry] = await world.audited(1)
    assert (entry.action, entry.actor) == ("logout-others", "host")
