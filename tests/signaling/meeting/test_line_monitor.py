"""People of a telecom enterprise: their own lines, whom they name, what they answer, and nothing else (R-090, A36).

Also tests `signaling/operations/provider_view.py`.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientSession
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from mediaserver.api import ConnectionQuality
from scheduler.operations.incidents.schema import LINE_MINUTES
from scheduler.operations.incidents.service import IncidentService
from signaling.app.admin_cli import NewAccount, create_account
from signaling.app.api_table import PREFIX, ROUTES
from signaling.core.account import Account
from signaling.core.errors import BadInput
from signaling.http.route import ID
from signaling.meeting import record_writer
from tests.scripted_commits import Fate
from tests.signaling.directory_calls import add_provider_lines, post_directory, set_first_password
from tests.signaling.incident_calls import list_incidents, take_step
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW, PASSWORD, World, problem_of, wait_until

NAMED = {"id": NHA_TRANG, "name": "UBND.Nha Trang", "label": "UBND thành phố Nha Trang"}


async def seen(client: ClientSession, query: str = "") -> dict[str, Any]:
    async with client.get(f"/api/v1/lines{query}") as response:
        assert response.status == 200, await response.text()
        found: dict[str, Any] = await response.json()
        return found


async def test_a_provider_sees_its_own_lines_and_names_its_contact(world: World) -> None:
    ids = await add_provider_lines(world)
    session = await world.session(NHA_TRANG, CAM_RANH, start=timedelta(hours=3))
    central, noc = await world.signed_in("central"), await world.signed_in("noc")
    duty = {"role": "main", "name": "Trần Thị C", "phone": "0905000001"}
    async with central.post(f"/api/v1/readiness/{session.id}/duties", json=duty) as response:
        assert response.status == 200
    shown = await seen(noc)
    assert shown == {
        "provider": {"id": ids["VNPT"], "name": "VNPT"},
        "lines": [
            {
                "id": shown["lines"][0]["id"],
                "point": NAMED,
                "type": "WAN",
                "subscribed_kbps": 4000,
                "up_kbps": 4000,
                "down_kbps": 3900,
                "ranges": ["127.0.0.0/8"],
                "slow": True,
            }
        ],
        "sessions": [
            {
                "id": session.id,
                "number": session.number,
                "host": "UBND tỉnh Khánh Hòa",
                "slots": [{"kind": "chinh_thuc", "start": "2026-04-06T04:00:00Z", "end": "2026-04-06T06:00:00Z"}],
                "due": "2026-04-06T02:00:00Z",
                "points": [{**NAMED, "minutes": 0, "lossy": 0, "now": None}],
                "contact": None,
                "centre": {"name": "Trần Thị C", "phone": "+84905000001"},
            }
        ],
        "incidents": [],
        "may_answer": True,
    }
    assert session.code is not None and session.code not in str(shown) and session.title not in str(shown)
    body = {"session": session.id, "name": "Anh Tú", "phone": "0258 3800 126"}
    async with noc.post("/api/v1/lines/contact", json=body) as response:
        assert (await response.json())["sessions"][0]["contact"] == {"name": "Anh Tú", "phone": "+842583800126"}
    async with noc.post("/api/v1/lines/contact", json={**body, "phone": "gọi sau"}) as response:
        assert await problem_of(response) == (422, "invalid")
    world.clock.advance(2 * 3600)
    async with central.get(f"/api/v1/readiness/{session.id}") as response:
        marks = [(m["item"], m["colour"], m["word"], m["value"]) for m in (await response.json())["marks"]]
    assert ("provider", "amber", "nobody-of", "Viettel") in marks
    other = await world.session(CAM_RANH, start=timedelta(hours=3))
    async with noc.post("/api/v1/lines/contact", json={**body, "session": other.id}) as response:
        assert await problem_of(response) == (404, "not-found")
    assert (await seen(await world.signed_in("office"), f"?provider={ids['Viettel']}"))["may_answer"] is False


async def test_a_provider_answers_what_is_its_matter(world: World) -> None:
    await add_provider_lines(world)
    session = await world.session(NHA_TRANG, CAM_RANH)
    guest, joined = await world.join("nhatrang", session)
    world.engine.rooms[session.id].lines[joined["seat"]] = ConnectionQuality(0.0, 0.12, 0.0214, 0.184)
    for _ in range(32):
        await world.tick(2)
    noc, central = await world.signed_in("noc"), await world.signed_in("central")
    shown = await seen(noc)
    measured = {"up": 0.0, "down": 12.0, "jitter": 21.4, "round_trip": 184.0}
    assert shown["sessions"][0]["points"] == [{**NAMED, "minutes": 1, "lossy": 1, "now": measured}]
    (fault,) = shown["incidents"]
    assert (fault["point"]["id"], fault["kind"], fault["measured"], fault["said"]) == (NHA_TRANG, "line", measured, [])
    await take_step(central, fault["id"], "noted", "mã phiên không được lộ")
    await take_step(central, fault["id"], "provider", "mất gói chiều xuống")
    async with noc.post(f"/api/v1/lines/incidents/{fault['id']}", json={"text": " đã cử  người "}) as response:
        replies = (await response.json())["incidents"][0]["said"]
    assert [(each["answer"], each["text"]) for each in replies] == [
        (False, "mất gói chiều xuống"),
        (True, "đã cử người"),
    ]
    async with noc.post(f"/api/v1/lines/incidents/{fault['id']}", json={"text": " "}) as response:
        assert await problem_of(response) == (422, "invalid")
    (row,) = await list_incidents(central)
    assert (row["provider"], row["state"], row["steps"][-1]["kind"], row["steps"][-1]["by"]) == (
        "VNPT",
        "provider",
        "answered",
        "noc",
    )
    incident = await guest.ask(type="report", kind="no-sound")
    async with noc.post(f"/api/v1/lines/incidents/{incident['id']}", json={"text": "không"}) as response:
        assert await problem_of(response) == (404, "not-found")
    await take_step(central, fault["id"], "resolved")
    assert (await seen(noc))["incidents"] == []


async def test_a_weak_line_and_its_minute_wait_for_the_database_and_are_there_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_writer, "AGAIN_SECONDS", 0.0)
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)
    _, joined = await world.join("nhatrang", session)
    world.engine.rooms[session.id].lines[joined["seat"]] = ConnectionQuality(0.0, 0.12, 0.0214, 0.184)
    left = [
        script_answers(monkeypatch, "report", "lost", "unanswered"),
        script_answers(monkeypatch, "unsettled_like", "lost"),
        script_answers(monkeypatch, "count", "lost", "unanswered"),
    ]
    for _ in range(31):
        await world.tick(2)
    await wait_until(lambda: left == [[], [], []])
    await world.tick(2)
    told = await host.type("incident")
    assert (told["kind"], told["point"], told["opened"]) == ("line", NHA_TRANG, "2026-04-06T01:01:02Z")
    (row,) = await list_incidents(await world.signed_in("central"))
    assert (row["id"], [step["kind"] for step in row["steps"]]) == (told["id"], ["opened"])
    async with world.services.database.connect() as db:
        minutes = [(each.point, each.minutes, each.lossy) for each in await db.execute(select(LINE_MINUTES))]
    assert minutes == [(NHA_TRANG, 1, 1)]


def script_answers(monkeypatch: pytest.MonkeyPatch, name: str, *fates: Fate) -> list[Fate]:
    """Let the next transactions of a method be lost, or take effect without an answer; return the fates to come."""
    method, left = getattr(IncidentService, name), list(fates)

    async def scripted(*arguments: Any) -> Any:
        fate = left.pop(0) if left else "answered"
        done = None if fate == "lost" else await method(*arguments)
        if fate != "answered":
            raise OperationalError("COMMIT", {}, OSError("the connection is closed"))
        return done

    monkeypatch.setattr(IncidentService, name, scripted)
    return left


async def test_everything_else_is_closed_to_them(world: World) -> None:  # A36
    ids = await add_provider_lines(world)
    session = await world.session(NHA_TRANG)
    noc = await world.signed_in("noc")
    for route in ROUTES:
        if route.access == "signed-in":
            path = PREFIX + route.path.replace(ID, session.id).replace("{part}", "1")
            async with noc.request(route.method, path, json={} if route.method == "POST" else None) as response:
                assert (route.path, await problem_of(response)) == (route.path, (403, "forbidden"))
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await noc.ws_connect("/ws")
    async with noc.get(f"/api/v1/lines?provider={ids['Viettel']}") as response:
        assert await problem_of(response) == (403, "forbidden")
    for account in ("host", "nobody"):
        async with (await world.signed_in(account)).get("/api/v1/lines") as response:
            assert await problem_of(response) == (403, "forbidden")
    central = await world.signed_in("central")
    async with central.get("/api/v1/lines") as response:
        assert await problem_of(response) == (422, "invalid")
    body = {"session": session.id, "name": "Anh Tú", "phone": "0258 3800 126"}
    async with central.post("/api/v1/lines/contact", json=body) as response:
        assert await problem_of(response) == (403, "forbidden")
    async with noc.get("/api/v1/me") as response:
        me = await response.json()
    assert (me["roles"], me["provider"]) == (["provider"], {"id": ids["VNPT"], "name": "VNPT"})


async def test_an_account_of_a_provider_is_issued_by_a_link(world: World) -> None:
    ids = await add_provider_lines(world)
    central = await world.signed_in("central")
    issued = await post_directory(central, f"providers/{ids['Viettel']}/account", account="Viettel.Noc")
    assert await set_first_password(world, issued["link"]) == (200, "viettel.noc")
    known = await world.accounts.account("viettel.noc")
    expected = Account("viettel.noc", "Viettel", ("provider",), None, None, provider=ids["Viettel"])
    assert known is not None and known[0] == expected
    for provider, account, status in ((ids["VNPT"], "viettel.noc", 422), ("nobody", "x", 404)):
        async with central.post(f"/api/v1/directory/providers/{provider}/account", json={"account": account}) as got:
            assert got.status == status


@pytest.mark.parametrize(
    "new",
    [
        NewAccount("noc", "", ("provider",)),
        NewAccount("noc", "", ("provider",), provider="MobiFone"),
        NewAccount("noc", "", ("site",), provider="VNPT"),
        NewAccount("noc", "", ("provider", "technician"), provider="VNPT"),
    ],
)
async def test_the_role_and_the_enterprise_go_together(world: World, new: NewAccount) -> None:
    await add_provider_lines(world)
    with pytest.raises(BadInput):
        await create_account(world.services, replace(new, account="noc2"), PASSWORD, NOW)
