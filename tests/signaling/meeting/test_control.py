"""Controllers of a session: the host chairs, the level's rule controls, the centre may step in (R-010, R-092).

Also tests `incident_reports.py`.
"""

from typing import Any

from signaling.core.texts import FAULTS, PROBLEMS, fault_text
from tests.signaling.world import DIEN_AN, DIEN_KHANH, NHA_TRANG, World


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


async def test_the_host_calls_for_help_and_only_the_centre_directs(world: World) -> None:
    session = await world.session(NHA_TRANG, host=DIEN_AN)
    commune, _ = await world.join("dienan", session)
    _, guest = await world.join("nhatrang", session)
    call = await commune.ask(type="report", kind="help", text="cần hỗ trợ")
    assert (call["type"], call["level"]) == ("incident", 2)
    of_guest = await commune.ask(type="report", kind="no-sound", seat=guest["seat"])
    assert (of_guest["type"], of_guest["point"]) == ("incident", NHA_TRANG)
    district, looking_on = await world.join("dienkhanh", session)
    assert looking_on["may_direct"] is False
    assert (await district.ask(type="assist", on=True))["error"] == "forbidden"
    technician, joined = await world.join("central", session)
    assert joined["may_direct"] is True
    await technician.send(type="assist", on=True)
    assert (await commune.type("assist"))["name"] == "Central"


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
