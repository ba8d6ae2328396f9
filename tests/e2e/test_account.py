"""The page of one's account: calendar link, reminders, sign-ins, password, second factors, theme and language."""

import io
from datetime import UTC, datetime, timedelta
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from signaling.accounts import totp
from tests.e2e.accessibility import findings
from tests.e2e.browsers import PATIENCE_S, wait_until
from tests.e2e.people import HANOI, HOST, People, registration
from tests.e2e.server import Server

NEW = "mot mat khau moi rat dai"
ALL_TICKED_MS = 4_000
"""By then each page that was opened has looked for reminders."""


@pytest.fixture(scope="module")
def account(server: Server) -> str:
    """An account whose password a test may change."""
    return server.create("tai.khoan", "--role", "registrant", "--role", "site", "--point", HOST)


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


_NOTIFIED = """() => {
  const Shown = Notification;
  window.notified = [];
  window.Notification = class extends Shown {
    constructor(title, options) { super(title, options); notified.push(options.body); }
  };
}"""


def test_a_session_is_reminded_of_once_in_all_pages_and_its_code_is_copied_by_a_tap(
    account: str, server: Server, red: Browser, people: People
) -> None:
    page = people.signed_in(red, account)
    page.context.grant_permissions(["notifications", "clipboard-read", "clipboard-write"])
    start = datetime.now(HANOI).replace(second=0, microsecond=0) + timedelta(minutes=5)
    urgent = {"class": "khan_cap", "ground": "chi_dao_ubnd_tinh", "reason": "Công điện 05/CĐ-UBND"}
    body = registration("Họp sắp đến giờ", start, **urgent)
    session = page.request.post(f"{server.http}api/v1/registrations", data=body).json()
    page.goto(f"{server.http}account.html")
    page.get_by_test_id("remind").check()
    expect(page.get_by_test_id("notifications")).to_have_text("Trình duyệt được phép hiện thông báo.")
    pages = [page, page.context.new_page()]
    for each in pages:
        each.add_init_script(f"({_NOTIFIED})()")
        each.goto(f"{server.http}help.html")
    text = f"phút: “Họp sắp đến giờ” bắt đầu lúc {start:%H:%M}"
    until = monotonic() + PATIENCE_S
    while not any(text in toast for each in pages for toast in each.get_by_test_id("toast").all_inner_texts()):
        assert monotonic() < until
        page.wait_for_timeout(200)
    page.wait_for_timeout(ALL_TICKED_MS)
    assert sum(each.get_by_test_id("toast").filter(has_text=text).count() for each in pages) == 1
    assert [text in said for each in pages for said in each.evaluate("notified")].count(True) == 1
    page.goto(f"{server.http}sessions.html?q={session['number']}")
    page.wait_for_timeout(ALL_TICKED_MS)
    expect(page.get_by_test_id("toast").filter(has_text=text)).to_have_count(0)
    for shown, copied in (("session-code", session["code"]), ("copyable", session["number"])):
        page.get_by_test_id("session-row").get_by_test_id(shown).click()
        expect(page.get_by_test_id("toast").last).to_contain_text("Đã sao chép")  # maybe that of the one before
        wait_until(page, lambda: page.evaluate("navigator.clipboard.readText()") == copied, copied)  # noqa: B023


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
    expect(page.get_by_test_id("password-again")).to_have_accessible_description("Hai mật khẩu không giống nhau.")
    page.get_by_test_id("password-again").fill(NEW)
    page.get_by_test_id("change-password").click()
    expect(page.get_by_test_id("toast").last).to_contain_text("Đã đổi mật khẩu")
    server.accounts[account] = NEW
    page.get_by_test_id("look-dark").check()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_test_id("language-en").check()
    expect(page.locator("h1")).to_have_text("My account")


def code_of(secret: bytes, later: int = 0) -> str:
    """Return the code that an app shows, or so many steps later."""
    return totp.code_at(secret, totp.step_at(datetime.now(UTC)) + later)


def ask_for(page: Page, change: str, password: str) -> None:
    """Begin a change of second factors, by the keyboard from the password on."""
    page.get_by_test_id(f"begin-{change}").click()
    expect(page.get_by_test_id("factor-password")).to_be_focused()
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def virtual_key(page: Page) -> None:
    """Plug a security key into Chromium that is always touched."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "automaticPresenceSimulation": True}})


def test_a_second_factor_is_added_and_asked_for(server: Server, red: Browser, people: People) -> None:
    account = server.create("hai.buoc", "--role", "administrator")
    password = server.accounts[account]
    page = people.signed_in(red, account)
    page.goto(f"{server.http}account.html")
    ask_for(page, "totp", password)
    expect(page.get_by_test_id("totp-code")).to_be_focused()
    assert findings(page) == []
    (seen,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.locator("second-factor .qr").screenshot())))
    shown = page.get_by_test_id("totp-secret").inner_text().replace(" ", "")
    assert parse_qs(urlsplit(seen.text).query)["secret"] == [shown]
    secret = totp.secret_of(shown)
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("totp-code")).to_have_accessible_description("không đúng; kiểm tra giờ của điện thoại")
    page.get_by_test_id("totp-code").fill(code_of(secret))  # right also where the next step begins meanwhile
    page.get_by_test_id("confirm-totp").click()
    shown_codes = page.get_by_test_id("codes").locator("code")
    expect(shown_codes).to_have_count(10)
    codes = shown_codes.all_inner_texts()
    expect(page.get_by_test_id("toast")).to_have_count(0)  # one that fades is too pale to be read
    assert findings(page) == []
    page.get_by_test_id("codes-read").click()
    expect(page.get_by_test_id("codes-left")).to_have_text("còn 10 mã")
    assert findings(page) == []
    virtual_key(page)
    ask_for(page, "key", password)
    expect(page.get_by_test_id("key-name")).to_be_focused()
    page.keyboard.type("Khóa xanh")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("security-key")).to_contain_text("Khóa xanh")

    fresh = people.page(red)
    fresh.goto(server.http)
    people.enter_password(fresh, account)
    expect(fresh.get_by_test_id("second-factor")).to_be_focused()
    assert findings(fresh) == []
    fresh.keyboard.type("000000")
    fresh.keyboard.press("Enter")
    expect(fresh.get_by_test_id("error")).to_contain_text("Mã không đúng hoặc đã dùng")
    fresh.get_by_test_id("second-factor").fill(code_of(secret, 1))  # each code lets in once
    fresh.get_by_test_id("pass-second-factor").click()
    expect(fresh.get_by_test_id("me")).to_be_visible()

    page.context.clear_cookies()
    page.goto(server.http)
    people.enter_password(page, account)
    page.get_by_test_id("pass-by-key").click()
    expect(page.get_by_test_id("me")).to_be_visible()

    lost = people.page(red)
    for code in codes[1:]:
        lost.request.post(f"{server.http}api/v1/login", data={"account": account, "password": password})
        assert lost.request.post(f"{server.http}api/v1/login/code", data={"code": code}).ok
    lost.context.clear_cookies()
    lost.goto(server.http)
    people.enter_password(lost, account)
    lost.get_by_test_id("other-factor").click()
    expect(lost.get_by_test_id("second-factor")).to_be_focused()
    lost.keyboard.type(codes[0])
    lost.keyboard.press("Enter")
    expect(lost.get_by_role("heading", name="Không còn mã khôi phục")).to_be_visible()
    expect(lost.get_by_test_id("totp")).to_have_count(0)
    assert findings(lost) == []
    lost.get_by_test_id("begin-recovery-codes").click()
    expect(lost.get_by_test_id("codes").locator("code")).to_have_count(10)
    lost.get_by_test_id("codes-read").click()
    expect(lost.get_by_test_id("me")).to_be_visible()


def test_what_people_pass_on_is_copied_wherever_it_stands(server: Server, red: Browser, people: People) -> None:
    page = people.signed_in(red, "truc.ban")
    start = datetime.now(HANOI).replace(second=0, microsecond=0) + timedelta(minutes=5)
    urgent = {"class": "khan_cap", "ground": "chi_dao_ubnd_tinh", "reason": "Công điện 05/CĐ-UBND"}
    body = registration("Họp có bản sao", start, **urgent)
    session = page.request.post(f"{server.http}api/v1/registrations", data=body).json()
    duty = {"role": "main", "unit": None, "point": None, "name": "Lê Văn Bình", "phone": "0905 123 456"}
    assert page.request.post(f"{server.http}api/v1/readiness/{session['id']}/duties", data=duty).ok
    code, number = session["code"], session["number"]
    chart = ["chart-table-sessions", f"chart-row={start:%H:%M}–"]
    where: list[tuple[str, list[str], str]] = [
        (f"invitation.html?session={session['id']}", [], code),
        (f"readiness.html?session={session['id']}", [], "+84905123456"),
        ("supervision.html", [], number),
        ("capacity.html", chart, number),
    ]
    page.clock.set_system_time(start)  # five minutes before midnight it is tomorrow's
    for path, taps, text in where:
        page.goto(f"{server.http}{path}")
        for name in taps:
            testid, _, words = name.partition("=")
            page.get_by_test_id(testid).filter(has_text=words).first.click()
        expect(page.locator(f"[data-copy='{text}']").first).to_be_visible()
    page.clock.set_system_time(datetime.now(HANOI))
    people.enter(page, code, "host")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_test_id("invite-menu").click()
    for text in (code, f"{server.http}?code={code}"):
        expect(page.locator(f"[data-copy='{text}']")).to_be_visible()
