"""Controllers of a session: the host chairs, the level's rule controls, the centre may step in (R-010, R-092).

Also tests `incident_reports.py`.
"""

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from scheduler.booking.registration.service import Scheduler
from scheduler.operations.incidents.service import IncidentService
from signaling.audit.log import AuditLog
from signaling.core.texts import FAULTS, PROBLEMS, fault_text
from signaling.meeting import record_writer
from tests.scripted_commits import Fate
from tests.signaling.world import DIEN_AN, DIEN_KHANH, NHA_TRANG, PATIENCE_S, World


def error(word: str, text: str) -> dict[str, Any]:
    return {"type": "error", "error": word, "text": text}


async def test_r092_a_commune_chairs_and_its_district_controls(world: World) -> None:
    session = await world.session(NHA_TRANG, host=DIEN_AN)
    commune, chair = await world.join("dienan", session)
    assert (chair["role"], chair["controller"], chair["script"]["items"]) == ("host", False, [])
    refusal = await commune.ask(type="mute-all")
    assert refusal == error("controlled-by", "Điều khiển do UBND huyện Diên Khánh (điểm a khoản 3 Điều 14) thực hiện.")
    district, joined = await world.join("dienkhanh", session)  # from elsewhere: it is in no place of the session
    assert (joined["role"], joined["controller"]) == ("observer", True)
    await district.send(type="floor", seat=chair["seat"], open=False)
    assert (await commune.seat(chair["seat"], floor=False))["role"] == "host"
    other, guest = await world.join("nhatrang", session)
    assert guest["controller"] is False
    assert (await other.ask(type="mute-all"))["error"] == "controlled-by"
    stranger = await world.socket("vanninh")
    assert (await stranger.ask(type="join", code=session.code, accepted=True))["type"] == "waiting"


def test_refusals_name_their_article_in_both_languages() -> None:
    problems = {
        "capacity", "closing-order", "late", "not-asked", "not-handed-over", "not-invited", "out-of-order",
        "point-not-ready", "quota", "state-secret", "wrong-registrant",
    }  # fmt: skip
    faults = {"forbidden", "full", "not-granted", "not-invited", "revoked", "wrong-line"}
    texts = [*(PROBLEMS[word] for word in problems), *(FAULTS[word] for word in faults)]
    assert [text for text in texts if "Điều " not in text[0] or "Article " not in text[1]] == []
    expected_text = fault_text("controlled-by", "en", "UBND huyện Diên Khánh (điểm a khoản 3 Điều 14)")
    assert expected_text == "This meeting is controlled by UBND huyện Diên Khánh (Article 14.3.a)."


async def test_the_host_calls_for_help_and_controllers_take_turns(world: World) -> None:
    session = await world.session(NHA_TRANG, host=DIEN_AN)
    commune, _ = await world.join("dienan", session)
    _, guest = await world.join("nhatrang", session)
    call = await commune.ask(type="report", kind="help", text="cần hỗ trợ")
    assert (call["type"], call["level"]) == ("incident", 2)
    of_guest = await commune.ask(type="report", kind="no-sound", seat=guest["seat"])
    assert (of_guest["type"], of_guest["point"]) == ("incident", NHA_TRANG)
    _, looking_on = await world.join("dienkhanh", session)
    assert looking_on["may_direct"] is True
    assert (await commune.ask(type="assist", on=True))["error"] == "forbidden"  # it chairs, the district controls
    technician, joined = await world.join("central", session)
    assert joined["may_direct"] is True
    await technician.send(type="assist", on=True)
    assert (await commune.type("assist"))["name"] == "Central"


async def test_ux_defect_05_while_one_controls_alone_others_take_control_before_they_command(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, chair = await world.join("host", session)
    technician, _ = await world.join("central", session)
    _, guest = await world.join("nhatrang", session)
    floor = {"type": "floor", "seat": guest["seat"], "open": True}
    await technician.send(type="assist", on=True)
    await host.type("assist")
    refusal = await host.ask(**floor)
    assert refusal == error("controlled-alone", "Central đang điều khiển một mình.")
    await host.send(type="assist", on=False)  # what somebody else has is not given back
    assert (await host.ask(type="mute-all"))["error"] == "controlled-alone"
    assert (await host.ask(type="assist", on=True))["seat"] == chair["seat"]
    await host.send(**floor)
    assert (await host.type("seats"))["changed"][0]["floor"] is True
    assert (await technician.ask(type="mute-all"))["error"] == "controlled-alone"
    assert (await host.ask(type="assist", on=False))["seat"] is None
    assert (await technician.ask(type="record", on=False))["type"] == "recording"
    noted = [
        (each.actor, each.action) for each in reversed(await world.audited(50)) if each.action.startswith("direct")
    ]
    assert noted == [("central", "direct"), ("central", "direct-end"), ("host", "direct"), ("host", "direct-end")]


async def test_openings_and_who_controls_alone_are_on_record_once_when_the_database_was_away_or_did_not_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fates: dict[str, list[Fate]] = {}

    def break_(service: type, method: str) -> None:
        """Let a write be lost the first time, and take effect without an answer the second time."""
        write, fates[method] = getattr(service, method), ["lost", "unanswered"]

        async def breaks(*arguments: Any) -> None:
            fate = fates[method].pop(0) if fates[method] else "answered"
            if fate != "lost":
                await write(*arguments)
            if fate != "answered":
                raise OperationalError("COMMIT", {}, OSError("the connection is closed"))

        monkeypatch.setattr(service, method, breaks)

    monkeypatch.setattr(record_writer, "AGAIN_SECONDS", 0.0)
    for seconds in ("PATIENCE_SECONDS", "STOP_SECONDS"):
        monkeypatch.setattr(record_writer, seconds, PATIENCE_S)
    session = await world.session(NHA_TRANG)
    break_(Scheduler, "opened")
    host, _ = await world.join("host", session)
    assert (await host.ask(type="report", kind="help", text="cần hỗ trợ"))["type"] == "incident"
    technician, _ = await world.join("central", session)
    break_(AuditLog, "append")
    break_(IncidentService, "note")
    assert (await technician.ask(type="assist", on=True))["type"] == "assist"
    await world.server.meetings.dependencies.record_writer.stop()
    assert fates == {"opened": [], "append": [], "note": []}
    assert [each.kind for each in await world.services.scheduler.history(session.id)].count("opened") == 1
    assert [each.action for each in await world.audited(50)].count("direct") == 1
    (incident,) = await world.services.incidents.incidents()
    assert [step.kind for step in incident.steps] == ["opened", "control"]


async def test_a_locked_meeting_lets_only_controllers_in_and_its_members_back(world: World) -> None:
    session = await world.session(NHA_TRANG, DIEN_AN)
    host, _ = await world.join("host", session)
    guest, joined = await world.join("nhatrang", session)
    assert joined["locks"] == {"type": "locks", "room": False, "hands": False}
    await host.send(type="lock", room=True, hands=True)
    assert await guest.type("locks") == {"type": "locks", "room": True, "hands": True}
    assert (await guest.ask(type="hand", raised=True))["error"] == "hands-locked"
    stranger = await world.socket("dienan")
    assert (await stranger.ask(type="join", code=session.code, accepted=True))["error"] == "locked"
    _, observer = await world.join("central", session)
    assert observer["locks"]["room"] is True
    await guest.socket.close()
    again = await world.socket("nhatrang")
    back = await again.ask(type="join", code=session.code, accepted=True, resume=joined["resume"])
    assert back["seat"] == joined["seat"]
    await host.send(type="lock", room=False, hands=False)
    assert (await again.type("locks"))["room"] is False
    await host.ask(type="ping")  # what it commanded is in the log by then
    noted = [(each.action, each.detail) for each in reversed(await world.audited(50)) if "lock" in each.action]
    assert noted == [("lock", "room hands"), ("unlock", "")]


async def test_ux_defect_03_the_controller_ends_the_meeting_for_everyone(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    guest, _ = await world.join("nhatrang", session)
    assert (await guest.ask(type="end"))["error"] == "controlled-by"
    await host.send(type="end")
    for each in (host, guest):
        assert (await each.type("bye"))["reason"] == "ended"
    async with asyncio.timeout(PATIENCE_S):  # it is written once everybody was told
        while not (noted := [each.actor for each in await world.audited(50) if each.action == "end-for-all"]):
            await asyncio.sleep(0.01)
    assert noted == ["host"]


async def test_the_centre_takes_over_and_that_is_noted(world: World) -> None:
    session = await world.session(NHA_TRANG, host=DIEN_AN)
    _, joined = await world.join("central", session)
    assert joined["controller"] is True
    async with (await world.signed_in("admin")).get("/api/v1/audit") as response:
        noted = [(entry["actor"], entry["action"], entry["subject"]) for entry in await response.json()]
    assert ("central", "control", session.id) in noted


async def test_r010_components_do_not_control(world: World) -> None:
    session = await world.session(NHA_TRANG, DIEN_AN, host=DIEN_KHANH)
    host, joined = await world.join("dienkhanh", session)
    assert joined["controller"] is True
    guest, seated = await world.join("dienan", session)
    refusal_text = "Điều khiển do UBND huyện Diên Khánh (khoản 1 Điều 10) thực hiện."
    assert (await guest.ask(type="mute-all"))["text"] == refusal_text
    await host.send(type="floor", seat=seated["seat"], open=True)
    assert (await guest.seat(seated["seat"], floor=True))["role"] == "component"


async def test_the_session_says_who_controls_it(world: World) -> None:
    session = await world.session(NHA_TRANG, host=DIEN_AN)
    seen = {}
    for account in ("dienan", "focal", "nhatrang", "central"):
        async with (await world.signed_in(account)).get(f"/api/v1/sessions/{session.id}") as response:
            found = await response.json()
        seen[account] = found["may_control"]
        assert (found["controllers"], found["unable"]) == ([{"id": "574", "name": "UBND huyện Diên Khánh"}], [])
    assert seen == {"dienan": False, "focal": True, "nhatrang": False, "central": True}


async def test_r049_the_centre_controls_for_a_room_that_is_not_in_operation(world: World) -> None:
    central = await world.signed_in("central")
    move = {"move": "suspend", "reason": "không đạt đánh giá lại"}
    async with central.post(f"/api/v1/directory/points/{DIEN_KHANH}/move", json=move) as response:
        assert response.status == 200
    session = await world.session(NHA_TRANG, host=DIEN_AN)
    seen = {}
    for account in ("focal", "central"):
        async with (await world.signed_in(account)).get(f"/api/v1/sessions/{session.id}") as response:
            found = await response.json()
        seen[account] = found["may_control"]
        assert (found["controllers"], found["unable"]) == ([], [{"id": "574", "name": "UBND huyện Diên Khánh"}])
    assert seen == {"focal": False, "central": True}
