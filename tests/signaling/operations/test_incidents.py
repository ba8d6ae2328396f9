"""Incidents from the report in a meeting to the operator and back (Điều 13.2.c, 14.3).

Also tests `signaling/meeting/state/controller_notices.py`.
"""

from datetime import timedelta

from mediaserver.api import ConnectionQuality
from tests.signaling.incident_calls import list_incidents, take_step
from tests.signaling.world import CAM_RANH, NHA_TRANG, World, problem_of


async def test_one_tap_reports_an_incident_with_measurements(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)
    point, joined = await world.join("nhatrang", session)
    world.engine.rooms[session.id].lines[joined["seat"]] = ConnectionQuality(0.001, 0.034, 0.0125, 0.08)
    incident = await point.ask(type="report", kind="no-sound")
    assert incident == {
        "type": "incident",
        "id": incident["id"],
        "kind": "no-sound",
        "level": 1,
        "point": NHA_TRANG,
        "text": "",
        "state": "open",
        "opened": "2026-04-06T01:00:00Z",
        "reporter": "nhatrang",
        "assignee": "",
        "provider": None,
    }
    assert await host.type("incident") == incident
    operator = await world.signed_in("central")
    (row,) = await list_incidents(operator, "?settled=false")
    assert {key: row[key] for key in ("id", "session", "point", "measured", "may_act")} == {
        "id": incident["id"],
        "session": {"id": session.id, "name": session.title, "number": session.number},
        "point": {"id": NHA_TRANG, "name": "UBND.Nha Trang", "label": "UBND thành phố Nha Trang"},
        "measured": {"up": 0.1, "down": 3.4, "jitter": 12.5, "round_trip": 80.0},
        "may_act": True,
    }
    await take_step(operator, incident["id"], "taken")
    for socket in (host, point):
        assert (await socket.type("incident"))["assignee"] == "central"
    done = await take_step(operator, incident["id"], "resolved", "đã cắm lại loa")
    assert [(step["kind"], step["by"], step["text"]) for step in done["steps"]] == [
        ("opened", "nhatrang", ""),
        ("taken", "central", ""),
        ("resolved", "central", "đã cắm lại loa"),
    ]
    assert (await point.type("incident"))["state"] == "resolved"
    assert (await list_incidents(operator, "?settled=false"), len(await list_incidents(operator, "?settled=true"))) == (
        [],
        1,
    )
    actions = [entry.action for entry in await world.audited(9) if entry.action.startswith("incident")]
    assert actions == ["incident-resolved", "incident-taken", "incident"]


async def test_incidents_are_seen_and_handled_by_role(world: World) -> None:
    session = await world.session(NHA_TRANG)
    point, _ = await world.join("nhatrang", session)
    incident = await point.ask(type="report", kind="device", text="VCS treo")
    for account, seen in (("host", 1), ("nhatrang", 1), ("camranh", 0), ("nobody", 0)):
        client = await world.signed_in(account)
        assert len(await list_incidents(client)) == seen
        async with client.get(f"/api/v1/incidents/{incident['id']}") as response:
            assert response.status == (200 if seen else 404)
        async with client.post(f"/api/v1/incidents/{incident['id']}/steps", json={"step": "taken"}) as response:
            assert await problem_of(response) == (403, "forbidden")
    operator = await world.signed_in("central")
    async with operator.post(f"/api/v1/incidents/{incident['id']}/steps", json={"step": "reopened"}) as response:
        assert await problem_of(response) == (409, "illegal-step")
    assert len((await list_incidents(operator))[0]["steps"]) == 1


async def test_a_fault_is_told_outside_a_meeting_too(world: World) -> None:
    session = await world.session(NHA_TRANG, start=timedelta(hours=4))
    client = await world.signed_in("nhatrang")
    body = {"session": session.id, "kind": "no-picture", "point": NHA_TRANG, "text": "  màn  hình đen "}
    async with client.post("/api/v1/incidents", json=body) as response:
        incident = await response.json()
        assert (response.status, incident["text"], incident["may_act"]) == (201, "màn hình đen", False)
    async with client.post("/api/v1/incidents", json={**body, "point": CAM_RANH}) as response:
        assert await problem_of(response) == (404, "not-found")
    async with client.post("/api/v1/incidents", json={**body, "kind": "help"}) as response:
        assert await problem_of(response) == (422, "invalid")
    async with (await world.signed_in("camranh")).post("/api/v1/incidents", json=body) as response:
        assert await problem_of(response) == (404, "not-found")


async def test_the_host_calls_the_centre_which_directs_and_gives_back(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    guest, _ = await world.join("nhatrang", session)
    assert (await guest.ask(type="report", kind="help"))["error"] == "controlled-by"
    call = await host.ask(type="report", kind="help", text="thiết bị treo, cần gọi lại VCS 10.79.6.20")
    assert (call["level"], call["point"]) == (2, None)
    technician, joined = await world.join("central", session)
    assert await technician.type("incident") == call
    at = world.clock.advance(60)
    assert await technician.ask(type="assist", on=True) == {
        "type": "assist",
        "seat": joined["seat"],
        "name": "Central",
        "since": f"{at:%Y-%m-%dT%H:%M:%SZ}",
    }
    assert (await host.type("assist"))["name"] == "Central"
    world.clock.advance(120)
    await technician.send(type="leave")  # whoever leaves gives back
    assert await host.type("assist") == {"type": "assist", "seat": None, "name": None, "since": None}
    await technician.closed()
    row = next(iter(await list_incidents(await world.signed_in("central"))))
    assert [(step["kind"], step["at"]) for step in row["steps"]] == [
        ("opened", "2026-04-06T01:00:00Z"),
        ("control", "2026-04-06T01:01:00Z"),
        ("returned", "2026-04-06T01:03:00Z"),
    ]


async def test_the_log_says_when_the_centre_directed_also_when_it_only_lost_its_seat(world: World) -> None:
    session = await world.session(NHA_TRANG)
    await world.join("host", session)
    technician, _ = await world.join("central", session)
    for on in (False, True, True):  # what is so already is no news
        await technician.send(type="assist", on=on)
    await technician.type("assist")
    await technician.socket.close()
    for seconds in (13, 60):
        await world.tick(seconds)
    noted = [entry for entry in reversed(await world.audited(50)) if entry.action.startswith("direct")]
    assert [(entry.actor, entry.action, entry.subject) for entry in noted] == [
        ("central", "direct", session.id),
        ("central", "direct-end", session.id),
    ]
    assert [entry.address for entry in noted] == ["127.0.0.1", ""]


async def test_r095_the_log_says_when_the_centre_directed_no_longer_since_it_left_or_the_meeting_ended(
    world: World,
) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await host.ask(type="report", kind="help", text="treo")
    first, _ = await world.join("central", session)
    await first.ask(type="assist", on=True)
    await first.ask(type="leave")
    second, _ = await world.join("central", session)
    await second.ask(type="assist", on=True)
    async with (await world.signed_in("central")).post(f"/api/v1/sessions/{session.id}/cancel", json={}) as response:
        assert response.status == 200, await response.text()
    await second.closed()
    noted = [entry for entry in reversed(await world.audited(50)) if entry.action.startswith("direct")]
    assert [(entry.action, entry.address) for entry in noted] == [
        ("direct", "127.0.0.1"),
        ("direct-end", "127.0.0.1"),
        ("direct", "127.0.0.1"),
        ("direct-end", "127.0.0.1"),
    ]
    row = next(iter(await list_incidents(await world.signed_in("central"))))
    assert [step["kind"] for step in row["steps"]] == ["opened", "control", "returned", "control", "returned"]


async def test_a_weak_line_is_shown_to_the_host_and_reported_by_itself(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    guest, joined = await world.join("nhatrang", session)
    seat = joined["seat"]
    world.engine.rooms[session.id].lines[seat] = ConnectionQuality(0.0, 0.12, 0.0214, 0.184)
    for _ in range(6):
        await world.tick(2)
    shown = {"seat": seat, "loss": 12, "jitter": 21, "round_trip": 180}
    for each in (host, guest):
        assert await each.type("lines") == {"type": "lines", "weak": [shown], "tcp": []}
    guest, joined = await world.join("nhatrang", session, resume=joined["resume"])
    assert await guest.type("lines") == {"type": "lines", "weak": [shown], "tcp": []}
    incident = await host.ask(type="report", kind="line", seat=seat, text="Báo VNPT")
    assert (incident["point"], incident["state"]) == (NHA_TRANG, "open")
    assert (await guest.ask(type="report", kind="line", seat=joined["seats"][0]["seat"]))["error"] == "controlled-by"
    for _ in range(26):
        await world.tick(2)
    assert await host.type("incident") == incident  # reported by itself as well: still one incident
    (row,) = await list_incidents(await world.signed_in("central"))
    assert row["measured"] == {"up": 0.0, "down": 12.0, "jitter": 21.4, "round_trip": 184.0}
    assert [(step["kind"], step["by"]) for step in row["steps"]] == [("opened", "host"), ("again", "")]
    world.engine.rooms[session.id].lines[seat] = ConnectionQuality(0.0, 0.0, 0.0, 0.05)
    await world.tick(2)
    assert await host.type("lines") == {"type": "lines", "weak": [], "tcp": []}


async def test_a_seat_that_is_there_by_tcp_is_told(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    _, joined = await world.join("nhatrang", session)
    lines = world.engine.rooms[session.id].lines
    lines[joined["seat"]] = ConnectionQuality(0.0, 0.0, 0.0, 0.05, tcp=True)
    await world.tick(2)
    told = {"type": "lines", "weak": [], "tcp": [joined["seat"]]}
    assert await host.type("lines") == told
    technician, _ = await world.join("central", session)
    assert await technician.type("lines") == told
    del lines[joined["seat"]]
    await world.tick(2)
    assert await host.type("lines") == {**told, "tcp": []}


async def test_an_absent_point_and_whoever_controls_later(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    incident = await host.ask(type="report", kind="disconnected", seat=NHA_TRANG)
    assert (incident["point"], incident["reporter"]) == (NHA_TRANG, "host")
    assert (await host.ask(type="report", kind="other", seat="nothing"))["error"] == "unknown-seat"
    technician, _ = await world.join("central", session)
    assert await technician.type("incident") == incident
    guest, _ = await world.join("nhatrang", session)
    await guest.send(type="hand", raised=True)
    await guest.type("seats")
    assert not [message for message in guest.seen if message["type"] == "incident"]
