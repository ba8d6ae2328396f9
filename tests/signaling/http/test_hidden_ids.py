"""Ids in paths reveal nothing: missing things and things that an account may not see are answered alike.

Also tests `route.py`, `signaling/accounts/visible_sessions.py` and `signaling/accounts/visible_units.py`.
"""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from scheduler.inbound_mail.store import MailboxPosition
from scheduler.operations.closing.documents import Document
from scheduler.operations.incidents.model import FaultReport
from scheduler.operations.votes.model import Question, Voter
from scheduler.webhooks.outbox import Webhook
from signaling.accounts.api_tokens import ApiToken
from signaling.accounts.security_keys import SecurityKey
from signaling.app.admin_cli import NewAccount, create_account
from signaling.app.api_table import PREFIX, ROUTES
from signaling.booking.approvals_store import new_approval
from signaling.cascade.model import Neighbour
from signaling.compliance.security_incident import SecurityIncident
from signaling.http.openapi import public_path
from signaling.http.route import Route
from tests.film import film
from tests.scheduler.inbound_mail.letters import letter
from tests.signaling.directory_calls import add_provider_lines
from tests.signaling.request_bodies import GOOD
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW, PASSWORD, World, problem_of

STRANGERS = ("dienkhanh", "focal", "nobody", "agriculture")
"""Accounts that have nothing to do with Nha Trang, nor with its sessions."""
SAME_FOR_ALL = {"/forms"}
"""Names that stand in the documentation."""
WITH_ID = [route for route in ROUTES if "{id" in route.path]


def kind(route: Route) -> str:
    """Return the kind of thing whose id a route takes: the path in front of the id."""
    return public_path(route.path).split("/{id}")[0]


async def made(client: ClientSession, path: str, body: Any) -> Any:
    async with client.post(f"{PREFIX}{path}", json=body) as response:
        assert response.ok, (path, await response.text())
        return await response.json()


async def evidence(client: ClientSession, assessment: str) -> str:
    url = f"{PREFIX}/directory/assessments/{assessment}/files?name=a.png"
    async with client.post(url, data=b"\x89PNG\r\n\x1a\n" + b"\0" * 64) as response:
        assert response.status == 201, await response.text()
        return str((await response.json())["id"])


async def things(world: World) -> dict[str, str]:
    """Make one thing of every kind, of Nha Trang or its session; return their ids."""
    services, central = world.services, await world.signed_in("central")
    providers = await add_provider_lines(world)
    session = await world.session(NHA_TRANG, CAM_RANH)
    path = await world.server.recordings.begin(session.id, "Họp", ("UBND.Khanh Hoa", "56"), NOW)
    await asyncio.to_thread(film, Path(path), 0.2)
    await world.server.recordings.ended(path, 5, None)
    await world.server.remux_queue.idle()
    [recording] = await world.recording_store.recordings()
    incident = await services.incidents.report(FaultReport(session.id, "line", NHA_TRANG), NOW)
    await services.incidents.act(incident.id, "taken", "central", "", NOW)
    await services.incidents.act(incident.id, "provider", "central", "", NOW)
    await services.documents.add(Document("d1", session.id, "a.pdf", "pdf", 1, "ab" * 32, "nowhere", "host", NOW))
    wish = await services.documents.ask(session.id, "recording", "568", "nhatrang", "", NOW)
    feedback = await services.feedback.add("568", "nhatrang", "Đường truyền yếu", NOW)
    draft = await services.drafts.add("56", "form", "nt", {}, NOW, origin="568")
    stock = await made(central, f"/directory/points/{NHA_TRANG}/devices", {"kind": "PC"})
    device = stock["devices"][0]["id"]
    await services.displays.pair(device, "k" * 64, True, NOW)
    change = await made(central, f"/directory/devices/{device}/change", GOOD["/directory/devices/{id}/change"])
    person = await made(central, "/directory/units/568/people", GOOD["/directory/units/{id}/people"])
    card = await made(central, f"/directory/points/{NHA_TRANG}/assess", GOOD["/directory/points/{id}/assess"])
    allowed = await made(central, "/directory/units/568/documents", GOOD["/directory/units/{id}/documents"])
    board = await made(
        central,
        f"/readiness/{session.id}/duties",
        GOOD["/readiness/{id}/duties"] | {"role": "point", "point": NHA_TRANG},
    )
    lists = await made(central, "/controls", GOOD["/controls"])
    control = next(row["id"] for each in lists for row in each["rows"] if row["id"])
    figure_request = await made(
        central, "/figure-requests?period=year&year=2026", GOOD["/figure-requests"] | {"units": ["568"]}
    )
    vote = await services.votes.open(session.id, Question("Thông qua?"), [Voter(NHA_TRANG, NHA_TRANG, "")], "host", NOW)
    await services.votes.close(vote.id, "host", NOW)
    await services.neighbours.add_below(Neighbour("xa", NHA_TRANG, url="https://xa.vn"), "key", NOW)
    token = ApiToken("portal", ("read",), None, (), NOW, "admin", NOW + timedelta(days=1))
    await services.api_tokens.make(token)
    await services.webhooks.add(Webhook("agenda", "https://127.0.0.1/", ("code.issued",), NOW, "admin"), "secret")
    await services.webhooks.test("agenda", NOW)
    await services.security_incidents.add(SecurityIncident("i1", NOW, "serious", "Mã độc", "central", NOW))
    approval = new_approval("shed", "capacity", [session.id], False, "", "central", NOW, NOW + timedelta(hours=1))
    await services.approvals.ask(approval)
    raw = letter()
    await services.inbound_mail.receive(raw, len(raw), MailboxPosition(1, 1), NOW, NOW)
    await services.factors.add_key(SecurityKey("k1", "vanninh", "Khóa", "h", "", 0, NOW), "", (), NOW)
    assessment = card["assessments"][0]["id"]
    return {
        "/points": NHA_TRANG, "/sessions": session.id, "/readiness": session.id, "/emergencies": session.id,
        "/drafts": draft.id, "/recordings": recording.id, "/incidents": incident.id, "/lines/incidents": incident.id,
        "/documents": "d1", "/material-requests": wish.id, "/feedback": feedback.id, "/outbox": "1", "/letters": "1",
        "/duties": board["duties"][0]["id"], "/controls": control, "/figure-requests": figure_request["id"],
        "/profiles": "KH-2023", "/directory/points": NHA_TRANG, "/directory/units": "568",
        "/directory/tables": "people", "/directory/people": person["id"],
        "/directory/documents": allowed["id"], "/directory/providers": providers["VNPT"],
        "/directory/assessments": assessment, "/directory/files": await evidence(central, assessment),
        "/directory/devices": device, "/displays": device, "/directory/lines": stock["lines"][0]["id"],
        "/directory/changes": str(change["id"]), "/votes": vote.id, "/cascade/neighbours": "xa",
        "/directory/accounts": "nhatrang", "/second-factor/keys": "k1", "/tokens": "portal",
        "/sign-ins": (await services.accounts.devices("central", NOW))[0].short_id,
        "/security-incidents": "i1", "/approvals": approval.id, "/webhooks": "agenda", "/webhook-deliveries": "1",
    }  # fmt: skip


async def answered(client: ClientSession, world: World, route: Route, thing: str, account: str) -> tuple[int, Any]:
    """Return status and body of a faultless call about a thing."""
    queries = {
        "/recordings/{id}/file": {"ticket": world.server.recordings.ticket(thing, account, NOW)[0]},
        "/recordings/{id}/transcript/file": {"format": "vtt"},
        "/sessions/{id}/quality/series": {"seat": "s1"},
    }
    query = queries.get(public_path(route.path), {})
    body = {"json": GOOD.get(public_path(route.path), {})} if route.method == "POST" else {}
    path = public_path(route.path).replace("{id}", thing)
    same = {"X-Request-ID": "same"}
    async with client.request(route.method, f"{PREFIX}{path}", params=query, headers=same, **body) as response:
        text = await response.text()
        return response.status, json.loads(text) if "json" in response.content_type else text


def unknown(thing: str) -> str:
    """Return an id of the same kind that nothing has."""
    return "999" if thing.isdecimal() else "nothing"


async def test_strangers_get_the_same_response_for_hidden_and_missing_ids(world: World) -> None:
    ids = await things(world)
    assert {kind(route) for route in WITH_ID} - SAME_FOR_ALL == set(ids)
    responses, distinguishable = {}, {}
    for account in STRANGERS:
        client = await world.signed_in(account)
        for route in WITH_ID:
            if kind(route) in SAME_FOR_ALL:
                continue
            thing = ids[kind(route)]
            there, gone = [await answered(client, world, route, id_, account) for id_ in (thing, unknown(thing))]
            responses[account, route.method, route.path] = there[0]
            if there != gone:
                distinguishable[account, route.method, route.path] = (there, gone)
    assert distinguishable == {}
    assert set(responses.values()) == {403, 404}


async def test_participants_get_the_same_response_for_requests_of_others_and_missing_ones(world: World) -> None:
    ids = await things(world)
    client = await world.signed_in("camranh")
    for route in WITH_ID:
        if kind(route) in {"/material-requests", "/duties"}:
            thing = ids[kind(route)]
            there, gone = [await answered(client, world, route, id_, "camranh") for id_ in (thing, unknown(thing))]
            assert there == gone, route.path
            assert there[0] == 404


async def test_people_of_another_provider_get_the_same_response_too(world: World) -> None:
    ids = await things(world)
    await create_account(
        world.services, NewAccount("tel", "Trực Viettel", ("provider",), provider="Viettel"), PASSWORD, NOW
    )
    for account, status in (("tel", 404), ("noc", 200)):
        client = await world.signed_in(account)
        body = GOOD["/lines/incidents/{id}"]
        async with client.post(f"{PREFIX}/lines/incidents/{ids['/incidents']}", json=body) as response:
            assert response.status == status, await response.text()


@pytest.mark.parametrize(
    ("account", "method", "path", "status"),
    [
        ("nhatrang", "POST", "/sessions/{id}/cancel", 403),
        ("nhatrang", "POST", "/recordings/{id}/link", 403),
        ("nhatrang", "GET", "/directory/points/{id}", 200),
        ("nhatrang", "POST", "/directory/units/{id}/people", 403),
        ("nhatrang", "POST", "/material-requests/{id}/answer", 403),
        ("camranh", "GET", "/directory/points/{id}", 404),
        ("host", "POST", "/incidents/{id}/steps", 403),
    ],
)
async def test_changing_a_visible_row_without_the_right_is_forbidden(
    world: World, account: str, method: str, path: str, status: int
) -> None:
    ids = await things(world)
    [route] = [each for each in WITH_ID if (each.method, public_path(each.path)) == (method, path)]
    client = await world.signed_in(account)
    assert (await answered(client, world, route, ids[kind(route)], account))[0] == status


async def test_requests_for_hidden_ids_are_in_the_audit_log(world: World) -> None:
    session = await world.session(NHA_TRANG, start=timedelta(hours=1))
    client = await world.signed_in("dienkhanh")
    async with client.get(f"{PREFIX}/sessions/{session.id}") as response:
        assert await problem_of(response) == (404, "not-found")
    [entry] = await world.audited(1)
    assert (entry.actor, entry.action, entry.subject) == ("dienkhanh", "refused", f"{PREFIX}/sessions/{session.id}")
