"""The host's console: what is seen of 169 points at five sizes, and what is done by one tap or key."""

import json

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.e2e.accessibility import use_language
from tests.e2e.console_layout import FAULTS, SIZES, VISIBLE_ROWS
from tests.e2e.people import HOST, People
from tests.e2e.server import Server

POINTS = 169


def crowded(route: WebSocketRoute) -> None:
    """Pass messages on; let the roster have 169 points, one of which speaks."""
    server = route.connect_to_server()
    route.on_message(server.send)

    def receive(message: str | bytes) -> None:
        data = json.loads(message)
        if data["type"] == "joined":
            sample = next(seat for seat in data["seats"] if not seat["here"])
            more = [
                sample | {"seat": f"p{n}", "point": f"p{n}", "name": f"KH.Xa{n:03}", "label": f"UBND xã Diên Hòa {n}"}
                for n in range(POINTS - len(data["seats"]))
            ]
            more[0] |= {"here": True, "media": "connected", "floor": True, "mic": True}
            more[1] |= {"here": True, "media": "connected", "floor": True}
            data["seats"] += more
        route.send(json.dumps(data))

    server.on_message(receive)


@pytest.fixture
def console(server: Server, people: People, red: Browser) -> Page:
    """A console with 169 points."""
    page = people.signed_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan"], "Hội nghị trực tuyến toàn tỉnh về phòng, chống thiên tai năm 2026")
    page.route_web_socket("**/ws", crowded)
    people.enter(page, code, "host")
    return page


def test_ux_28_37_defect_02_08_nothing_wraps_and_eight_rows_are_seen_among_169_points(console: Page) -> None:
    page = console
    expect(page.get_by_test_id("count")).to_have_text(f"3/{POINTS}")
    expect(page.get_by_test_id("seat")).to_have_count(POINTS)
    for language, word in (("en", "Here"), ("vi", "Có mặt")):
        use_language(page, language)
        expect(page.get_by_test_id("filter-here")).to_contain_text(word)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(FAULTS) == [], f"{width}x{height}, {language}"
            if width >= 1280:
                assert page.evaluate(VISIBLE_ROWS) >= 8, f"{width}x{height}"
    page.set_viewport_size({"width": 1280, "height": 800})

    # Who has the floor stands on top; filters and the search leave few of 169.
    on_floor = page.get_by_test_id("on-floor")
    assert [row.get_attribute("data-activity") for row in on_floor.all()] == ["open", "invited"]
    expect(page.get_by_test_id("filter-mic")).to_have_text("Micrô mở 1")
    page.get_by_test_id("filter-floor").click()
    expect(page.get_by_test_id("seat")).to_have_count(3)  # the host has it always
    page.get_by_test_id("filter-floor").click()
    page.keyboard.press("/")
    page.keyboard.type("dien hoa 77")
    expect(page.get_by_test_id("seat")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("seat")).to_have_count(POINTS)

    # Names begin with the words seen; the watermark is not drawn here.
    expect(on_floor.get_by_test_id("take-floor").first).to_have_accessible_name("Ngắt: UBND xã Diên Hòa 0")
    expect(page.get_by_test_id("watermark")).to_have_count(0)


def test_ux_31_layouts_are_prepared_taken_kept_on_keys_and_undone(console: Page, people: People, blue: Browser) -> None:
    page = console
    grid, large = page.get_by_test_id("layout-grid"), page.get_by_test_id("layout-1+7")
    page.get_by_test_id("prepare").click()
    large.click()
    expect(large).to_have_attribute("data-prepared", "true")
    expect(grid).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("take").click()
    expect(large).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("preset-save").click()
    page.get_by_test_id("preset-6").click()
    page.keyboard.press("1")
    expect(grid).to_have_attribute("aria-pressed", "true")
    other = people.enter(people.signed_in(blue, "truc.ban"), page.url.partition("code=")[2], "host").page
    other.keyboard.press("6")  # saved with the session, not with the browser
    expect(large).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("1")
    expect(grid).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("6")
    expect(large).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("toast").filter(has_text="Đã đổi bố cục").get_by_test_id("undo").click()
    expect(grid).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("?")
    expect(page.locator("dialog.keys")).to_contain_text("Mời người đầu hàng phát biểu")


def test_ux_25_32_36_each_step_is_undone_and_leaving_asks(people: People, red: Browser, fox: Browser) -> None:
    page = people.signed_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan"], "Họp có người xin phát biểu")
    people.enter(page, code, "host")
    page.get_by_test_id("call-point").click()  # an absent point is called, and sees that
    guest = people.sign_in(fox, "nt.xuonghuan")
    expect(guest.get_by_test_id("today-called").first).to_contain_text("đang gọi UBND phường Xương Huân")
    expect(page.get_by_test_id("called")).to_have_attribute("data-seen", "true")
    point = people.enter(guest, code).page
    expect(page.get_by_test_id("called")).to_have_count(0)
    point.get_by_test_id("hand").click()
    page.get_by_test_id("tab-queue").click()
    expect(page.get_by_test_id("queue-item")).to_contain_text("UBND P. Xương Huân")
    page.keyboard.press(" ")
    expect(page.get_by_test_id("on-floor")).to_have_attribute("data-activity", "invited")
    expect(point.get_by_test_id("floor-prompt")).to_be_visible()
    page.get_by_test_id("undo").click()
    expect(page.get_by_test_id("on-floor")).to_have_count(0)
    expect(page.get_by_test_id("queue-item")).to_have_count(1)  # its hand is up again
    page.get_by_test_id("lower-all").click()
    expect(page.get_by_test_id("queue-item")).to_have_count(0)

    # A stopped recording goes on when that is undone; leaving is asked.
    page.get_by_test_id("record").click()
    expect(page.get_by_test_id("rec-mark")).to_have_attribute("data-state", "on")
    page.get_by_test_id("record").click()
    expect(page.get_by_test_id("rec-mark")).to_have_attribute("data-state", "paused")
    page.get_by_test_id("toast").filter(has_text="ghi hình").get_by_test_id("undo").click()
    expect(page.get_by_test_id("rec-mark")).to_have_attribute("data-state", "on")
    page.get_by_test_id("leave").click()
    expect(page.get_by_test_id("leaving")).to_contain_text("ghi hình tiếp tục")
    page.get_by_test_id("leaving-cancel").click()

    # A locked queue takes no hands; the meeting ends for everyone.
    page.get_by_test_id("locks").click()
    page.get_by_test_id("lock-hands").click()
    expect(point.get_by_test_id("hand")).to_be_disabled()
    expect(point.get_by_test_id("hand")).to_have_text("Tạm dừng nhận")
    page.get_by_test_id("leave").click()
    page.get_by_test_id("leaving-end").click()
    for each in (page, point):
        expect(each.get_by_test_id("ended")).to_have_attribute("data-reason", "ended")
