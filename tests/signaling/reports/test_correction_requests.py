"""Units go through their figures over REST (Điều 19.5; R-122)."""

import io
from typing import Any

from openpyxl import load_workbook

from tests.signaling.report_calls import fetch_report, fetch_report_file
from tests.signaling.world import NHA_TRANG, World, problem_of

DUE = "2026-04-20T10:00:00Z"


async def test_r122_a_request_is_answered_and_stands_in_the_report(world: World) -> None:
    await world.session(NHA_TRANG)
    central, unit = await world.signed_in("central"), await world.signed_in("host")
    body = {"title": "Số liệu năm 2026", "due": DUE}
    async with central.post("/api/v1/figure-requests?period=year&year=2026", json=body) as response:
        assert response.status == 201
        made: dict[str, Any] = await response.json()
    assert (made["asked"], made["answered"], made["may_answer"]) == (1, 0, False)
    (own_request,) = made["answers"]
    assert (own_request["counted"]["sessions"], own_request["said"], own_request["standing"]) == (1, None, "waiting")
    async with unit.get("/api/v1/figure-requests") as response:
        (seen,) = await response.json()
    assert (seen["answers"], seen["may_answer"]) == ([own_request], True)
    async with (await world.signed_in("camranh")).get("/api/v1/figure-requests") as response:
        assert await response.json() == []
    url, corrected = f"/api/v1/figure-requests/{made['id']}", {**own_request["counted"], "sessions": 2}
    async with unit.post(url, json={"figures": corrected}) as response:
        assert await problem_of(response) == (422, "invalid")
    async with unit.post(url, json={"figures": corrected, "remark": "Một phiên họp ngoài hệ thống"}) as response:
        assert (response.status, (await response.json())["standing"]) == (200, "corrected")
    report = await fetch_report(central, "year=2026")
    (correction,) = report["corrections"]
    assert (correction["figure"], correction["counted"], correction["said"]) == ("sessions", 1, 2)
    assert report["total"]["sessions"] == 1
    book = load_workbook(io.BytesIO(await fetch_report_file(central, "year=2026&format=xlsx")))
    (row,) = book["Số liệu đơn vị điều chỉnh"].iter_rows(min_row=3, values_only=True)
    assert row[1:] == ("Phiên họp", 1, 2, "06/04/2026 host: Một phiên họp ngoài hệ thống")
    noted = [entry for entry in await world.audited(9) if entry.subject == made["id"]]
    assert [(entry.action, entry.actor) for entry in noted] == [("figures-said", "host"), ("figures-asked", "central")]
