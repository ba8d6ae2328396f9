"""The second step of a sign-in: apps, recovery codes, guesses, and what the time before it grants.

Also tests `second_factors.py`, `second_factor_rest.py`, `second_factor_store.py` and `guesses.py`.
"""

import asyncio
import json
import sqlite3
from typing import Any

import pytest

from signaling.accounts import totp
from signaling.app.api_table import PREFIX, ROUTES
from signaling.core.errors import BadSecondFactor
from signaling.core.texts import Language
from signaling.http.openapi import public_path
from signaling.http.problems import problem
from signaling.http.route import Route
from tests.signaling.request_bodies import GOOD
from tests.signaling.second_factor_calls import API, NONE, code, enrol, halfway, me, pass_code
from tests.signaling.world import PASSWORD, World, older, problem_of

CLOSED = [route for route in ROUTES if route.access != "open"]


def sent(route: Route) -> dict[str, Any]:
    return {"json": GOOD.get(public_path(route.path), {})} if route.method == "POST" else {}


async def test_a_password_and_a_code_sign_in(world: World) -> None:
    secret, recovery = await enrol(world, await world.signed_in("central"))
    assert len(recovery) == 10
    client = world.client()
    async with client.post(f"{API}/login", json={"account": "central", "password": PASSWORD}) as response:
        assert await problem_of(response) == (401, "second-factor")
        assert ((await response.json())["methods"], "diemcau" in response.cookies) == (["totp", "recovery-code"], False)
        cookie = response.cookies["diemcau-second-step"]
    assert (cookie["path"], cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (
        "/api/v1/login", "300", True, "Strict",
    )  # fmt: skip
    assert await me(client) == (401, None)
    async with client.post(f"{API}/login/code", json={"code": code(world, secret)}) as response:
        assert ((await response.json())["account"], response.status) == ("central", 200)
    assert await me(client) == (200, False)
    [entry] = await world.audited(1)
    assert (entry.actor, entry.action, entry.detail) == ("central", "login", "totp")


async def test_who_has_no_recovery_code_left_is_told_at_the_second_step(world: World) -> None:
    client = await world.signed_in("central")
    _, recovery = await enrol(world, client)
    due = []
    for typed in recovery:
        async with (await halfway(world, "central")).post(f"{API}/login/code", json={"code": typed}) as response:
            due.append((await response.json())["recovery_codes_due"])
    assert due == [False] * 9 + [True]
    async with client.get(f"{API}/me") as response:
        assert (await response.json())["recovery_codes_due"] is False  # which is told at a sign-in alone


async def test_nothing_is_open_between_password_and_code(world: World) -> None:
    await enrol(world, await world.signed_in("admin"))
    client = await halfway(world, "admin")
    token = client.cookie_jar.filter_cookies(world.http.make_url("/api/v1/login"))["diemcau-second-step"].value
    forged = {"Cookie": f"diemcau={token}; diemcau-seat={token}; diemcau-second-step={token}"}
    responses = {}
    for route in CLOSED:
        path = PREFIX + public_path(route.path).replace("{id}", "nothing")
        async with world.client().request(route.method, path, headers=forged, **sent(route)) as response:
            responses[route.method, path] = await problem_of(response)
    assert set(responses.values()) == {(401, "signed-out")}
    async with world.client().get("/ws", headers={**forged, "Upgrade": "websocket"}) as response:
        assert response.status == 401


@pytest.mark.parametrize(
    ("language", "cause"),
    [("vi", "giờ của điện thoại hoặc của máy chủ"), ("en", "the clock of the phone or the server")],
)
def test_who_gives_a_wrong_code_is_told_of_clocks(language: Language, cause: str) -> None:
    assert cause in json.loads(problem(BadSecondFactor(), language, "r").text or "")["detail"]


async def test_a_code_is_accepted_once_and_by_one_browser(world: World) -> None:
    secret, _ = await enrol(world, await world.signed_in("central"))
    first, second = await halfway(world, "central"), await halfway(world, "central")
    shown = code(world, secret)
    assert sorted(await asyncio.gather(pass_code(first, shown), pass_code(second, shown))) == ["", "bad-second-factor"]
    assert await pass_code(await halfway(world, "central"), shown) == "bad-second-factor"
    assert await pass_code(await halfway(world, "central"), code(world, secret, -1)) == "bad-second-factor"
    assert await pass_code(await halfway(world, "central"), code(world, secret, 1)) == ""
    assert await pass_code(world.client(), code(world, secret, 1)) == "challenge-over"


async def test_a_challenge_lasts_five_minutes_and_works_once(world: World) -> None:
    secret, recovery = await enrol(world, await world.signed_in("central"))
    late, early = await halfway(world, "central"), await halfway(world, "central")
    token = early.cookie_jar.filter_cookies(world.http.make_url("/api/v1/login"))["diemcau-second-step"].value
    world.clock.advance(299)
    assert await pass_code(early, code(world, secret)) == ""
    async with world.client().post(
        f"{API}/login/code", json={"code": recovery[0]}, headers={"Cookie": f"diemcau-second-step={token}"}
    ) as response:
        assert await problem_of(response) == (401, "challenge-over")
    world.clock.advance(1)
    assert await pass_code(late, code(world, secret, 1)) == "challenge-over"


async def test_a_recovery_code_works_once_and_is_told_in_the_log(world: World) -> None:
    _, recovery = await enrol(world, await world.signed_in("central"))
    for typed, outcome in ((recovery[3].upper(), ""), (recovery[3], "bad-second-factor"), (recovery[4], "")):
        assert await pass_code(await halfway(world, "central"), typed) == outcome
    log = [(entry.action, entry.detail) for entry in await world.audited(20)]
    assert [each for each in log if each[0] == "recovery-code"] == [
        ("recovery-code", "left=8"),
        ("recovery-code", "left=9"),
    ]
    assert ("login", "recovery-code") in log


async def test_codes_of_another_account_open_nothing(world: World) -> None:
    theirs, codes = await enrol(world, await world.signed_in("central"))
    await enrol(world, await world.signed_in("admin"))
    for typed in (code(world, theirs), codes[0]):
        assert await pass_code(await halfway(world, "admin"), typed) == "bad-second-factor"


async def test_five_wrong_codes_lock_the_second_step_wherever_they_come_from(world: World) -> None:
    secret, recovery = await enrol(world, await world.signed_in("central"))
    browsers = [await halfway(world, "central") for _ in range(3)]
    outcomes = [await pass_code(browsers[number % 3], f"{number:06}") for number in range(5)]
    assert outcomes == ["bad-second-factor"] * 5
    for typed in (code(world, secret), recovery[0]):
        assert await pass_code(browsers[0], typed) == "locked"
    assert await pass_code(await halfway(world, "central"), code(world, secret)) == "locked"  # a right password is none
    log = [entry.action for entry in await world.audited(12)]
    assert (log.count("second-factor-failed"), log.count("login-locked")) == (5, 1)
    await older(world.server.redis, 900)
    assert await pass_code(browsers[0], code(world, secret)) == ""


async def test_guesses_sent_at_once_are_counted_too(world: World) -> None:
    await enrol(world, await world.signed_in("central"))
    client = await halfway(world, "central")
    outcomes = await asyncio.gather(*(pass_code(client, f"{number:06}") for number in range(12)))
    assert sorted(outcomes) == ["bad-second-factor"] * 5 + ["locked"] * 7


async def test_an_app_counts_once_it_is_confirmed_and_ends_sign_ins_without_it(world: World) -> None:
    here, there = await world.signed_in("host"), await world.signed_in("host")
    socket = await world.socket("host")
    async with here.post(f"{API}/second-factor/totp", json={"password": "wrong"}) as response:
        assert await problem_of(response) == (401, "bad-login")
    async with here.post(f"{API}/second-factor/totp", json={"password": PASSWORD}) as response:
        made = await response.json()
    assert made["uri"].startswith("otpauth://totp/") and made["secret"] in made["uri"]
    again = await world.signed_in("host")
    for client, typed, said in (
        (here, "000000", "không đúng; kiểm tra giờ của điện thoại"),
        (again, code(world, totp.secret_of(made["secret"])), "đã quá thời gian xác nhận, hãy bắt đầu lại"),
    ):
        async with client.post(f"{API}/second-factor/totp/confirm", json={"code": typed}) as response:
            assert (await response.json())["errors"] == [{"field": "code", "detail": said}]
    body = {"code": code(world, totp.secret_of(made["secret"]))}
    async with here.post(f"{API}/second-factor/totp/confirm", json=body) as response:
        assert response.status == 200
    assert (await socket.type("bye"))["reason"] == "signed-out"
    assert [await me(client) for client in (here, there, again)] == [(200, False), (401, None), (401, None)]
    async with here.get(f"{API}/second-factor") as response:
        assert await response.json() == {**NONE, "totp": "2026-04-06T01:00:00Z", "recovery_codes": 10}
    async with here.post(f"{API}/second-factor/totp/confirm", json=body) as response:
        assert response.status == 422
    [entry] = await world.audited(1)
    assert (entry.action, entry.actor, entry.detail) == ("second-factor-add", "host", "totp")


async def test_an_app_must_be_confirmed_within_ten_minutes(world: World) -> None:
    client = await world.signed_in("host")
    async with client.post(f"{API}/second-factor/totp", json={"password": PASSWORD}) as response:
        secret = totp.secret_of((await response.json())["secret"])
    world.clock.advance(600)
    async with client.post(f"{API}/second-factor/totp/confirm", json={"code": code(world, secret)}) as response:
        assert await problem_of(response) == (422, "invalid")
    assert await me(await world.signed_in("host")) == (200, False)


async def test_another_app_takes_the_place_of_the_first_and_keeps_the_recovery_codes(world: World) -> None:
    client = await world.signed_in("host")
    old, codes = await enrol(world, client)
    new, none = await enrol(world, client)
    assert (none, len(codes)) == ([], 10)
    assert await pass_code(await halfway(world, "host"), code(world, old)) == "bad-second-factor"
    assert await pass_code(await halfway(world, "host"), code(world, new)) == ""
    async with client.post(f"{API}/second-factor/recovery-codes", json={"password": PASSWORD}) as response:
        fresh = (await response.json())["recovery_codes"]
    assert await pass_code(await halfway(world, "host"), codes[0]) == "bad-second-factor"
    assert await pass_code(await halfway(world, "host"), fresh[0]) == ""


async def test_who_removes_the_last_factor_signs_in_by_the_password_alone(world: World) -> None:
    client = await world.signed_in("host")
    await enrol(world, client)
    async with client.post(f"{API}/second-factor/totp/remove", json={"password": "wrong"}) as response:
        assert await problem_of(response) == (401, "bad-login")
    async with client.post(f"{API}/second-factor/totp/remove", json={"password": PASSWORD}) as response:
        assert response.status == 204
    assert await me(client) == (200, False)
    async with client.get(f"{API}/second-factor") as response:
        assert await response.json() == {
            "totp": None,
            "keys": [],
            "keys_possible": False,
            "recovery_codes": 0,
            "demanded": False,
        }
    async with client.post(f"{API}/second-factor/recovery-codes", json={"password": PASSWORD}) as response:
        assert await problem_of(response) == (422, "invalid")
    assert await me(await world.signed_in("host")) == (200, False)
    assert "second-factor-remove" in [entry.action for entry in await world.audited(3)]


async def test_a_new_password_and_a_link_do_not_take_the_place_of_the_second_factor(world: World) -> None:
    client = await world.signed_in("nhatrang")
    secret, _ = await enrol(world, client)
    waiting = await halfway(world, "nhatrang")
    other = "mot mat khau khac rat dai"
    async with client.post(f"{API}/password", json={"current": PASSWORD, "password": other}) as response:
        assert response.status == 200
    assert await me(client) == (200, False)
    assert await pass_code(waiting, code(world, secret)) == "challenge-over"  # it began with the former password
    central = await world.signed_in("central")
    async with central.post(f"{API}/directory/points/ubnd.nha-trang/account", json={"account": "nhatrang"}) as response:
        token = (await response.json())["link"].partition("#")[2]
    fresh = world.client()
    async with fresh.post(f"{API}/first-password", json={"token": token, "password": PASSWORD}) as response:
        assert await problem_of(response) == (401, "second-factor")
    assert await me(fresh) == (401, None)
    assert await pass_code(fresh, code(world, secret)) == ""


async def test_an_administrator_removes_factors_that_were_lost(world: World) -> None:
    client = await world.signed_in("central")
    secret, _ = await enrol(world, client)
    admin, waiting = await world.signed_in("admin"), await halfway(world, "central")
    for account, status in (("admin", 403), ("nothing", 404), ("central", 204)):
        async with admin.post(f"{API}/directory/accounts/{account}/second-factor/reset", json={}) as response:
            assert response.status == status
    assert await me(client) == (401, None)
    assert await pass_code(waiting, code(world, secret)) == "challenge-over"
    [entry] = await world.audited(1)
    assert (entry.actor, entry.action, entry.subject) == ("admin", "second-factor-reset", "central")
    assert await me(await world.signed_in("central")) == (200, False)


async def test_the_database_holds_neither_secret_nor_codes(world: World) -> None:
    secret, codes = await enrol(world, await world.signed_in("central"))
    async with (await world.signed_in("host")).post(
        f"{API}/second-factor/totp", json={"password": PASSWORD}
    ) as response:
        pending = (await response.json())["secret"]
    path = str(world.services.database.url.database)
    with sqlite3.connect(path) as db:
        dump = "\n".join(db.iterdump())
    for text in (totp.text_of(secret), pending, *codes, *(each.replace("-", "") for each in codes)):
        assert text not in dump
    for raw in (secret, totp.secret_of(pending)):
        assert raw.hex() not in dump.lower()


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": 123456}, {"code": "1" * 41}, {"code": "1", "more": 1}])
async def test_bad_bodies_are_no_guess(world: World, body: dict[str, object]) -> None:
    secret, _ = await enrol(world, await world.signed_in("central"))
    client = await halfway(world, "central")
    for _ in range(6):
        async with client.post(f"{API}/login/code", json=body) as response:
            assert await problem_of(response) == (422, "invalid")
    assert await pass_code(client, f" {code(world, secret)[:3]} {code(world, secret)[3:]} ") == ""
