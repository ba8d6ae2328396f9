"""The way into a meeting, in Chromium and in Firefox: the code, the device check, what a refused device needs."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsers import slowness, wait_until
from tests.e2e.emulated_network import block_udp
from tests.e2e.people import HANOI, HOST, People, registration, sign_in
from tests.e2e.server import Server

REFUSES = """const {mediaDevices} = navigator, open = mediaDevices.getUserMedia.bind(mediaDevices);
  window.refusal = 'NotAllowedError';
  mediaDevices.getUserMedia = async wanted => {
    if (window.refusal) throw new DOMException('', window.refusal);
    return open(wanted);
  };
  const insecure = () => window.refusal === 'insecure' ? undefined : mediaDevices;
  Object.defineProperty(navigator, 'mediaDevices', {get: insecure});"""
"""Keeps devices shut for the reason that the page has as `refusal`."""
SOUNDS = """window.loud = 0;
  window.tones = [];
  AnalyserNode.prototype.getFloatTimeDomainData = samples => samples.fill(window.loud);
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function(at) { window.tones.push(this.frequency.value); start.call(this, at); };
  if ('setSinkId' in AudioContext.prototype) AudioContext.prototype.setSinkId = async id => { window.sink = id; };
  const {mediaDevices} = navigator, list = mediaDevices.enumerateDevices.bind(mediaDevices);
  const hall = {kind: 'audiooutput', deviceId: 'hall', label: 'Loa hội trường'};
  mediaDevices.enumerateDevices = async () => [...await list(), hall];"""
"""A microphone as loud as the page says, notes of what it plays where, and a second loudspeaker: machines that run
tests have no sound card."""
TITLE = "Họp có hình ngay"
PICTURE_MS = 2000
"""A machine that is slower is given as much more."""
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


@pytest.fixture(scope="module")
def room(server: Server, blue: Browser) -> Iterator[str]:
    """Return the address at which points enter a meeting that its host is in."""
    people = People(server)
    host = people.signed_in(blue, HOST)
    code = people.register(host, ["nt.xuonghuan", "nt.vinhhai", "ubnd.cam-ranh"], TITLE)
    people.enter(host, code, "host")
    yield host.url.replace("host.html", "room.html")
    people.leave()


@pytest.mark.alone
@pytest.mark.parametrize(
    ("browser", "account", "script"),
    [("red", "nt.xuonghuan", ""), ("fox", "nt.vinhhai", ""), ("red", "ubnd.cam-ranh", block_udp())],
    indirect=["browser"],
    ids=["chromium", "firefox", "by TCP"],
)
def test_ux_06_the_picture_comes_within_two_seconds(
    people: People, room: str, browser: Browser, account: str, script: str
) -> None:
    page = people.signed_in(browser, account)
    page.add_init_script(script)
    page.goto(room)
    page.get_by_test_id("accept").wait_for()
    times_slower = slowness(page)
    page.evaluate(WATCH)
    page.get_by_test_id("accept").click()
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    page.wait_for_function("() => window.pictureAfter")
    assert page.evaluate("window.pictureAfter") <= PICTURE_MS * times_slower
    page.get_by_test_id("leave").click()
    expect(page.get_by_test_id("ended")).to_be_visible()


def test_ux_02_04_devices_and_line_are_checked_on_one_screen(server: Server, browser: Browser) -> None:
    page = browser.new_page(locale="vi-VN")
    page.add_init_script(SOUNDS)
    page.goto(f"{server.http}check.html")
    expect(page.get_by_test_id("enter")).to_be_enabled()  # before any device is open
    expect(page.get_by_test_id("network")).to_have_text(re.compile(r"Mạng (tốt|chậm) – trễ \d+ ms"))
    expect(page.get_by_test_id("udp")).to_contain_text("(UDP) thông tới máy chủ")
    page.route("**/api/**", lambda route: route.abort())  # no device needs a server
    page.reload()
    expect(page.get_by_test_id("udp")).to_contain_text("Chưa kiểm tra được")
    view, meter = page.get_by_test_id("self-view"), page.get_by_test_id("mic-meter")
    wait_until(page, lambda: view.evaluate("video => video.videoWidth") > 0, "the own picture")
    for loud in (1, 0):
        page.evaluate("loud => { window.loud = loud; }", loud)
        wait_until(page, lambda: meter.evaluate("meter => meter.value") == loud, "the meter")  # noqa: B023
    chosen = {}
    for kind in ("camera", "mic", "speaker"):
        option = page.get_by_test_id(f"{kind}-picker").locator("option").last
        chosen[kind] = option.get_attribute("value")
        page.get_by_test_id(f"{kind}-picker").select_option(chosen[kind])
    assert (chosen["speaker"], all(chosen.values())) == ("Loa hội trường", True)
    page.get_by_test_id("speaker-test").click()
    page.wait_for_function("() => window.tones.length === 2")
    if page.evaluate("'setSinkId' in AudioContext.prototype"):
        assert page.evaluate("window.sink") == "hall"
    page.get_by_test_id("processed").check()
    page.reload()
    for kind, label in chosen.items():
        expect(page.get_by_test_id(f"{kind}-picker")).to_have_value(str(label))
    expect(page.get_by_test_id("processed")).to_be_checked()
    page.unroute_all()
    page.get_by_test_id("enter").click()
    expect(page.get_by_test_id("account")).to_be_visible()
    page.close()


def test_ux_19_a_display_is_read_from_across_the_room(server: Server, browser: Browser) -> None:
    page = browser.new_page(locale="vi-VN", viewport={"width": 1920, "height": 1080})
    page.goto(f"{server.http}display")
    expect(page.get_by_test_id("pairing-code")).to_be_visible()
    assert page.evaluate(SMALLEST) >= 24
    page.close()


def test_ux_03_what_keeps_devices_shut_is_told_apart(server: Server, browser: Browser) -> None:
    page = browser.new_page(locale="vi-VN")
    page.add_init_script(REFUSES)
    page.goto(f"{server.http}check.html")
    picture, fault = page.get_by_test_id("permission-picture"), page.get_by_test_id("camera-fault")
    name = "chrome" if browser.browser_type.name == "chromium" else "firefox"
    expect(picture.first).to_have_attribute("data-browser", name)
    expect(picture.first).to_contain_text("ô địa chỉ")
    for refusal, words, pictures in (
        ("NotAllowedError", "chưa được phép", 2),
        ("NotFoundError", "Không tìm thấy thiết bị", 1),
        ("NotReadableError", "đang được chương trình khác dùng", 1),
        ("insecure", "https://", 1),
    ):
        page.evaluate("refusal => { window.refusal = refusal; }", refusal)
        page.get_by_test_id("camera-retry").click()
        expect(fault).to_contain_text(words)
        expect(picture).to_have_count(pictures)  # that of the microphone stays
        expect(page.get_by_test_id("enter")).to_be_enabled()  # nothing blocks who only listens
    page.evaluate("() => { window.refusal = null; }")
    page.get_by_test_id("camera-retry").click()
    expect(fault).to_be_hidden()
    page.close()
