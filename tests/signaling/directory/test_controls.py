"""The register of controls over REST (R-036, I-13, A9)."""

import io
from typing import Any

from openpyxl import load_workbook

from tests.signaling.world import DIEN_KHANH, NHA_TRANG, World, problem_of

PDF = b"%PDF-1.4\n"


async def test_r036_a_control_is_kept_with_its_evidence_and_exported(world: World) -> None:
    central, office = await world.signed_in("central"), await world.signed_in("office")
    control = {"checklist": "attt", "item": "phuong_an", "state": "met", "remark": "QĐ 12/QĐ-STTTT"}
    async with office.post("/api/v1/controls", json=control) as response:
        assert await problem_of(response) == (403, "forbidden")
    async with central.post("/api/v1/controls", json=control) as response:
        assert response.status == 200
        attt = (await response.json())[0]
    row = next(row for row in attt["rows"] if row["item"] == "phuong_an")
    assert (row["state"], row["by"], row["due"], row["overdue"], row["files"]) == (
        "met", "central", "2027-04-06", False, [],
    )  # fmt: skip
    async with central.post(f"/api/v1/controls/{row['id']}/files?name=phuong-an", data=PDF) as response:
        assert response.status == 201
        file = await response.json()
    async with office.get("/api/v1/controls") as response:
        found: list[dict[str, Any]] = await response.json()
    assert [(each["id"], each["may_set"]) for each in found] == [("attt", False), ("nen_tang", False)]
    row = next(row for row in found[0]["rows"] if row["item"] == "phuong_an")
    assert [each["id"] for each in row["files"]] == [file["id"]]
    async with office.get(f"/api/v1/directory/files/{file['id']}") as response:
        assert (response.status, await response.read()) == (200, PDF)
    async with office.get("/api/v1/controls/export") as response:
        book = load_workbook(io.BytesIO(await response.read()))
    cells = {line[0]: line[2:5] for line in book.worksheets[0].iter_rows(min_row=3, values_only=True)}
    assert cells["Phương án bảo đảm an toàn thông tin được phê duyệt"] == ("Đạt", "phuong-an.pdf", "QĐ 12/QĐ-STTTT")
    assert [entry.action for entry in await world.audited(9) if entry.actor == "central"][:2] == ["evidence", "control"]


async def test_a9_a_unit_checks_the_laptop_of_its_point(world: World) -> None:
    point, other = await world.signed_in("nhatrang"), await world.signed_in("dienkhanh")
    control = {"checklist": "may_tinh", "point": NHA_TRANG, "item": "mang", "state": "unmet", "remark": "Chưa có mạng"}
    async with other.post("/api/v1/controls", json=control) as response:
        assert await problem_of(response) == (403, "forbidden")
    async with other.get(f"/api/v1/controls?point={NHA_TRANG}") as response:
        assert await problem_of(response) == (404, "not-found")
    async with point.post("/api/v1/controls", json=control) as response:
        (laptop,) = await response.json()
    assert (laptop["open"], laptop["may_set"]) == (len(laptop["rows"]), True)
    async with (await world.signed_in("office")).get("/api/v1/controls/points") as response:
        stand = {row["point"]["id"]: (row["by"], row["due"], row["overdue"]) for row in await response.json()}
    assert (stand[NHA_TRANG], stand[DIEN_KHANH]) == (("nhatrang", "2026-07-06", False), ("", None, True))
    async with (await world.signed_in("office")).get("/api/v1/controls/points?checklist=attt") as response:
        assert await problem_of(response) == (404, "not-found")
