"""Every endpoint of the API: who may call it, how bad input is answered, and that the route table is complete.

Also tests `router.py`, `openapi.py`, `problems.py`, `signaling/accounts/permissions.py`,
`signaling/app/api_table.py`, `signaling/policy/calendar.py` and `signaling/core/account.py`.
"""

import asyncio
import gzip
import json
import re
import ssl
from pathlib import Path
from typing import Any, get_args

import aiohttp
import pytest
from aiohttp.http_parser import DeflateBuffer
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from yarl import URL

from mediaserver.api import LayoutKind
from scheduler.booking.registration.service import Scheduler
from scheduler.operations.closing.documents import Document
from scheduler.operations.incidents.model import FaultReport
from signaling.app import tls
from signaling.app.api_table import MODELS, PREFIX, ROUTES
from signaling.app.application import application
from signaling.compliance.security_incident import SecurityIncident
from signaling.core.account import Account
from signaling.directory.equipment import NewLine
from signaling.http import router
from signaling.http.openapi import document, public_path
from signaling.http.route import Route
from signaling.quality.model import ABSENT, Identity, Series
from tests.film import film
from tests.signaling.request_bodies import EMERGENCY, GOOD, registration
from tests.signaling.world import (
    CAM_RANH,
    CHEAP,
    HOST,
    NHA_TRANG,
    NOW,
    PASSWORD,
    PATIENCE_S,
    World,
    problem_of,
)

CLOSED = [route for route in ROUTES if route.access != "open"]
POSTS = [route for route in ROUTES if route.method == "POST" and not route.upload]
TAKING = [route for route in POSTS if route.body]
JSON = {"Content-Type": "application/json"}


def measured(seat: str) -> Series:
    """Return a series of a seat of Nha Trang."""
    series = Series(Identity(seat, NHA_TRANG, "UBND.Nha Trang", "browser"), NOW)
    series.append(ABSENT)
    return series


def url(route: Route, thing: str = "nothing") -> URL:
    return URL(PREFIX + public_path(route.path).replace("{id}", thing), encoded=True)


def name(route: Route) -> str:
    return f"{route.method} {public_path(route.path)}"


async def test_without_login_every_call_answers_401(world: World) -> None:
    responses = {}
    for route in CLOSED:
        async with world.client().request(route.method, url(route)) as response:
            responses[name(route)] = await problem_of(response)
    assert responses == dict.fromkeys(map(name, CLOSED), (401, "signed-out"))


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/me", "/api/"])
async def test_paths_that_do_not_exist_answer_401_outside_and_404_inside(world: World, path: str) -> None:
    async with world.client().get(path) as response:
        assert await problem_of(response) == (401, "signed-out")
    async with (await world.signed_in("host")).get(path) as response:
        assert await problem_of(response) == (404, "not-found")


@pytest.mark.parametrize(
    ("data", "headers", "problem"),
    [
        (b"{}", {"Origin": "https://evil.example"}, (403, "bad-origin")),
        (b"{}", {"Content-Type": "text/plain"}, (415, "unsupported-type")),
        (b"{" + b" " * 65536, {}, (413, "too-large")),
    ],
    ids=["origin", "type", "size"],
)
async def test_bad_input_gets_a_problem(
    world: World, data: bytes, headers: dict[str, str], problem: tuple[int, str]
) -> None:
    client = await world.signed_in("central")
    responses = {}
    for route in POSTS:
        async with client.post(url(route), data=data, headers={**JSON, **headers}) as response:
            responses[name(route)] = await problem_of(response)
    assert responses == dict.fromkeys(map(name, POSTS), problem)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"a": NaN}', b"[" * 60_000])
async def test_malformed_json_gets_400(world: World, body: bytes) -> None:
    client = await world.signed_in("central")
    responses = {}
    for route in TAKING:
        async with client.post(url(route), data=body, headers=JSON) as response:
            responses[name(route)] = await problem_of(response)
    assert responses == dict.fromkeys(map(name, TAKING), (400, "bad-json"))


async def test_unknown_and_missing_fields_get_422(world: World) -> None:
    client = await world.signed_in("central")
    responses = {}
    for route in TAKING:
        async with client.post(url(route), json={"more": 1}) as response:
            named = {error["field"] for error in (await response.json()).get("errors", [])}
            responses[name(route)] = (await problem_of(response), "more" in named)
    assert responses == dict.fromkeys(map(name, TAKING), ((422, "invalid"), True))


async def test_characters_that_no_text_may_have_get_422_in_bodies_and_queries(world: World) -> None:
    client = await world.signed_in("central")
    listed = [route for route in CLOSED if route.method == "GET" and "{id" not in route.path]
    responses = {}
    for route in (*TAKING, *listed):
        sent: dict[str, Any] = {"json": {"more": ["A\x00B"]}} if route.body else {"params": {"more.0": "A\u202eB"}}
        async with client.request(route.method, url(route), **sent, headers={"Accept-Language": "en"}) as response:
            faults = (await response.json()).get("errors")
            responses[name(route)] = (await problem_of(response), faults)
    fault = {"field": "more.0", "detail": "has characters that may not be used"}
    assert responses == dict.fromkeys(responses, ((422, "invalid"), [fault]))


@pytest.mark.parametrize("id_", ["", "x" * 33, "A\nB", "A\u200eB", "A\x85B", "A\u2028B"])
def test_what_could_not_be_found_is_no_id(id_: str) -> None:
    with pytest.raises(ValidationError):
        NewLine(id=id_, type="WAN", subscribed_kbps=10_000)


QUERIES = {
    "/recordings/{id}/file": "ticket=1",
    "/recordings/{id}/transcript/file": "format=vtt",
    "/sessions/{id}/quality/series": "seat=s1",
}
"""A valid query for every endpoint of a thing that needs one."""


@pytest.mark.parametrize("thing", ["nothing", "%00", "a%2Fb", "x" * 65, "%E2%80%A6"])
async def test_unknown_ids_get_404(world: World, thing: str) -> None:
    client = await world.signed_in("admin")
    routes = [route for route in CLOSED if "{id" in route.path and route.access != "provider"]
    responses = {}
    for route in routes:
        sent = json.dumps(GOOD.get(public_path(route.path), {}))
        body: dict[str, Any] = {"data": sent, "headers": JSON} if route.method == "POST" else {}
        query = QUERIES.get(public_path(route.path), "")
        async with client.request(route.method, url(route, thing).with_query(query), **body) as response:
            responses[name(route)] = await problem_of(response)
    assert responses == dict.fromkeys(map(name, routes), (404, "not-found"))


ROLES = ["admin", "central", "host", "nhatrang", "dienkhanh", "nobody"]
ALLOWED: dict[str, list[int]] = {
    #                                   admin central host nhatrang dienkhanh nobody
    "GET /me": [200, 200, 200, 200, 200, 200],
    "GET /today": [200, 200, 200, 200, 200, 200],
    "GET /setup": [200, 403, 403, 403, 403, 403],
    "GET /units": [200, 200, 200, 200, 200, 200],
    "GET /points": [200, 200, 200, 200, 200, 200],
    "POST /points/{id}/devices": [200, 200, 403, 403, 403, 403],
    "GET /directory": [200, 200, 200, 200, 200, 200],
    "POST /directory/units": [201, 201, 403, 403, 403, 403],
    "POST /directory/points": [409, 409, 403, 403, 403, 403],
    "GET /directory/points/{id}": [200, 200, 200, 200, 404, 404],
    "POST /directory/points/{id}/name": [200, 200, 403, 403, 403, 403],
    "POST /directory/points/{id}/room": [200, 200, 403, 403, 403, 403],
    "POST /directory/points/{id}/move": [409, 409, 403, 403, 403, 403],
    "POST /directory/points/{id}/assess": [200, 200, 403, 403, 403, 403],
    "POST /directory/units/{id}/documents": [200, 200, 403, 403, 403, 403],
    "POST /directory/documents/{id}/end": [404, 404, 403, 403, 403, 403],
    "POST /directory/providers/{id}/account": [404, 404, 403, 403, 403, 403],
    "GET /lines": [422, 422, 403, 403, 403, 403],
    "POST /lines/contact": [403, 403, 403, 403, 403, 403],
    "POST /lines/incidents/{id}": [403, 403, 403, 403, 403, 403],
    "POST /directory/assessments/{id}/files": [404, 404, 403, 403, 403, 403],
    "POST /directory/documents/{id}/files": [404, 404, 403, 403, 403, 403],
    "GET /directory/files/{id}": [404, 404, 404, 404, 404, 404],
    "POST /directory/files/{id}/remove": [404, 404, 403, 403, 403, 403],
    "GET /directory/points/{id}/stock": [200, 200, 200, 200, 404, 404],
    "POST /directory/points/{id}/devices": [200, 200, 403, 403, 403, 403],
    "POST /directory/points/{id}/lines": [200, 200, 403, 403, 403, 403],
    "POST /directory/devices/{id}": [404, 404, 403, 403, 403, 403],
    "POST /directory/devices/{id}/remove": [404, 404, 403, 403, 403, 403],
    "POST /directory/devices/{id}/test": [404, 404, 403, 403, 403, 403],
    "GET /directory/devices/{id}/trace": [404, 404, 403, 403, 403, 403],
    "POST /directory/devices/{id}/test-call": [404, 404, 403, 403, 403, 403],
    "GET /directory/devices/{id}/test-call": [404, 404, 403, 403, 403, 403],
    "POST /directory/devices/{id}/change": [404, 404, 404, 404, 404, 404],
    "GET /displays": [200, 200, 200, 200, 200, 200],
    "GET /displays/{id}": [404, 404, 404, 404, 404, 404],
    "POST /directory/devices/{id}/display": [404, 404, 404, 404, 404, 404],
    "POST /directory/devices/{id}/display/remove": [404, 404, 404, 404, 404, 404],
    "POST /displays/{id}/command": [404, 404, 404, 404, 404, 404],
    "POST /directory/lines/{id}/remove": [404, 404, 403, 403, 403, 403],
    "GET /directory/units/{id}/inventory": [200, 200, 200, 200, 404, 404],
    "GET /directory/providers": [200, 200, 403, 403, 403, 403],
    "POST /directory/providers": [200, 200, 403, 403, 403, 403],
    "GET /directory/changes": [200, 200, 403, 403, 403, 403],
    "POST /directory/changes/{id}/decide": [404, 404, 403, 403, 403, 403],
    "GET /directory/people": [200, 200, 200, 200, 200, 200],
    "GET /directory/units/{id}/people": [200, 200, 200, 200, 404, 404],
    "POST /directory/units/{id}/people": [201, 201, 201, 403, 404, 404],
    "POST /directory/units/{id}/people/confirm": [200, 200, 200, 403, 404, 404],
    "GET /directory/units/{id}/personal": [200, 200, 200, 403, 404, 404],
    "GET /directory/units/{id}/personal/export": [200, 200, 200, 403, 404, 404],
    "POST /directory/units/{id}/personal/erase": [200, 200, 200, 403, 404, 404],
    "POST /directory/people/{id}/end": [404, 404, 404, 404, 404, 404],
    "POST /directory/people/{id}/train": [404, 404, 403, 403, 403, 403],
    "GET /directory/points/{id}/grants": [200, 200, 200, 200, 404, 404],
    "POST /directory/points/{id}/grants": [404, 404, 403, 403, 403, 403],
    "GET /directory/units/{id}": [200, 200, 200, 200, 404, 404],
    "GET /directory/tables/{id}": [200, 200, 403, 403, 403, 403],
    "POST /directory/tables/{id}/preview": [200, 200, 403, 403, 403, 403],
    "POST /directory/tables/{id}/import": [409, 409, 403, 403, 403, 403],
    "POST /directory/points/{id}/account": [200, 200, 403, 403, 403, 403],
    "POST /registrations": [201, 201, 201, 403, 403, 403],
    "GET /sessions": [200, 200, 200, 200, 200, 200],
    "GET /sessions/{id}": [200, 200, 200, 200, 404, 404],
    "GET /sessions/{id}/script": [200, 200, 200, 200, 404, 404],
    "POST /sessions/{id}/script": [200, 200, 200, 403, 404, 404],
    "POST /scripts/preview": [200] * 6,
    "POST /scripts/export": [200] * 6,
    "GET /queue": [200, 200, 403, 403, 403, 403],
    "GET /sessions/{id}/standing": [404, 404, 404, 404, 404, 404],
    "POST /sessions/{id}/hold": [409, 409, 403, 403, 403, 403],
    "POST /sessions/{id}/confirm": [409, 409, 403, 403, 403, 403],
    "POST /sessions/{id}/amend": [200, 200, 200, 403, 404, 404],
    "GET /sessions/{id}/extension": [200, 200, 200, 403, 404, 404],
    "POST /sessions/{id}/extend": [200, 200, 200, 403, 404, 404],
    "POST /sessions/{id}/release": [409, 409, 403, 403, 404, 404],
    "GET /sessions/{id}/history": [200, 200, 200, 200, 404, 404],
    "GET /sessions/{id}/cascade": [200, 200, 200, 200, 404, 404],
    "GET /cascade/not-held": [200] * 6,
    "GET /tokens": [200, 403, 403, 403, 403, 403],
    "POST /tokens": [201, 403, 403, 403, 403, 403],
    "POST /tokens/{id}/revoke": [404, 403, 403, 403, 403, 403],
    "GET /approvals": [200, 200, 403, 403, 403, 403],
    "POST /approvals/{id}/approve": [404, 403, 403, 403, 403, 403],
    "POST /approvals/{id}/refuse": [404, 403, 403, 403, 403, 403],
    "POST /approvals/{id}/emergency": [404, 404, 403, 403, 403, 403],
    "GET /webhooks": [200, 403, 403, 403, 403, 403],
    "POST /webhooks": [201, 403, 403, 403, 403, 403],
    "POST /webhooks/{id}/change": [404, 403, 403, 403, 403, 403],
    "POST /webhooks/{id}/rotate": [404, 403, 403, 403, 403, 403],
    "POST /webhooks/{id}/pause": [404, 403, 403, 403, 403, 403],
    "POST /webhooks/{id}/remove": [404, 403, 403, 403, 403, 403],
    "POST /webhooks/{id}/resume": [404, 403, 403, 403, 403, 403],
    "POST /webhooks/{id}/test": [404, 403, 403, 403, 403, 403],
    "GET /webhook-deliveries": [200, 403, 403, 403, 403, 403],
    "POST /webhook-deliveries/{id}/again": [404, 403, 403, 403, 403, 403],
    "GET /cascade/neighbours": [200, 403, 403, 403, 403, 403],
    "POST /cascade/neighbours": [200, 403, 403, 403, 403, 403],
    "POST /cascade/neighbours/{id}/remove": [404, 403, 403, 403, 403, 403],
    "GET /agenda": [200, 200, 200, 200, 200, 200],
    "GET /points/busy": [200, 200, 200, 200, 200, 200],
    "GET /free-times": [422] * 6,
    "GET /capacity/steps": [200, 200, 403, 403, 403, 403],
    "POST /capacity/impact": [200, 200, 403, 403, 403, 403],
    "POST /capacity/steps": [200, 200, 403, 403, 403, 403],
    "POST /capacity/shed": [200, 200, 403, 403, 403, 403],
    "GET /capacity/workers": [200, 200, 403, 403, 403, 403],
    "POST /capacity/workers/drain": [404, 404, 403, 403, 403, 403],
    "POST /capacity/workers/undrain": [404, 404, 403, 403, 403, 403],
    "GET /speech-recognition": [200, 200, 403, 403, 403, 403],
    "GET /capacity/costs": [200, 200, 403, 403, 403, 403],
    "GET /capacity/usage": [200, 200, 403, 403, 403, 403],
    "POST /sessions/{id}/cancel": [200, 200, 200, 403, 404, 404],
    "GET /sessions/{id}/lists": [200, 200, 200, 200, 404, 404],
    "POST /sessions/{id}/lists": [409, 409, 403, 409, 404, 404],
    "POST /sessions/{id}/lists/ask": [200, 200, 200, 403, 404, 404],
    "GET /sessions/{id}/lists/export": [200, 200, 200, 403, 404, 404],
    "GET /sessions/{id}/lists/export/signed": [404] * 6,
    "GET /self-test": [200, 200, 200, 200, 200, 200],
    "GET /speed": [200, 200, 200, 200, 200, 200],
    "POST /speed": [204, 204, 204, 204, 204, 204],
    "GET /points/{id}/self-tests": [200, 200, 404, 200, 404, 404],
    "POST /points/{id}/self-tests": [201, 201, 404, 201, 404, 404],
    "GET /readiness": [200, 200, 200, 200, 200, 200],
    "GET /readiness/{id}": [200, 200, 200, 200, 404, 404],
    "POST /readiness/{id}/checks": [200, 200, 200, 200, 404, 404],
    "POST /readiness/{id}/link": [200, 200, 200, 403, 404, 404],
    "POST /readiness/{id}/steps": [200, 200, 403, 200, 404, 404],
    "POST /readiness/{id}/duties": [200, 200, 403, 403, 404, 404],
    "POST /duties/{id}/arrive": [404, 404, 404, 404, 404, 404],
    "POST /duties/{id}/relieve": [404, 404, 404, 404, 404, 404],
    "GET /sessions/{id}/attendance": [200, 200, 200, 200, 404, 404],
    "GET /sessions/{id}/speeches": [200, 200, 200, 200, 404, 404],
    "GET /sessions/{id}/speaking": [200, 200, 200, 200, 404, 404],
    "GET /sessions/{id}/minutes": [200, 200, 200, 403, 404, 404],
    "GET /sessions/{id}/minutes/signed": [404] * 6,
    "GET /sessions/{id}/chat": [200, 200, 200, 200, 404, 404],
    "GET /sessions/{id}/votes": [200, 200, 200, 200, 404, 404],
    "GET /votes/{id}/protocol": [404, 404, 404, 404, 404, 404],
    "GET /votes/{id}/protocol/signed": [404] * 6,
    "POST /sessions/{id}/interruptions": [422, 422, 403, 422, 404, 404],
    "POST /drafts": [403, 403, 201, 403, 403, 403],
    "GET /refusals": [200, 200, 403, 403, 403, 403],
    "GET /drafts": [200, 200, 200, 200, 200, 200],
    "GET /drafts/{id}": [200, 200, 200, 200, 404, 404],
    "POST /drafts/{id}/confirm": [201, 201, 201, 403, 404, 404],
    "POST /drafts/{id}/discard": [200, 200, 200, 403, 404, 404],
    "GET /capacity": [200, 200, 200, 200, 200, 200],
    "GET /calendar-links": [200, 200, 200, 200, 200, 200],
    "POST /calendar-links": [201, 201, 201, 201, 201, 201],
    "POST /calendar-links/revoke": [204, 204, 204, 204, 204, 204],
    "GET /second-factor": [200] * 6,
    "POST /second-factor/totp": [200] * 6,
    "POST /second-factor/totp/confirm": [422] * 6,
    "POST /second-factor/totp/remove": [204] * 6,
    "POST /second-factor/keys": [200] * 6,
    "POST /second-factor/keys/confirm": [422] * 6,
    "POST /second-factor/keys/{id}/remove": [404] * 6,
    "POST /second-factor/recovery-codes": [422] * 6,
    "GET /directory/accounts": [200, 403, 403, 403, 403, 403],
    "POST /directory/accounts/{id}/second-factor/reset": [404, 403, 403, 403, 403, 403],
    "POST /directory/accounts/{id}/roles": [404, 403, 403, 403, 403, 403],
    "GET /sign-ins": [200, 200, 200, 200, 200, 200],
    "POST /sign-ins/{id}/end": [404, 404, 404, 404, 404, 404],
    "POST /sign-ins/end-others": [204, 204, 204, 204, 204, 204],
    "GET /layouts": [200, 200, 200, 200, 200, 200],
    "GET /ice-servers": [200, 200, 200, 200, 200, 200],
    "GET /calendar": [200, 200, 200, 200, 200, 200],
    "POST /calendar/days": [200, 403, 403, 403, 403, 403],
    "POST /calendar/years": [200, 403, 403, 403, 403, 403],
    "GET /deadlines": [200, 200, 200, 200, 200, 200],
    "GET /profiles": [200, 200, 200, 200, 200, 200],
    "GET /endings": [200, 200, 403, 403, 403, 403],
    "GET /units/outdated": [200, 200, 403, 403, 403, 403],
    "POST /profiles/preview": [200, 403, 403, 403, 403, 403],
    "POST /profiles": [409, 403, 403, 403, 403, 403],
    "POST /profiles/{id}/withdraw": [404, 403, 403, 403, 403, 403],
    "GET /recordings/estimate": [200, 200, 200, 200, 200, 200],
    "GET /recordings": [200, 200, 200, 200, 200, 200],
    "POST /recordings/{id}/link": [403, 200, 200, 403, 404, 404],
    "POST /recordings/{id}/compose": [403, 409, 409, 403, 404, 404],
    "GET /recordings/{id}/file": [403, 200, 200, 403, 404, 404],
    "GET /recordings/{id}/thumbnail": [403, 200, 200, 403, 404, 404],
    "GET /recordings/{id}/manifest": [200, 200, 200, 403, 404, 404],
    "GET /transcripts": [200, 200, 200, 200, 200, 200],
    "GET /transcripts/search": [422, 422, 422, 422, 422, 422],
    "GET /recordings/{id}/transcript": [403, 200, 200, 403, 404, 404],
    "GET /recordings/{id}/transcript/file": [422, 422, 422, 422, 422, 422],
    "POST /recordings/{id}/transcript/corrections": [403, 404, 404, 403, 404, 404],
    "POST /recordings/{id}/transcript/anew": [403, 409, 409, 403, 404, 404],
    "GET /sessions/{id}/quality": [200, 200, 200, 200, 404, 404],
    "GET /sessions/{id}/quality/series": [200, 200, 200, 200, 404, 404],
    "GET /incidents": [200, 200, 200, 200, 200, 200],
    "POST /incidents": [201, 201, 201, 201, 404, 404],
    "GET /incidents/{id}": [200, 200, 200, 200, 404, 404],
    "POST /incidents/{id}/steps": [200, 200, 403, 403, 403, 403],
    "GET /sessions/{id}/closing": [200, 200, 200, 200, 404, 404],
    "POST /sessions/{id}/closing": [200, 200, 403, 403, 404, 404],
    "POST /sessions/{id}/kind": [200, 200, 200, 403, 404, 404],
    "GET /sessions/{id}/documents": [200, 200, 200, 200, 404, 404],
    "POST /sessions/{id}/documents": [422, 422, 422, 403, 404, 404],
    "GET /documents/{id}/content": [404, 404, 404, 403, 404, 404],
    "POST /documents/{id}/remove": [204, 204, 204, 403, 404, 404],
    "POST /sessions/{id}/material-requests": [403, 403, 403, 201, 404, 404],
    "POST /sessions/{id}/material-grants": [204, 204, 204, 403, 404, 404],
    "GET /material-requests": [200, 200, 200, 200, 200, 200],
    "POST /material-requests/{id}/answer": [200, 200, 200, 403, 404, 404],
    "POST /sessions/{id}/recording-received": [403, 403, 409, 403, 404, 404],
    "GET /feedback": [200, 200, 200, 200, 200, 200],
    "POST /feedback": [403, 403, 201, 201, 201, 403],
    "POST /feedback/{id}": [200, 200, 403, 403, 403, 403],
    "GET /breaches": [200, 200, 200, 200, 200, 200],
    "GET /breaches/export": [200, 200, 200, 200, 200, 200],
    "GET /outbox": [200, 200, 403, 403, 403, 403],
    "POST /outbox/{id}/again": [404, 404, 403, 403, 403, 403],
    "GET /answers": [200, 200, 403, 403, 403, 403],
    "GET /emergencies": [200, 200, 403, 403, 403, 403],
    "POST /emergencies/{id}/acknowledge": [404, 404, 403, 403, 403, 403],
    "GET /letters": [200, 200, 403, 403, 403, 403],
    "GET /letters/{id}": [404, 404, 403, 403, 403, 403],
    "GET /letters/{id}/raw": [404, 404, 403, 403, 403, 403],
    "POST /letters/{id}/handled": [404, 404, 403, 403, 403, 403],
    "POST /letters/{id}/accept": [404, 404, 403, 403, 403, 403],
    "GET /forms/{id}": [404, 404, 404, 404, 404, 404],
    "GET /audit": [200, 200, 403, 403, 403, 403],
    "GET /audit/check": [200, 200, 403, 403, 403, 403],
    "POST /audit/check": [200, 200, 403, 403, 403, 403],
    "GET /audit/export": [200, 200, 403, 403, 403, 403],
    "GET /calls": [200, 200, 403, 403, 403, 403],
    "GET /calls/export": [200, 200, 403, 403, 403, 403],
    "GET /reports": [200, 200, 403, 403, 403, 403],
    "GET /reports/sessions": [200, 200, 403, 403, 403, 403],
    "GET /figure-requests": [200, 200, 200, 200, 200, 200],
    "POST /figure-requests": [201, 201, 403, 403, 403, 403],
    "POST /figure-requests/{id}": [404, 404, 404, 404, 404, 404],
    "GET /account-reviews": [200, 200, 403, 403, 403, 403],
    "POST /account-reviews": [409, 403, 403, 403, 403, 403],
    "GET /account-reviews/accounts": [200, 403, 403, 403, 403, 403],
    "GET /security-incidents": [200, 200, 403, 403, 403, 403],
    "POST /security-incidents": [201, 201, 403, 403, 403, 403],
    "POST /security-incidents/{id}": [200, 200, 403, 403, 403, 403],
    "POST /security-incidents/{id}/report": [200, 200, 403, 403, 403, 403],
    "POST /security-incidents/{id}/close": [200, 200, 403, 403, 403, 403],
    "POST /security-reports": [200, 200, 403, 403, 403, 403],
    "GET /security-incidents/export": [200, 200, 403, 403, 403, 403],
    "GET /controls": [200, 200, 403, 403, 403, 403],
    "POST /controls": [200, 200, 403, 200, 403, 403],
    "POST /controls/{id}/files": [404, 404, 404, 404, 404, 404],
    "GET /controls/points": [200, 200, 403, 403, 403, 403],
    "GET /controls/export": [200, 200, 403, 403, 403, 403],
    "GET /reports/points": [200, 200, 403, 403, 403, 403],
    "POST /sessions/{id}/review": [409, 409, 403, 403, 403, 403],
    "GET /reports/file": [200, 200, 403, 403, 403, 403],
    "GET /reports/file/signed": [404] * 6,
    "POST /logout": [204, 204, 204, 204, 204, 204],
    "POST /password": [422, 422, 422, 422, 422, 422],
}


def test_the_matrix_knows_every_call() -> None:
    assert set(ALLOWED) == {name(route) for route in CLOSED}


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_may_call_what_the_matrix_allows(world: World, role: str) -> None:
    session = await world.session(NHA_TRANG)
    path = await world.server.recordings.begin(session.id, "Họp", ("UBND.Khanh Hoa", "56"), NOW)
    await asyncio.to_thread(film, Path(path), 0.2)
    await world.server.recordings.ended(path, 5, None)
    await world.server.remux_queue.idle()
    recording = (await world.recording_store.recordings())[0].id
    draft, twice = [await world.server.drafts.add("56", "form", "nt", {}, NOW, origin="568") for _ in range(2)]
    things = {
        "readiness": session.id,
        "drafts": draft.id,
        "points": NHA_TRANG,
        "sessions": session.id,
        "recordings": recording,
        "outbox": "1",
        "units": "568",
        "tables": "people",
    }
    incident = await world.services.incidents.report(FaultReport(session.id, "other", NHA_TRANG), NOW)
    things["incidents"] = incident.id
    document = Document("d1", session.id, "a.pdf", "pdf", 1, "ab" * 32, "nowhere", "host", NOW)
    await world.services.documents.add(document)
    wish = await world.services.documents.ask(session.id, "recording", "568", "nhatrang", "", NOW)
    feedback = await world.services.feedback.add("568", "nhatrang", "Đường truyền yếu", NOW)
    await world.services.quality_store.save([(session.id, measured("s1"))])
    await world.services.security_incidents.add(SecurityIncident("i1", NOW, "serious", "Mã độc", "central", NOW))
    things |= {"security-incidents": "i1"}
    things |= {"feedback": feedback.id, "documents": "d1", "material-requests": wish.id}
    bodies = {
        **GOOD,
        "/password": {},
        "/incidents": {"session": session.id, "kind": "device"},
    }
    client = await world.signed_in(role)
    statuses = {}
    for route in sorted(CLOSED, key=lambda route: ("logout" in route.path, "cancel" in route.path)):
        path_ = public_path(route.path)
        kind = path_.removeprefix("/directory").split("/")[1] if path_.count("/") > 1 else ""
        where = url(route, session.id if path_.endswith("/manifest") else things.get(kind, "nothing"))
        if path_.endswith("{id}/file"):
            where = where.with_query(ticket=world.server.recordings.ticket(recording, role, NOW)[0])
        if path_.endswith("/discard"):
            where = url(route, twice.id)
        if path_ == "/deadlines":
            where = where.with_query({"class": "thuong", "start": "2026-04-09T01:00:00Z"})
        if path_ == "/sessions/{id}/quality/series":
            where = where.with_query(seat="s1")
        if path_ == "/recordings/estimate":
            where = where.with_query(minutes=180)
        body = {"json": bodies.get(path_, {})} if route.method == "POST" else {}
        async with client.request(route.method, where, **body) as response:
            statuses[name(route)] = response.status
    assert statuses == {call: allowed[ROLES.index(role)] for call, allowed in ALLOWED.items()}


ASKING = {
    "/audit/check", "/capacity/impact", "/scripts/preview", "/scripts/export", "/speed", "/profiles/preview",
    "/directory/tables/{id}/preview", "/recordings/{id}/link",
}  # fmt: skip
"""Calls other than GET that change nothing."""
OWN = {
    "/logout",
    "/password",
    "/sign-ins/end-others",
    "/sign-ins/{id}/end",
    "/calendar-links",
    "/calendar-links/revoke",
}
OWN |= {path for path in GOOD if path.startswith("/second-factor/")}
"""Calls about what is one's own: sign-ins, second factors, calendar links."""


async def test_a_supervisor_changes_nothing(world: World) -> None:  # Điều 16.2
    session = await world.session(NHA_TRANG)
    client = await world.signed_in("office")
    changing = [route for route in CLOSED if route.method != "GET" and public_path(route.path) not in ASKING | OWN]
    responses = {}
    for route in changing:
        body = GOOD.get(public_path(route.path), {})
        for thing in ("nothing", session.id):
            async with client.request(route.method, url(route, thing), json=body) as response:
                responses[name(route), thing] = await problem_of(response)
    things = [(name(route), thing) for route in changing for thing in ("nothing", session.id)]
    assert responses == dict.fromkeys(things, (403, "forbidden"))
    incident = {"session": session.id, "kind": "device"}
    async with client.post(f"{PREFIX}/incidents", json=incident) as response:
        assert await problem_of(response) == (403, "forbidden")


async def test_a_supervisor_may_call_posts_that_change_nothing(world: World) -> None:
    session = await world.session(NHA_TRANG)
    client = await world.signed_in("office")
    for path in sorted(ASKING - {"/profiles/preview", "/directory/tables/{id}/preview", "/recordings/{id}/link"}):
        async with client.post(f"{PREFIX}{path}", json=GOOD.get(path, {})) as response:
            assert response.status in {200, 204}, path
    async with client.get(f"{PREFIX}/sessions/{session.id}") as response:
        assert response.status == 200
    async with client.post(f"{PREFIX}/logout", json={}) as response:
        assert response.status == 204


async def test_a_supervisor_with_another_role_changes_things_by_that_role_alone(world: World) -> None:
    await world.accounts.add_account(
        Account("both", "Both", ("supervisor", "site"), "568", NHA_TRANG), CHEAP.hash(PASSWORD), NOW
    )
    own, other = await world.session(NHA_TRANG), await world.session(CAM_RANH)
    client = await world.signed_in("both")
    statuses = []
    for session in (own, other):
        async with client.get(f"{PREFIX}/sessions/{session.id}") as response:
            statuses.append(response.status)
        async with client.post(f"{PREFIX}/incidents", json={"session": session.id, "kind": "device"}) as response:
            statuses.append(response.status)
    assert statuses == [200, 201, 200, 404]


async def test_layouts_are_drawn_as_they_are_composed(world: World) -> None:
    client = await world.signed_in("host")
    async with client.get("/api/v1/layouts") as response:
        assert response.headers["Content-Encoding"] == "deflate"  # it is the same for everybody
        plans = {plan["kind"]: plan for plan in await response.json()}
    assert list(plans) == list(get_args(LayoutKind))
    assert plans["1+5"]["cells"][0] == {"x": 0, "y": 0, "width": 2, "height": 2, "role": "main"}
    async with client.get("/api/v1/layouts?points=5") as response:
        grown = {plan["kind"]: plan for plan in await response.json()}
    assert [len(grown[kind]["cells"]) for kind in ("grid", "speaker", "panorama", "2+21")] == [5, 5, 5, 23]
    async with client.get("/api/v1/layouts?points=0") as response:
        assert await problem_of(response) == (422, "invalid")


async def test_an_administrator_keeps_the_calendar(world: World) -> None:
    admin = await world.signed_in("admin")

    async def year() -> tuple[bool, dict[str, tuple[bool, str | None]]]:
        async with admin.get("/api/v1/calendar") as response:  # the clock stands in 2026
            found = await response.json()
        return found["confirmed"], {day["day"]: (day["working"], day["by"]) for day in found["days"]}

    async def correct(**body: object) -> None:
        async with admin.post("/api/v1/calendar/days", json=body) as response:
            assert response.status == 200

    confirmed, days = await year()
    assert not confirmed and len(days) == 16
    assert (days["2026-01-02"], days["2026-01-10"]) == ((False, "shipped"), (True, "shipped"))
    assert (days["2026-08-22"], days["2026-09-02"]) == ((True, None), (False, None))
    await correct(day="2026-11-23", working=False, number="99/VPCP", dated="2026-10-01")
    assert (await year())[1]["2026-11-23"] == (False, "admin")
    await correct(day="2026-11-23", working=None)
    async with admin.post("/api/v1/calendar/years", json={"year": 2026}) as response:
        assert (await response.json())["confirmed"]
    assert await year() == (True, days)
    async with admin.get("/api/v1/audit") as response:
        noted = [(entry["action"], entry["subject"]) for entry in await response.json()][:3]
    assert noted == [("calendar-year", "2026"), ("calendar-day", "2026-11-23"), ("calendar-day", "2026-11-23")]


async def test_deadlines_of_a_registration_that_comes_now(world: World) -> None:
    client = await world.signed_in("host")
    # Monday 06/04/2026 08:00 in Vietnam
    async with client.get("/api/v1/deadlines?class=dot_xuat&start=2026-04-06T04:30:00Z") as response:
        assert await response.json() == {
            "received": "2026-04-06T01:00:00Z",
            "effective": "2026-04-06T01:00:00Z",
            "latest": "2026-04-06T00:30:00Z",
            "late": True,
            "reply": "2026-04-06T02:30:00Z",
            "check": "2026-04-06T02:30:00Z",
            "rehearsal": "2026-04-07T01:00:00Z",
            "provisional": True,
        }
    async with client.get("/api/v1/deadlines?class=gap&start=2026-04-06T04:30:00Z") as response:
        assert await problem_of(response) == (422, "invalid")


async def test_profiles_say_which_rules_hold(world: World) -> None:
    client = await world.signed_in("host")
    async with client.get("/api/v1/profiles") as response:
        found = {profile["id"]: profile for profile in await response.json()}
    assert {name: profile["in_force"] for name, profile in found.items()} == {"KH-2023": True, "pre-KH-2023": False}
    assert found["KH-2023"]["content"]["capacity"]["share"] == {"num": 4, "den": 5}
    assert (found["pre-KH-2023"]["effective_to"], found["KH-2023"]["effective_from"]) == ("2023-03-23", "2023-03-24")


async def test_a_registration_becomes_a_session(world: World) -> None:
    client = await world.signed_in("host")
    more = {
        "people": 40,
        "people_at": {HOST: 25, NHA_TRANG: 8},
        "support": ["phien_dich"],
        "second_name": "Trần B",
        "second_phone": "0905123457",
        **EMERGENCY,
    }
    body = registration(recording=True, voices=True, **more)
    async with client.post("/api/v1/registrations", json=body) as response:
        session = await response.json()
        assert response.status == 201
    assert session.pop("standing") is None
    assert session == {
        "id": session["id"],
        "number": session["number"],
        "title": "Họp",
        "host": {"point": HOST, "name": "UBND.Khanh Hoa", "label": "UBND tỉnh Khánh Hòa"},
        "points": [
            {"id": NHA_TRANG, "name": "UBND.Nha Trang", "label": "UBND thành phố Nha Trang"},
            {"id": CAM_RANH, "name": "UBND.Cam Ranh", "label": "UBND thành phố Cam Ranh"},
        ],
        "rehearsal": None,
        "official": {"start": "2026-04-08T01:00:00Z", "end": "2026-04-08T03:00:00Z"},
        "class": "khan_cap",
        "ground": "chi_dao_ubnd_tinh",
        "reason": "CĐ 05/CĐ-UBND",
        "purpose": "tinh_den_xa",
        "kind": "giao_ban",
        "form": "truc_tuyen",
        "people": 40,
        "people_at": {HOST: 25, NHA_TRANG: 8},
        "support": ["phien_dich"],
        "support_note": "",
        "contact_name": "Nguyễn Văn A",
        "contact_phone": "+84905123456",
        "second_name": "Trần B",
        "second_phone": "+84905123457",
        "received": "2026-04-06T01:00:00Z",
        "effective": "2026-04-06T01:00:00Z",
        "reply_due": "2026-04-06T04:00:00Z",
        "check_due": "2026-04-07T23:00:00Z",
        "provisional": True,
        "recording": True,
        "voices": True,
        "legs": session["legs"],
        "state": "issued",
        "phase": "upcoming",
        "code": session["code"],
        "withheld": False,
        "may_control": True,
        "controllers": [{"id": "56", "name": "UBND tỉnh Khánh Hòa"}],
        "unable": [],
        "may_cancel": True,
        "may_draft_minutes": False,
    }
    assert len(session["code"]) == 10
    async with (await world.signed_in("nhatrang")).get(f"/api/v1/sessions/{session['id']}") as response:
        guest = await response.json()
    hidden = {"reason": None, "may_control": False, "may_cancel": False}
    assert guest == {**session, **hidden}
    async with (await world.signed_in("dienkhanh")).get("/api/v1/sessions") as response:
        assert await response.json() == []


async def test_a_refusal_for_capacity_says_which_limit_when_and_when_else(world: World) -> None:
    points = [point.id for point in await world.services.scheduler.points() if point.id != HOST]
    await world.session(*points[:120])
    client = await world.signed_in("host")
    official = {"start": "2026-04-06T01:30:00Z", "end": "2026-04-06T02:30:00Z"}
    body = registration(points=points[:120], official=official, **EMERGENCY)
    async with client.post("/api/v1/registrations", json=body, headers={"Accept-Language": "en"}) as response:
        problem = await response.json()
        assert await problem_of(response) == (409, "capacity")
    assert {key: problem[key] for key in ("limit", "usable", "needed", "start", "end", "detail")} == {
        "limit": "points",
        "usable": 200,
        "needed": 242,
        "start": "2026-04-06T01:30:00Z",
        "end": "2026-04-06T02:30:00Z",
        "detail": "Limit on points at the same time: 242 needed, 200 usable",
    }
    assert {"start": "2026-04-06T03:00:00Z", "end": "2026-04-06T04:00:00Z", "rehearsal": None} in problem["suggestions"]


async def test_faulty_fields_are_told_in_the_readers_language(world: World) -> None:
    client = await world.signed_in("host")
    details = {}
    for language in ("vi-VN,vi;q=0.9", "en", "fr"):
        async with client.post(
            "/api/v1/registrations",
            json=registration(title=" ", contact_phone="x", points=[]),
            headers={"Accept-Language": language},
        ) as response:
            assert await problem_of(response) == (422, "invalid")
            details[language] = (await response.json())["errors"]
    assert details["fr"] == details["vi-VN,vi;q=0.9"]
    assert details["en"] == [
        {"field": "title", "detail": "required"},
        {"field": "contact_phone", "detail": "is no Vietnamese phone number"},
        {"field": "points", "detail": "required"},
    ]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from([HOST, "2026-04-07T01:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(
        st.sampled_from(sorted({*registration(), "rehearsal", "recording"})), JSON_VALUES, max_size=4
    )
)
async def test_no_registration_is_answered_with_500(world: World, fields: dict[str, Any]) -> None:
    client = await world.signed_in("central")
    async with client.post("/api/v1/registrations", json=registration(**fields)) as response:
        assert response.status in {201, 409, 422}


@pytest.mark.parametrize(
    "query",
    [
        "from=x",
        "from=2026-04-06T01:00:00",
        "from=9999-12-31T23:59:59Z",
        "to=0001-01-01T00:00:00Z",
        "when=1",
        "from=1e99",
    ],
)
async def test_faulty_times_get_422(world: World, query: str) -> None:
    client = await world.signed_in("host")
    for call in ("sessions", "capacity"):
        async with client.get(f"/api/v1/{call}?{query}") as response:
            assert await problem_of(response) == (422, "invalid")


async def test_capacity_shows_limits_and_steps(world: World) -> None:
    await world.session(NHA_TRANG)
    client = await world.signed_in("nhatrang")
    async with client.get("/api/v1/capacity?from=2026-04-06T00:00:00Z&to=2026-04-06T04:00:00Z") as response:
        assert await response.json() == {
            "sessions": {"max": 20, "usable": 16},
            "points": {"max": 255, "usable": 200},
            "steps": [
                {"start": "2026-04-06T00:00:00Z", "end": "2026-04-06T01:00:00Z", "sessions": 0, "points": 0},
                {"start": "2026-04-06T01:00:00Z", "end": "2026-04-06T03:00:00Z", "sessions": 1, "points": 2},
                {"start": "2026-04-06T03:00:00Z", "end": "2026-04-06T04:00:00Z", "sessions": 0, "points": 0},
            ],
            "waiting": [{"start": "2026-04-06T00:00:00Z", "end": "2026-04-06T04:00:00Z", "sessions": 0, "points": 0}],
        }
    async with client.get("/api/v1/capacity?from=2026-01-01T00:00:00Z&to=2027-12-01T00:00:00Z") as response:
        assert await problem_of(response) == (422, "invalid")


async def test_cancelled_sessions_can_be_cancelled_again_and_ended_ones_cannot(world: World) -> None:
    session = await world.session(NHA_TRANG)
    client = await world.signed_in("central")
    for _ in range(2):
        async with client.post(f"/api/v1/sessions/{session.id}/cancel", json={}) as response:
            assert (await response.json())["phase"] == "cancelled"
    other = await world.session(NHA_TRANG)
    world.clock.advance(3 * 3600)
    async with client.post(f"/api/v1/sessions/{other.id}/cancel", json={}) as response:
        assert await problem_of(response) == (409, "ended")


async def test_the_specification_is_the_route_table(world: World) -> None:
    served = {
        (route.method, public_path(route.resource.canonical.replace(r"{id}", "{id}")))
        for route in world.http.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith(PREFIX) and route.method != "HEAD"
    }
    async with world.client().get("/api/v1/openapi.json") as response:
        spec = await response.json()
    written = {(method.upper(), PREFIX + path) for path, calls in spec["paths"].items() for method in calls}
    socket = ("GET", f"{PREFIX}/display/socket")  # OpenAPI describes no WebSocket
    assert (spec["openapi"], written | {socket}) == ("3.1.0", served)


def test_every_reference_of_the_specification_leads_somewhere_and_every_operation_has_its_own_id() -> None:
    spec = document(PREFIX, ROUTES, MODELS)
    text = json.dumps(spec)
    schemas = spec["components"]["schemas"]
    used = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert used == set(schemas)
    ids = [call["operationId"] for calls in spec["paths"].values() for call in calls.values()]
    assert len(ids) == len(set(ids))


PARTS_OF_PAGES = ("/support.js", "/app.css", "/fonts/be-vietnam-pro-latin-400-normal.woff2")


async def test_webassembly_compiles_in_pages_that_send_a_microphone_alone(world: World) -> None:
    client = world.client()
    compilers = set()
    for path in (*(f"/{page.name}" for page in Path("web").glob("*.html")), "/offline-worker.js", *PARTS_OF_PAGES):
        async with client.get(path) as response:
            assert response.status == 200
            policy = response.headers["Content-Security-Policy"]
            assert "'unsafe-eval'" not in policy
            if "script-src 'self' 'wasm-unsafe-eval'; " in policy:
                compilers.add(path)
    assert compilers == {"/room.html", "/host.html", "/test-room.html", "/display.html"}
    async with client.get("/vendor/rnnoise.wasm") as response:  # what it compiles
        assert (response.status, response.headers["Content-Type"]) == (200, "application/wasm")


async def test_security_headers_are_on_everything(world: World) -> None:
    client = world.client()
    for path in ("/", "/api/v1/me", "/nothing.html", "/healthz"):
        async with client.get(path) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "script-src 'self';" in response.headers["Content-Security-Policy"]
            assert response.headers["X-Frame-Options"] == "DENY"
            assert "Server" not in response.headers
    for path in PARTS_OF_PAGES:  # which may load nothing by themselves
        async with client.get(path) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
            assert "X-Frame-Options" not in response.headers


async def test_a_broken_database_is_503_without_a_traceback(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: Scheduler, on: object = None) -> None:
        raise TimeoutError("secret of the database")

    client = await world.signed_in("host")
    monkeypatch.setattr(Scheduler, "units", broken)
    async with client.get("/api/v1/units") as response:
        assert (await problem_of(response), response.headers["Retry-After"]) == ((503, "unavailable"), "2")
        assert "secret" not in await response.text()


async def test_the_cookie_over_the_loopback_is_not_secure(world: World) -> None:
    async with world.client().post("/api/v1/login", json={"account": "host", "password": PASSWORD}) as response:
        attributes = response.headers["Set-Cookie"].split("; ")[1:]
    assert attributes == ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Strict"]


async def test_the_wrong_method_gets_405(world: World) -> None:
    async with (await world.signed_in("host")).get("/api/v1/registrations") as response:
        assert (await problem_of(response), response.headers["Allow"]) == ((405, "method-not-allowed"), "POST")


async def test_the_cookie_over_tls(world: World, tmp_path: Path) -> None:
    server = TestServer(application(world.server), scheme="https")
    context = tls.context(tmp_path / "tls", ("127.0.0.1",), NOW)
    await server.start_server(ssl=context)
    trusting = ssl.create_default_context(cafile=tmp_path / "tls" / "cert.pem")
    body = {"account": "host", "password": PASSWORD}
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(cookie_jar=jar) as client:
        address = server.make_url("/api/v1/login")
        own_name = {"Host": "hop.khanhhoa.example"}
        async with client.get(server.make_url("/"), headers=own_name, ssl=trusting) as response:
            assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
        async with client.post(address, json=body, ssl=trusting) as response:
            attributes = response.headers["Set-Cookie"].split("; ")[1:]
            assert attributes == ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Strict", "Secure"]
            assert "Strict-Transport-Security" not in response.headers
    await server.close()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"garbage"),
        ("gzip", gzip.compress(bytes(1 << 20))),
        ("deflate", b"garbage"),
        ("br", b"garbage"),
        ("zstd", b"garbage"),
        ("x-none", b"{}"),
    ],
    ids=["gzip", "bomb", "deflate", "br", "zstd", "unknown"],
)
async def test_a_body_with_a_content_coding_gets_400_on_every_call_and_is_not_unpacked(
    world: World, monkeypatch: pytest.MonkeyPatch, coding: str, body: bytes
) -> None:
    unpacked: list[bytes] = []
    monkeypatch.setattr(DeflateBuffer, "feed_data", lambda _, chunk, *__: unpacked.append(chunk))
    headers = {**JSON, "Content-Encoding": coding}
    responses: dict[str, tuple[int, str]] = {}
    client = await world.signed_in("central")
    calls = [(each.method, str(url(each))) for each in ROUTES]
    for method, path in [*calls, ("POST", "/api/v1/nothing"), ("POST", "/")]:
        async with client.request(method, path, data=body, headers=headers) as response:
            responses[f"{method} {path}"] = await problem_of(response)
    assert responses == dict.fromkeys(responses, (400, "bad-encoding"))
    assert unpacked == []


async def test_a_body_that_does_not_come_gets_408(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "BODY_SECONDS", 0.05)
    head = "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"
    reader, writer = await asyncio.open_connection("127.0.0.1", world.http.port)
    writer.write(head.encode())
    async with asyncio.timeout(PATIENCE_S):
        assert (await reader.readline()).split()[1] == b"408"
    writer.close()
    await writer.wait_closed()


async def test_who_leaves_within_a_body_is_no_fault_of_the_server(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It was counted as 500, which alarms, and logged with a traceback."""
    assert world.http.runner is not None
    monkeypatch.setattr(world.http.runner.server, "handler_cancellation", False)  # as our servers have it
    head = "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"
    _, writer = await asyncio.open_connection("127.0.0.1", world.http.port)
    writer.write(head.encode())
    await writer.drain()
    async with world.client().get("/healthz") as response:  # comes after the head, which is being answered by now
        assert response.status == 200
    writer.close()
    counted = re.compile(r'diemcau_http_requests_total\{method="POST",route="/api/v1/login",status="(\d+)"\} 1\.0')
    async with asyncio.timeout(PATIENCE_S), world.client() as client:
        while True:
            async with client.get("/metrics") as response:
                if found := counted.findall(await response.text()):
                    break
            await asyncio.sleep(0.02)
    assert found == ["400"]
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
