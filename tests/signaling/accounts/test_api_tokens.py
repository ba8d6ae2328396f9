"""API tokens of other systems (RFC 6750): what each scope opens, who makes and revokes them, and from where they work.

Also tests `signaling/accounts/token_rest.py` and `signaling/app/token_scopes.py`.
"""

import asyncio
import base64
import json
import os
import re
import shutil
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from aiohttp import ClientResponse, ClientSession, WSServerHandshakeError
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from scheduler.directory.import_export.service import Kind
from signaling.accounts import throttle
from signaling.accounts.api_tokens import MAX_NETWORKS, ApiToken, check_expiry, networks_of, within
from signaling.accounts.schema import API_TOKENS
from signaling.app.api_table import MODELS, PREFIX, ROUTES
from signaling.app.token_scopes import SCOPES
from signaling.core.account import SCOPES as ALL_SCOPES
from signaling.core.account import Scope, digest
from signaling.core.errors import BadInput
from signaling.http.openapi import document, public_path
from signaling.http.route import Route
from tests.signaling.request_bodies import GOOD, registration
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW, World, problem_of

URL = f"{PREFIX}/tokens"
EXPIRES = NOW + timedelta(days=300)
CLOSED = [route for route in ROUTES if route.access != "open"]
OPENED: dict[str, tuple[Scope, int, int]] = {
    #                                          scope     of the centre, of unit 56
    "GET /units": ("read", 200, 200),
    "GET /points": ("read", 200, 200),
    "GET /sessions": ("read", 200, 200),
    "GET /sessions/{id}": ("read", 200, 200),
    "GET /sessions/{id}/script": ("read", 200, 200),
    "GET /sessions/{id}/standing": ("read", 404, 404),
    "GET /sessions/{id}/history": ("read", 200, 200),
    "GET /agenda": ("read", 200, 200),
    "GET /points/busy": ("read", 200, 200),
    "GET /free-times": ("read", 422, 422),
    "GET /capacity": ("read", 200, 200),
    "GET /calendar": ("read", 200, 200),
    "GET /deadlines": ("read", 422, 422),
    "GET /reports": ("read", 200, 403),
    "GET /reports/sessions": ("read", 200, 403),
    "GET /reports/points": ("read", 200, 403),
    "GET /reports/file": ("read", 200, 403),
    "POST /registrations": ("book", 201, 201),
    "POST /drafts": ("book", 403, 201),
    "POST /sessions/{id}/amend": ("book", 200, 200),
    "POST /sessions/{id}/cancel": ("book", 200, 200),
    "GET /directory": ("directory", 200, 200),
    "GET /directory/tables/{id}": ("directory", 200, 403),
    "POST /directory/tables/{id}/preview": ("directory", 422, 403),
    "POST /directory/tables/{id}/import": ("directory", 422, 403),
}
"""All calls that a token may make, by the scope that it needs; each other call is refused."""


def name(route: Route) -> str:
    return f"{route.method} {public_path(route.path)}"


async def made(world: World, *scopes: Scope, unit: str | None = None, **fields: Any) -> str:
    """Make a token; return its secret."""
    token = replace(ApiToken("portal", scopes, unit, (), NOW, "admin", EXPIRES), **fields)
    return await world.services.api_tokens.make(token)


def by(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def get(client: ClientSession, token: str, path: str = "/sessions") -> ClientResponse:
    response = await client.get(PREFIX + path, headers=by(token))
    await response.read()
    return response


async def answers(world: World, token: str, session: str, routes: Sequence[Route]) -> dict[str, tuple[int, str]]:
    """Make calls with a token; return status and word of each answer."""
    things = {"sessions": session, "units": "568", "tables": "rooms"}
    client, found = world.client(), {}
    for route in sorted(routes, key=lambda route: "cancel" in route.path):
        path = public_path(route.path)
        kind = path.removeprefix("/directory").split("/")[1] if path.count("/") > 1 else ""
        body = {"json": GOOD.get(path, {})} if route.method == "POST" else {}
        url = PREFIX + path.replace("{id}", things.get(kind, "nothing"))
        async with client.request(route.method, url, headers=by(token), **body) as response:
            found[name(route)] = await problem_of(response) if response.status >= 400 else (response.status, "")
    return found


@pytest.mark.parametrize(("unit", "column"), [(None, 1), ("56", 2)], ids=["centre", "unit"])
async def test_each_scope_opens_its_calls_and_none_of_other_scopes(world: World, unit: str | None, column: int) -> None:
    session = await world.session(NHA_TRANG)
    routes = [route for route in CLOSED if name(route) in OPENED]
    for scope in ALL_SCOPES:
        found = await answers(world, await made(world, scope, unit=unit, name=scope), session.id, routes)
        expected = {call: row[column] if row[0] == scope else 403 for call, row in OPENED.items()}
        assert {call: status for call, (status, _) in found.items()} == expected
        lacking = {call: word for call, (_, word) in found.items() if OPENED[call][0] != scope}
        assert lacking == dict.fromkeys(lacking, "insufficient-scope")


async def test_all_scopes_together_open_nothing_else(world: World) -> None:
    session = await world.session(NHA_TRANG)
    others = [route for route in CLOSED if name(route) not in OPENED]
    found = await answers(world, await made(world, *ALL_SCOPES), session.id, others)
    assert found == {name(route): (403, "insufficient-scope") for route in others}


def test_scopes_are_of_calls_that_exist() -> None:
    named = {route.operation_id: name(route) for route in CLOSED}
    assert {named[operation]: scope for operation, scope in SCOPES.items()} == {k: v[0] for k, v in OPENED.items()}


async def test_tables_other_than_units_and_rooms_are_closed_to_tokens(world: World) -> None:
    token, statuses = await made(world, "directory"), {}
    for table in get_args(Kind):
        statuses[table] = (await get(world.client(), token, f"/directory/tables/{table}")).status
    assert statuses == {"units": 200, "rooms": 200, "devices": 403, "people": 403}


async def test_a_token_exports_rooms_and_imports_them(world: World) -> None:
    client, token = world.client(), await made(world, "directory")
    async with client.get(f"{PREFIX}/directory/tables/rooms?format=csv", headers=by(token)) as response:
        file = {"file": base64.b64encode(await response.read()).decode()}
    table = f"{PREFIX}/directory/tables/rooms"
    async with client.post(f"{table}/preview", json=file, headers=by(token)) as response:
        seal = {"seal": (await response.json())["seal"]}
    async with client.post(f"{table}/import", json=file | seal, headers=by(token)) as response:
        assert (response.status, (await response.json())["steps"]) == (200, [])
    (entry,) = [each for each in await world.audited(3) if each.action == "directory-import"]
    assert (entry.actor, entry.subject) == ("token:portal", "rooms")


async def test_a_token_of_a_unit_does_what_its_registrant_may(world: World) -> None:
    own, other = await world.session(NHA_TRANG), await world.session(CAM_RANH)
    token = await made(world, "read", "book", unit="568")
    client = world.client()
    assert [(await get(client, token, f"/sessions/{each.id}")).status for each in (own, other)] == [200, 404]
    async with client.post(f"{PREFIX}/registrations", json=registration(), headers=by(token)) as response:
        assert await problem_of(response) == (403, "wrong-registrant")


async def test_what_a_token_registers_is_its_own_and_shows_no_code(world: World) -> None:
    token = await made(world, "read", "book", unit="56")
    client = world.client()
    headers = by(token) | {"Origin": "https://portal.example"}
    async with client.post(f"{PREFIX}/registrations", json=registration(), headers=headers) as response:
        assert response.status == 201, await response.text()
        session = await response.json()
    assert (session["state"], session["code"]) == ("issued", None)
    listed = await (await get(client, token)).json()
    assert [(each["id"], each["code"]) for each in listed] == [(session["id"], None)]
    assert {entry.actor for entry in await world.audited(3) if entry.action == "register"} == {"token:portal"}


async def test_without_a_token_and_with_a_wrong_one_the_challenge_is_that_of_rfc_6750(world: World) -> None:
    none, wrong = (401, "Bearer"), (401, 'Bearer error="invalid_token"')
    expected = {"": none, "Basic YTpi": none, "Bearer": wrong, "bearer dct_wrong": wrong, "Bearer dct_é": wrong}
    expected |= {"Bearer dct_" + "a" * 43: wrong, "Bearer  ": wrong, "Bearertoken": none}
    found = {}
    for sent in expected:
        headers = {"Authorization": sent} if sent else {}
        async with world.client().get(f"{PREFIX}/sessions", headers=headers) as response:
            found[sent] = (response.status, response.headers["WWW-Authenticate"])
    assert found == expected


async def test_a_token_without_the_scope_is_told_which_one_it_lacks(world: World) -> None:
    client, token = world.client(), await made(world, "book")
    challenges = []
    for path in ("/sessions", "/me", "/tokens"):
        response = await get(client, token, path)
        challenges.append((response.status, response.headers["WWW-Authenticate"]))
    error = 'Bearer error="insufficient_scope"'
    assert challenges == [(403, f'{error}, scope="read"'), (403, error), (403, error)]
    assert [(entry.actor, entry.action) for entry in await world.audited(3)] == [("token:portal", "refused")] * 3


async def test_cookies_are_ignored_beside_a_token(world: World) -> None:
    client = await world.signed_in("admin")
    assert await problem_of(await get(client, "dct_wrong", "/me")) == (401, "invalid-token")
    assert await problem_of(await get(client, await made(world, "read"), "/me")) == (403, "insufficient-scope")


async def test_no_token_opens_a_socket(world: World) -> None:
    token = await made(world, *ALL_SCOPES)
    with pytest.raises(WSServerHandshakeError) as refused:
        await world.client().ws_connect("/ws", headers=by(token))
    assert refused.value.status == 401


async def test_an_administrator_makes_a_token_that_is_told_once_and_stored_as_its_hash(world: World) -> None:
    admin = await world.signed_in("admin")
    body = {"name": "cong-van", "scopes": ["read", "read"], "unit": "568", "networks": ["10.57.1.0/24", "::1/128"]}
    body |= {"expires": "2026-12-31T00:00:00Z"}
    async with admin.post(URL, json=body) as response:
        assert response.status == 201, await response.text()
        token = (await response.json())["token"]
    assert re.fullmatch(r"dct_[A-Za-z0-9_-]{43}", token)
    async with admin.get(URL) as response:
        text, (row,) = await response.text(), await response.json()
    assert token not in text
    assert row == {
        "name": "cong-van",
        "scopes": ["read"],
        "unit": {"id": "568", "name": row["unit"]["name"]},
        "networks": ["10.57.1.0/24", "::1/128"],
        "state": "valid",
        "created": "2026-04-06T01:00:00Z",
        "made_by": "admin",
        "expires": "2026-12-31T00:00:00Z",
        "revoked": None,
        "used": None,
        "used_address": "",
    }
    async with world.services.api_tokens._engine.connect() as connection:
        (stored,) = (await connection.execute(select(API_TOKENS))).mappings()
    assert stored["digest"] == digest(token)
    assert token[4:] not in str(dict(stored))
    (entry,) = [each for each in await world.audited(3) if each.action == "token-add"]
    assert (entry.actor, entry.subject) == ("admin", "cong-van")
    assert entry.detail == "read 568 10.57.1.0/24,::1/128 2026-12-31"


FAULTY: list[tuple[Mapping[str, Any], str]] = [
    ({"expires": "2027-04-07T01:00:01Z"}, "expires"),
    ({"expires": "2026-04-06T01:00:00Z"}, "expires"),
    ({"networks": ["10.57.1.9/24"]}, "networks"),
    ({"networks": ["10.57.1.0/24"] * (MAX_NETWORKS + 1)}, "networks"),
    ({"unit": "nothing"}, "unit"),
    ({"scopes": []}, "scopes"),
    ({"scopes": ["administrator"]}, "scopes.0"),
    ({"name": "Cổng"}, "name"),
    ({"name": "taken"}, "name"),
]


async def test_faulty_tokens_are_refused(world: World) -> None:
    await made(world, "read", name="taken", revoked=NOW)
    admin = await world.signed_in("admin")
    for fields, field in FAULTY:
        async with admin.post(URL, json=GOOD["/tokens"] | fields) as response:
            assert (response.status, [each["field"] for each in (await response.json())["errors"]]) == (422, [field])
    assert [token.name for token in await world.services.api_tokens.all()] == ["taken"]


async def test_a_revoked_token_is_refused_at_once(world: World) -> None:
    client, admin, token = world.client(), await world.signed_in("admin"), await made(world, "read")
    assert (await get(client, token)).status == 200
    for _ in range(2):
        async with admin.post(f"{URL}/portal/revoke", json={}) as response:
            assert response.status == 204
    assert await problem_of(await get(client, token)) == (401, "invalid-token")
    async with admin.get(URL) as response:
        (row,) = await response.json()
    assert (row["state"], row["revoked"]) == ("revoked", "2026-04-06T01:00:00Z")
    assert [entry.subject for entry in await world.audited(9) if entry.action == "token-revoke"] == ["portal"]


async def test_an_expired_token_is_refused(world: World) -> None:
    token = await made(world, "read", expires=NOW + timedelta(seconds=10))
    world.clock.advance(9)
    assert (await get(world.client(), token)).status == 200
    world.clock.advance(1)
    assert await problem_of(await get(world.client(), token)) == (401, "invalid-token")


async def test_a_token_works_from_its_networks_alone(world: World) -> None:
    here = await made(world, "read", name="here", networks=("10.0.0.0/8", "127.0.0.0/8"))
    elsewhere = await made(world, "read", name="elsewhere", networks=("10.0.0.0/8",))
    assert [(await get(world.client(), token)).status for token in (here, elsewhere)] == [200, 401]


async def test_the_last_use_is_stored_at_most_once_a_minute(world: World) -> None:
    token, uses = await made(world, "read"), []
    for seconds in (0, 59, 1, 30):
        world.clock.advance(seconds)
        assert (await get(world.client(), token)).status == 200
        (row,) = await world.services.api_tokens.all()
        uses.append((row.used and (row.used - NOW).total_seconds(), row.used_address))
    await world.services.api_tokens.note_use("portal", "10.0.0.1", world.clock.now)  # another server read it before
    assert [each.used_address for each in await world.services.api_tokens.all()] == ["127.0.0.1"]
    assert uses == [(0, "127.0.0.1"), (0, "127.0.0.1"), (60, "127.0.0.1"), (60, "127.0.0.1")]


async def test_guesses_lock_the_address_and_expired_tokens_do_not(world: World) -> None:
    limit, client = throttle.API_TOKEN.limit, world.client()
    valid = await made(world, "read")
    expired = await made(world, "read", name="old", expires=NOW)
    for _ in range(limit + 1):
        assert (await get(client, expired)).status == 401
    assert [(await get(client, "dct_" + "a" * 43)).status for _ in range(limit + 1)] == [401] * limit + [429]
    response = await get(client, valid)
    assert await problem_of(response) == (429, "locked")
    assert response.headers["Retry-After"] == "300"


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_the_example_of_the_documentation_is_answered(world: World) -> None:
    session = await world.session(NHA_TRANG)
    text = (Path(__file__).parents[3] / "docs/integration.md").read_text("utf-8")
    (command,) = re.findall(r"^curl .*DIEMCAU_TOKEN.*$", text, re.MULTILINE)
    arguments = command.replace("https://diemcau.example/", str(world.http.make_url("/")))
    curl = await asyncio.create_subprocess_shell(
        f"{arguments} --silent --fail", env=os.environ | {"DIEMCAU_TOKEN": await made(world, "read")}, stdout=PIPE
    )
    output, _ = await curl.communicate()
    assert curl.returncode == 0
    assert [each["id"] for each in json.loads(output)] == [session.id]


def test_the_openapi_document_names_the_scheme_and_the_scope_of_each_operation() -> None:
    described = document(PREFIX, ROUTES, MODELS)
    scheme = described["components"]["securitySchemes"]["token"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    named = {
        f"{method.upper()} {path}": ways["token"]
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        for ways in operation["security"]
        if "token" in ways
    }
    assert named == {call: [row[0]] for call, row in OPENED.items()}


@given(st.lists(st.text(max_size=50), max_size=3), st.text(max_size=50))
def test_any_texts_are_networks_or_refused(texts: list[str], address: str) -> None:
    try:
        networks = networks_of(texts)
    except BadInput:
        return
    assert isinstance(within(address, networks), bool)


@given(st.ip_addresses())
def test_an_address_lies_in_the_networks_that_hold_it(address: Any) -> None:
    assert not within(str(address), ["192.0.2.1/32"]) or str(address) == "192.0.2.1"
    if address.version == 4:
        assert within(f"::ffff:{address}", [f"{address}/32"])
        assert within(str(address), [f"{address}/32", "::/0"])
    assert within(str(address), ["0.0.0.0/0", "::/0"])


@given(st.datetimes(datetime(2000, 1, 1), datetime(2199, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_token_expires_within_a_year(expires: datetime) -> None:
    aware = expires.replace(tzinfo=UTC)
    try:
        check_expiry(aware, NOW)
    except BadInput:
        assert aware <= NOW or aware > NOW + timedelta(days=366)
    else:
        assert NOW < aware <= NOW + timedelta(days=366)
