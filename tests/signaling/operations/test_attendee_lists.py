"""Lists of who takes part over the API: asked, given, counted, exported with a row for every component."""

import csv
import io

from openpyxl import load_workbook

from scheduler.files import csv_file
from tests.signaling.world import CAM_RANH, HOST, NHA_TRANG, World, problem_of

FIVE = [{"name": f"Nguyễn Văn {letter}", "position": "Chuyên viên"} for letter in "ABCDE"]


async def test_the_host_asks_and_sees_who_has_answered(world: World) -> None:
    """R-098: the host sees how many have answered; the export has a row for each component with its status."""
    points = [point.id for point in await world.services.scheduler.points() if point.id != HOST][:143]
    session = await world.session(*dict.fromkeys([*points, NHA_TRANG, CAM_RANH]))
    path = f"/api/v1/sessions/{session.id}/lists"
    host, site = await world.signed_in("host"), await world.signed_in("nhatrang")
    body = {"point": NHA_TRANG, "count": 7, "people": [*FIVE[:4], {"name": "=1+1"}]}
    async with site.post(path, json=body) as response:
        assert await problem_of(response) == (409, "not-asked")
    async with host.post(f"{path}/ask", json={}) as response:
        assert (await response.json())["asked"] == "2026-04-06T01:00:00Z"
    async with site.post(path, json=body) as response:
        own = await response.json()
    assert [(row["point"], row["count"], len(row["people"])) for row in own["lists"]] == [(NHA_TRANG, 7, 5)]
    async with host.get(path) as response:
        seen = await response.json()
    assert (seen["submitted"], seen["expected"], len(seen["lists"])) == (1, len(session.points), len(session.points))
    async with host.get(f"{path}/export") as response:
        text = (await response.read()).decode("utf-8-sig")
        assert response.content_type == "text/csv"
    rows = list(csv.reader(io.StringIO(text)))[1:]
    assert len({row[0] for row in rows}) == len(session.points)
    submitted_rows = [row[3:6] for row in rows if row[2] == "đã gửi"]
    assert submitted_rows == [*(["7", each["name"], "Chuyên viên"] for each in FIVE[:4]), ["7", "'=1+1", ""]]
    assert sum(row[2] == "chưa gửi" for row in rows) == len(session.points) - 1
    assert [entry.action for entry in await world.audited(3)] == ["export-lists", "give-list", "ask-lists"]
    async with host.get(f"{path}/export", params={"format": "xlsx"}) as response:
        sheet = load_workbook(io.BytesIO(await response.read())).worksheets[0]
        assert response.content_type.endswith("spreadsheetml.sheet")
    written = [[str(cell or "") for cell in row] for row in sheet.iter_rows(min_row=3, values_only=True)]
    assert written == [[csv_file.original(cell) for cell in row] for row in rows]
    assert "f" not in {cell.data_type for row in sheet.iter_rows(min_row=3) for cell in row}


async def test_attendee_lists_are_requested_and_filled_in_by_role(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    path = f"/api/v1/sessions/{session.id}/lists"
    site = await world.signed_in("camranh")
    async with site.post(f"{path}/ask", json={}) as response:
        assert await problem_of(response) == (403, "forbidden")
    async with site.get(f"{path}/export") as response:
        assert await problem_of(response) == (403, "forbidden")
    async with site.post(path, json={"point": NHA_TRANG, "count": 1, "people": []}) as response:
        assert await problem_of(response) == (403, "forbidden")
