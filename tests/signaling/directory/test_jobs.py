"""The directory over REST: who sees and keeps what, and that refusals name their article.

Also tests `points.py`, `units.py`, `equipment.py`, `evidence.py` and `spreadsheets.py`.
"""

import base64
import json
from typing import Any

from aiohttp import ClientSession

from scheduler.directory.model import ObservedDevice
from tests.signaling.directory_calls import newest_audit_rows, post_directory
from tests.signaling.request_bodies import ITEMS
from tests.signaling.world import NHA_TRANG, World, problem_of

POINT = "/api/v1/directory/points"
JPEG = b"\xff\xd8\xff\xe0 a room"


async def refused(client: ClientSession, path: str, language: str = "vi", **body: Any) -> tuple[int, str, str]:
    headers = {"Accept-Language": language}
    async with client.post(f"/api/v1/directory/{path}", json=body, headers=headers) as response:
        status, word = await problem_of(response)
        return status, word, (await response.json())["detail"]


async def test_the_tree_has_all_tiers(world: World) -> None:
    port = {"id": "cv", "name": "Cảng vụ Hàng hải Nha Trang", "level": "khac"}
    await world.services.scheduler.import_units(json.dumps({"units": [port]}))
    async with (await world.signed_in("nobody")).get("/api/v1/directory") as response:
        tree = await response.json()
    levels = {unit["id"]: unit["level"] for unit in tree["units"]}
    codes = {level["id"]: level["code"] for level in tree["levels"]}
    points = {point["name"]: codes[levels[point["unit"]]] for point in tree["points"]}
    wanted = {"UBND.Khanh Hoa": "a", "So.TTTT": "b", "UBND.Nha Trang": "c", "NT.XuongHuan": "d"}
    wanted |= {"Cang vu Hang hai Nha Trang": "đ"}
    assert {name: points[name] for name in wanted} == wanted
    assert (len(points), tree["may_edit"], [item["id"] for item in tree["items"]]) == (170, False, list(ITEMS))


async def test_a_point_goes_from_draft_to_assessment(world: World) -> None:
    central = await world.signed_in("central")
    point = await post_directory(central, "points", unit="568", label="Phòng họp số 2")
    assert (point["id"], point["name"], point["state"]) == ("ubnd.nha-trang.02", "UBND.Nha Trang.02", "draft")
    assert await refused(central, "points", unit="568") == (
        409,
        "quota",
        "Vượt số lượng điểm cầu (02) theo khoản 3 Điều 8",
    )
    path = f"points/{point['id']}"
    await post_directory(central, f"{path}/room", address="46 Trần Phú", managing_unit="568")
    assert await refused(central, f"{path}/move", move="activate") == (
        409,
        "illegal-move",
        "Không thể “kích hoạt” khi đang “nháp”",
    )
    assert (await post_directory(central, f"{path}/move", move="submit"))["point"]["state"] == "awaiting"
    card = await post_directory(
        central, f"{path}/assess", items=[{"id": item, "met": True} for item in ITEMS], reference="BB 12"
    )
    assert [(done["result"], done["expires"]) for done in card["assessments"]] == [("passed", "2028-04-06T17:00:00Z")]
    status, word, detail = await refused(central, f"{path}/move", "en", move="activate")
    assert (status, word) == (409, "point-not-ready")
    assert detail == "line: no line yet (Article 6.3); account: no account issued (Article 9.3)"
    assert [lack["word"] for lack in card["lacks"]] == ["no-line", "no-account"]
    assert await newest_audit_rows(world, 4) == [
        ("central", "point-assess", point["id"], "passed"),
        ("central", "point-move", point["id"], "submit → awaiting"),
        ("central", "point-room", point["id"], "568"),
        ("central", "point-add", point["id"], "UBND.Nha Trang.02"),
    ]


async def test_only_active_points_are_offered_for_meetings(world: World) -> None:
    central = await world.signed_in("central")
    card = await post_directory(central, f"points/{NHA_TRANG}/move", move="suspend", reason="Sửa phòng")
    assert [(m["move"], m["by"], m["reason"]) for m in card["history"]] == [("suspend", "central", "Sửa phòng")]
    async with central.get("/api/v1/points?unit=568") as response:
        assert await response.json() == []


async def test_a_card_is_for_the_unit_and_those_above_it(world: World) -> None:
    statuses = {}
    for account in ("host", "nhatrang", "camranh", "nobody"):
        async with (await world.signed_in(account)).get(f"{POINT}/nt.xuonghuan") as response:
            statuses[account] = response.status
    assert statuses == {"host": 200, "nhatrang": 200, "camranh": 404, "nobody": 404}


async def test_a_new_unit_begins_with_a_draft(world: World) -> None:
    central = await world.signed_in("central")
    body = {"id": "cv", "name": "Cảng vụ Hàng hải Nha Trang", "level": "khac"}
    point = await post_directory(central, "units", **body)
    assert (point["name"], point["state"]) == ("Cang vu Hang hai Nha Trang", "draft")
    assert (await refused(central, "units", **body))[2] == "id: mã đơn vị đã có"
    assert (await refused(central, "units", **{**body, "id": "cw", "level": "quan"}))[:2] == (422, "invalid")


async def test_the_card_of_a_unit(world: World) -> None:
    central = await world.signed_in("central")
    khanh_son = await world.services.scheduler.point("ubnd.khanh-son")
    path = f"points/{khanh_son.id}"
    await post_directory(central, f"{path}/assess", items=[{"id": item, "met": True} for item in ITEMS])
    await post_directory(central, f"{path}/lines", type="TSLCD", subscribed_kbps=4000, ranges="10.79.0.0/16")
    await world.services.equipment.check_device(khanh_son.id, 1, ObservedDevice("203.0.113.9"), world.clock())
    await post_directory(central, f"units/{khanh_son.unit}/people", name="Mấu Văn Phi", phone="0905123456")
    await post_directory(central, "points/ks.tohap/move", move="suspend")
    world.clock.advance(60)
    async with central.get(f"/api/v1/directory/units/{khanh_son.unit}") as response:
        found = await response.json()
    assert found == {
        "unit": khanh_son.unit,
        "name": "Huyện Khánh Sơn",
        "own_active": 1,
        "own": 1,
        "below_active": 7,
        "below": 8,
        "assessed": 1,
        "ending": 0,
        "taken_over": 0,
        "drift": 1,
        "people": 1,
        "untrained": 1,
        "updated": "2026-04-06T01:00:00Z",
        "stale": False,
        "breaches": {"drift": 1},
    }


async def test_a_table_is_shown_before_it_is_imported(world: World) -> None:
    central = await world.signed_in("central")
    async with central.get("/api/v1/directory/tables/people?format=csv") as response:
        assert response.headers["Content-Disposition"] == 'attachment; filename="people.csv"'
        head = (await response.read()).splitlines()[0]
    file = base64.b64encode(head + "\n568,,manager,Ngô An,0905123456,,,,".encode()).decode()
    shown = await post_directory(central, "tables/people/preview", file=file)
    assert shown["steps"] == [{"line": 2, "what": "add", "text": "Ngô An (568)"}]
    assert await world.server.people.of() == []
    await post_directory(central, "tables/people/import", file=file, seal=shown["seal"])
    assert [person.name for person in await world.server.people.of()] == ["Ngô An"]
    assert (await refused(central, "tables/people/import", file=file, seal=shown["seal"]))[:2] == (409, "preview-stale")
    wrong = base64.b64encode(head + b"\n999,,boss,,,,,,\n999,,boss,A,1,,,,").decode()
    assert await refused(central, "tables/people/preview", "en", file=wrong) == (
        422,
        "bad-sheet",
        "line 3 unit: there is no unit 999; line 3 role: must be one of: manager, technician, head; "
        "line 3 phone: is no Vietnamese phone number",
    )
    assert ("central", "directory-export", "people", "csv") in await newest_audit_rows(world, 9)


async def test_a_suspension_by_the_calendar_is_in_the_audit_log(world: World) -> None:  # A39
    central = await world.signed_in("central")
    await post_directory(central, f"points/{NHA_TRANG}/assess", items=[{"id": item, "met": True} for item in ITEMS])
    world.clock.advance(732 * 86400)
    await world.server.periodic_jobs.work()
    assert await newest_audit_rows(world, 1) == [("server", "point-move", NHA_TRANG, "suspend → suspended")]


async def test_photos_and_documents_are_fetched_by_whom_the_card_is_for(world: World) -> None:
    central, unit, other = [await world.signed_in(name) for name in ("central", "nhatrang", "camranh")]
    card = await post_directory(
        central, f"points/{NHA_TRANG}/assess", items=[{"id": item, "met": True} for item in ITEMS]
    )
    document = await post_directory(
        central, "units/568/documents", kind="points", extra=1, number="3021/UBND-KSTT", dated="2023-04-10"
    )
    photo = f"/api/v1/directory/assessments/{card['assessments'][0]['id']}/files?name=phong-hop.jpg"
    paper = f"/api/v1/directory/documents/{document['id']}/files?name=3021.pdf"
    added = []
    for path, content, name in ((photo, JPEG, "phong-hop.jpg"), (paper, b"%PDF-1.7\n", "3021.pdf")):
        async with unit.post(path, data=content) as response:
            assert await problem_of(response) == (403, "forbidden")
        async with central.post(path, data=b"MZ\x90") as response:
            assert await problem_of(response) == (422, "invalid")
        async with central.post(path, data=content) as response:
            added.append(await response.json())
            assert (response.status, added[-1]["name"], added[-1]["by"]) == (201, name, "central")
    async with unit.get(f"{POINT}/{NHA_TRANG}") as response:
        card = await response.json()
    assert [each["files"] for each in (*card["assessments"], *card["exemptions"])] == [[added[0]], [added[1]]]
    file = f"/api/v1/directory/files/{added[0]['id']}"
    async with unit.get(file) as response:
        assert (response.status, await response.read()) == (200, JPEG)
        assert response.headers["Content-Disposition"] == 'attachment; filename="phong-hop.jpg"'
    async with other.get(file) as response:
        assert await problem_of(response) == (404, "not-found")
    async with central.post(f"{file}/remove", json={}) as response:
        assert response.status == 204
    async with unit.get(file) as response:
        assert await problem_of(response) == (404, "not-found")
    (stored_file,) = world.server.document_folder.iterdir()
    with world.server.cipher.open(stored_file) as opened:
        assert opened.read() == b"%PDF-1.7\n"
    async with central.post("/api/v1/directory/assessments/999/files?name=x.pdf", data=b"%PDF-") as response:
        assert await problem_of(response) == (404, "not-found")
    assert [(actor, action) for actor, action, *_ in await newest_audit_rows(world, 4)] == [
        ("central", "evidence-removed"),
        ("nhatrang", "evidence-download"),
        ("central", "evidence"),
        ("central", "evidence"),
    ]


async def test_r023_a_unit_fetches_its_own_inventory_and_no_others(world: World) -> None:
    site = await world.signed_in("nhatrang")
    async with site.get("/api/v1/directory/units/568/inventory?format=csv") as response:
        assert response.headers["Content-Disposition"] == 'attachment; filename="inventory.csv"'
        points = {line.split(",")[1] for line in (await response.text()).splitlines()[1:]}
    assert {"UBND.Nha Trang", "NT.XuongHuan"} <= points
    assert not {name for name in points if not name.startswith(("UBND.Nha Trang", "NT."))}
    async with site.get("/api/v1/directory/units/so.tttt/inventory") as response:
        assert await problem_of(response) == (404, "not-found")
    assert await newest_audit_rows(world, 1) == [("nhatrang", "directory-export", "568", "inventory csv")]
