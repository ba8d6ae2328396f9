"""Room displays are paired by a code, join the day's sessions of their point, obey its people, and can do nothing else.

Also tests `scheduler/directory/equipment/displays.py`, `signaling/accounts/display_login.py`, and of
`signaling/displays/` the modules `context.py`, `day.py`, `directory.py`, `own.py` and `wire.py`.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, WSServerHandshakeError
from sqlalchemy import func, select

from signaling.app.api_table import PREFIX, ROUTES
from signaling.displays import remote
from signaling.http.cookies import DISPLAY_COOKIE
from signaling.http.openapi import public_path
from signaling.http.schema import IDEMPOTENCY
from tests.signaling.request_bodies import GOOD
from tests.signaling.world import CAM_RANH, HOST, NHA_TRANG, Socket, World, problem_of

SOCKET = f"{PREFIX}/display/socket"
IDLE: dict[str, Any] = {"report": {}}


@pytest.fixture(autouse=True)
def _short_hold() -> Iterator[None]:
    """Hold no request longer than a test waits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remote, "HELD_SECONDS", 5.0)
        yield


@dataclass
class Kiosk:
    """The browser of a room display."""

    world: World
    client: ClientSession
    device: str

    async def sync(self, **report: Any) -> dict[str, Any]:
        """Report, and return what it is told at once."""
        async with self.client.post(f"{PREFIX}/display/sync", json={"report": report}) as response:
            assert response.status == 200, await response.text()
            return dict(await response.json())

    async def socket(self) -> Socket:
        """Open its socket."""
        return Socket(await self.client.ws_connect(SOCKET, max_msg_size=0, autoping=False))


async def device_of(world: World, point: str, place: int = 0) -> str:
    return (await world.services.equipment.devices(point))[place].id


async def new_code(client: ClientSession) -> str:
    async with client.post(f"{PREFIX}/display/code", json={}) as response:
        assert response.status == 200, await response.text()
        return str((await response.json())["code"])


async def post(client: ClientSession, path: str, body: Any) -> tuple[int, Any]:
    async with client.post(f"{PREFIX}{path}", json=body) as response:
        return response.status, await response.json()


async def volume(client: ClientSession, device: str) -> int:
    """Return the volume that a display reported."""
    async with client.get(f"{PREFIX}/displays/{device}") as response:
        return int((await response.json())["display"]["report"]["volume"])


async def paired(world: World, point: str = NHA_TRANG, place: int = 0, by: str = "central", **fields: Any) -> Kiosk:
    client, people = world.client(), await world.signed_in(by)
    device, code = await device_of(world, point, place), await new_code(client)
    body = {"code": code, "accepted": True, **fields}
    status, answer = await post(people, f"/directory/devices/{device}/display", body)
    assert status == 200, answer
    return Kiosk(world, client, device)


async def test_a_display_is_paired_by_a_code_that_works_once(world: World) -> None:
    kiosk, device = world.client(), await device_of(world, NHA_TRANG)
    code = await new_code(kiosk)
    async with kiosk.post(f"{PREFIX}/display/sync", json=IDLE) as response:
        assert await problem_of(response) == (401, "signed-out")
    site = await world.signed_in("nhatrang")
    path, body = f"/directory/devices/{device}/display", {"code": f"{code[:4]}-{code[4:].lower()}", "accepted": True}
    assert (await post(site, path, body | {"accepted": False}))[1]["errors"][0]["field"] == "accepted"
    status, answer = await post(site, path, body)
    assert (status, [(each["device"], each["name"]) for each in answer["displays"]]) == (
        200, [(device, "UBND.Nha Trang")],
    )  # fmt: skip
    turn = await Kiosk(world, kiosk, device).sync()
    assert (turn["point"]["id"], turn["name"], turn["sends"], turn["sessions"]) == (
        NHA_TRANG, "UBND.Nha Trang", False, [],
    )  # fmt: skip
    assert (await post(site, path, body))[1]["errors"][0]["field"] == "code"
    assert [(entry.actor, entry.action, entry.subject) for entry in await world.audited(1)] == [
        ("nhatrang", "display-pair", NHA_TRANG)
    ]


async def test_a_code_lives_ten_minutes_and_only_the_browser_that_asked_is_paired(world: World) -> None:
    kiosk, other = world.client(), world.client()
    code, device = await new_code(kiosk), await device_of(world, NHA_TRANG)
    await new_code(other)
    world.clock.advance(601)
    central = await world.signed_in("central")
    path = f"/directory/devices/{device}/display"
    assert (await post(central, path, {"code": code, "accepted": True}))[0] == 422
    fresh = await new_code(kiosk)
    assert (await post(central, path, {"code": fresh, "accepted": True}))[0] == 200
    async with other.post(f"{PREFIX}/display/sync", json=IDLE) as response:
        assert response.status == 401


@pytest.mark.parametrize(
    ("account", "status"),
    [("admin", 200), ("central", 200), ("nhatrang", 200), ("host", 403), ("camranh", 404), ("office", 403)],
)
async def test_site_technicians_of_the_point_and_the_centre_pair(world: World, account: str, status: int) -> None:
    code, device = await new_code(world.client()), await device_of(world, NHA_TRANG)
    people = await world.signed_in(account)
    body = {"code": code, "accepted": True}
    assert (await post(people, f"/directory/devices/{device}/display", body))[0] == status


async def test_codes_are_throttled(world: World) -> None:
    kiosk, central = world.client(), await world.signed_in("central")
    path = f"/directory/devices/{await device_of(world, NHA_TRANG)}/display"
    wrong = [await post(central, path, {"code": "BBBBBBBB", "accepted": True}) for _ in range(11)]
    assert [status for status, _ in wrong] == [422] * 10 + [429]
    asked = [await post(kiosk, "/display/code", {}) for _ in range(31)]
    assert [status for status, _ in asked] == [200] * 30 + [429]


async def test_the_day_of_a_display_is_that_of_its_point(world: World) -> None:
    session = await world.session(NHA_TRANG)
    await world.session(NHA_TRANG, start=timedelta(days=1))
    await world.session(CAM_RANH)
    kiosk = await paired(world)
    turn = await kiosk.sync()
    assert [(each["id"], each["phase"], each["host"], each["slots"][0]["kind"]) for each in turn["sessions"]] == [
        (session.id, "open", "UBND tỉnh Khánh Hòa", "chinh_thuc")
    ]
    assert str(session.code) not in str(turn)
    assert "code" not in turn["sessions"][0]


async def test_a_display_joins_and_is_thrown_out_when_it_is_revoked(world: World) -> None:
    session = await world.session(NHA_TRANG)
    kiosk = await paired(world)
    socket = await kiosk.socket()
    joined = await socket.ask(type="display", session=session.id)
    row = next(each for each in joined["seats"] if each["seat"] == joined["seat"])
    assert (row["point"], row["name"], row["here"], joined["controller"]) == (NHA_TRANG, "UBND.Nha Trang", True, False)
    site = await world.signed_in("nhatrang")
    status, answer = await post(site, f"/directory/devices/{kiosk.device}/display/remove", {})
    assert (status, answer["displays"]) == (200, [])
    assert (await socket.type("bye"))["reason"] == "signed-out"
    await socket.closed()
    async with kiosk.client.post(f"{PREFIX}/display/sync", json=IDLE) as response:
        assert response.status == 401
    with pytest.raises(WSServerHandshakeError) as refused:
        await kiosk.socket()
    assert refused.value.status == 401
    assert (await world.audited(1))[0].action == "display-remove"


async def test_the_cookie_of_a_display_opens_nothing_else(world: World) -> None:
    session = await world.session(NHA_TRANG)
    kiosk = await paired(world)
    token = next(cookie.value for cookie in kiosk.client.cookie_jar if cookie.key == DISPLAY_COOKIE)
    statuses = {}
    for route in ROUTES:
        if route.access == "open":
            continue
        path = public_path(route.path).replace("{id}", session.id)
        # also under the names of the other cookies, and sent where browsers would not send it
        headers = {"Cookie": f"{DISPLAY_COOKIE}={token}; diemcau={token}; diemcau-seat={token}"}
        body = {"json": GOOD.get(public_path(route.path), {})} if route.method == "POST" else {}
        async with world.client().request(route.method, f"{PREFIX}{path}", headers=headers, **body) as response:
            statuses[route.method, route.path] = response.status
    assert set(statuses.values()) == {401}
    with pytest.raises(WSServerHandshakeError) as refused:
        await world.client().ws_connect("/ws", headers={"Cookie": f"diemcau={token}; diemcau-seat={token}"})
    assert refused.value.status == 401


async def test_a_display_does_not_speak_for_people(world: World) -> None:
    session, elsewhere = await world.session(NHA_TRANG), await world.session(CAM_RANH)
    kiosk = await paired(world)
    socket = await kiosk.socket()
    refused: list[dict[str, Any]] = [
        {"type": "join", "code": session.code},
        {"type": "test-room"},
        {"type": "hand", "raised": True},
        {"type": "chat", "text": "x"},
        {"type": "end"},
        {"type": "report", "kind": "line"},
    ]
    assert [(await socket.ask(**message))["error"] for message in refused] == ["forbidden"] * len(refused)
    assert (await socket.ask(type="display", session=elsewhere.id))["error"] == "not-invited"
    assert (await socket.ask(type="display", session="nothing"))["error"] == "not-invited"
    later = await world.session(NHA_TRANG, start=timedelta(hours=5))
    assert (await socket.ask(type="display", session=later.id))["error"] == "too-early"
    person = await world.socket("nhatrang")
    assert (await person.ask(type="display", session=session.id))["error"] == "forbidden"


async def test_people_come_to_the_only_device_and_the_display_does_not_push_them_away(world: World) -> None:
    session = await world.session(NHA_TRANG)
    kiosk = await paired(world)
    display = await kiosk.socket()
    seat = (await display.ask(type="display", session=session.id))["seat"]
    person, joined = await world.join("nhatrang", session)
    assert (await display.type("bye"))["reason"] == "replaced"
    again = await kiosk.socket()
    assert (await again.ask(type="display", session=session.id))["error"] == "device-taken"
    taken = await again.ask(type="display", session=session.id, take=True)
    assert (await person.type("bye"))["reason"] == "replaced"
    assert len({seat, joined["seat"], taken["seat"]}) == 3


async def test_a_display_beside_a_second_device_leaves_the_other_to_people(world: World) -> None:
    await world.services.scheduler.set_devices(NHA_TRANG, 2)
    session = await world.session(NHA_TRANG)
    kiosk = await paired(world)  # the first device, which people would be given otherwise
    _, person = await world.join("nhatrang", session)
    socket = await kiosk.socket()
    display = await socket.ask(type="display", session=session.id)
    names = {row["seat"]: row["name"] for row in display["seats"]}
    assert (names[person["seat"]], names[display["seat"]]) == ("UBND.Nha Trang.02", "UBND.Nha Trang.01")
    resumed = await (await kiosk.socket()).ask(type="display", session=session.id, resume=display["resume"])
    assert resumed["seat"] == display["seat"]


async def test_a_remote_control_reaches_a_waiting_display_at_once(world: World) -> None:
    session = await world.session(NHA_TRANG)
    kiosk, site = await paired(world, sends=True), await world.signed_in("nhatrang")
    await kiosk.sync(silent=True)
    asking = asyncio.create_task(
        kiosk.client.post(f"{PREFIX}/display/sync", json={"report": {"volume": 40}, "hold": True})
    )
    path = f"/displays/{kiosk.device}/command"
    while (await volume(site, kiosk.device)) != 40:
        await asyncio.sleep(0.01)
    await post(site, path, _order(action="leave"))
    async with await asking as response:
        assert (await response.json())["commands"] == [{"action": "leave"}]
    join = {"action": "join", "session": session.id}
    await post(site, path, _order(action="mic", on=True))
    assert [each["id"] for each in (await post(site, path, {"command": join}))[1]["sessions"]] == [session.id]
    assert (await kiosk.sync())["commands"] == [{"action": "mic", "on": True}, join]
    assert (await kiosk.sync())["commands"] == []
    assert [entry.action for entry in await world.audited(3)] == ["display-command"] * 3
    world.clock.advance(41)
    async with site.get(f"{PREFIX}/displays") as response:
        assert [each["report"] for each in (await response.json())["displays"]] == [None]


async def test_a_point_has_one_vote_by_its_display_or_another_device_and_the_audit_log_is_told_nothing(
    world: World,
) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)
    kiosk, site, central = await paired(world), await world.signed_in("nhatrang"), await world.signed_in("central")
    socket = await kiosk.socket()
    await socket.ask(type="display", session=session.id)
    vote = await host.ask(type="vote-open", question="Thông qua?", secret=True)
    asked = {"id": vote["id"], "number": 1, "question": "Thông qua?", "choices": vote["choices"], "secret": True}
    await kiosk.sync(
        vote=asked | {"voted": False, "choice": None, "deadline": None}, points=[{"seat": "s", "name": "x"}]
    )
    async with site.get(f"{PREFIX}/displays/{kiosk.device}") as response:
        assert (await response.json())["display"]["report"]["vote"]["question"] == "Thông qua?"
    path, ballot = f"/displays/{kiosk.device}/command", {"action": "vote", "vote": vote["id"], "choice": 2}
    assert (await post(central, path, {"command": ballot}))[0] == 403
    assert (await post(site, path, {"command": ballot}))[0] == 200
    assert (await kiosk.sync())["commands"] == [ballot]
    told = [f"{entry.action} {entry.detail}" for entry in await world.audited(100)]
    assert [each for each in told if each.startswith("display-command") or vote["id"] in each] == []
    async with world.services.database.begin() as db:
        assert await db.scalar(select(func.count()).select_from(IDEMPOTENCY)) == 0
    taken = await socket.ask(type="vote", vote=vote["id"], choice=2)
    assert (taken["type"], taken["choice"]) == ("vote-taken", None)
    assert (await socket.ask(type="vote", vote=vote["id"], choice=0))["error"] == "already-voted"
    assert (await host.type("vote-cast"))["point"] == NHA_TRANG


async def test_old_commands_and_those_it_cannot_obey_are_dropped(world: World) -> None:
    kiosk, site = await paired(world), await world.signed_in("nhatrang")
    path = f"/displays/{kiosk.device}/command"
    assert (await post(site, path, _order(action="camera", on=True)))[0] == 422
    assert (await post(site, path, _order(action="volume", volume=30)))[0] == 200
    world.clock.advance(remote.FRESH.total_seconds())
    assert (await kiosk.sync())["commands"] == []
    stranger = await world.signed_in("camranh")
    assert (await post(stranger, path, _order(action="leave")))[0] == 404
    async with stranger.get(f"{PREFIX}/displays") as response:
        assert (await response.json())["displays"] == []


async def test_pairing_anew_and_removing_the_device_end_the_old_display(world: World) -> None:
    first = await paired(world)
    second = await paired(world, sends=True)
    async with first.client.post(f"{PREFIX}/display/sync", json=IDLE) as response:
        assert response.status == 401
    assert (await second.sync())["sends"] is True
    central = await world.signed_in("central")
    await post(central, f"/directory/points/{NHA_TRANG}/devices", {"kind": "PC"})
    assert (await post(central, f"/directory/devices/{second.device}/remove", {}))[0] == 200
    async with second.client.post(f"{PREFIX}/display/sync", json=IDLE) as response:
        assert response.status == 401


async def test_a_room_system_is_no_display(world: World) -> None:
    central, device = await world.signed_in("central"), await device_of(world, HOST)
    await post(central, f"/directory/devices/{device}", {"kind": "VCS", "address": "192.0.2.7"})
    code = await new_code(world.client())
    status, answer = await post(central, f"/directory/devices/{device}/display", {"code": code, "accepted": True})
    assert (status, answer["errors"][0]["field"]) == (422, "device")


async def test_the_short_address_leads_to_the_page(world: World) -> None:
    async with world.client().get("/display", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "display.html")


def _order(**command: Any) -> dict[str, Any]:
    return {"command": command}
