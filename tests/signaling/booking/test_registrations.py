"""Registrations over a whole server: who registers for whom, what is refused and why (Điều 5, 12, 13).

Also tests `refusals.py`, `reply_deadlines.py` and `signaling/accounts/unit_directory.py`.
"""

import json
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from scheduler.core.code_encryption import CodeCipher
from signaling.core.account import Account
from tests.signaling.request_bodies import EMERGENCY, registration
from tests.signaling.world import CAM_RANH, DIEN_AN, DIEN_KHANH, HOST, NHA_TRANG, NOW, World, problem_of

ORDINARY = {"class": "thuong", "ground": "", "reason": ""}
NEXT_WEEK = {"start": "2026-04-15T01:00:00Z", "end": "2026-04-15T03:00:00Z"}
VAN_NINH_COMMUNE = "vn.vangia"


def later(**fields: Any) -> dict[str, Any]:
    """Return the body of an ordinary registration that comes in time."""
    return registration(**{**ORDINARY, "official": NEXT_WEEK, "purpose": "noi_bo_don_vi", **fields})


async def post(client: ClientSession, path: str, body: dict[str, Any], language: str = "vi") -> tuple[int, Any]:
    async with client.post(f"/api/v1{path}", json=body, headers={"Accept-Language": language}) as response:
        return response.status, await response.json(content_type=None)


async def get(client: ClientSession, path: str) -> Any:
    async with client.get(f"/api/v1{path}") as response:
        assert response.status == 200
        return await response.json()


async def test_r060_a_communes_form_lies_with_its_district(world: World) -> None:
    commune, focal = await world.signed_in("dienan"), await world.signed_in("focal")
    body = later(host_point=DIEN_AN)
    status, draft = await post(commune, "/registrations", body)
    assert (status, draft["unit"], draft["origin"]["name"], draft["state"]) == (
        202,
        {"id": "574", "name": "Huyện Diên Khánh"},
        "Xã Diên An",
        "open",
    )
    assert draft["content"]["title"] == "Họp"
    [lying] = await get(focal, "/drafts")
    assert lying == {**draft, "may_settle": True}
    assert await get(commune, "/drafts") == [{**draft, "may_settle": False}]
    assert await get(await world.signed_in("vanninh"), "/drafts") == []
    assert await get(commune, "/sessions") == []
    async with commune.post(f"/api/v1/drafts/{draft['id']}/confirm", json=body) as response:
        assert await problem_of(response) == (403, "forbidden")
    world.clock.advance(75 * 60)
    status, session = await post(focal, f"/drafts/{draft['id']}/confirm", {**body, "title": "Họp xã"})
    assert (status, session["title"], session["number"]) == (201, "Họp xã", draft["number"])
    assert (session["received"], session["state"]) == ("2026-04-06T02:15:00Z", "issued")
    async with focal.post(f"/api/v1/drafts/{draft['id']}/confirm", json=body) as response:
        assert await problem_of(response) == (409, "settled")
    async with focal.post(f"/api/v1/drafts/{draft['id']}/discard", json={"reason": "x"}) as response:
        assert await problem_of(response) == (409, "settled")
    [after] = await get(commune, "/drafts")
    assert (after["state"], after["session"], after["by"]) == ("confirmed", session["id"], "focal")


async def test_r058_the_office_registers_for_the_province_and_others_pass_on(world: World) -> None:
    agriculture, office = await world.signed_in("agriculture"), await world.signed_in("host")
    for body in (later(), later(host_point="so.nnptnt", purpose="chinh_phu_den_xa")):
        status, problem = await post(agriculture, "/registrations", body)
        assert (status, problem["type"]) == (403, "urn:diemcau:wrong-registrant")
        assert problem["detail"] == "Văn phòng UBND tỉnh đăng ký theo khoản 1 Điều 12"
    status, problem = await post(agriculture, "/registrations", later(), "en")
    assert problem["detail"] == "Văn phòng UBND tỉnh registers it under Article 12.1"
    status, draft = await post(agriculture, "/drafts", later())
    assert (status, draft["unit"]["id"], draft["origin"]["id"]) == (201, "56", "so.nnptnt")
    assert [found["id"] for found in await get(office, "/drafts")] == [draft["id"]]
    status, discarded = await post(office, f"/drafts/{draft['id']}/discard", {"reason": "Đã có lịch khác"})
    assert (status, discarded["state"], discarded["reason"]) == (200, "discarded", "Đã có lịch khác")
    log = await get(await world.signed_in("admin"), "/audit")
    assert [(e["actor"], e["action"]) for e in log if e["subject"] == draft["id"]] == [
        ("host", "discard"),
        ("agriculture", "draft"),
    ]


async def test_only_concerned_units_put_a_registration_into_an_inbox(world: World) -> None:  # Điều 12.1, 12.2
    hashed = await world.accounts.account("host")
    assert hashed is not None
    await world.accounts.add_account(Account("vanninh.dk", "Vạn Ninh", ("registrant",), "571", None), hashed[1], NOW)
    government = {"purpose": "chinh_phu_den_xa"}
    found = {}
    for sender in ("vanninh.dk", "agriculture", "dienan", "focal", "nhatrang"):
        client = await world.signed_in(sender)
        for body in (
            later(host_point=DIEN_AN),
            later(host_point=DIEN_AN, **government),
            later(host_point="so.nnptnt"),
            later(host_point=HOST),
        ):
            status, created = await post(client, "/drafts", body)
            place = created["unit"]["id"] if status == 201 else created["type"].removeprefix("urn:diemcau:")
            found[sender, body["host_point"], body["purpose"] == "noi_bo_don_vi"] = place
    wrong = "wrong-registrant"
    assert found == {
        # by its host's level, with the Government, a department, the province
        **_places("vanninh.dk", wrong, wrong, wrong, "56"),
        **_places("agriculture", wrong, wrong, "so.nnptnt", "56"),
        **_places("dienan", "574", "56", wrong, "56"),
        **_places("focal", "574", "56", wrong, "56"),
        **_places("nhatrang", wrong, wrong, wrong, wrong),
    }
    assert [draft["origin"]["id"] for draft in await get(await world.signed_in("focal"), "/drafts")].count("571") == 0


def _places(sender: str, commune: str, government: str, department: str, province: str) -> dict[Any, str]:
    return {
        (sender, DIEN_AN, True): commune,
        (sender, DIEN_AN, False): government,
        (sender, "so.nnptnt", True): department,
        (sender, HOST, True): province,
    }


async def test_a_refusal_says_whether_it_may_be_passed_on(world: World) -> None:
    passed_on = {}
    for sender, host in (("agriculture", HOST), ("agriculture", DIEN_AN), ("focal", "so.nnptnt")):
        status, problem = await post(await world.signed_in(sender), "/registrations", later(host_point=host))
        assert (status, problem["type"]) == (403, "urn:diemcau:wrong-registrant")
        passed_on[sender, host] = problem["may_pass_on"]
    assert passed_on == {("agriculture", HOST): True, ("agriculture", DIEN_AN): False, ("focal", "so.nnptnt"): False}


async def test_r059_a_department_registers_its_own(world: World) -> None:
    status, session = await post(await world.signed_in("agriculture"), "/registrations", later(host_point="so.nnptnt"))
    assert (status, session["number"], session["received"]) == (201, "HTT-2026-0001", "2026-04-06T01:00:00Z")
    status, problem = await post(await world.signed_in("focal"), "/registrations", later(host_point="so.nnptnt"))
    assert (status, problem["registrant"]) == (403, "Sở Nông nghiệp và Phát triển nông thôn")


async def test_r061_a_commune_registers_its_own_emergency(world: World) -> None:
    flood = {"class": "khan_cap", "ground": "thien_tai", "reason": "Lũ quét"}
    soon = {"start": "2026-04-06T01:30:00Z", "end": "2026-04-06T03:00:00Z"}
    body = registration(host_point=DIEN_AN, purpose="noi_bo_don_vi", official=soon, **flood)
    status, session = await post(await world.signed_in("dienan"), "/registrations", body)
    assert (status, session["state"], session["class"]) == (201, "issued", "khan_cap")
    log = await get(await world.signed_in("admin"), "/audit")
    [noted] = [entry["detail"] for entry in log if entry["subject"] == session["id"]]
    assert noted.startswith(f"{session['number']} khan_cap thien_tai Lũ quét ")


async def test_r077_i04_points_in_another_session_are_marked_for_who_invites(world: World) -> None:
    await world.session(NHA_TRANG)
    cancelled = await world.session(NHA_TRANG)
    await world.services.scheduler.cancel(cancelled.id, NOW)
    slot = {"start": "2026-04-06T01:00:00Z", "end": "2026-04-06T03:00:00Z"}
    query = "/points/busy?from=2026-04-06T02:59:59Z&to=2026-04-06T05:00:00Z"
    for reader, title in (("nhatrang", "Họp giao ban <b>tháng 4</b>"), ("vanninh", None)):
        found = await get(await world.signed_in(reader), query)
        assert found == [{"point": point, **slot, "title": title} for point in (HOST, NHA_TRANG)]
    after = "/points/busy?from=2026-04-06T03:00:00Z&to=2026-04-06T05:00:00Z"
    assert await get(await world.signed_in("nhatrang"), after) == []


async def test_points_in_a_session_are_listed_a_page_at_a_time_and_no_session_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole sessions of 62 days, each with its encrypted code, were read for a form."""
    await world.session(NHA_TRANG, CAM_RANH)
    await world.session(NHA_TRANG, start=timedelta(hours=5))
    opened: list[str] = []
    monkeypatch.setattr(CodeCipher, "decrypt", lambda *arguments: opened.append(arguments[2]))
    client, first, second = await world.signed_in("central"), "2026-04-06T01:00:00Z", "2026-04-06T06:00:00Z"
    every = [(HOST, first), (NHA_TRANG, first), (CAM_RANH, first), (HOST, second), (NHA_TRANG, second)]
    query = "/points/busy?from=2026-04-06T00:00:00Z&to=2026-04-07T00:00:00Z"
    for skip, limit in ((0, 5000), (0, 2), (2, 2), (4, 2), (5, 2)):
        found = await get(client, f"{query}&skip={skip}&limit={limit}")
        assert [(each["point"], each["start"]) for each in found] == every[skip : skip + limit]
    assert (await get(client, query), opened) == (await get(client, f"{query}&limit=5000"), [])
    for bad in ("limit=0", "limit=5001", "skip=-1"):
        async with client.get(f"/api/v1{query}&{bad}") as response:
            assert await problem_of(response) == (422, "invalid")


async def test_r073_a_late_registration_is_told_until_when_and_what_remains(world: World) -> None:
    office = await world.signed_in("host")
    tomorrow = {"start": "2026-04-07T08:00:00+07:00", "end": "2026-04-07T10:00:00+07:00"}
    status, problem = await post(office, "/registrations", later(official=tomorrow))
    assert (status, problem["type"]) == (409, "urn:diemcau:late")
    assert problem["detail"] == (
        "Tiếp nhận lúc 08:00 06/04/2026, hạn cuối 17:00 03/04/2026 (điểm a khoản 2 Điều 13)."
        " Còn có thể đăng ký: đột xuất (đến 17:00 06/04/2026), khẩn cấp"
    )
    assert problem["remaining"] == [
        {"class": "dot_xuat", "latest": "2026-04-06T10:00:00Z"},
        {"class": "khan_cap", "latest": None},
    ]
    status, problem = await post(office, "/registrations", later(official=tomorrow), "en")
    assert "latest 17:00 03/04/2026 (Article 13.2.a). Still possible: sudden (until 17:00 06/04" in problem["detail"]
    sudden = {"class": "dot_xuat", "reason": "Công văn 12"}
    assert (await post(office, "/registrations", later(official=tomorrow, **sudden)))[0] == 201
    refusals = await get(await world.signed_in("central"), "/refusals")
    assert [(late["word"], late["title"], late["unit"]["id"], late["class"]) for late in refusals] == [
        ("late", "Họp", "56", "thuong")
    ] * 2


async def test_r019_state_secrets_are_refused_and_not_kept(world: World) -> None:
    status, problem = await post(await world.signed_in("host"), "/registrations", later(secret=True))
    assert (status, problem["type"]) == (409, "urn:diemcau:state-secret")
    assert "không tổ chức trên hệ thống này (khoản 2 Điều 5)" in problem["title"]
    central = await world.signed_in("central")
    [refusal] = await get(central, "/refusals")
    assert (refusal["word"], refusal["title"], refusal["detail"]) == ("secret", "", "")
    assert await get(central, "/sessions") == []


async def test_r016_r017_r070_r075_what_is_missing_is_named_at_once(world: World) -> None:
    bare = {"purpose": "", "kind": "", "form": "", "secret": None}
    status, problem = await post(
        await world.signed_in("host"), "/registrations", registration(**bare, **{**EMERGENCY, "ground": ""})
    )
    assert (status, problem["errors"]) == (
        422,
        [{"field": name, "detail": "bắt buộc"} for name in ("ground", "purpose", "kind", "form", "secret")],
    )
    timeless = {name: value for name, value in later().items() if name != "official"}
    status, problem = await post(await world.signed_in("host"), "/registrations", timeless)
    assert (status, problem["errors"]) == (422, [{"field": "official", "detail": "bắt buộc"}])


async def test_r015_a_district_sees_what_its_communes_are_in_and_no_code_of_what_it_is_not(world: World) -> None:
    own = await world.session(VAN_NINH_COMMUNE)
    others = await world.session(NHA_TRANG)
    vanninh = await world.signed_in("vanninh")
    [seen] = await get(vanninh, "/sessions")
    assert (seen["id"], seen["code"], seen["contact_name"]) == (own.id, None, None)
    hosted = [await world.session(NHA_TRANG, host=host) for host in (VAN_NINH_COMMUNE, "ubnd.van-ninh")]
    invited = await world.session("ubnd.van-ninh")
    assert {seen["id"] for seen in await get(vanninh, "/sessions")} == {each.id for each in (own, *hosted, invited)}
    async with vanninh.get(f"/api/v1/sessions/{others.id}") as response:
        assert await problem_of(response) == (404, "not-found")


async def test_r081_technicians_of_invited_points_see_the_contact_and_level_khac_does_not(world: World) -> None:
    session = await world.session(NHA_TRANG, DIEN_KHANH)
    seen = await get(await world.signed_in("nhatrang"), f"/sessions/{session.id}")
    assert (seen["contact_phone"], seen["reason"]) == ("+84905123456", None)
    host = await get(await world.signed_in("host"), f"/sessions/{session.id}")
    assert (host["contact_phone"], host["host"]["point"]) == ("+84905123456", HOST)
    port = {"id": "cv", "name": "Cảng vụ Hàng hải Nha Trang", "level": "khac"}
    await world.services.scheduler.import_units(json.dumps({"units": [port]}))
    point, hashed = "cang-vu-hang-hai-nha-trang", await world.accounts.account("host")
    assert hashed is not None
    await world.accounts.add_account(Account("cangvu", "Cảng vụ", ("site",), "cv", point), hashed[1], NOW)
    guest = await get(await world.signed_in("cangvu"), f"/sessions/{(await world.session(point)).id}")
    assert (guest["contact_name"], guest["contact_phone"], guest["second_phone"]) == (None, None, None)


async def test_i02_an_amendment_is_refused_with_article_and_last_moment_as_a_registration_is(world: World) -> None:
    office = await world.signed_in("host")
    far = {"start": "2026-04-20T08:00:00+07:00", "end": "2026-04-20T10:00:00+07:00"}
    soon = {"start": "2026-04-06T09:20:00+07:00", "end": "2026-04-06T11:20:00+07:00"}
    _, session = await post(office, "/registrations", later(official=far))
    status, problem = await post(office, f"/sessions/{session['id']}/amend", {"official": soon, "reason": "Sớm hơn"})
    assert (status, problem["type"], problem["article"]) == (409, "urn:diemcau:late", "điểm a khoản 2 Điều 13")
    assert (problem["effective"], problem["latest"]) == ("2026-04-06T01:00:00Z", "2026-04-02T10:00:00Z")
    assert problem["remaining"] == [{"class": "khan_cap", "latest": None}]
    assert await get(office, f"/sessions/{session['id']}") == {
        name: value for name, value in session.items() if name != "standing"
    }


async def test_r104_the_template_proposes_every_district_and_commune_with_link_and_recorder(
    world: World,
) -> None:
    client = await world.signed_in("central")
    async with client.get("/api/v1/profiles") as response:
        (rules,) = [each["content"] for each in await response.json() if each["in_force"]]
    (template,) = rules["registration"]["templates"]
    async with client.get("/api/v1/points") as response:
        points = await response.json()
    (host,) = [point["id"] for point in points if point["level"] == template["host_level"]]
    invited = [point["id"] for point in points if point["level"] in template["point_levels"]]
    request_body = later(host_point=host, points=invited, purpose=template["purpose"], recording=template["recording"])
    async with client.post("/api/v1/registrations", json=request_body) as response:
        session = await response.json()
    assert (host, len(invited), session["legs"]) == (HOST, 9 + 139, 149 + 1 + 1)


async def test_free_times_for_a_form_come_before_it_is_sent(world: World) -> None:
    points = [point.id for point in await world.services.scheduler.points() if point.id != HOST]
    await world.session(*points[:120])
    client = await world.signed_in("host")
    times = "start=2026-04-06T01:30:00Z&end=2026-04-06T02:30:00Z&class=khan_cap"
    full = await get(client, f"/free-times?{times}&legs=121")
    assert full["fits"] is False
    assert {"start": "2026-04-06T03:00:00Z", "end": "2026-04-06T04:00:00Z", "rehearsal": None} in full["others"]
    free = await get(client, f"/free-times?{times}&legs=5")
    assert (free["fits"], [each["start"] for each in free["others"]]) == (
        True,
        ["2026-04-06T02:30:00Z", "2026-04-06T03:30:00Z", "2026-04-06T04:30:00Z"],
    )
    rehearsal = "rehearsal_start=2026-04-06T01:10:00Z"
    for bad in (f"{times}&legs=0", f"{times}&legs=5&{rehearsal}", f"{times.replace('02:30', '01:00')}&legs=5"):
        async with client.get(f"/api/v1/free-times?{bad}") as response:
            assert await problem_of(response) == (422, "invalid")
