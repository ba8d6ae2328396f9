"""Pages outside a meeting, as people feel them: a small header, the theme, own dates and messages, a refusal in the
flow, pages without a right, the calendar, the table."""

import re

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.e2e.accessibility import press
from tests.e2e.browsers import intercept
from tests.e2e.people import People, Taps
from tests.e2e.server import Server

PROBLEM = {"Content-Type": "application/problem+json"}
REFUSAL = {
    "type": "urn:diemcau:capacity",
    "title": "",
    "status": 409,
    "detail": "",
    "limit": "points",
    "usable": 196,
    "needed": 203,
    "start": "2027-04-07T02:00:00Z",
    "end": "2027-04-07T04:00:00Z",
    "suggestions": [{"start": "2027-04-08T01:00:00Z", "end": "2027-04-08T03:00:00Z", "rehearsal": None}],
}
FAULT = {"type": "urn:diemcau:server", "title": "", "status": 500, "detail": ""}
EMERGENCY = {
    "id": "1",
    "number": "HTT-1",
    "title": "Bão",
    "host": "UBND",
    "received": "2026-01-01T00:00:00Z",
    "seen": None,
}
_HEIGHT = "selector => document.querySelector(selector).getBoundingClientRect().height"
_THEME = "() => [document.documentElement.dataset.theme, getComputedStyle(document.body.parentElement).backgroundColor]"


def test_ux_defect_07_11_header_theme_and_bell(server: Server, people: People, red: Browser) -> None:
    """The header is one line on a phone, the chosen theme stays, and the bell has its name."""
    page = people.signed_in(red, "truc.ban")
    page.route("**/api/v1/emergencies", lambda route: route.fulfill(json=[EMERGENCY]))
    page.set_viewport_size({"width": 375, "height": 812})
    page.goto(f"{server.http}sessions.html")
    expect(page.get_by_role("link", name="Khẩn cấp: 1")).to_be_visible()
    assert page.evaluate(_HEIGHT, ".top-bar") <= 64
    expect(page.get_by_test_id("nav-queue")).not_to_be_visible()
    page.get_by_test_id("nav-open").click()
    expect(page.get_by_test_id("nav-queue")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("nav-queue")).not_to_be_visible()
    assert page.evaluate(_THEME) == ["light", "rgb(245, 247, 249)"]
    page.get_by_test_id("profile-menu").click()
    page.get_by_test_id("theme-dark").check()
    page.reload()
    assert page.evaluate(_THEME) == ["dark", "rgb(15, 21, 28)"]


@pytest.mark.parametrize("browser", ["red", "fox"])
def test_ux_21_38_defect_04_14_15_registration_in_an_english_browser(
    server: Server, people: People, browser: str, request: pytest.FixtureRequest
) -> None:
    """Dates are dd/MM/yyyy, messages are ours with a summary, a refusal is in the flow."""
    page = people.signed_in(request.getfixturevalue(browser), "ubnd.nha-trang", language="en-US")
    page.goto(f"{server.http}register.html")
    expect(page.get_by_test_id("purpose").locator("option").nth(1)).to_be_attached()
    page.get_by_test_id("official-start").fill("31/02/2027 09:00")
    page.get_by_test_id("submit").click()
    summary = page.get_by_test_id("fault-summary")
    expect(summary).to_contain_text("Nội dung họp: Cần điền mục này.")
    expect(summary).to_contain_text("Bắt đầu: Ghi ngày và giờ theo dạng 05/04/2026 08:30.")
    expect(page.get_by_test_id("fault-summary")).to_be_focused()
    summary.get_by_role("button", name="Nội dung họp").click()
    expect(page.get_by_test_id("title")).to_be_focused()
    page.get_by_test_id("title").fill("Giao ban")
    expect(page.get_by_test_id("title")).not_to_have_attribute("aria-invalid", "true")
    start = page.get_by_test_id("official-start")
    start.fill("")
    start.press_sequentially("070420270900")
    expect(start).to_have_value("07/04/2027 09:00")
    page.get_by_test_id("official-end").fill("7/4/2027 11h")
    for name, value in (("purpose", "noi_bo_don_vi"), ("kind", "giao_ban"), ("form", "truc_tuyen")):
        page.get_by_test_id(name).select_option(value)
    page.get_by_test_id("secret-no").check()
    page.get_by_test_id("contact-name").fill("Nguyễn Thị Ánh")
    page.get_by_test_id("contact-phone").fill("0905 123 456")
    held = [page.locator(f"input[name=official-{name}]").input_value() for name in ("start", "end")]
    assert held == ["2027-04-07T09:00", "2027-04-07T11:00"]
    sent: list[Request] = []

    def refuse(route: Route) -> None:
        sent.append(route.request)
        route.fulfill(status=409, json=REFUSAL, headers=PROBLEM)

    intercept(page, "**/api/v1/registrations", refuse)
    page.get_by_test_id("submit").click()
    refusal = page.get_by_test_id("refusal")
    expect(refusal).to_be_in_viewport(ratio=1)
    assert top(page, "official-start") < top(page, "refusal") < top(page, "points-search")
    taps = Taps(page)
    press(page, "suggestion")
    expect(start).to_have_value("08/04/2027 08:00")
    expect(refusal).to_have_count(0)
    press(page, "submit")
    expect(refusal).to_be_visible()
    assert len(sent) == 2
    assert taps.count == 2  # a free time is taken, and registered


def top(page: Page, name: str) -> float:
    """Return where an element begins, in pixels from the top of the window."""
    box = page.get_by_test_id(name).bounding_box()
    assert box is not None
    return box["y"]


def test_ux_defect_22_what_a_role_may_not_do_is_not_offered(server: Server, people: People, red: Browser) -> None:
    page = people.signed_in(red, "giam.sat")
    page.goto(f"{server.http}sessions.html")
    expect(page.get_by_test_id("nav-calendar")).to_be_visible()
    expect(page.locator("[href='register.html']")).to_have_count(0)
    page.goto(f"{server.http}register.html")
    expect(page.get_by_test_id("denied")).to_contain_text("Trang này không dành cho vai trò của bạn")
    page.get_by_test_id("denied").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"today\.html$"))


ENTRY = {"kind": "chinh_thuc", "legs": 4, "phase": "upcoming", "number": "HTT-7", "host": "UBND thành phố Nha Trang"}
AGENDA = [
    {**ENTRY, "id": "a", "title": "Tập huấn phần mềm", "start": "2027-04-07T07:00:00Z", "end": "2027-04-07T07:30:00Z"},
    {**ENTRY, "id": "b", "title": "Giao ban tháng", "start": "2027-04-09T01:00:00Z", "end": "2027-04-09T04:00:00Z"},
]
PHASES = {
    "waiting": "Đang chờ cấp mã",
    "revoked": "Bị thu hồi mã, đang chờ",
    "upcoming": "Sắp tới",
    "lobby": "Sắp bắt đầu",
    "open": "Đang họp",
    "ended": "Đã kết thúc",
}
STATES = [
    {
        **AGENDA[1],
        "id": phase,
        "phase": phase,
        "start": f"2027-04-{day:02}T02:00:00Z",
        "end": f"2027-04-{day:02}T04:00:00Z",
    }
    for day, phase in enumerate(PHASES, 5)
]
"""A session in each state, one a day from Monday on."""
_CLIPPED = "block => block.scrollHeight > block.clientHeight + 1"
_LOOK = (
    "each => ['backgroundColor', 'borderLeftColor', 'borderLeftStyle'].map(name => getComputedStyle(each)[name]).join()"
)
_PRINTED = """() => {
  for (const sheet of document.styleSheets) for (const rule of sheet.cssRules)
    if (rule instanceof CSSMediaRule && rule.media.mediaText === 'print') rule.media.mediaText = 'screen';
}"""
"""Lets the window look as paper does, also where a browser cannot be told to print."""


@pytest.mark.parametrize("browser", ["red", "fox"])
def test_ux_39_defect_25_calendar_by_day_week_month_as_a_list_and_on_paper(
    server: Server, people: People, browser: str, request: pytest.FixtureRequest
) -> None:
    """In a browser set to American English weeks begin on Monday, days are dd/MM/yyyy and hours 24 of Vietnam."""
    page = people.signed_in(request.getfixturevalue(browser), "ubnd.nha-trang", language="en-US")
    page.set_viewport_size({"width": 1280, "height": 800})
    shown = AGENDA
    page.route(re.compile(r"/api/v1/agenda\?"), lambda route: route.fulfill(json=shown))
    page.goto(f"{server.http}calendar.html?day=2027-04-07")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tuần 05/04/2027 – 11/04/2027")
    days = page.get_by_test_id("day")
    assert [days.nth(place).get_attribute("aria-label") for place in (0, 6)] == [
        "Thứ Hai, 05/04/2027",
        "Chủ Nhật, 11/04/2027",
    ]
    blocks = page.get_by_test_id("block")
    expect(blocks).to_have_count(2)
    assert [block.locator("strong").inner_text() for block in blocks.all()] == ["14:00–14:30", "08:00–11:00"]
    assert [block.evaluate(_CLIPPED) for block in blocks.all()] == [False, False]
    page.get_by_test_id("view-day").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thứ Tư, 07/04/2027")
    expect(blocks).to_have_count(1)
    page.get_by_test_id("view-month").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tháng 04/2027")
    expect(page.get_by_test_id("month-day")).to_have_count(35)
    expect(page.get_by_test_id("month-day").first).to_have_attribute("aria-label", "Thứ Hai, 29/03/2027")
    page.get_by_test_id("view-list").click()
    rows = page.get_by_test_id("agenda-row")
    expect(rows).to_have_count(2)
    page.get_by_test_id("state").select_option("ended")
    page.get_by_test_id("calendar-empty").get_by_role("button").click()
    expect(page.get_by_test_id("state")).to_have_value("")
    page.get_by_test_id("calendar-search").fill("thang")
    expect(rows).to_have_count(1)
    page.reload()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("08:00–11:00")

    shown = STATES
    for view in ("month", "week"):
        page.goto(f"{server.http}calendar.html?day=2027-04-07&view={view}")
        expect(blocks).to_have_count(len(PHASES))
        looks = {block.get_attribute("data-phase"): block.evaluate(_LOOK) for block in blocks.all()}
        assert (list(looks), len(set(looks.values()))) == (list(PHASES), len(PHASES))
        legend = page.get_by_test_id("legend").locator("li")  # the words of the colours
        assert {each.get_attribute("data-phase"): each.inner_text() for each in legend.all()} == PHASES
        assert {each.get_attribute("data-phase"): each.evaluate(_LOOK) for each in legend.all()} == looks
    assert [block.locator("small").inner_text().partition(" · ")[2] for block in blocks.all()] == list(PHASES.values())
    blocks.first.focus()
    for key, phase in (("ArrowRight", "revoked"), ("ArrowDown", "upcoming"), ("ArrowLeft", "revoked")):
        page.keyboard.press(key)
        expect(page.locator(f'.block[data-id="{phase}"]')).to_be_focused()
    page.evaluate(_PRINTED)
    expect(rows.first).to_be_visible()
    assert [row.locator(".badge").inner_text() for row in rows.all()] == list(PHASES.values())
    expect(blocks.first).not_to_be_visible()
    expect(page.locator(".rail")).not_to_be_visible()


@pytest.mark.parametrize("browser", ["red", "fox"])
def test_ux_21_36_42_the_page_of_the_design_shows_table_toast_and_question(
    server: Server, browser: str, request: pytest.FixtureRequest
) -> None:
    page = request.getfixturevalue(browser).new_context().new_page()
    page.goto(f"{server.http}design.html")
    page.get_by_test_id("design-sort-open").click()
    page.get_by_test_id("design-sort-open").click()
    page.get_by_test_id("design-on").click()
    expect(page).to_have_url(re.compile(r"\?design-sort=-open&design-page=2$"))
    first = page.get_by_test_id("design-row").first.get_attribute("data-id")
    page.reload()
    expect(page.get_by_test_id("design-row").first).to_have_attribute("data-id", first or "")
    page.get_by_test_id("design-search").fill("xuong huan 1")
    expect(page.get_by_test_id("design-count")).to_have_text("3/60 dòng")
    page.get_by_test_id("design-toast").click()
    page.get_by_test_id("undo").click()
    expect(page.get_by_test_id("toast")).to_have_text("Đã hoàn tác")
    page.get_by_test_id("design-ask").click()
    expect(page.get_by_test_id("ask-cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("design-ask")).to_be_focused()
    page.context.close()


LISTS = ("sessions", "drafts", "recordings", "incidents", "emergencies", "queue", "feedback", "audit", "reports")
"""Pages that begin with a list or a table."""
FILTERED = {"incidents": "search", "post": "post-search", "drafts": "drafts-search", "materials": "search"}
"""Lists that are filtered on the page, with the field of the text."""
EMPTY = {
    **{name: name for name in ("sessions", "drafts", "recordings", "incidents", "emergencies", "controls")},
    "post": "letters|outbox",
    "calendar": "agenda",
    "supervision": "sessions",
}
"""Pages with a list, and the names that what it shows has in the API."""


@pytest.mark.parametrize("browser", ["red", "fox"])
def test_ux_44_a_list_says_that_it_loads_fails_is_empty_or_not_for_all(
    server: Server, people: People, browser: str, request: pytest.FixtureRequest
) -> None:
    page = people.signed_in(request.getfixturevalue(browser), "truc.ban")
    held: list[Route] = []
    failing = False

    def hold(route: Route) -> None:
        if failing:
            route.fulfill(status=500, json=FAULT, headers=PROBLEM)
        else:
            held.append(route)

    lists = re.compile(r"/api/v1/(?!me$)")
    for name in LISTS:
        failing = False
        page.route(lists, hold)
        page.goto(f"{server.http}{name}.html")
        expect(page.get_by_test_id("loading").first).to_be_visible()
        failing = True
        for route in held:
            hold(route)
        held.clear()
        expect(page.get_by_role("alert").filter(has_text="Máy chủ").first).to_be_visible()
        page.unroute_all()
    if browser == "red":  # which browser draws it makes no difference
        assert_empty_says_what_next(server, page)
        assert_filter_stays(server, page)
    refusal = FAULT | {"type": "urn:diemcau:not-allowed", "status": 403}
    page.route(lists, lambda route: route.fulfill(status=403, json=refusal, headers=PROBLEM))
    page.goto(f"{server.http}audit.html")
    expect(page.get_by_test_id("denied")).to_contain_text("Trang này không dành cho vai trò của bạn")


def assert_empty_says_what_next(server: Server, page: Page) -> None:
    """Assert that each list with nothing in it says so, and leads on."""
    empty = page.locator("main .empty")
    for name, asked in EMPTY.items():
        page.route(re.compile(rf"/api/v1/({asked})(\?|$)"), lambda route: route.fulfill(json=[]))
        page.goto(f"{server.http}{name}.html")
        expect(empty.first).to_be_visible()
        expect(empty.filter(has_not=page.locator("a, button"))).to_have_count(0)
        page.unroute_all()


def assert_filter_stays(server: Server, page: Page) -> None:
    """Assert that what is looked for stands in the address of each list that is filtered on its page."""
    for name, field in FILTERED.items():
        page.goto(f"{server.http}{name}.html")
        page.get_by_test_id(field).fill("cam ranh")
        page.reload()
        expect(page.get_by_test_id(field)).to_have_value("cam ranh")
