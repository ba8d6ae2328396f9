"""The page of one's account: calendar link, sign-ins, password, theme and language."""

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import People
from tests.e2e.server import Server

NEW = "mot mat khau moi rat dai"


@pytest.fixture(scope="module")
def account(server: Server) -> str:
    """An account whose password a test may change."""
    return server.create("tai.khoan", "--role", "registrant", "--role", "site", "--point", "ubnd.cam-ranh")


def test_a_calendar_link_is_made_copied_and_revoked(account: str, server: Server, red: Browser, people: People) -> None:
    page = people.sign_in(red, account)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_test_id("profile-menu").click()
    page.get_by_test_id("to-account").click()
    mine = page.get_by_test_id("calendar-account")
    expect(mine.get_by_test_id("revoke")).to_have_count(0)
    mine.get_by_test_id("make").click()
    mine.get_by_test_id("copy").click()
    expect(page.get_by_test_id("toast").last).to_contain_text("Đã sao chép")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == mine.get_by_test_id("calendar-url").text_content()
    outside = red.new_context().request
    feed = outside.get(link)
    assert (feed.status, feed.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    page.reload()
    expect(mine.get_by_test_id("calendar-url")).to_have_count(0)
    mine.get_by_test_id("revoke").click()
    page.get_by_test_id("ask-revoke").click()
    expect(mine.get_by_test_id("revoke")).to_have_count(0)
    assert outside.get(link).status == 404


def test_other_devices_are_signed_out_and_the_password_is_changed(
    account: str, server: Server, red: Browser, people: People
) -> None:
    tablet, page = people.sign_in(red, account), people.sign_in(red, account)
    page.goto(f"{server.http}account.html")
    expect(page.get_by_test_id("signed-in").filter(has_text="Máy này")).to_have_count(1)
    page.get_by_test_id("end-others").click()
    expect(page.get_by_test_id("signed-in")).to_have_count(1)
    tablet.reload()
    expect(tablet.get_by_test_id("account")).to_be_visible()
    page.get_by_test_id("password-current").fill(server.accounts[account])
    page.get_by_test_id("password-fresh").fill(NEW)
    page.get_by_test_id("password-again").fill(NEW[::-1])
    page.get_by_test_id("change-password").click()
    expect(page.get_by_test_id("password-fault")).to_be_visible()
    page.get_by_test_id("password-again").fill(NEW)
    page.get_by_test_id("change-password").click()
    expect(page.get_by_test_id("toast")).to_contain_text("Đã đổi mật khẩu")
    server.accounts[account] = NEW
    page.get_by_test_id("look-dark").check()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_test_id("language-en").check()
    expect(page.locator("h1")).to_have_text("My account")
