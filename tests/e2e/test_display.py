"""The screen of a meeting room is paired once; it joins by itself, comes back by itself, and obeys a tablet."""

import io
import re
from collections.abc import Iterator
from contextlib import suppress

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Error, Page, Route, expect

from tests.e2e.accessibility import findings, press, use_language, write
from tests.e2e.browsers import Seat, intercept, wait_until
from tests.e2e.people import HOST, OWN_SOUND_PROCESSOR, SMALL_CAMERA, People, Taps, leave_console
from tests.e2e.server import Server

POINT = "nt.xuonghuan"
GIVEN_UP_MS = 25_000
"""A display gives a request up after so long (`PATIENCE_MS` of `display-client.js`)."""
_SIZES = """() => [...document.querySelectorAll('.display *')]
  .filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()) && each.checkVisibility())
  .filter(each => !each.closest('.spoken, .hidden, video, .tile'))
  .map(each => {
    const {fontSize, lineHeight, fontWeight, fontVariantNumeric} = getComputedStyle(each);
    return {
      text: each.textContent.trim().slice(0, 30), px: parseFloat(fontSize), weight: Number(fontWeight),
      line: parseFloat(lineHeight) / parseFloat(fontSize), tabular: fontVariantNumeric.includes('tabular-nums'),
    };
  })"""
_BARS = """() => [...document.querySelectorAll('.tile .name')].map(each => ({
  height: each.getBoundingClientRect().height, px: parseFloat(getComputedStyle(each).fontSize),
  line: parseFloat(getComputedStyle(each).lineHeight) / parseFloat(getComputedStyle(each).fontSize),
}))"""


def pair(tablet: Page) -> None:
    """Pair the display whose code a tablet has."""
    tablet.get_by_test_id("f-sends").check()
    tablet.get_by_test_id("f-accepted").check()
    tablet.get_by_test_id("pair-display").tap()


def pair_by_keys(page: Page, code: str) -> None:
    """Pair the display that shows a code by the keyboard alone; the code is typed where it did not come by the link."""
    if code:
        write(page, "f-code", code)
    for name in ("f-sends", "f-accepted"):
        press(page, name, "Space")
        expect(page.get_by_test_id(name)).to_be_checked()
    press(page, "pair-display")


def assert_legible(page: Page) -> None:
    """Assert that every text can be read from across the room, at 1920x1080."""
    texts = page.evaluate(_SIZES)
    assert texts
    assert [each for each in texts if each["px"] < 24 or each["weight"] < 500 or each["line"] < 1.39] == []
    assert [each for each in texts if re.search(r"\d:\d\d", each["text"]) and not each["tabular"]] == []


def open_display(people: People, browser: Browser, server: Server) -> Page:
    """Open the page of a room display on a large screen."""
    screen = people.keep(browser.new_context(locale="vi-VN", viewport={"width": 1920, "height": 1080}).new_page())
    screen.add_init_script(OWN_SOUND_PROCESSOR)
    if browser.browser_type.name != "chromium":
        screen.add_init_script(SMALL_CAMERA)
    screen.goto(f"{server.http}display")
    return screen


@pytest.fixture
def people(restartable_server: Server) -> Iterator[People]:
    """Return the people of the test, whose pages close when it ends, however it does."""
    everybody = People(restartable_server)
    yield everybody
    everybody.leave()


def test_ux_19_21_a_display_is_paired_once_joins_by_itself_and_is_read_from_across_the_room(
    restartable_server: Server, people: People, red: Browser, blue: Browser, fox: Browser
) -> None:
    server = restartable_server
    screen = open_display(people, red, server)
    expect(screen.get_by_test_id("pairing-code")).to_have_text(re.compile(r"[B-Z]{4}-[B-Z]{4}"))
    assert_legible(screen)
    (seen,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(screen.screenshot())))
    tablet = people.signed_in(blue, POINT, touch=True)
    tablet.goto(seen.text)
    taps = Taps(tablet)
    pair(tablet)
    assert taps.count == 3  # what it sends, that the notice is accepted, paired
    expect(screen.get_by_test_id("display-point")).to_have_text("UBND phường Xương Huân")
    expect(screen.get_by_test_id("no-session")).to_be_visible()
    expect(screen.get_by_test_id("display-silent")).to_have_count(0)
    assert_legible(screen)
    expect(tablet.get_by_test_id("remote")).to_have_attribute("data-state", "idle")
    assert findings(screen) + findings(tablet) == []
    line = screen.get_by_test_id("display-line")
    server.kill()
    expect(line).to_have_class("lost", timeout=2 * GIVEN_UP_MS)
    server.start_again()
    expect(line).to_have_class("reached")  # while it waits, as while it shows a session below
    typing, other = people.signed_in(blue, "nt.vinhhai"), open_display(people, fox, server)
    code = other.get_by_test_id("pairing-code").text_content() or ""
    typing.goto(f"{server.http}displays.html")
    pair_by_keys(typing, code.replace("-", ""))
    expect(other.get_by_test_id("display-point")).to_have_text("UBND phường Vĩnh Hải")

    counts = [Taps(each) for each in (screen, tablet)]
    page = people.signed_in(blue, HOST)
    code = people.register(page, [POINT, "nt.vinhhai"], "Họp khẩn ứng phó bão số 12")
    expect(screen.get_by_test_id("display-notice")).to_contain_text("Không phổ biến nội dung", timeout=30_000)
    host = people.enter(page, code, "host")
    shown = Seat(screen)
    shown.until(lambda seat: {"red", "blue"} <= seat.colours(), "a meeting that nobody tapped for")
    assert [taps.count for taps in counts] == [0, 0]
    host.until(lambda seat: {"red", "blue"} <= seat.colours(), "the camera of the room")
    assert_legible(screen)
    Seat(other).until(lambda seat: {"red", "blue"} <= seat.colours(), "the meeting in the other browser")
    assert_legible(other)
    for each in (screen, other):
        bars = each.evaluate(_BARS)
        assert [bar for bar in bars if bar["height"] < 32 or bar["line"] < 1.39] == []
        assert bars
    assert findings(screen) + findings(tablet) + findings(other) == []
    other.context.close()
    vietnamese = screen.get_by_test_id("turn").inner_text()
    use_language(screen, "en")
    expect(screen.get_by_test_id("turn")).not_to_have_text(vietnamese)
    assert findings(screen) == []
    use_language(screen, "vi")
    expect(screen.get_by_test_id("turn")).to_have_text(vietnamese)

    screen.context.set_offline(True)  # its network is cut, and comes back
    row = page.get_by_test_id("seat").filter(has_text="NT.XuongHuan")
    expect(row).to_have_attribute("data-activity", "reconnecting")
    screen.context.set_offline(False)
    expect(row).to_have_attribute("data-activity", "listening")
    shown.until(lambda seat: {"red", "blue"} <= seat.colours(), "the meeting again, after the network was away")
    server.restart()
    expect(screen.get_by_test_id("quality")).not_to_have_attribute("data-line", "none")
    shown.until(lambda seat: {"red", "blue"} <= seat.colours(), "the meeting again, after a restart")
    screen.reload()
    shown.until(lambda seat: {"red", "blue"} <= seat.colours(), "the meeting again, after a reload")

    page.get_by_test_id("seat").filter(has_text="NT.XuongHuan").get_by_test_id("give-floor").click()
    expect(screen.get_by_test_id("turn")).to_have_attribute("data-turn", "invited")
    tablet.get_by_test_id("remote-mic").tap()
    expect(screen.get_by_test_id("on-air")).to_be_visible()
    host.hears(440)
    expect(tablet.get_by_test_id("remote-mic")).to_have_attribute("data-state", "on")
    tablet.get_by_test_id("remote-volume").fill("40")
    wait_until(screen, lambda: screen.get_by_test_id("audio").evaluate("audio => audio.volume") == 0.4, "the volume")
    tablet.get_by_test_id("remote-view-composed-grid").tap()
    expect(tablet.get_by_test_id("remote-view-composed-grid")).to_have_attribute("aria-pressed", "true")
    tablet.get_by_test_id("remote-point").select_option(label="UBND thành phố Nha Trang")
    shown.until(lambda seat: seat.share("blue") > 0.9, "one point alone")
    tablet.get_by_test_id("remote-view-composed").tap()

    page.get_by_test_id("tab-vote").click()
    page.get_by_test_id("vote-text").fill("Thông qua phương án ứng phó?")
    page.get_by_test_id("vote-secret").check()
    page.keyboard.press("Enter")
    expect(screen.get_by_test_id("display-vote")).to_contain_text("Thông qua phương án ứng phó?")
    assert_legible(screen)
    assert findings(screen) == []
    tablet.get_by_test_id("vote-choice").first.tap()
    assert findings(tablet) == []
    tablet.get_by_test_id("vote-confirm").tap()
    expect(screen.get_by_test_id("vote-stored")).to_have_text("Điểm cầu đã bỏ phiếu kín")
    expect(tablet.get_by_test_id("vote-stored")).to_have_text("Điểm cầu đã bỏ phiếu kín")
    expect(page.get_by_test_id("vote-turnout")).to_have_text("1/3 điểm cầu đã biểu quyết")
    page.get_by_test_id("vote-close").click()
    expect(screen.get_by_test_id("vote-decided")).to_be_visible()
    assert_legible(screen)
    page.get_by_test_id("vote-show").click()
    page.get_by_test_id("tab-points").click()

    expect(tablet.get_by_test_id("vote-stored")).to_have_count(0)  # what is below it has moved up by then
    tablet.get_by_test_id("remote-camera").tap()
    expect(tablet.get_by_test_id("remote-camera")).to_have_attribute("data-state", "off")
    tablet.get_by_test_id("remote-leave").tap()
    expect(screen.get_by_test_id("day-session")).to_have_attribute("data-phase", re.compile("lobby|open"))
    assert_legible(screen)
    tablet.get_by_test_id("remote-join").tap()
    expect(screen.get_by_test_id("display-meeting")).to_be_visible()

    tablet.goto(f"{server.http}directory.html?point={POINT}")
    tablet.get_by_test_id("fold-displays").tap()
    tablet.get_by_test_id("revoke-display").tap()
    tablet.get_by_test_id("ask-revoke").tap()
    expect(screen.get_by_test_id("pairing-code")).to_be_visible()  # what to do is said, and it is paired anew
    expect(screen.get_by_test_id("display-unpaired")).to_contain_text("không còn được ghép với UBND phường Xương Huân")
    assert_legible(screen)
    code = (screen.get_by_test_id("pairing-code").text_content() or "").replace("-", "")
    tablet.goto(f"{server.http}displays.html?pair={code}")
    pair_by_keys(tablet, "")
    expect(screen.get_by_test_id("display-meeting")).to_be_visible()
    tablet.get_by_test_id("remote-leave").tap()
    expect(screen.get_by_test_id("day-session")).to_contain_text("Họp khẩn ứng phó bão số 12")
    assert_shows_the_day_of_the_server(screen)
    leave_console(page)


def session_of_day(start: str, end: str, phase: str) -> dict[str, object]:
    """Return a session as a display is told of it."""
    facts = {"title": f"Họp {phase}", "number": "HTT-1", "host": "UBND tỉnh Khánh Hòa", "phase": phase, "current": None}
    return {"id": start, "slots": [{"kind": "chinh_thuc", "start": start, "end": end}], **facts}


def assert_shows_the_day_of_the_server(screen: Page) -> None:
    """Assert what a waiting screen shows when its clock is wrong, is moved, and when the day changes at midnight."""
    said: dict[str, object] = screen.evaluate("document.querySelector('room-display').client.turn")
    asked: list[Route] = []

    def hold(route: Route) -> None:
        asked.append(route)

    def tell(now: str, *sessions: dict[str, object]) -> None:
        def knows() -> bool:
            while asked:  # one that the page gave up meanwhile is answered, too, and nobody reads it
                with suppress(Error):
                    asked.pop().fulfill(json=said | {"now": now, "sessions": sessions, "commands": []})
            return bool(screen.evaluate("document.querySelector('room-display').client.turn?.now") == now)

        wait_until(screen, knows, "the screen to be told what is on")

    intercept(screen, "**/api/v1/display/sync", hold)
    header, clock = screen.locator(".display header"), screen.get_by_test_id("display-clock")
    screen.clock.set_system_time("2026-01-01T03:00:00Z")  # more than a year behind
    screen.evaluate("window.dispatchEvent(new Event('online'))")  # it asks again, whatever it asked before
    tell("2027-03-04T16:59:30Z", session_of_day("2027-03-04T01:00:00Z", "2027-03-04T03:00:00Z", "ended"))
    expect(header).to_contain_text("Thứ Năm, 04/03/2027")
    expect(clock).to_have_text(re.compile("23:59:[345]."))
    expect(screen.get_by_test_id("day-session")).to_contain_text("08:00–10:00")
    tomorrow = session_of_day("2027-03-05T07:00:00Z", "2027-03-05T09:00:00Z", "upcoming")
    tell("2027-03-04T17:00:05Z", tomorrow)
    expect(header).to_contain_text("Thứ Sáu, 05/03/2027")
    expect(screen.get_by_test_id("day-session")).to_contain_text("14:00–16:00")
    screen.clock.set_system_time("2031-07-01T20:00:00Z")
    tell("2027-03-04T17:01:00Z", tomorrow)
    expect(clock).to_have_text(re.compile("00:01:[0-5]."))
    expect(header).to_contain_text("Thứ Sáu, 05/03/2027")
