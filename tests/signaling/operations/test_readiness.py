"""Readiness over the API: who sees which points, who notes checks and puts whom on duty, 145 rows at once."""

from tests.signaling.readiness_calls import fetch_board, mark_of
from tests.signaling.world import CAM_RANH, HOST, NHA_TRANG, NOW, World, problem_of

PERSON = {"name": "Lê Văn B", "phone": "0905 123 456"}


async def test_the_host_sees_all_points_and_a_component_its_own(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    whole = await fetch_board(await world.signed_in("host"), session)
    assert [row["point"] for row in whole["points"]] == [CAM_RANH, NHA_TRANG, HOST]
    assert {row["colour"] for row in whole["points"]} == {"red"}  # the meeting begins now, nobody has checked
    assert mark_of(whole, NHA_TRANG, "account") == ("green", "ok")
    own = await fetch_board(await world.signed_in("nhatrang"), session)
    assert [(row["point"], row["own"], row["may_check"]) for row in own["points"]] == [(NHA_TRANG, True, True)]
    async with (await world.signed_in("dienkhanh")).get(f"/api/v1/readiness/{session.id}") as response:
        assert await problem_of(response) == (404, "not-found")


async def test_addresses_are_for_the_centre_and_the_point_itself(world: World) -> None:  # R-051, A32
    session = await world.session(NHA_TRANG)
    central = await world.signed_in("central")
    device = {"kind": "VCS", "address": "10.79.4.20"}
    async with central.post(f"/api/v1/directory/points/{NHA_TRANG}/devices", json=device) as response:
        assert response.status == 200, await response.text()
    addresses = {}
    for account in ("host", "nhatrang", "central"):
        found = await fetch_board(await world.signed_in(account), session)
        (row,) = [row for row in found["points"] if row["point"] == NHA_TRANG]
        addresses[account] = [each["value"] for each in row["marks"] if each["item"] == "address"]
    assert addresses == {"host": [""], "nhatrang": ["10.79.4.20"], "central": ["10.79.4.20"]}


async def test_checks_are_noted_by_host_centre_and_the_point_itself(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    path = f"/api/v1/readiness/{session.id}/checks"
    body = {"points": [NHA_TRANG], "kind": "chinh_thuc", "result": "faulty", "words": "Mất tiếng"}
    async with (await world.signed_in("nhatrang")).post(path, json=body) as response:
        assert mark_of(await response.json(), NHA_TRANG, "check") == ("red", "faulty")
    entry = (await world.audited(1))[0]
    assert (entry.actor, entry.action, entry.detail) == (
        "nhatrang", "check", f"{session.number} chinh_thuc faulty UBND.Nha Trang",
    )  # fmt: skip
    async with (await world.signed_in("camranh")).post(path, json=body) as response:
        assert await problem_of(response) == (403, "forbidden")
    both = {"points": [NHA_TRANG, CAM_RANH], "kind": "chinh_thuc", "result": "ok"}
    host = await world.signed_in("host")
    async with host.post(path, json=both) as response:
        found = await response.json()
    assert [mark_of(found, point, "check") for point in both["points"]] == [("green", "ok")] * 2
    async with host.post(path, json={**both, "result": "waived", "words": "x"}) as response:
        assert await problem_of(response) == (403, "forbidden")
    async with (await world.signed_in("central")).post(path, json={**both, "result": "waived"}) as response:
        assert await problem_of(response) == (422, "invalid")


async def test_duty_is_assigned_and_checked_in(world: World) -> None:
    session = await world.session(NHA_TRANG)
    path = f"/api/v1/readiness/{session.id}/duties"
    central, site = await world.signed_in("central"), await world.signed_in("nhatrang")
    async with central.post(path, json={**PERSON, "role": "main", "account": "host"}) as response:
        found = await response.json()
    (duty,) = found["duties"]
    assert (duty["role"], duty["name"], duty["phone"], duty["arrived"]) == ("main", "Lê Văn B", "+84905123456", None)
    async with site.post(path, json={**PERSON, "role": "main"}) as response:
        assert await problem_of(response) == (403, "forbidden")
    async with site.post(path, json={**PERSON, "role": "point", "point": NHA_TRANG}) as response:
        assert mark_of(await response.json(), NHA_TRANG, "duty") == ("green", "ok")
    async with site.post(f"/api/v1/duties/{duty['id']}/arrive", json={}) as response:
        assert await problem_of(response) == (403, "forbidden")
    host = await world.signed_in("host")
    async with host.post(f"/api/v1/duties/{duty['id']}/arrive", json={}) as response:
        assert response.status == 204
    there = [each["arrived"] for each in (await fetch_board(host, session))["duties"] if each["role"] == "main"]
    assert there == ["2026-04-06T01:00:00Z"]
    looked = (await world.audited(1))[0]  # phones are not seen without a word (I-08)
    assert (looked.actor, looked.action, looked.detail) == ("host", "see-phones", session.number)
    async with central.post(f"/api/v1/duties/{duty['id']}/relieve", json={}) as response:
        assert response.status == 204
    assert [each["role"] for each in (await fetch_board(host, session))["duties"]] == ["point"]


async def test_the_overview_counts_colours(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    for account, seen in (("central", [session.id]), ("nhatrang", [session.id]), ("dienkhanh", [])):
        async with (await world.signed_in(account)).get("/api/v1/readiness") as response:
            heads = await response.json()
        assert [head["id"] for head in heads] == seen
    async with (await world.signed_in("host")).get("/api/v1/readiness") as response:
        (head,) = await response.json()
    assert (head["colour"], head["counts"]) == ("red", {"none": 0, "green": 0, "amber": 0, "red": 3})


async def test_a_board_of_145_points_begins_with_the_red_ones(world: World) -> None:
    """I-14: sorted by red first, grouped by district; what it costs is in docs/performance.md."""
    points = [point.id for point in await world.services.scheduler.points() if point.id != HOST][:144]
    session = await world.session(*points)
    client = await world.signed_in("central")
    await world.server.readiness.check(session.id, points[:100], "chinh_thuc", "ok", "", "central", NOW)
    found = await fetch_board(client, session)
    colours = [row["colour"] for row in found["points"]]
    assert len(colours) == 145 and colours == sorted(colours, key=["red", "amber", "green", "none"].index)
    reds = [row["district"] for row in found["points"] if row["colour"] == "red"]
    assert reds == sorted(reds)


async def test_a_point_ticks_its_steps_and_the_host_sees_them(world: World) -> None:
    session = await world.session(NHA_TRANG)
    body = {"point": NHA_TRANG, "step": "bat_nguon", "done": True}
    async with (await world.signed_in("nhatrang")).post(f"/api/v1/readiness/{session.id}/steps", json=body) as response:
        assert response.status == 200, await response.text()
    (row,) = [
        row
        for row in (await fetch_board(await world.signed_in("host"), session))["points"]
        if row["point"] == NHA_TRANG
    ]
    assert [step["id"] for step in row["steps"] if step["done"] == "2026-04-06T01:00:00Z"] == ["bat_nguon"]
    async with (await world.signed_in("host")).post(f"/api/v1/readiness/{session.id}/steps", json=body) as response:
        assert await problem_of(response) == (403, "forbidden")
