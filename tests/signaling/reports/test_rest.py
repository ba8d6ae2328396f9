"""Reports over REST: the page, the spreadsheet and the document tell the same numbers.

Also tests `report_tables.py`, `wire.py`, `xlsx.py` and `pdf.py`.
"""

import io
from datetime import timedelta

from openpyxl import load_workbook
from pypdf import PdfReader

from signaling.reports.report_tables import CARRIERS, FIGURES
from tests.signaling.directory_calls import post_directory
from tests.signaling.report_calls import fetch_report, fetch_report_file
from tests.signaling.world import HOST, NHA_TRANG, World, problem_of


async def test_page_spreadsheet_and_document_have_the_same_numbers(world: World) -> None:
    await world.session(NHA_TRANG, recording=True)
    await world.session()
    client = await world.signed_in("central")
    report = await fetch_report(client, "period=first_half&year=2026")
    assert report["title"] == "Thống kê họp trực tuyến từ 15/12/2025 đến 14/06/2026"
    numbers = [report["total"][name] for name in FIGURES]
    assert numbers[:5] == [2, 2, 240, 5, 1]
    book = load_workbook(io.BytesIO(await fetch_report_file(client, "period=first_half&year=2026&format=xlsx")))
    sheet = [list(row) for row in book["Theo đơn vị chủ trì"].iter_rows(values_only=True)]
    assert sheet[0][0] == report["title"]
    assert sheet[1] == ["Theo đơn vị chủ trì", *FIGURES.values(), "Kỳ trước"]
    assert sheet[2] == ["Tổng số", *numbers, 0]
    units = [[row["name"], *(row["figures"][name] for name in FIGURES), 0] for row in report["rows"]["unit"]]
    assert sheet[3:] == units
    pages = PdfReader(io.BytesIO(await fetch_report_file(client, "period=first_half&year=2026&format=pdf"))).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert report["title"] in text
    for row in (["Tổng số", *numbers], units[0]):
        assert " ".join(map(str, row)) in text
    assert [(entry.action, entry.subject) for entry in await world.audited(2)] == [
        ("export-report", "pdf"),
        ("export-report", "xlsx"),
    ]


async def test_a_month_tells_of_each_provider_alike_in_all_forms(world: World) -> None:
    client = await world.signed_in("central")
    vnpt = await post_directory(client, "providers", name="VNPT")
    await post_directory(client, f"points/{NHA_TRANG}/lines", type="WAN", subscribed_kbps=4000, provider=vnpt["id"])
    session = await world.session(NHA_TRANG)
    await world.services.incidents.count(session.id, {NHA_TRANG: True})
    query = "period=month&year=2026&month=4"
    report = await fetch_report(client, query)
    assert report["title"] == "Thống kê họp trực tuyến từ 01/04/2026 đến 30/04/2026"
    (row,) = report["carriers"]
    assert row == {"month": "2026-04", "provider": vnpt["id"], "name": "VNPT", **dict.fromkeys(CARRIERS, 1)} | {
        "incidents": 0,
        "restored": 0,
        "restore": None,
    }
    book = load_workbook(io.BytesIO(await fetch_report_file(client, f"{query}&format=xlsx")))
    sheet = [list(row) for row in book["Theo doanh nghiệp viễn thông"].iter_rows(values_only=True)]
    assert sheet[1:] == [
        ["Theo doanh nghiệp viễn thông", *CARRIERS.values()],
        ["04/2026 VNPT", 1, 1, 1, 1, 0, 0, "–"],
    ]
    pages = PdfReader(io.BytesIO(await fetch_report_file(client, f"{query}&format=pdf"))).pages
    assert "04/2026 VNPT 1 1 1 1 0 0 –" in " ".join(" ".join(page.extract_text() for page in pages).split())
    assert (await fetch_report(client, "period=month&year=2026&month=5"))["carriers"] == []


async def test_every_number_leads_to_its_rows(world: World) -> None:
    session = await world.session(NHA_TRANG)
    client = await world.signed_in("admin")
    report = await fetch_report(client, "year=2026")
    unit = report["rows"]["unit"][0]["key"]
    async with client.get(f"/api/v1/reports/sessions?year=2026&by=unit&key={unit}&figure=sessions") as response:
        assert [(entry["id"], entry["klass"]) for entry in await response.json()] == [(session.id, session.klass)]
    async with client.get("/api/v1/reports/sessions?year=2026&figure=cancelled") as response:
        assert await response.json() == []
    async with client.get("/api/v1/reports/sessions?figure=x") as response:
        assert await problem_of(response) == (422, "invalid")


async def test_r112_attendance_is_alike_on_the_page_and_in_the_files(world: World) -> None:
    session = await world.session(NHA_TRANG)
    stays = world.services.attendance
    await world.services.reports.alive(session.official.start)
    await stays.point_joined(session.id, NHA_TRANG, session.official.start)
    await stays.point_left(session.id, NHA_TRANG, session.official.start + timedelta(minutes=90))
    world.clock.now = session.official.end
    await world.services.reports.alive(session.official.end)
    client = await world.signed_in("office")
    report = await fetch_report(client, "year=2026")
    named = ("expected", "present", "absent", "due_s", "there_s", "emergencies", "reviewed")
    assert [report["total"][name] for name in named] == [2, 1, 1, 4 * 3600, 5400, 1, 0]
    assert report["shares"] == {"points": 375, "lines": None, "handed": None}
    assert report["uptime"]["permille"] == 0
    (outage,) = report["uptime"]["outages"]
    assert outage == {"start": "2026-04-06T01:00:00Z", "end": "2026-04-06T03:00:00Z"}
    async with client.get("/api/v1/reports/points?year=2026") as response:
        rows = {row["id"]: (row["expected"], row["present"], row["available"]) for row in await response.json()}
    assert rows == {HOST: (1, 0, 0), NHA_TRANG: (1, 1, 750)}
    async with client.get("/api/v1/reports/sessions?year=2026&figure=absent") as response:
        assert [(row["id"], row["present"], row["expected"]) for row in await response.json()] == [(session.id, 1, 2)]
    for point, figure, number in ((HOST, "absent", 1), (HOST, "present", 0), (NHA_TRANG, "expected", 1)):
        async with client.get(f"/api/v1/reports/sessions?year=2026&point={point}&figure={figure}") as response:
            assert [row["id"] for row in await response.json()] == [session.id] * number
    async with client.get(f"/api/v1/reports/sessions?year=2026&point={HOST}&figure=late") as response:
        assert await problem_of(response) == (422, "invalid")
    book = load_workbook(io.BytesIO(await fetch_report_file(client, "year=2026&format=xlsx")))
    sheet = [list(row) for row in book["Tham dự, khả dụng, bàn giao"].iter_rows(values_only=True)]
    assert sheet[2] == ["Tổng số", 2, 1, 1, "37,5%", "–", 0, 0, 0, "–", 1, 0]
    assert [list(row)[1:5] for row in book["Theo điểm cầu"].iter_rows(min_row=3, values_only=True)] == [
        [1, 0, 1, "0,0%"],
        [1, 1, 0, "75,0%"],
    ]
    assert [list(row) for row in book["Khả dụng hệ thống"].iter_rows(min_row=3, values_only=True)] == [
        ["Tỷ lệ thời gian hệ thống hoạt động", "0,0%"],
        ["Gián đoạn 08:00 06/04/2026 – 10:00 06/04/2026", "120 phút"],
    ]
    pages = PdfReader(io.BytesIO(await fetch_report_file(client, "year=2026&format=pdf"))).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "Tổng số 2 1 1 37,5% – 0 0 0 – 1 0" in text


async def test_r075_a_review_is_recorded_and_led_to_from_the_report(world: World) -> None:
    session = await world.session(NHA_TRANG)
    url, rows_url = f"/api/v1/sessions/{session.id}/review", "/api/v1/reports/sessions?year=2026&figure=emergencies"
    client = await world.signed_in("central")
    async with client.post(url, json={"remark": "Đúng"}) as response:
        assert await problem_of(response) == (409, "not-over")
    world.clock.now = session.official.end
    async with (await world.signed_in("office")).post(url, json={"remark": "Đúng"}) as response:
        assert await problem_of(response) == (403, "forbidden")  # who supervises changes nothing
    async with client.get(rows_url) as response:
        (row,) = await response.json()
        assert (row["review"], row["reviewable"], row["ground"]) == (None, True, "Chỉ đạo của UBND tỉnh")
    async with client.post(url, json={"remark": "Đúng căn cứ"}) as response:
        assert response.status == 200
        review = await response.json()
    assert review == {"at": "2026-04-06T03:00:00Z", "by": "central", "remark": "Đúng căn cứ"}
    async with client.get(rows_url) as response:
        assert [row["review"] for row in await response.json()] == [review]
    assert [(entry.action, entry.subject, entry.detail) for entry in await world.audited(1)] == [
        ("review", session.id, "Đúng căn cứ")
    ]
    book = load_workbook(io.BytesIO(await fetch_report_file(client, "year=2026&format=xlsx")))
    (row,) = book["Phiên khẩn cấp"].iter_rows(min_row=3, values_only=True)
    assert row[-1] == "10:00 06/04/2026 central: Đúng căn cứ"


async def test_any_range_and_the_calendar(world: World) -> None:
    await world.session(NHA_TRANG)
    client = await world.signed_in("central")
    assert (await fetch_report(client, "calendar=true&year=2026"))["period"] == {
        "start": "2025-12-31T17:00:00Z",
        "end": "2026-12-31T17:00:00Z",
    }
    day = "period=range&from=2026-04-06T00:00:00Z&to=2026-04-07T00:00:00Z"
    assert (await fetch_report(client, day))["total"]["sessions"] == 1
    for bad in ("period=range", "period=range&from=2026-04-06T00:00:00Z&to=2026-04-05T00:00:00Z", "period=x"):
        async with client.get(f"/api/v1/reports?{bad}") as response:
            assert await problem_of(response) == (422, "invalid")
