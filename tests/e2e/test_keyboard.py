"""The main tasks by the keyboard alone: sign in, register, join, raise a hand, give the floor, lay out, leave."""

from datetime import datetime, timedelta

from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import tab_to
from tests.e2e.people import HANOI, HOST
from tests.e2e.server import Server


def sign_in(server: Server, page: Page, account: str, code: str = "") -> None:
    """Sign in, with a session code or without, by typing."""
    page.goto(server.http)
    expect(page.get_by_test_id("account")).to_be_visible()
    tab_to(page, "account")
    page.keyboard.type(account)
    tab_to(page, "password")
    page.keyboard.type(server.accounts[account])
    if code:
        tab_to(page, "code")
        page.keyboard.type(code)
    page.keyboard.press("Enter")


def register(page: Page) -> str:
    """Fill in the form for an emergency and return the code."""
    tab_to(page, "register")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("purpose").locator("option").nth(1)).to_be_attached()  # the form is there, and filled
    start = datetime.now(HANOI) + timedelta(minutes=5)  # later than the form is filled in on a busy machine
    for name, text in (
        ("title", "Họp bằng bàn phím"),
        ("official-start", f"{start:%d%m%Y%H%M}"),
        ("official-end", f"{start + timedelta(hours=1):%d%m%Y%H%M}"),
    ):
        tab_to(page, name)
        page.keyboard.type(text)
    choose_class(page)
    tab_to(page, "points-search")
    page.keyboard.type("xuonghuan")
    tab_to(page, "point-option")
    page.keyboard.press("Space")
    for name in ("purpose", "kind", "form"):
        tab_to(page, name)
        page.keyboard.press("ArrowDown")
    tab_to(page, "secret-no")
    page.keyboard.press("Space")
    tab_to(page, "contact-name")
    page.keyboard.type("Nguyễn Thị Ánh")
    tab_to(page, "contact-phone")
    page.keyboard.type("0905123456")
    page.keyboard.press("Enter")
    code = page.get_by_test_id("issued-code").text_content()
    assert code is not None
    return code.replace(" ", "")


def choose_class(page: Page) -> None:
    """Choose an emergency, with its ground and reason."""
    tab_to(page, "class-thuong")
    while not page.get_by_test_id("class-khan_cap").is_checked():
        page.keyboard.press("ArrowDown")
    tab_to(page, "ground")
    page.keyboard.press("ArrowDown")
    tab_to(page, "reason")
    page.keyboard.type("Công điện 05/CĐ-UBND")


def test_ux_21_a_meeting_from_sign_in_to_its_end_by_the_keyboard_alone(
    server: Server, red: Browser, fox: Browser
) -> None:
    host, point = red.new_page(locale="vi-VN"), fox.new_page(locale="vi-VN")
    sign_in(server, host, HOST)
    expect(host.get_by_test_id("me")).to_be_visible()
    code = register(host)
    tab_to(host, "enter")
    host.keyboard.press("Enter")
    expect(host.get_by_test_id("count")).to_have_text("1/2")
    sign_in(server, point, "nt.xuonghuan", code)
    expect(point.get_by_test_id("accept")).to_be_visible()
    tab_to(point, "accept")
    point.keyboard.press("Enter")
    expect(host.get_by_test_id("count")).to_have_text("2/2")

    tab_to(point, "hand")
    point.keyboard.press("Space")
    tab_to(host, "tab-points")
    host.keyboard.press("ArrowLeft")
    expect(host.get_by_test_id("tab-queue")).to_be_focused()
    tab_to(host, "give-floor")
    host.keyboard.press("Enter")
    tab_to(point, "floor-accept")
    point.keyboard.press("Enter")
    expect(host.get_by_test_id("on-floor").filter(has_text="Xương Huân")).to_be_visible()
    tab_to(host, "layout-single")
    host.keyboard.press("Enter")
    expect(host.get_by_test_id("layout-single")).to_have_attribute("aria-pressed", "true")
    tab_to(host, "leave")
    host.keyboard.press("Enter")
    tab_to(host, "leaving-end")
    host.keyboard.press("Enter")
    for page in (host, point):
        expect(page.get_by_test_id("ended")).to_be_visible()
        page.close()
