"""A point saves a self-test on the device page; in the test room it sees and hears itself."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsers import FIREFOX_HZ, Seat
from tests.e2e.emulated_network import DISCARDED, block_udp, redirect_media
from tests.e2e.people import People
from tests.e2e.server import LAN, MEDIA_PORT, Server

_WAYS = """async () => {
  const report = await document.querySelector('test-room-page').meeting.connection.pc.getStats();
  const pairs = [...report.values()].filter(entry => entry.type === 'candidate-pair');
  const used = pairs.filter(pair => pair.nominated && pair.bytesReceived > 0);
  return [...new Set(used.map(pair => report.get(pair.remoteCandidateId).protocol))];
}"""


def test_ux_02_04_a_point_keeps_its_own_test(server: Server, red: Browser, people: People) -> None:
    page = people.signed_in(red, "ubnd.nha-trang")
    page.goto(f"{server.http}check.html")
    expect(page.get_by_test_id("self-line")).to_have_text(re.compile(r"Tải xuống \d.* Mbit/s · tải lên \d.* Mbit/s"))
    keep, results = page.get_by_test_id("self-keep"), page.get_by_test_id("self-result")
    page.get_by_test_id("self-device").select_option("laptop")
    keep.click()
    expect(results).to_have_count(1)
    expect(results.first).to_have_attribute("data-failed", re.compile("ticks"))
    for tick in page.get_by_test_id("self-tick").all():
        tick.check()
    keep.click()
    expect(results).to_have_count(2)
    expect(results.first).not_to_have_attribute("data-failed", re.compile("ticks|camera|down|up"))
    with page.context.expect_page() as opened:
        page.get_by_test_id("to-guide").click()
    camera = opened.value.locator('[data-testid="guide"][data-section="camera"]')
    expect(camera).to_contain_text("không tự xoay camera (khoản 4 Điều 11)")
    expect(camera).to_be_in_viewport()
    opened.value.get_by_test_id("profile-menu").click()
    opened.value.get_by_test_id("language").click()
    expect(camera).to_contain_text("Do not touch the lens or turn the camera (Article 11.4)")
    opened.value.get_by_test_id("profile-menu").click()
    opened.value.get_by_test_id("language").click()
    opened.value.close()
    page.get_by_test_id("test-room").click()
    seat = Seat(page)
    expect(page.get_by_test_id("left")).to_have_text(re.compile(r"Còn 0?9:\d\d"))
    seat.until(lambda seat: seat.share("red") > 0.7, "itself in the composed picture")
    seat.hears(440)  # its own voice
    page.get_by_test_id("self-keep").click()
    expect(results).to_have_count(3)
    page.get_by_test_id("leave").click()
    expect(page.get_by_test_id("return")).to_be_visible()


@pytest.fixture(params=["red", "fox"])
def browser(request: pytest.FixtureRequest) -> Browser:
    """Return Chromium, then Firefox."""
    chosen: Browser = request.getfixturevalue(request.param)
    return chosen


def test_ux_04_a_network_that_blocks_udp_is_told_with_what_to_ask_for(
    server: Server, browser: Browser, people: People
) -> None:
    page = people.signed_in(browser, "ubnd.nha-trang")
    page.add_init_script(redirect_media(DISCARDED))
    page.goto(f"{server.http}check.html")
    udp = page.get_by_test_id("udp")
    expect(udp).to_contain_text("Mạng này đang chặn UDP")
    expect(udp).to_contain_text(f"mở UDP đến {LAN}:{MEDIA_PORT}")
    page.evaluate("window.mediaPassesAgain = true")
    page.get_by_test_id("network-retry").click()
    expect(udp).to_contain_text("(UDP) thông tới máy chủ")
    page.goto(f"{server.http}test-room.html")
    banner = page.get_by_test_id("banner")
    expect(banner).to_contain_text("Mạng này đang chặn UDP")
    expect(banner).to_contain_text(f"mở UDP đến {LAN}:{MEDIA_PORT}")
    page.evaluate("window.mediaPassesAgain = true")
    expect(banner).to_be_hidden()  # it connects by itself once UDP passes


def test_where_udp_is_blocked_picture_and_sound_go_by_tcp(server: Server, browser: Browser, people: People) -> None:
    page = people.signed_in(browser, "ubnd.nha-trang")
    page.add_init_script(block_udp())
    page.goto(f"{server.http}check.html")
    udp = page.get_by_test_id("udp")
    expect(udp).to_contain_text("Mạng này đang chặn UDP: hình và tiếng đi qua TCP")
    expect(udp).to_contain_text(f"mở UDP đến {LAN}:{MEDIA_PORT}")
    page.goto(f"{server.http}test-room.html")
    seat = Seat(page)
    seat.until(lambda seat: any(seat.pixels()), "itself in the picture")
    seat.hears(FIREFOX_HZ if "firefox" in browser.browser_type.name else 440)  # its own voice, there and back
    assert page.evaluate(_WAYS) == ["tcp"]
