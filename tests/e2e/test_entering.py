"""The way into a meeting, in Chromium and in Firefox: the code, the device check, what a refused device needs."""

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsers import wait_until
from tests.e2e.people import HANOI, HOST, People
from tests.e2e.screenshots import registration, sign_in
from tests.e2e.server import Server

REFUSES = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); }"
PICTURE_MS = 2000
WATCH = """() => {
  const from = performance.now();
  const look = () => {
    const shown = [...document.querySelectorAll('video')].some(video => video.videoWidth && video.currentTime > 0);
    if (shown) window.pictureAfter = performance.now() - from;
    else requestAnimationFrame(look);
  };
  look();
}"""
"""Notes after how many milliseconds a picture is shown."""
SMALLEST = """() => Math.min(...[...document.querySelectorAll('main *')]
  .filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()) && each.checkVisibility())
  .map(each => parseFloat(getComputedStyle(each).fontSize)))"""
"""The smallest text that is seen, in pixels."""
PASTE = """(field, text) => {
  field.focus();
  document.execCommand('insertText', false, text);
}"""


@pytest.fixture(params=["red", "fox"])
def browser(request: pytest.FixtureRequest) -> Browser:
    """Chromium, then Firefox."""
    found: Browser = request.getfixturevalue(request.param)
    return found


def test_ux_01_a_code_is_pasted_in_any_form_and_a_refusal_says_when(server: Server, browser: Browser) -> None:
    page = browser.new_page(locale="vi-VN")
    sign_in(server, page, HOST)
    evening = (datetime.now(HANOI) + timedelta(days=34)).replace(hour=20, minute=0, second=0, microsecond=0)
    response = page.request.post(f"{server.http}api/v1/registrations", data=registration("Giao ban tối", evening))
    made = response.json()
    code = made["code"]
    page.context.clear_cookies()
    page.goto(server.http)
    field = page.get_by_test_id("code")
    for pasted in (f"{code[:3]} {code[3:6]} {code[6:]}", code, f" {code[:5]}-{code[5:]} "):
        field.fill("")
        field.evaluate(PASTE, pasted)
        expect(field).to_have_value(f"{code[:3]} {code[3:6]} {code[6:]}")
    assert field.get_attribute("inputmode") == "numeric"
    page.get_by_test_id("account").fill(HOST)
    page.get_by_test_id("password").fill(server.accounts[HOST])
    page.get_by_test_id("sign-in").click()
    refusal = page.get_by_test_id("error")
    expect(refusal).to_contain_text(f"{code[:3]} {code[3:6]} {code[6:]}")  # which session, and when it opens
    expect(refusal).to_contain_text("mở lúc")
    page.request.post(f"{server.http}api/v1/sessions/{made['id']}/cancel", data={})
    page.close()


@pytest.mark.alone
def test_ux_06_the_picture_comes_within_two_seconds(people: People, blue: Browser, browser: Browser) -> None:
    title = "Họp có hình ngay"
    host, page = people.sign_in(blue, HOST), people.sign_in(browser, "nt.xuonghuan")
    code = people.register(host, ["nt.xuonghuan"], title)
    people.enter(host, code, "host")
    page.goto(host.url.replace("host.html", "room.html"))
    page.get_by_test_id("accept").wait_for()
    page.evaluate(WATCH)
    page.get_by_test_id("accept").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.wait_for_function("() => window.pictureAfter")
    assert page.evaluate("window.pictureAfter") <= PICTURE_MS


def test_ux_02_04_devices_and_line_are_checked_on_one_screen(server: Server, browser: Browser) -> None:
    page = browser.new_page(locale="vi-VN")
    page.goto(f"{server.http}check.html")
    view = page.get_by_test_id("self-view")
    wait_until(page, lambda: view.evaluate("video => video.videoWidth") > 0, "the own picture")
    for picker in ("camera-picker", "mic-picker", "speaker-picker", "mic-meter", "speaker-test"):
        expect(page.get_by_test_id(picker)).to_be_visible()
    expect(page.get_by_test_id("network")).to_contain_text("ms")
    page.get_by_test_id("processed").check()
    page.reload()
    expect(page.get_by_test_id("processed")).to_be_checked()
    expect(page.get_by_test_id("enter")).to_be_enabled()
    page.get_by_test_id("enter").click()
    expect(page.get_by_test_id("account")).to_be_visible()
    page.close()


def test_ux_19_a_display_is_read_from_across_the_room(server: Server, browser: Browser) -> None:
    page = browser.new_page(locale="vi-VN", viewport={"width": 1920, "height": 1080})
    page.goto(f"{server.http}display")
    expect(page.get_by_test_id("pairing-code")).to_be_visible()
    assert page.evaluate(SMALLEST) >= 24
    page.close()


def test_ux_03_a_refused_device_shows_where_to_allow_it(server: Server, browser: Browser) -> None:
    page = browser.new_page(locale="vi-VN")
    page.add_init_script(REFUSES)
    page.goto(f"{server.http}check.html")
    picture = page.get_by_test_id("permission-picture").first
    expect(picture).to_be_visible()
    name = "chrome" if browser.browser_type.name == "chromium" else "firefox"
    assert picture.get_attribute("data-browser") == name
    expect(picture).to_contain_text("ô địa chỉ")
    expect(page.get_by_test_id("camera-fault")).to_contain_text("chưa được phép")
    expect(page.get_by_test_id("camera-retry")).to_be_visible()
    expect(page.get_by_test_id("enter")).to_be_enabled()  # nothing blocks who only listens
    page.close()
