"""The page of API tokens and webhooks: secrets are shown once, each is revoked or removed; what is typed is kept."""

from datetime import datetime, timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.people import HANOI, People
from tests.e2e.refusals import Form, assert_nothing_is_lost
from tests.e2e.server import Server


def open_page(server: Server, people: People, browser: Browser, account: str) -> Page:
    server.create(account, "--role", "administrator")
    page = people.signed_in(browser, account)
    page.goto(f"{server.http}tokens.html")
    return page


def in_days(days: int) -> str:
    return f"{datetime.now(HANOI) + timedelta(days=days):%d/%m/%Y}"


def status(server: Server, token: str) -> int:
    request = Request(f"{server.http}api/v1/points", headers={"Authorization": f"Bearer {token}"})
    try:
        with urlopen(request) as response:
            code: int = response.status
            return code
    except HTTPError as error:
        return error.code


def act(part: Locator, action: str) -> None:
    """Choose an action of the only webhook."""
    part.locator("action-menu > button").click()
    part.get_by_test_id(action).click()


def register_webhook(page: Page) -> None:
    """Register a webhook, send it a test, which fails, change it, give it another secret, pause and remove it."""
    part = page.locator("webhook-list")
    part.get_by_test_id("webhook-add").click()
    part.get_by_test_id("f-name").fill("lich-cong-tac")
    part.get_by_test_id("f-code.issued").check()
    part.get_by_test_id("f-url").fill("https://127.0.0.1/")
    part.get_by_test_id("webhook-send").click()
    expect(part.get_by_test_id("f-url")).to_have_attribute("aria-invalid", "true")
    part.get_by_test_id("f-url").fill("https://lich.invalid/")
    part.get_by_test_id("webhook-send").click()
    expect(part.get_by_test_id("webhook-secret")).to_contain_text("whsec_")
    expect(part.get_by_test_id("webhook-state")).to_have_text("Đang gửi")
    part.get_by_test_id("webhook-test").click()
    expect(part.get_by_test_id("delivery-state")).to_have_text("Chờ gửi")
    secret = part.get_by_test_id("webhook-secret").get_attribute("data-copy")
    act(part, "webhook-change")
    part.get_by_test_id("f-url").fill("https://lich2.invalid/")
    part.get_by_test_id("webhook-send").click()
    expect(part.get_by_test_id("webhook")).to_contain_text("https://lich2.invalid/")
    expect(part.get_by_test_id("webhook")).to_contain_text("Cấp mã phiên họp")
    act(part, "webhook-rotate")
    page.get_by_role("dialog").get_by_role("button", name="Đổi khóa ký").click()
    expect(part.get_by_test_id("webhook-before")).to_contain_text("Khóa cũ còn dùng đến")
    assert part.get_by_test_id("webhook-secret").get_attribute("data-copy") != secret
    act(part, "webhook-pause")
    expect(part.get_by_test_id("webhook-state")).to_contain_text("Tạm dừng từ")
    act(part, "webhook-remove")
    page.get_by_role("dialog").get_by_role("button", name="Gỡ").click()
    expect(part.get_by_test_id("webhooks-none")).to_be_visible()
    expect(part.get_by_test_id("delivery")).to_have_count(0)


def test_a_token_is_shown_once_used_and_revoked(server: Server, people: People, red: Browser) -> None:
    page = open_page(server, people, red, "quan.tri.ma")
    expect(page.get_by_test_id("tokens-none")).to_be_visible()
    page.get_by_test_id("token-add").click()
    page.get_by_test_id("f-name").fill("cong-thong-tin")
    page.get_by_test_id("f-read").check()
    page.get_by_test_id("f-networks").fill("127.0.0.0/8, ::1/128")
    page.get_by_test_id("f-expires").fill(in_days(500))
    page.get_by_test_id("token-send").click()
    expect(page.get_by_test_id("f-expires")).to_have_attribute("aria-invalid", "true")
    page.get_by_test_id("f-expires").fill(in_days(30))
    page.get_by_test_id("token-send").click()
    shown = page.get_by_test_id("token-text")
    expect(shown).to_contain_text("dct_")
    token = shown.get_attribute("data-copy") or ""
    assert status(server, token) == 200
    page.reload()
    row = page.get_by_test_id("token")
    expect(row.get_by_test_id("token-state")).to_have_text("Đang hiệu lực")
    expect(row.get_by_test_id("token-used")).not_to_have_text("Chưa dùng")
    expect(page.get_by_test_id("token-made")).to_have_count(0)
    row.get_by_test_id("token-revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Thu hồi").click()
    expect(row.get_by_test_id("token-state")).to_have_text("Đã thu hồi")
    assert status(server, token) == 401
    register_webhook(page)


def test_the_forms_lose_nothing(server: Server, people: People, red: Browser) -> None:
    page = open_page(server, people, red, "quan.tri.ma.hai")

    def opens() -> None:
        page.get_by_test_id("token-add").click()
        page.get_by_test_id("f-expires").fill(in_days(30))

    typed = {"f-name": "lich-cong-tac", "f-networks": "10.57.1.0/24"}
    told = {"f-url": "https://lich.invalid/", "f-name": "lich-cong-tac", "f-code.issued": ""}
    assert_nothing_is_lost(
        people,
        page,
        Form("tokens", "token-send", typed, "name", opens=opens),
        Form("webhooks", "webhook-send", told, "url", "webhook-list", page.get_by_test_id("webhook-add").click),
    )
