"""The pages of planning: queue and plan, calendar, capacity, rules, extension and supervision."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.docx_reader import paragraphs
from tests.e2e.browsers import intercept, wait_until
from tests.e2e.people import HANOI, People
from tests.e2e.refusals import BROKEN, PROBLEM, WORDS, Form, assert_nothing_is_lost, refused
from tests.e2e.server import Server

LARGE = "nt.vinhhai"
REASON = "Công văn 123/UBND-VP"
_TOP_HOUR = "days => 24 * days.scrollTop / days.scrollHeight"


def post_json(server: Server, page: Page, path: str, body: dict[str, Any]) -> Any:
    """Post to the API as the user of a page and return the response body."""
    response = page.context.request.post(f"{server.http}api/v1/{path}", data=body)
    assert response.ok, response.text()
    return response.json()


@pytest.fixture
def operator(server: Server, people: People, red: Browser) -> Iterator[Page]:
    """Return the page of the central technician, with a point of 97 devices to fill the system with."""
    page = people.sign_in(red, "truc.ban")
    page.set_viewport_size({"width": 1280, "height": 800})
    post_json(server, page, f"points/{LARGE}/devices", {"devices": 97})
    yield page
    post_json(server, page, f"points/{LARGE}/devices", {"devices": 1})


def wednesday_morning() -> datetime:
    """Return eight o'clock of the Wednesday after next."""
    today = datetime.now(HANOI).replace(hour=8, minute=0, second=0, microsecond=0)
    return today + timedelta(days=16 - today.isoweekday() + 1)


def registration(
    host: str, points: list[str], start: datetime, end: datetime, title: str, **fields: str
) -> dict[str, Any]:
    """Return the body of a registration."""
    return {
        "host_point": host,
        "points": points,
        "official": {"start": start.isoformat(), "end": end.isoformat()},
        "title": title,
        "contact_name": "Nguyễn Thị Ánh",
        "contact_phone": "0905 123 456",
        "purpose": "noi_bo_don_vi",
        "kind": "giao_ban",
        "form": "truc_tuyen",
        "secret": False,
        "wait": True,
        **fields,
    }


def session_start(server: Server, page: Page, title: str) -> datetime:
    """Return the start of the session with this title."""
    now = datetime.now(UTC)
    when = f"from={now - timedelta(hours=1):%FT%TZ}&to={now + timedelta(hours=1):%FT%TZ}"
    found = page.request.get(f"{server.http}api/v1/sessions?{when}").json()
    [session] = (each for each in found if each["title"] == title)
    return datetime.fromisoformat(session["official"]["start"])


def register_large(server: Server, page: Page, host: str, title: str, weeks: int = 0) -> Any:
    """Register 98 legs for that morning, or one weeks later, half of the usable capacity; what does not fit waits."""
    start = wednesday_morning() + timedelta(weeks=weeks)
    return post_json(
        server, page, "registrations", registration(host, [LARGE], start, start + timedelta(hours=2), title)
    )


def test_ux_41_an_operator_confirms_a_plan_and_finds_it_in_the_calendar(server: Server, operator: Page) -> None:
    page = operator
    first, last = [register_large(server, page, host, "Giao ban huyện") for host in ("ubnd.cam-ranh", "ubnd.nha-trang")]
    province = register_large(server, page, "ubnd.khanh-hoa", "Họp phòng chống bão")
    page.get_by_test_id("nav-queue").click()
    row = page.locator(f'[data-testid="queue-row"][data-id="{province["id"]}"]')
    expect(row.get_by_test_id("why")).to_contain_text("cần 294 kết nối cùng lúc, chỉ được dùng 196")
    expect(row.get_by_test_id("cost")).to_contain_text("thu hồi 1 mã")
    page.get_by_test_id("queue-search").fill("khong co")
    expect(row).to_have_count(0)
    page.get_by_test_id("queue-search").fill("phong chong bao")
    row.get_by_test_id("show-plan").click()
    expect(row.get_by_test_id("timeline-lost")).to_have_attribute("data-id", last["id"])
    expect(row.get_by_test_id("timeline-kept")).to_have_attribute("data-id", first["id"])
    expect(row.get_by_test_id("plan-left")).to_contain_text("14:")
    confirm = row.get_by_test_id("confirm-plan")
    expect(confirm).to_be_disabled()
    row.get_by_test_id("reason").fill(REASON)
    confirm.click()
    expect(page.get_by_test_id("served")).to_contain_text(province["number"])

    page.goto(f"{server.http}calendar.html?day={wednesday_morning():%Y-%m-%d}")
    block = page.locator(f'[data-testid="block"][data-id="{last["id"]}"]')
    expect(block).to_have_attribute("data-phase", "revoked")
    served = page.locator(f'[data-testid="block"][data-id="{province["id"]}"]')
    expect(served).to_have_attribute("data-phase", "upcoming")
    page.get_by_test_id("view-day").click()
    expect(page.get_by_test_id("day")).to_have_count(1)
    page.locator(".days").evaluate("days => days.scrollTo(0, 0)")
    for step in ("on", "back"):
        page.get_by_test_id(step).click()
        wait_until(page, lambda: round(page.locator(".days").evaluate(_TOP_HOUR), 1) == 7, "the first hour of work")
    block.press("Enter")
    page.get_by_test_id("details-history").click()
    revoked = page.locator('[data-testid="happening"][data-kind="revoked"]')
    expect(revoked).to_contain_text(f"vì phiên {province['number']}")
    expect(revoked).to_contain_text(REASON)
    expect(page.get_by_test_id("details-standing")).to_contain_text("cần 294 kết nối")
    page.get_by_test_id("cancel-session").click()
    page.get_by_test_id("details-send").click()
    expect(page.get_by_test_id("details-state")).to_contain_text("Đã hủy")
    page.get_by_test_id("details-shut").click()
    expect(block).to_have_count(0)

    page.locator(f'[data-testid="block"][data-id="{first["id"]}"]').click()
    page.get_by_test_id("amend").click()
    page.get_by_test_id("details-end").fill(f"{wednesday_morning() + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.get_by_test_id("details-send").click()
    expect(page.get_by_test_id("details-official")).to_contain_text("08:00–09:00")


def test_ux_40_a_maintenance_is_planned_and_the_rules_are_read(server: Server, operator: Page, people: People) -> None:
    page = operator
    page.get_by_test_id("nav-capacity").click()
    expect(page.get_by_test_id("peak-points")).to_contain_text("/ 196")
    expect(page.get_by_test_id("worker").first).to_contain_text("Máy chủ này")
    expect(page.get_by_test_id("speech-transcripts")).to_have_attribute("data-on", "false")
    expect(page.get_by_test_id("speech-captions")).to_contain_text("không nhận dạng tiếng nói")  # a test's script
    night = wednesday_morning() + timedelta(days=2, hours=14)
    page.get_by_test_id("plan-since").fill(f"{night:%Y-%m-%dT%H:%M}")
    page.get_by_test_id("plan-until").fill(f"{night + timedelta(hours=6):%Y-%m-%dT%H:%M}")
    page.get_by_test_id("plan-points").fill("30")
    page.get_by_test_id("plan-reason").fill("Bảo trì máy chủ")
    page.get_by_test_id("capacity-send").click()
    expect(page.get_by_test_id("impact")).to_have_attribute("data-count", "0")
    page.get_by_test_id("capacity-send").click()
    expect(page.get_by_test_id("saved")).to_be_visible()
    steps = page.get_by_test_id("step")
    expect(steps.filter(has_text="20 / 30")).to_have_count(1)
    expect(steps.last).to_contain_text("196 / 250")

    page.get_by_test_id("nav-group-help").click()
    page.get_by_test_id("nav-profile").click()
    expect(page.get_by_test_id("rules")).to_contain_text("Cấp tối đa 4/5 năng lực")
    expect(page.locator('[data-stamp="KH-2023/1"]')).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("holidays")).to_have_attribute("data-year", str(datetime.now(HANOI).year))
    expect(page.get_by_test_id("special").first).to_be_visible()
    expect(page.get_by_test_id("correction")).to_have_count(0)


def test_ux_32_the_host_is_reminded_of_the_end_and_goes_on(server: Server, people: People, red: Browser) -> None:
    page = people.signed_in(red, "ubnd.nha-trang")
    start = datetime.now(HANOI).replace(microsecond=0) + timedelta(seconds=10)
    end = start + timedelta(minutes=10)
    urgent = {"class": "khan_cap", "ground": "thien_tai", "reason": "Bão gần bờ"}
    urgent_session = registration("ubnd.nha-trang", ["nt.xuonghuan"], start, end, "Họp ngắn", **urgent)
    meeting = post_json(server, page, "registrations", urgent_session)
    people.enter(page, meeting["code"], "host")
    bar = page.get_by_test_id("extend-bar")
    expect(bar).to_contain_text("Còn 10 phút")
    told_by: dict[int, tuple[dict[str, str], str]] = {
        503: ({}, BROKEN),
        409: ({"detail": WORDS}, WORDS),
        401: ({"type": "urn:diemcau:signed-out"}, "Đăng nhập đã hết hạn"),
    }
    for status, (problem, told) in told_by.items():  # and the meeting goes on
        with refused(page, "sessions/[^/]+/extend", status, problem):
            bar.locator('[data-minutes="30"]').click()
        expect(bar.get_by_role("alert").filter(has_text=told)).to_be_in_viewport()
    bar.locator('[data-minutes="30"]').click()
    expect(bar).to_be_hidden()
    header = page.locator("main.console > header")
    expect(header).to_contain_text(f"{end + timedelta(minutes=30):%H:%M}")

    intercept(page, "**/extension", lambda route: route.fulfill(status=503, json={"status": 503}, headers=PROBLEM))
    page.get_by_test_id("extend-menu").click()
    answer = page.get_by_test_id("extend-answer")
    expect(answer).to_contain_text(BROKEN)
    page.unroute("**/extension")
    expect(answer).to_have_count(0)  # it asks again by itself
    page.keyboard.press("Escape")
    with refused(page, "sessions/[^/]+/extend", 409, {"detail": WORDS}):
        page.get_by_test_id("extend-menu").click()  # at any time, and what comes of it is told
        page.locator('.popover [data-minutes="15"]').click()
    expect(page.get_by_test_id("toast").filter(has_text=WORDS)).to_be_in_viewport()
    page.get_by_test_id("extend-menu").click()
    page.locator('.popover [data-minutes="15"]').click()
    toast = page.get_by_test_id("toast").filter(has_text=f"Đã gia hạn đến {end + timedelta(minutes=45):%H:%M}")
    toast.get_by_test_id("undo").click()
    expect(page.get_by_test_id("toast").last).to_contain_text(f"{end + timedelta(minutes=30):%H:%M}")
    expect(header).to_contain_text(f"{end + timedelta(minutes=30):%H:%M}")

    page.goto(f"{server.http}sessions.html")  # the draft of the minutes is there as soon as the session has begun
    row = page.get_by_test_id("session-row").filter(has_text="Họp ngắn")
    row.get_by_test_id("more").click()
    with page.expect_download() as download:
        row.get_by_test_id("minutes").click()
    assert "Phiên họp trực tuyến: Họp ngắn" in paragraphs(download.value.path().read_bytes())


def test_ux_38_40_41_a_registration_without_capacity_waits_by_a_tap(
    server: Server, operator: Page, people: People, red: Browser, fox: Browser
) -> None:
    filling = [register_large(server, operator, host, "Giao ban") for host in ("ubnd.cam-lam", "ubnd.dien-khanh")]
    page = people.sign_in(red, "ubnd.nha-trang")
    page.get_by_test_id("register").first.click()
    page.get_by_test_id("title").fill("Tập huấn chờ chỗ")
    page.get_by_test_id("points-search").fill("nt.xuonghuan")
    page.locator('[data-testid="point-option"][data-point="nt.xuonghuan"]').click()
    free = page.get_by_test_id("free-times")
    for fits in ("true", "false"):  # a free time beside the form is taken by a tap, and the wanted one chosen again
        page.get_by_test_id("official-start").fill(f"{wednesday_morning():%Y-%m-%dT%H:%M}")
        page.get_by_test_id("official-end").fill(f"{wednesday_morning() + timedelta(hours=1):%Y-%m-%dT%H:%M}")
        expect(free).to_have_attribute("data-fits", "false")
        if fits == "true":
            free.get_by_test_id("free-time").first.click()
            expect(free).to_have_attribute("data-fits", "true")
    for field, choice in {"purpose": "noi_bo_don_vi", "kind": "tap_huan", "form": "truc_tuyen"}.items():
        page.get_by_test_id(field).select_option(choice)
    page.get_by_test_id("secret-no").check()
    page.get_by_test_id("contact-name").fill("Nguyễn Thị Ánh")
    page.get_by_test_id("contact-phone").fill("0905 123 456")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("suggestion").first).to_be_visible()
    page.get_by_test_id("wait").click()
    expect(page.get_by_test_id("queued")).to_contain_text("HTT-")

    centre = people.sign_in(fox, "truc.ban")
    centre.get_by_test_id("nav-queue").click()
    centre.get_by_test_id("queue-search").fill("tap huan cho cho")
    row = centre.get_by_test_id("queue-row")
    expect(row).to_have_count(1)
    expect(row.get_by_test_id("why")).to_contain_text("chỉ được dùng 196")
    expect(row.get_by_test_id("ahead").or_(row.get_by_test_id("cost")).first).to_be_visible()
    centre.get_by_test_id("nav-capacity").click()
    expect(centre.get_by_test_id("peak-points")).to_contain_text("/ 196")
    expect(centre.locator("capacity-chart svg").first).to_be_visible()
    for figures in (operator, centre):  # who moves media now, by server
        figures.goto(f"{server.http}capacity.html")
        own = figures.get_by_test_id("worker").filter(has_text="Máy chủ này").first
        expect(own).to_be_visible()
        assert [cell.inner_text().isdecimal() for cell in own.locator("td").all()[2:4]] == [True, True]
        expect(figures.get_by_test_id("loss")).to_have_count(0)
    missing = ((None, 3), ("media-2", 12))
    machines: list[object] = [{"name": name, "workers": [], "without_place": seats} for name, seats in missing]
    centre.route("**/api/v1/capacity/workers", lambda route: route.fulfill(json=machines))
    centre.reload()
    expect(centre.get_by_test_id("loss")).to_have_text(
        "Nếu mất máy “media-2” lúc này, 12 kết nối đã giữ chỗ không còn chỗ ở máy khác."
    )
    centre.unroute("**/api/v1/capacity/workers")
    for each in (page, centre):  # the chart of that morning, as a table
        each.goto(f"{server.http}register.html")
        each.get_by_test_id("official-start").fill(f"{wednesday_morning():%Y-%m-%dT%H:%M}")
        each.get_by_test_id("official-end").fill(f"{wednesday_morning() + timedelta(hours=1):%Y-%m-%dT%H:%M}")
        each.get_by_test_id("day-load").click()
        each.get_by_test_id("chart-table-points").click()
        expect(each.get_by_test_id("chart-rows-points")).to_contain_text("196/196")
        chart = each.locator("capacity-chart", has=each.get_by_test_id("chart-rows-points"))
        expect(chart.get_by_test_id("chart-waiting")).to_be_visible()  # what waits is hatched above
        expect(chart.locator("figcaption")).to_contain_text("gạch chéo: đang chờ cấp mã")
        box = chart.locator("svg").bounding_box()
        assert box is not None
        half_past_eight = 44 + (box["width"] - 52) * 8.5 / 24  # the hours stand between the loads and a margin
        chart.locator("svg").click(position={"x": half_past_eight, "y": box["height"] / 2})
        expect(chart.get_by_test_id("chart-sessions")).to_contain_text("08:00–09:00")
        expect(chart.get_by_test_id("chart-session").filter(has_text="Tập huấn chờ chỗ")).to_contain_text("Đang chờ")
        for session in filling:  # a point of its unit is in them
            expect(chart.get_by_test_id("chart-session").filter(has_text=f"{session['number']} ·")).to_have_count(1)
        each.get_by_test_id("chart-row").last.click()
        expect(each.get_by_test_id("chart-sessions").last).to_be_visible()
    for session in filling:
        post_json(server, operator, f"sessions/{session['id']}/cancel", {})


ASKING = ("ubnd.ninh-hoa", "ubnd.van-ninh", "ubnd.khanh-son", "ubnd.khanh-vinh", "ubnd.cam-ranh", "ubnd.nha-trang")


@pytest.mark.parametrize("browser", ["red", "fox"])
def test_ux_41_registrations_wait_beside_what_they_conflict_with_and_are_decided_one_by_one_or_together(
    server: Server, operator: Page, people: People, browser: str, request: pytest.FixtureRequest
) -> None:
    filling = [register_large(server, operator, host, "Giao ban", 1) for host in ("ubnd.cam-lam", "ubnd.dien-khanh")]
    asked = [register_large(server, operator, host, "Xin cấp mã", 1) for host in ASKING]
    page = people.signed_in(request.getfixturevalue(browser), "truc.ban")
    page.goto(f"{server.http}queue.html?q=xin+cap+ma")
    rows = [page.locator(f'[data-testid="queue-row"][data-id="{each["id"]}"]') for each in asked]
    proposed, refused, *others = rows
    for session in filling:  # what it conflicts with stands beside it
        expect(proposed).to_contain_text(session["number"])
    proposed.get_by_test_id("propose").click()
    offer = page.get_by_test_id("propose-text").input_value()
    assert offer.startswith("Giờ này đã hết năng lực. Đề nghị họp ")
    page.get_by_test_id("propose-send").click()
    expect(proposed).to_have_count(0)
    refused.get_by_test_id("refuse").click()
    page.get_by_test_id("refuse-send").click()
    expect(page.locator("choice-dialog .fault")).to_be_visible()  # never without a reason
    page.keyboard.press("Escape")
    words = {"refuse-text": "Trùng lịch họp của tỉnh"}
    opens = refused.get_by_test_id("refuse").click
    refusal = Form("sessions/[^/]+/cancel", "refuse-send", words, area="choice-dialog", opens=opens)
    assert_nothing_is_lost(people, page, refusal)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("served")).to_contain_text(asked[1]["number"])

    expect(page.get_by_test_id("bulk-refuse")).to_be_disabled()
    for row in others[:2]:
        row.get_by_test_id("pick").check()
    expect(page.get_by_test_id("picked")).to_have_text("Đã chọn 2/4")
    page.get_by_test_id("bulk-propose").click()
    expect(page.get_by_test_id("propose-all")).to_contain_text(f"{asked[3]['number']}: {offer}")
    page.get_by_test_id("propose-all-send").click()
    expect(page.get_by_test_id("served")).to_contain_text("Đã quyết định 2/2 đăng ký")
    page.get_by_test_id("pick-all").check()
    page.get_by_test_id("bulk-refuse").click()
    page.get_by_test_id("refuse-all-text").fill("Đề nghị họp trực tiếp")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("queue-row")).to_have_count(0)

    province = register_large(server, operator, "ubnd.khanh-hoa", "Xin cấp mã", 1)
    page.reload()
    row = page.get_by_test_id("queue-row")
    opens = row.get_by_test_id("show-plan").click
    assert_nothing_is_lost(
        people, page, Form("sessions/[^/]+/confirm", "confirm-plan", {"reason": REASON}, "reason", opens=opens)
    )
    expect(row.get_by_test_id("timeline-lost")).to_have_attribute("data-id", filling[1]["id"])
    row.get_by_test_id("confirm-plan").click()
    expect(page.get_by_test_id("served")).to_contain_text(province["number"])

    said = [offer, "Trùng lịch họp của tỉnh", offer, offer, *["Đề nghị họp trực tiếp"] * 2]
    decided = [*asked, province]
    histories = [page.request.get(f"{server.http}api/v1/sessions/{each['id']}/history").json() for each in decided]
    told = [*(("cancelled", words) for words in said), ("issued", REASON)]
    assert [(each[-1]["kind"], each[-1]["reason"]) for each in histories] == told
    trail = page.request.get(f"{server.http}api/v1/audit?limit=100").json()
    ours = [
        each for each in trail if each["subject"] in {one["id"] for one in decided} and each["action"] != "register"
    ]
    assert [each["action"] for each in ours] == ["confirm", *["hold"] * 3, *["cancel"] * 6]
    assert {each["actor"] for each in ours} == {"truc.ban"}
    unit = people.signed_in(request.getfixturevalue(browser), "ubnd.cam-ranh")
    unit.goto(f"{server.http}sessions.html")
    closed = unit.locator(f'[data-testid="session-row"][data-id="{asked[4]["id"]}"]')
    closed.get_by_test_id("why-cancelled").click()
    expect(unit.get_by_test_id("details-why")).to_have_text("Đề nghị họp trực tiếp")
    for session in (province, *filling):
        post_json(server, operator, f"sessions/{session['id']}/cancel", {})


def test_r105_supervisors_see_today_and_change_nothing(server: Server, people: People, red: Browser) -> None:
    host = people.signed_in(red, "ubnd.nha-trang")
    people.register(host, ["nt.xuonghuan"], "Họp được giám sát")
    server.create("vp.ubnd", "--role", "supervisor")
    page = people.sign_in(red, "vp.ubnd")
    page.get_by_test_id("supervision").click()
    start = session_start(server, page, "Họp được giám sát")
    page.clock.set_system_time(start)  # a minute before midnight it is tomorrow's
    page.reload()
    row = page.get_by_test_id("today-row").filter(has_text="Họp được giám sát")
    expect(row).to_contain_text("Chủ trì: UBND thành phố Nha Trang · 2 điểm cầu")
    expect(row.get_by_test_id("today-ready")).to_be_visible()
    for part in ("waiting", "load", "faults", "owed"):
        expect(page.get_by_test_id(part)).to_be_visible()
    button = "button:not(.copyable)"
    changing = page.locator(f"main :is({button}, input, select, textarea):not(capacity-chart *)")  # it lists an hour
    expect(changing).to_have_count(0)
    row.get_by_test_id("today-ready").click()
    expect(page.get_by_test_id("ready-colour")).to_be_visible()
