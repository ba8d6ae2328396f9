"""The policy of accounts: length, history and age of passwords, unused sign-ins, dormant accounts, and who is exempt.

Also tests `upkeep.py`.
"""

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from scheduler.policy.policy import AccountPolicy
from signaling.accounts.passwords import Passwords
from signaling.accounts.schema import FORMER_PASSWORDS
from signaling.accounts.upkeep import AccountUpkeep
from signaling.app import admin_cli
from signaling.core.account import Account
from tests.signaling.second_factor_calls import API, enrol
from tests.signaling.world import CHEAP, NHA_TRANG, NOW, PASSWORD, World, older, problem_of

SHORT, LONG = "12 characters", "fourteen chars!"


def ask(world: World, policy: AccountPolicy) -> None:
    """Let all profiles have a policy of accounts."""
    profiles = world.services.scheduler.all_profiles
    profiles.policies = tuple(each.model_copy(update={"accounts": policy}) for each in profiles.policies)


async def change(client: ClientSession, old: str, new: str) -> str:
    """Change a password; return the fault, or '' if it was taken."""
    async with client.post(
        f"{API}/password", json={"current": old, "password": new}, headers={"Accept-Language": "en"}
    ) as response:
        body = await response.json()
        return "" if response.status == 200 else body["errors"][0]["detail"]


async def status(client: ClientSession, idle: float = 0) -> int:
    """Return the status of a request from a page that nobody has used for so many seconds."""
    async with client.get(f"{API}/units", headers={"X-Idle": str(round(idle))}) as response:
        return response.status


def upkeep(world: World) -> AccountUpkeep:
    server = world.server
    scheduler, seated = world.services.scheduler, server.meetings.seated
    return AccountUpkeep(world.accounts, scheduler.policy, server.audit, seated, server.sign_out.ended)


async def disabled(world: World) -> list[str]:
    return [each.account for each in await world.accounts.accounts() if each.disabled]


async def test_a_password_is_long_or_the_account_has_a_second_factor(world: World) -> None:
    client = await world.signed_in("central")
    assert await change(client, PASSWORD, SHORT) == ""
    ask(world, AccountPolicy(password_length=14))
    fault = "must have 14 characters at least, or the account a second factor"
    assert await change(client, SHORT, PASSWORD[:13]) == fault
    assert await change(client, SHORT, PASSWORD) == ""
    await enrol(world, client)
    assert await change(client, PASSWORD, SHORT) == ""


async def test_a_password_is_of_so_many_classes_or_the_account_has_a_second_factor(world: World) -> None:
    client, other = await world.signed_in("central"), await world.signed_in("office")
    ask(world, AccountPolicy(password_classes=4))
    fault = "must have 4 classes of small letters, capitals, digits, others, or the account a second factor"
    for weak in (SHORT, "No digits, none", "no capitals 1234", "NoOthers1234567"):
        assert await change(client, PASSWORD, weak) == fault
    assert await change(other, PASSWORD, "Ăn quả nhớ kẻ 1") == ""
    await enrol(world, client)
    assert await change(client, PASSWORD, SHORT) == ""


async def login(world: World, account: str, password: str) -> str:
    """Sign in; return the word of the problem, or ''."""
    client = world.client()
    async with client.post(f"{API}/login", json={"account": account, "password": password}) as response:
        return "" if response.status == 200 else (await problem_of(response))[1]


async def test_a_lock_lasts_for_hours_and_another_password_lifts_it(world: World) -> None:
    ask(world, AccountPolicy(lock_hours=12))
    for account in ("office", "who.is.nobody"):
        assert [await login(world, account, "wrong") for _ in range(6)] == ["bad-login"] * 5 + ["locked"]
    await older(world.server.redis, 12 * 3600 - 60)
    assert [await login(world, each, PASSWORD) for each in ("office", "who.is.nobody")] == ["locked", "locked"]
    hashed = await Passwords().hash(LONG)
    await world.accounts.set_password("office", hashed, False, NOW)
    assert await login(world, "office", LONG) == ""
    await older(world.server.redis, 120)
    assert await login(world, "who.is.nobody", PASSWORD) == "bad-login"


async def test_guesses_shut_no_point_out_of_its_meeting(world: World) -> None:
    ask(world, AccountPolicy(lock_hours=720))
    client, (socket, _) = await world.signed_in("nhatrang"), await world.join("nhatrang", await world.session())
    assert [await login(world, "nhatrang", "wrong") for _ in range(6)] == ["bad-login"] * 5 + ["locked"]
    assert await status(client) == 200
    assert (await socket.ask(type="ping"))["type"] == "pong"
    await older(world.server.redis, 900)
    assert await login(world, "nhatrang", PASSWORD) == ""


async def test_the_last_passwords_are_not_taken_again(world: World) -> None:
    client = await world.signed_in("central")
    ask(world, AccountPolicy(password_history=3))
    passwords = [PASSWORD, *(f"password number {number}" for number in range(3))]
    for old, new in pairwise(passwords):
        assert await change(client, old, new) == ""
    assert await change(client, passwords[3], passwords[1]) == "was used before, choose another one"
    assert await change(client, passwords[3], passwords[3]) == "must differ from the old one"
    assert await change(client, passwords[3], PASSWORD) == ""
    assert await kept(world) == 2
    ask(world, AccountPolicy())
    assert await change(client, PASSWORD, passwords[1]) == ""
    assert await kept(world) == 0


async def kept(world: World) -> int:
    async with world.services.database.connect() as db:
        return len((await db.execute(select(FORMER_PASSWORDS))).all())


async def test_an_old_password_is_to_be_changed(world: World) -> None:
    client, room = await world.signed_in("central"), await world.signed_in("nhatrang")
    now = NOW + timedelta(days=90, seconds=1)
    await upkeep(world).work(now)
    assert await status(client) == 200
    ask(world, AccountPolicy(password_days=90))
    await upkeep(world).work(now - timedelta(seconds=2))
    assert await status(client) == 200
    await upkeep(world).work(now)
    async with client.get(f"{API}/units") as response:
        assert await problem_of(response) == (403, "must-change-password")
    assert await status(room) == 200
    assert [each.action for each in await world.audited(1)] == ["password-outdated"]
    assert await change(client, PASSWORD, LONG) == ""
    assert await status(client) == 200


async def test_a_sign_in_that_nobody_uses_ends(world: World) -> None:
    central, registrant = await world.signed_in("central"), await world.signed_in("agriculture")
    ask(world, AccountPolicy(idle_minutes={"technician": 15}))
    async with central.get(f"{API}/me") as response:
        assert (await response.json())["idle_minutes"] == 15
    for minute in range(1, 15):  # a page that asks by itself does not count as used
        world.clock.advance(60)
        assert await status(central, idle=minute * 60) == 200
    world.clock.advance(60)
    assert [await status(central), await status(registrant)] == [401, 200]
    actions = [(each.actor, each.action) for each in await world.audited(3)]
    assert ("central", "login-idle") in actions
    central = await world.signed_in("central")
    for _ in range(4):
        world.clock.advance(14 * 60)
        assert await status(central) == 200


async def test_what_a_page_says_of_its_use_is_bounded(world: World) -> None:
    ask(world, AccountPolicy(idle_minutes={"technician": 15}))
    central = await world.signed_in("central")
    for text in ("-1", "x", "9" * 40, "1.5", ""):
        async with central.get(f"{API}/units", headers={"X-Idle": text}) as response:
            assert response.status == 200


async def test_to_be_in_a_meeting_is_a_use(world: World) -> None:
    session = await world.session(NHA_TRANG)
    ask(world, AccountPolicy(idle_minutes={"technician": 15}))
    client = await world.signed_in("central")
    socket = await client.ws_connect("/ws")
    await socket.send_json({"type": "join", "code": session.code, "accepted": True})
    while (await socket.receive_json())["type"] != "joined":
        pass
    world.clock.advance(3600)
    assert await status(client, idle=3600) == 200
    world.clock.advance(3600)
    await socket.close()
    while world.server.meetings.clients:
        await status(client, idle=7200)
    world.clock.advance(14 * 60)
    assert await status(client) == 200
    world.clock.advance(15 * 60)
    assert await status(client) == 401


async def test_rooms_and_the_break_glass_account_are_exempt(world: World) -> None:
    ask(world, AccountPolicy(idle_minutes={"site": 5, "administrator": 5}, dormant_days=45, password_days=90))
    await world.accounts.break_glass("admin")
    room, admin = await world.signed_in("nhatrang"), await world.signed_in("admin")
    assert ("admin", "break-glass-used") in [(each.actor, each.action) for each in await world.audited(3)]
    world.clock.advance(3600)
    assert [await status(room), await status(admin)] == [200, 200]
    await upkeep(world).work(NOW)
    await upkeep(world).work(NOW + timedelta(days=100))
    assert "admin" not in await disabled(world)
    assert await disabled(world) == ["central", "nobody", "office"]
    await world.accounts.break_glass(None)
    await upkeep(world).work(NOW + timedelta(days=100))
    assert "admin" in await disabled(world)


async def test_an_account_that_nobody_signs_in_to_is_disabled(world: World) -> None:
    await upkeep(world).work(NOW + timedelta(days=300))
    ask(world, AccountPolicy(dormant_days=45))
    await upkeep(world).work(NOW)  # from now on accounts count whose last sign-in is not known
    central = await world.signed_in("central")
    await upkeep(world).work(NOW + timedelta(days=45))
    assert await disabled(world) == []
    await upkeep(world).work(NOW + timedelta(days=45, seconds=1))
    assert await disabled(world) == ["admin", "central", "nobody", "office"]
    assert await status(central) == 401
    assert [each.action for each in await world.audited(4)] == ["account-dormant"] * 4
    await world.accounts.enable("central", NOW + timedelta(days=46))
    await upkeep(world).work(NOW + timedelta(days=47))
    assert "central" not in await disabled(world)


async def test_who_is_in_a_meeting_is_left_in_peace(world: World) -> None:
    session = await world.session(NHA_TRANG)
    ask(world, AccountPolicy(dormant_days=45, password_days=90))
    await upkeep(world).work(NOW)
    await world.join("central", session)
    await upkeep(world).work(NOW + timedelta(days=100))
    assert "central" not in await disabled(world)
    [central] = [each for each in await world.accounts.accounts() if each.account == "central"]
    assert not central.must_change


async def test_one_sign_in_is_ended_by_its_account(world: World) -> None:
    here, there, other = [await world.signed_in(name) for name in ("host", "host", "central")]
    async with here.get(f"{API}/sign-ins") as response:
        [theirs] = [each["id"] for each in await response.json() if not each["current"]]
    async with other.post(f"{API}/sign-ins/{theirs}/end", json={}) as response:
        assert await problem_of(response) == (404, "not-found")
    async with here.post(f"{API}/sign-ins/{theirs}/end", json={}) as response:
        assert response.status == 204
    assert [await status(each) for each in (here, there, other)] == [200, 401, 200]
    assert [each.action for each in await world.audited(1)] == ["logout-other"]


async def test_administrators_enable_and_seal_accounts_on_the_command_line(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.accounts.add_account(
        Account("phong.bi", "Phong bì", ("administrator",), None, None), CHEAP.hash("x"), NOW
    )
    await world.accounts.disable("phong.bi")
    for line in (["enable-account", "phong.bi"], ["break-glass", "phong.bi"], ["break-glass", "--none"]):
        await admin_cli.COMMANDS[line[0]](world.services, arguments_of(line))
    assert capsys.readouterr().out == "phong.bi\nphong.bi\n\n"
    stored = await world.accounts.account("phong.bi")
    assert stored is not None
    assert stored[0] == replace(stored[0], disabled=False, break_glass=False)


def arguments_of(line: list[str]) -> Namespace:
    parser = ArgumentParser()
    admin_cli.add_arguments(parser)
    return parser.parse_args(line)
