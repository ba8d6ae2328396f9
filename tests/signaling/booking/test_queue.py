"""The operator's queue over REST: plans, changes, capacity and the calendar, and what supervisors only read.

Also tests `capacity.py`, `changes.py`, `agenda.py`, `session_briefs.py`, `emergencies.py` and
`signaling/policy/policies.py`.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from scheduler.core.model import Amount
from scheduler.policy.profile_files import SHIPPED
from signaling.app.api_table import PREFIX, ROUTES
from signaling.app.settings import Settings
from signaling.http.openapi import public_path
from tests.signaling.booking.queue_calls import API, DAY, REASON, booked, full, got, hours, refused, sent
from tests.signaling.request_bodies import EMERGENCY, GOOD, PROFILE, registration
from tests.signaling.world import CAM_RANH, DIEN_KHANH, HOST, NHA_TRANG, NOW, World, open_world, problem_of, wait_until


async def test_a_registration_may_wait_and_is_told_why(world: World) -> None:
    client = await world.signed_in("central")
    first, second, waiting = await full(client)
    assert (waiting["state"], waiting["phase"], waiting["code"]) == ("waiting", "waiting", None)
    standing = waiting["standing"]
    assert (standing["servable"], standing["costs"]) == (True, 1)
    assert [each["number"] for each in standing["victims"]] == [second["number"]]
    reason = standing["reason"]
    assert (reason["limit"], reason["usable"], reason["needed"], reason["largest"]) == ("points", 200, 250, 50)
    assert [each["id"] for each in reason["holders"]] == [first["id"], second["id"]]
    assert reason["suggestions"][0] == {
        "start": f"{DAY}T03:00:00Z",
        "end": f"{DAY}T05:00:00Z",
        "rehearsal": None,
    }
    assert (await got(client, f"/sessions/{waiting['id']}/standing")) == standing
    impossible = registration(host_point=HOST, points=[CAM_RANH], official=hours("14:00", "15:00"), wait=True)
    for point in (HOST, CAM_RANH):
        await world.services.scheduler.set_devices(point, 99)
    await world.services.scheduler.operator.set_capacity(NOW, Amount(20, 200), NOW)
    assert await refused(client, "/registrations", impossible) == (409, "capacity")


async def test_the_load_of_those_who_wait_is_told_apart(world: World) -> None:
    client = await world.signed_in("central")
    await full(client)
    load = await got(client, f"/capacity?from={DAY}T01:00:00Z&to={DAY}T03:00:00Z")
    hours_of = {"start": f"{DAY}T01:00:00Z", "end": f"{DAY}T03:00:00Z"}
    assert load["steps"] == [{**hours_of, "sessions": 2, "points": 150}]
    assert load["waiting"] == [{**hours_of, "sessions": 1, "points": 100}]


async def test_the_host_is_not_told_who_else_meets(world: World) -> None:
    _, _, waiting = await full(await world.signed_in("central"))
    standing = await got(await world.signed_in("host"), f"/sessions/{waiting['id']}/standing")
    assert (standing["victims"], standing["costs"], standing["reason"]["holders"]) == ([], 1, [])
    async with (await world.signed_in("dienkhanh")).get(f"{API}/sessions/{waiting['id']}/standing") as response:
        assert await problem_of(response) == (404, "not-found")


async def test_a_plan_is_shown_held_and_confirmed_with_a_reason(world: World) -> None:
    client = await world.signed_in("central")
    _, second, waiting = await full(client)
    path = f"/sessions/{waiting['id']}"
    plan = await sent(client, f"{path}/hold")
    victim = plan["victims"][0]
    assert (plan["version"], plan["until"]) == (1, "2026-04-06T01:15:00Z")
    assert (victim["number"], victim["host"], victim["level"], victim["legs"]) == (
        second["number"], "UBND huyện Diên Khánh", "huyen", 60,
    )  # fmt: skip
    assert await refused(client, f"{path}/confirm", {"version": 1, "reason": " "}) == (422, "invalid")
    stale = await sent(client, f"{path}/confirm", {"version": 7, "reason": REASON})
    assert (stale["session"], stale["plan"]["version"]) == (None, 1)
    done = await sent(client, f"{path}/confirm", {"version": 1, "reason": REASON})
    assert (done["plan"], done["session"]["state"], len(done["session"]["code"])) == (None, "issued", 10)
    assert await refused(client, f"{path}/confirm", {"version": 1, "reason": REASON}) == (409, "illegal-move")
    history = await got(client, f"/sessions/{second['id']}/history")
    assert [(each["kind"], each["by"], each["reason"], each["cause"]) for each in history] == [
        ("issued", "central", "", None),
        ("revoked", "central", REASON, waiting["number"]),
    ]
    entry = (await world.audited(1))[0]
    assert (entry.action, entry.subject) == ("confirm", waiting["id"])
    assert entry.detail == f"{waiting['number']} revoked=1: {REASON}"
    queue = await got(client, "/queue")
    assert [(each["session"]["id"], each["state"]) for each in queue["waiting"]] == [(second["id"], "revoked")]


async def test_passing_over_the_order_needs_a_reason(world: World) -> None:
    client = await world.signed_in("central")
    holder = await booked(client, HOST, 100)
    await booked(client, CAM_RANH, 20)
    first = await booked(client, NHA_TRANG, 90, wait=True)
    second = await booked(client, DIEN_KHANH, 90, wait=True)
    world.clock.now = NOW.replace(day=8) - timedelta(minutes=30)  # so late that the queue is not served by itself
    await world.services.scheduler.cancel(holder["id"], world.clock.now)
    client = await world.signed_in("central")
    await sent(client, f"/sessions/{second['id']}/hold")
    body = {"version": 1, "reason": REASON}
    async with client.post(f"{API}/sessions/{second['id']}/confirm", json=body) as response:
        assert (await response.json())["ahead"] == [first["id"]]
        assert await problem_of(response) == (409, "out-of-order")
    done = await sent(client, f"/sessions/{second['id']}/confirm", {**body, "override": True})
    assert done["session"]["state"] == "issued"


async def test_less_keeps_the_code_and_more_that_does_not_fit_changes_nothing(world: World) -> None:  # I-02
    client = await world.signed_in("host")
    session = await world.session(NHA_TRANG, CAM_RANH, start=timedelta(days=2))
    path = f"/sessions/{session.id}"
    less = await sent(client, f"{path}/amend", {"points": [NHA_TRANG], "reason": "Bớt một điểm"})
    assert (less["legs"], less["code"]) == (2, session.code)
    await world.services.scheduler.operator.set_capacity(NOW, Amount(20, 4), NOW)
    assert await refused(client, f"{path}/amend", {"points": [NHA_TRANG, CAM_RANH, DIEN_KHANH]}) == (409, "capacity")
    session_after = await got(client, path)
    assert (session_after["legs"], session_after["code"], session_after["official"]) == (
        2,
        session.code,
        less["official"],
    )


async def test_a_meeting_is_extended_and_everyone_in_it_is_told(world: World) -> None:
    session = await world.session(NHA_TRANG)
    socket, _ = await world.join("nhatrang", session)
    client = await world.signed_in("host")
    path = f"/sessions/{session.id}"
    possible = await got(client, f"{path}/extension")
    assert possible == {"steps": 4, "step_min": 15, "warn_min": 15, "end": "2026-04-06T03:00:00Z"}
    longer = await sent(client, f"{path}/extend", {"steps": 2})
    assert (longer["official"]["end"], longer["code"]) == ("2026-04-06T03:30:00Z", session.code)
    message = await socket.type("session")
    assert message["session"]["official"]["end"] == "2026-04-06T03:30:00Z"
    assert await refused(client, f"{path}/extend", {"steps": 0}) == (422, "invalid")
    await sent(client, f"{path}/extend", {"steps": 1})
    back = await sent(client, f"{path}/extend", {"steps": -1})
    assert back["official"]["end"] == "2026-04-06T03:30:00Z"
    await world.tick(2 * 3600 + 20 * 60)
    assert session.id in world.server.meetings.meetings
    await world.tick(3600)
    assert session.id not in world.server.meetings.meetings
    assert await refused(client, f"{path}/extend", {"steps": 1}) == (409, "ended")


async def test_a_revoked_meeting_ends(world: World) -> None:
    session = await world.session(NHA_TRANG)
    socket, _ = await world.join("nhatrang", session)
    client = await world.signed_in("central")
    low = {"sessions": 1, "points": 1, "reason": "Hỏng một máy chủ"}
    impact = await sent(client, "/capacity/impact", low)
    assert [each["id"] for each in impact["victims"]] == [session.id]
    assert await sent(client, "/capacity/steps", low) == impact
    other = {"victims": ["other"], "reason": REASON}
    assert await sent(client, "/capacity/shed", other) == impact
    assert await sent(client, "/capacity/shed", {"victims": [session.id], "reason": REASON}) == {"victims": []}
    assert (await socket.type("bye"))["reason"] == "revoked"
    again = await (await world.socket("nhatrang")).ask(type="join", code=session.code)
    assert (again["error"], again["text"].split(";")[0]) == ("revoked", "Mã này đã bị thu hồi (khoản 4 Điều 12)")
    assert await sent(client, "/capacity/shed", other) == {"victims": []}


async def test_a25_a_meeting_that_gives_way_to_an_emergency_is_told_ten_minutes_before(
    settings: Settings, tmp_path: Path
) -> None:
    yielding = tmp_path / "yielding.yaml"
    yielding.write_text(
        "{id: yielding, version: 1, title: T, extends: KH-2023, effective_from: 2024-01-01, effective_to: null,"
        " revocation: {mode: automatic, live_sessions: khan_cap_only}}"
    )
    async with open_world(replace(settings, profiles=(*SHIPPED, yielding))) as world:
        lower = await world.session(CAM_RANH, host=NHA_TRANG)
        point, joined = await world.join("camranh", lower)
        await world.services.scheduler.operator.set_capacity(NOW, Amount(20, 10), NOW)
        central = await world.signed_in("central")
        now = {"start": "2026-04-06T01:00:00Z", "end": "2026-04-06T02:00:00Z"}
        emergency_body = registration(
            host_point=HOST, points=[DIEN_KHANH, CAM_RANH], official=now, wait=True, **EMERGENCY
        )
        emergency = await sent(central, "/registrations", emergency_body, 201)
        assert emergency["state"] == "waiting"  # also where the order takes codes by itself, a person says so
        plan = await sent(central, f"/sessions/{emergency['id']}/hold")
        assert [(victim["id"], victim["phase"]) for victim in plan["victims"]] == [(lower.id, "open")]
        body = {"version": plan["version"], "reason": REASON}
        done = await sent(central, f"/sessions/{emergency['id']}/confirm", body)
        assert done["session"]["state"] == "issued"
        assert await point.type("gives-way") == {"type": "gives-way", "at": "2026-04-06T01:10:00Z"}
        await point.socket.close()  # a line that breaks in the meantime
        point, back = await world.join("camranh", lower, resume=joined["resume"])
        assert back["seat"] == joined["seat"]
        assert await point.type("gives-way") == {"type": "gives-way", "at": "2026-04-06T01:10:00Z"}
        stranger = await (await world.socket("vanninh")).ask(type="join", code=lower.code)
        assert stranger["error"] == "revoked"
        await world.tick(599)
        assert lower.id in world.server.meetings.meetings
        await world.tick(1)
        assert (await point.type("bye"))["reason"] == "revoked"
        assert lower.id not in world.server.meetings.meetings
        again = await (await world.socket("camranh")).ask(type="join", code=lower.code)
        assert again["error"] == "revoked"


async def test_i03_the_operator_gives_up_what_nobody_opened(world: World) -> None:
    missed, opened = await world.session(NHA_TRANG), await world.session(CAM_RANH)
    await world.join("camranh", opened)
    client = await world.signed_in("central")
    body = {"reason": "Không ai mở, không gọi được"}
    assert await refused(client, f"/sessions/{missed.id}/release", body) == (409, "not-missed")
    world.clock.advance(1800)
    assert (await sent(client, f"/sessions/{missed.id}/release", body))["state"] == "cancelled"
    assert await refused(client, f"/sessions/{opened.id}/release", body) == (409, "not-missed")


async def test_i06_operators_see_half_an_hour_before_which_session_cannot_run_on(world: World) -> None:
    client = await world.signed_in("central")
    meeting = await booked(client, NHA_TRANG, 90)  # until 10:00
    await sent(client, f"/points/{CAM_RANH}/devices", {"devices": 99})
    for host in (HOST, DIEN_KHANH):
        body = registration(host_point=host, points=[CAM_RANH], official=hours("10:00", "11:00"))
        await sent(client, "/registrations", body, 201)
        await sent(client, f"/points/{CAM_RANH}/devices", {"devices": 90})
    for minutes, seen in ((31, []), (30, [meeting["id"]])):
        world.clock.now = NOW.replace(day=8, hour=3) - timedelta(minutes=minutes)
        found = (await got(await world.signed_in("central"), "/queue"))["overruns"]
        assert [each["session"]["id"] for each in found] == seen
    assert (found[0]["reason"]["limit"], found[0]["reason"]["needed"]) == ("points", 281)


async def test_maintenance_is_planned_and_seen(world: World) -> None:
    client = await world.signed_in("central")
    night = {"since": "2026-04-09T17:00:00Z", "until": "2026-04-09T22:00:00Z", "sessions": 2, "points": 30}
    assert await sent(client, "/capacity/steps", {**night, "reason": "Bảo trì"}) == {"victims": []}
    maximum = await got(client, "/capacity/steps")
    assert (maximum["share"], maximum["test_legs"]) == ({"num": 4, "den": 5}, 4)
    assert maximum["steps"] == [
        {"since": None, "sessions": {"max": 20, "usable": 16}, "points": {"max": 255, "usable": 200}},
        {"since": night["since"], "sessions": {"max": 2, "usable": 1}, "points": {"max": 30, "usable": 20}},
        {"since": night["until"], "sessions": {"max": 20, "usable": 16}, "points": {"max": 255, "usable": 200}},
    ]
    for since, until in (("2026-04-06T00:59:59Z", None), (night["until"], night["since"])):
        bad = {**night, "since": since, "until": until, "reason": "x"}
        assert await refused(client, "/capacity/steps", bad) == (422, "invalid")


async def test_r113_peak_waits_and_refusals(world: World) -> None:
    client = await world.signed_in("central")
    await full(client)
    small = registration(host_point=HOST, points=[NHA_TRANG], official=hours("09:00", "11:00"))
    await world.services.scheduler.set_devices(NHA_TRANG, 90)
    for _ in range(2):
        assert await refused(client, "/registrations", small) == (409, "capacity")
    usage = await got(client, "/capacity/usage?from=2026-01-01T00:00:00Z&to=2026-12-31T00:00:00Z")
    assert usage == {
        "sessions": {"load": 2, "at": f"{DAY}T01:00:00Z"},
        "points": {"load": 150, "at": f"{DAY}T01:00:00Z"},
        "waited": 1,
        "revoked": 0,
        "refused": 1,
    }


async def test_the_calendar_has_a_block_for_every_slot(world: World) -> None:
    client = await world.signed_in("central")
    _, _, waiting = await full(client)
    await world.session(CAM_RANH, start=timedelta(hours=1))
    week = await got(client, "/agenda?from=2026-04-06T00:00:00Z&to=2026-04-13T00:00:00Z")
    assert [(each["host"], each["start"], each["legs"], each["phase"]) for each in week] == [
        ("UBND tỉnh Khánh Hòa", "2026-04-06T02:00:00Z", 2, "upcoming"),
        ("UBND thành phố Nha Trang", f"{DAY}T01:00:00Z", 90, "upcoming"),
        ("UBND huyện Diên Khánh", f"{DAY}T01:00:00Z", 60, "upcoming"),
        ("UBND tỉnh Khánh Hòa", f"{DAY}T01:00:00Z", 100, "waiting"),
    ]
    own = await got(await world.signed_in("dienkhanh"), "/agenda?from=2026-04-06T00:00:00Z")
    assert [each["host"] for each in own] == ["UBND huyện Diên Khánh"]
    [details] = [await got(client, f"/sessions/{each['id']}") for each in own]
    assert own[0]["check_due"] == details["check_due"]
    assert await got(await world.signed_in("nobody"), "/agenda?from=2026-04-06T00:00:00Z") == []
    await sent(client, f"/sessions/{waiting['id']}/cancel", {"reason": "Hoãn"})
    assert len(await got(client, "/agenda?from=2026-04-06T00:00:00Z&to=2026-04-13T00:00:00Z")) == 3
    async with client.get(f"{API}/agenda?from=2026-01-01T00:00:00Z&to=2026-12-31T00:00:00Z") as response:
        assert await problem_of(response) == (422, "invalid")


async def test_r105_a_supervisor_sees_all_and_changes_nothing(world: World) -> None:
    session = await world.session(NHA_TRANG)
    client = await world.signed_in("office")
    shown = await got(client, f"/sessions/{session.id}")
    assert (shown["number"], shown["code"], shown["may_control"], shown["may_cancel"]) == (
        session.number, None, False, False,
    )  # fmt: skip
    assert len(await got(client, "/sessions")) == len(await got(client, "/agenda")) == 1
    today = "from=2026-04-05T17:00:00Z&to=2026-04-06T17:00:00Z"
    assert [each["id"] for each in await got(client, f"/sessions?{today}")] == [session.id]
    for path in ("/queue", "/readiness", "/incidents?settled=false", "/answers", f"/capacity?{today}"):
        await got(client, path)  # what the page of supervision shows
    for path in ("/letters", "/outbox"):
        await got(client, path)  # and that of the post
    statuses = set()
    for route in ROUTES:
        decides = route.path.startswith(("/registrations", "/points", "/sessions", "/capacity"))
        if route.method == "POST" and decides and route.path != "/capacity/impact":
            path = public_path(route.path)
            body = {**GOOD, "/registrations": registration()}.get(path, {})
            thing = NHA_TRANG if path.startswith("/points") else session.id
            async with client.post(f"{PREFIX}{path.replace('{id}', thing)}", json=body) as response:
                statuses.add(response.status)
    assert statuses <= {403, 404, 422}
    assert (await world.services.scheduler.session(session.id)) == session


async def test_r061_the_person_on_duty_takes_note_of_an_emergency(world: World) -> None:
    host, central = await world.signed_in("host"), await world.signed_in("central")
    flood = registration(
        **EMERGENCY, official={"start": "2026-04-06T08:30:00+07:00", "end": "2026-04-06T10:00:00+07:00"}
    )
    session = await sent(host, "/registrations", flood, 201)
    (shown,) = await got(central, "/emergencies")
    assert shown == {
        "id": session["id"],
        "number": session["number"],
        "host": shown["host"],
        "title": "Họp",
        "ground": "chi_dao_ubnd_tinh",
        "reason": "CĐ 05/CĐ-UBND",
        "official": {"start": "2026-04-06T01:30:00Z", "end": "2026-04-06T03:00:00Z"},
        "received": "2026-04-06T01:00:00Z",
        "phase": "lobby",
        "seen": None,
    }
    assert await refused(host, f"/emergencies/{session['id']}/acknowledge") == (403, "forbidden")
    taken = await sent(central, f"/emergencies/{session['id']}/acknowledge")
    assert taken["seen"] == {"by": "central", "at": "2026-04-06T01:00:00Z"}
    assert await got(central, "/emergencies") == [taken]
    entry = (await world.audited(1))[0]
    assert (entry.actor, entry.action, entry.subject) == ("central", "acknowledge", session["id"])


async def test_r108_administrators_keep_the_profile_and_operators_do_not(world: World) -> None:
    admin, central = await world.signed_in("admin"), await world.signed_in("central")
    shown = await sent(admin, "/profiles/preview", {"text": PROFILE})
    summary = (shown["follows"], shown["effective_from"], shown["before"]["id"], shown["content"]["title"])
    assert summary == ("KH-2023/1", "2030-01-01", "KH-2023", "Quy chế mới")
    filed = {"text": PROFILE, "digest": shown["digest"]}
    for path, body in (("/profiles/preview", {"text": PROFILE}), ("/profiles", filed)):
        assert await refused(central, path, body) == (403, "forbidden")
    listed = await sent(admin, "/profiles", filed, 201)
    assert {each["id"]: (each["in_force"], each["may_withdraw"]) for each in listed} == {
        "pre-KH-2023": (False, False),
        "KH-2023": (True, False),
        "KH-2030": (False, True),
    }
    assert not any(each["may_withdraw"] for each in await got(central, "/profiles"))
    assert world.server.scheduler.policy(NOW + timedelta(days=365 * 5)).stamp == "KH-2030/1"
    assert await refused(central, "/profiles/KH-2030/withdraw") == (403, "forbidden")
    await sent(admin, "/profiles/KH-2030/withdraw")
    assert await refused(admin, "/profiles/KH-2030/withdraw") == (404, "not-found")
    assert world.server.scheduler.policy(NOW + timedelta(days=365 * 5)).stamp == "KH-2023/1"
    entries = [e for e in await world.audited(9) if e.action.startswith("profile-")]
    assert [(e.actor, e.action, e.subject) for e in entries] == [
        ("admin", "profile-withdraw", "KH-2030/1"),
        ("admin", "profile-file", "KH-2030/1"),
    ]


async def test_r108_a_faulty_profile_is_told_with_its_lines(world: World) -> None:
    text = PROFILE.replace("2030-01-01", "2020-01-01") + "code: {digits: 8}\n"
    async with (await world.signed_in("admin")).post(f"{API}/profiles/preview", json={"text": text}) as response:
        assert (await response.json())["errors"] == [
            {
                "field": "text",
                "detail": "profile, line 6: code.digits: Input should be greater than or equal to 9",
            }
        ]


async def test_r095_a_controller_is_in_the_audit_log_though_it_is_cut_off_meanwhile(world: World) -> None:
    session = await world.session(NHA_TRANG)
    await world.join("host", session)
    centre, joined = await world.join("central", session)
    meeting = world.server.meetings.meetings[session.id]
    async with meeting._order:  # something else is carried out
        await centre.send(type="assist", on=True)
        await wait_until(lambda: meeting.state.controller_notices.helper == joined["seat"])
        world.drop("central")
        await wait_until(lambda: len(world.server.meetings.clients) == 1)
    await meeting.apply([])
    assert [(entry.actor, entry.action) for entry in await world.audited(1)] == [("central", "direct")]
