"""Large displays get a larger picture; cameras send no more layers than are viewed; a voice is heard without noise."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.e2e import browsers
from tests.e2e.browsers import Seat
from tests.e2e.people import HOST, People
from tests.e2e.sound import microphone

pytestmark = pytest.mark.alone

_SENT = """async () => {
  const report = await document.querySelector('room-page').meeting.connection.pc.getStats(), sent = {};
  report.forEach(entry => { if (entry.type === 'outbound-rtp' && entry.rid) sent[entry.rid] = entry.framesSent ?? 0; });
  return sent;
}"""
CLIMB_MS = 30_000
"""The rate is probed before more is sent."""


def sending(page: Page) -> set[str]:
    """Return the layers that a camera sent within half a second."""
    before: dict[str, int] = page.evaluate(_SENT)
    page.wait_for_timeout(500)
    after: dict[str, int] = page.evaluate(_SENT)
    return {rid for rid, frames in after.items() if frames > before.get(rid, 0)}


def wait_for_layers(seat: Seat, layers: set[str]) -> None:
    """Wait until a seat sends these layers only."""
    seat.until(lambda seat: sending(seat.page) == layers, f"only {sorted(layers)} to be sent")


def wait_for_height(page: Page, lines: int) -> None:
    """Wait until the picture has so many lines."""
    page.wait_for_function(
        "lines => document.querySelector('[data-testid=picture]').videoHeight === lines", arg=lines, timeout=CLIMB_MS
    )


def look_for_noise(guest: Seat, host: Seat) -> None:
    """Hear a voice in noise at the other end, as it is and with RNNoise (decision 87), which leaves the voice alone."""
    host.page.get_by_test_id("tab-points").click()
    host.page.get_by_test_id("give-floor").click()
    guest.page.get_by_test_id("floor-accept").click()
    host.until(lambda host: 15 < host.above_noise() < 35, "a voice in noise")
    guest.page.get_by_test_id("more").click()
    guest.page.get_by_test_id("settings-open").click()
    guest.page.get_by_test_id("quiet").check()
    guest.page.get_by_test_id("settings-close").click()
    host.until(lambda host: host.above_noise() > 40, "a voice without noise")


def test_layers_rest_while_nobody_looks_and_a_large_display_gets_1080_lines(
    people: People, red: Browser, playwright: Playwright, media: Path, tmp_path: Path
) -> None:
    camera, _ = browsers.fake_devices(media, "green", "color=c=lime:size=1280x720:rate=15", 660)
    voice = browsers.noisy_voice(media)
    sharp = [camera, browsers.hearing(voice)]
    host_page = people.signed_in(red, HOST)
    code = people.register(host_page, ["nt.xuonghuan"], "Chất lượng hình")
    host = people.enter(host_page, code, "host")
    with browsers.chromium(playwright, sharp) as green:
        guest = people.enter(people.signed_in(green, "nt.xuonghuan", composed=True), code)
        host.until(lambda host: {"red", "green"} <= host.colours(), "red and green in one picture")
        wait_for_layers(guest, {"q", "h"})  # two tiles of 360 lines
        host_page.get_by_test_id("layout-single").click()
        host_page.get_by_test_id("focus").select_option(label="UBND thành phố Nha Trang")
        wait_for_layers(guest, {"q"})
        host_page.get_by_test_id("focus").select_option(label="UBND phường Xương Huân")
        wait_for_layers(guest, {"q", "h", "f"})
        host.until(lambda host: host.share("green") > 0.8, "green large")

        wait_for_height(guest.page, 720)
        guest.page.set_viewport_size({"width": 1920, "height": 1200})
        wait_for_height(guest.page, 1080)
        assert guest.share("green") > 0.8
        guest.page.set_viewport_size({"width": 1280, "height": 720})
        wait_for_height(guest.page, 720)
        look_for_noise(guest, host)
        guest.page.context.close()
    with microphone(tmp_path, voice) as sound, browsers.firefox(playwright, sound) as fox:
        guest = people.arrive(people.signed_in(fox, "nt.xuonghuan"), code)
        look_for_noise(guest, host)
        guest.page.context.close()
