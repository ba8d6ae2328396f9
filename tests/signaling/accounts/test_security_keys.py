"""Security keys by a software authenticator: registered, asserted, and each thing that makes an answer wrong."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from signaling.accounts import security_keys
from signaling.accounts.security_keys import BadAnswer, KeyAnswer, SecurityKey, Site, decoded, encoded
from tests.signaling.second_factor_calls import API, code, enrol, me, pass_code
from tests.signaling.software_authenticator import PRESENT, SoftwareKey
from tests.signaling.world import NOW, PASSWORD, World, problem_of

HOST, ORIGIN = "hop.khanhhoa.gov.vn", "https://hop.khanhhoa.gov.vn:8443"
SITE = Site(HOST, ORIGIN)
CHALLENGE, OTHER = encoded(b"c" * 32), encoded(b"d" * 32)


def made(software: SoftwareKey) -> SecurityKey:
    answer = software.create(CHALLENGE)
    credential, count = register(answer)
    return SecurityKey("k", "an", "Khóa", HOST, credential, count, NOW)


def register(answer: dict[str, str], site: Site = SITE) -> tuple[str, int]:
    parts = decoded(answer["client_data"]), decoded(answer["attestation"])
    return security_keys.registered(site, CHALLENGE, *parts)


def check(key: SecurityKey, answer: dict[str, str], site: Site = SITE) -> tuple[SecurityKey, int]:
    names = "credential", "client_data", "authenticator_data", "signature"
    return security_keys.asserted(site, CHALLENGE, [key], KeyAnswer(*(decoded(answer[name]) for name in names)))


@pytest.mark.parametrize("flags", [PRESENT, PRESENT | 4])
def test_a_key_is_registered_and_asserted(flags: int) -> None:
    software = SoftwareKey(HOST, ORIGIN, flags, counter=7)
    key = made(software)
    assert key.sign_count == 7
    assert check(key, software.get(CHALLENGE)) == (key, 8)


Wrong = Callable[[SoftwareKey], dict[str, str]]
WRONG: dict[str, Wrong] = {
    "challenge": lambda key: key.get(OTHER),
    "kind": lambda key: key.get(CHALLENGE, type="webauthn.create"),
    "origin": lambda key: key.get(CHALLENGE, origin="https://hop.khanhhoa.gov.vn.evil.example"),
    "port": lambda key: key.get(CHALLENGE, origin="https://hop.khanhhoa.gov.vn"),
    "scheme": lambda key: key.get(CHALLENGE, origin=ORIGIN.replace("https", "http")),
    "frame of another site": lambda key: key.get(CHALLENGE, crossOrigin=True),
    "host": lambda key: replace(key, rp_id="evil.example").get(CHALLENGE),
    "nobody touched it": lambda key: replace(key, flags=0).get(CHALLENGE),
    "credential": lambda key: replace(key, credential=b"x" * 32).get(CHALLENGE),
    "signature": lambda key: replace(key, key=ec.generate_private_key(ec.SECP256R1())).get(CHALLENGE),
    "no signature": lambda key: {**key.get(CHALLENGE), "signature": ""},
    "no client data": lambda key: {**key.get(CHALLENGE), "client_data": ""},
    "no object": lambda key: {**key.get(CHALLENGE), "client_data": encoded(b"[]")},
}


@pytest.mark.parametrize("what", WRONG)
def test_one_thing_wrong_is_no_answer(what: str) -> None:
    software = SoftwareKey(HOST, ORIGIN)
    key = made(software)
    with pytest.raises(BadAnswer):
        check(key, WRONG[what](software))
    check(key, software.get(CHALLENGE))


def test_a_key_of_another_host_name_is_not_asked_for_and_not_taken() -> None:
    software = SoftwareKey(HOST, ORIGIN)
    key = replace(made(software), rp_id="old.khanhhoa.gov.vn")
    assert security_keys.request_options(SITE, CHALLENGE, [key]) is None
    with pytest.raises(BadAnswer):
        check(key, software.get(CHALLENGE))


@pytest.mark.parametrize(
    "changed",
    [
        {"rp_id": "evil.example"},
        {"flags": 0},
        {"algorithm": -35},
        {"algorithm": -8},
        {"credential": b""},
        {"credential": b"x" * 1024},
    ],
)
def test_a_key_that_could_not_be_used_is_not_registered(changed: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        register(replace(SoftwareKey(HOST, ORIGIN), **changed).create(CHALLENGE))


def test_an_answer_to_another_challenge_registers_nothing() -> None:
    for answer in (SoftwareKey(HOST, ORIGIN).create(OTHER), SoftwareKey(HOST, ORIGIN).create(CHALLENGE, origin="x")):
        with pytest.raises(BadAnswer):
            register(answer)


@given(st.binary(max_size=200), st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_none(client_data: bytes, attestation: bytes) -> None:
    with pytest.raises(BadAnswer):
        security_keys.registered(SITE, CHALLENGE, client_data, attestation)


GOOD = SoftwareKey(HOST, ORIGIN).create(CHALLENGE)


@given(st.integers(0, 400), st.integers(0, 255), st.integers(0, 400))
def test_a_changed_attestation_is_a_key_or_none(at: int, byte: int, end: int) -> None:
    data = bytearray(decoded(GOOD["attestation"]))
    data[at % len(data)] = byte
    for changed in (bytes(data), bytes(data[:end])):
        with suppress(BadAnswer):
            security_keys.registered(SITE, CHALLENGE, decoded(GOOD["client_data"]), changed)


def test_a_flood_of_nested_arrays_is_no_key() -> None:
    with pytest.raises(BadAnswer):
        security_keys.registered(SITE, CHALLENGE, decoded(GOOD["client_data"]), b"\x81" * 12_000)


@pytest.mark.parametrize(
    ("host", "possible"),
    [("hop.khanhhoa.gov.vn", True), ("localhost", True), ("192.0.2.1", False), ("2001:db8::1", False), ("", False)],
)
def test_browsers_bind_keys_to_names_alone(host: str, possible: bool) -> None:
    assert Site(host, "https://x").possible is possible


NAME = {"Host": "hop.example"}


async def add_key(client: ClientSession, software: SoftwareKey, name: str) -> tuple[int, list[str]]:
    async with client.post(f"{API}/second-factor/keys", json={"password": PASSWORD}, headers=NAME) as response:
        assert response.status == 200, await response.text()
        options = (await response.json())["options"]
    assert (options["rp"]["id"], options["attestation"]) == ("hop.example", "none")
    body = {"name": name, **software.create(options["challenge"])}
    async with client.post(f"{API}/second-factor/keys/confirm", json=body, headers=NAME) as response:
        return response.status, (await response.json()).get("recovery_codes", [])


async def asked(world: World, account: str) -> tuple[ClientSession, dict[str, Any]]:
    client, body = world.client(), {"account": account, "password": PASSWORD}
    async with client.post(f"{API}/login", json=body, headers=NAME) as response:
        assert await problem_of(response) == (401, "second-factor")
        return client, await response.json()


async def pass_key(client: ClientSession, answer: dict[str, str]) -> str:
    async with client.post(f"{API}/login/key", json=answer, headers=NAME) as response:
        return "" if response.status == 200 else (await problem_of(response))[1]


async def test_several_keys_sign_in_each_challenge_once(world: World) -> None:
    origin = "http://hop.example"
    one, two = SoftwareKey("hop.example", origin, counter=3), SoftwareKey("hop.example", origin)
    client = await world.signed_in("central")
    status, codes = await add_key(client, one, "Khóa xanh")
    assert (status, len(codes)) == (200, 10)
    assert await add_key(client, two, "Khóa dự phòng") == (200, [])
    world.clock.advance(60)
    for software in (one, two):
        browser, problem = await asked(world, "central")
        assert (problem["methods"], len(problem["key"]["allowCredentials"])) == (["key", "recovery-code"], 2)
        answer = software.get(problem["key"]["challenge"])
        assert [await pass_key(browser, answer), await pass_key(browser, answer)] == ["", "challenge-over"]
        assert await me(browser) == (200, False)
        other, again = await asked(world, "central")
        assert await pass_key(other, answer) == "bad-second-factor"  # it answers another challenge
        assert await pass_key(other, software.get(again["key"]["challenge"])) == ""
    browser, problem = await asked(world, "central")
    one.counter = 3  # a copy of the key, or the key after its copy
    assert await pass_key(browser, one.get(problem["key"]["challenge"])) == "bad-second-factor"
    async with client.get(f"{API}/second-factor", headers=NAME) as response:
        state = await response.json()
    assert state["keys_possible"]
    shown = {key["name"]: (key["created"], key["last_used"], key["here"]) for key in state["keys"]}
    used = "2026-04-06T01:00:00Z", "2026-04-06T01:01:00Z", True
    assert shown == {"Khóa xanh": used, "Khóa dự phòng": used}
    log = [(entry.action, entry.detail) for entry in await world.audited(30)]
    assert {("second-factor-add", "key Khóa xanh"), ("login", "key Khóa xanh")} <= set(log)
    for key in state["keys"]:
        url = f"{API}/second-factor/keys/{key['id']}/remove"
        async with client.post(url, json={"password": PASSWORD}) as response:
            assert response.status == 204
        async with client.post(url, json={"password": PASSWORD}) as response:
            assert await problem_of(response) == (404, "not-found")
    assert await me(await world.signed_in("central")) == (200, False)


async def test_a_key_beside_an_app_and_a_key_of_somebody_else(world: World) -> None:
    software = SoftwareKey("hop.example", "http://hop.example")
    client, other = await world.signed_in("host"), await world.signed_in("central")
    secret, _ = await enrol(world, client)
    assert await add_key(client, software, "Khóa") == (200, [])
    assert (await add_key(other, SoftwareKey("hop.example", "http://hop.example"), "Khóa"))[0] == 200
    browser, problem = await asked(world, "host")
    assert problem["methods"] == ["key", "totp", "recovery-code"]
    assert await pass_code(browser, code(world, secret)) == ""
    browser, problem = await asked(world, "central")
    assert await pass_key(browser, software.get(problem["key"]["challenge"])) == "bad-second-factor"


async def test_a_wrong_answer_adds_no_key(world: World) -> None:
    client = await world.signed_in("host")
    assert (await add_key(client, SoftwareKey("evil.example", "http://hop.example"), "Khóa"))[0] == 422
    assert (await add_key(client, SoftwareKey("hop.example", "http://evil.example"), "Khóa"))[0] == 422
    assert await me(await world.signed_in("host")) == (200, False)
