"""Both ways of a satellite line carry sound and pictures: a drill, since it takes a minute."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from loadtest.endpoint.network_emulator import NetworkEmulator
from tests.e2e import browsers
from tests.e2e.emulated_network import redirect_media
from tests.e2e.network_report import (
    LISTEN,
    SATELLITE_DELAY_S,
    SATELLITE_LOSS,
    SATELLITE_SETTLE_S,
    concealed,
    counters,
    frozen,
    loss,
)
from tests.e2e.people import HOST, People, unmute
from tests.e2e.server import LAN, MEDIA_PORT, Server

pytestmark = [pytest.mark.drill, pytest.mark.alone]

MEASURED_MS = 30_000
PATIENCE_MS = 30_000
MOVING = "testsrc2=size=640x360:rate=25"
LONGEST_FREEZE_S = 2.0
_SENDS = """kind => {
  const {pc} = document.querySelector('host-page').meeting.connection;
  return pc.getStats().then(report => {
    const sent = [...report.values()].find(({type, kind}) => type === 'outbound-rtp' && kind === 'audio');
    return report.get(sent?.codecId)?.mimeType === kind;
  });
}"""


_WATCH_RECEIVED = """() => {
  const {pc} = document.querySelector('room-page, host-page').meeting.connection;
  const received = new Set(pc.getReceivers().map(({track}) => track)), watched = new WeakSet();
  window.seen = [];
  const watch = video => {
    watched.add(video);
    const next = () => video.requestVideoFrameCallback(() => { window.seen.push(Date.now()); next(); });
    next();
  };
  const shows = video => video.srcObject?.getVideoTracks().some(track => received.has(track));
  const look = () => {
    for (const video of document.querySelectorAll('video')) if (!watched.has(video) && shows(video)) watch(video);
  };
  look();
  setInterval(look, 100);
}"""
"""Notes from now on when a picture is presented that came by the line, in milliseconds since 1970."""


@pytest.fixture(scope="module")
def moving(playwright: Playwright, media: Path) -> Iterator[Browser]:
    """Run Chromium with a camera of a picture that moves and a 440 Hz microphone."""
    with browsers.chromium(playwright, browsers.fake_devices(media, "moving", MOVING, 440)) as browser:
        yield browser


@pytest.fixture(scope="module")
def still(playwright: Playwright, media: Path) -> Iterator[Browser]:
    """Run Chromium with a camera of one colour, 25 pictures a second, and an 880 Hz microphone."""
    film = browsers.plain_picture("blue", 25)
    with browsers.chromium(playwright, browsers.fake_devices(media, "still", film, 880)) as browser:
        yield browser


def freezes(page: Page, since: float) -> tuple[float, float, int]:
    """Return the share of the time since then without a new picture, the longest such time in seconds, and the height
    of the pictures received."""
    share, longest = frozen(page.evaluate("window.seen"), since, page.evaluate("Date.now()"))
    return share, longest, int(counters(page).video.get("height", 0))


def told_causes(page: Page, server: Server, code: str) -> set[str | None]:
    """Return the causes that the page of quality tells of the host's seat, while the meeting goes on."""
    sessions = page.request.get(f"{server.http}api/v1/sessions").json()
    session = next(each["id"] for each in sessions if each["code"] == code)
    quality = page.context.new_page()
    quality.goto(f"{server.http}quality.html?session={session}&point={HOST}")
    expect(quality.get_by_test_id("quality-live")).to_be_visible()
    causes = {each.get_attribute("data-cause") for each in quality.get_by_test_id("quality-fault").all()}
    quality.close()
    return causes


def test_sound_and_pictures_by_a_satellite_that_loses_one_packet_of_ten_both_ways(
    server: Server, people: People, moving: Browser, still: Browser
) -> None:
    with NetworkEmulator((LAN, MEDIA_PORT), 4e6) as network:
        network.delay_s = SATELLITE_DELAY_S
        host_page = people.signed_in(moving, HOST)
        host_page.add_init_script(redirect_media(network.port))
        code = people.register(host_page, ["nt.xuonghuan"], "Vệ tinh Trường Sa")
        host = people.enter(host_page, code, "host")
        unmute(host)
        point_page = people.signed_in(still, "nt.xuonghuan")
        browsers.allow_worklets(point_page)
        point = people.enter(point_page, code)
        point_page.get_by_test_id("hand").click()
        host_page.get_by_test_id("tab-queue").click()
        host_page.get_by_test_id("queue-item").get_by_test_id("give-floor").click()
        point_page.get_by_test_id("floor-accept").click()
        host.hears(880)
        point.hears(440)
        source = point_page.get_by_test_id("source")
        source.select_option(label=source.locator("option[value^='camera:']").first.inner_text())
        assert host_page.evaluate(_SENDS, "audio/opus")
        network.loss = SATELLITE_LOSS
        host_page.wait_for_function(_SENDS, arg="audio/red", timeout=PATIENCE_MS)
        host_page.wait_for_timeout(SATELLITE_SETTLE_S * 1000)
        point_page.evaluate(LISTEN)
        for page in (host_page, point_page):
            page.evaluate(_WATCH_RECEIVED)
        before, since = counters(host_page), host_page.evaluate("Date.now()")
        point_page.evaluate("window.slots.length = 0")
        host_page.wait_for_timeout(MEASURED_MS)
        seen = {way: freezes(page, since) for way, page in (("down", host_page), ("up", point_page))}
        after, heard = counters(host_page), list[float](point_page.evaluate("window.slots"))
        causes = told_causes(host_page, server, code)
        network.loss = 0.0
        host_page.wait_for_function(_SENDS, arg="audio/opus", timeout=2 * PATIENCE_MS)
        expect(point_page.get_by_test_id("on-air")).to_be_visible()
        people.leave()
    empty = sum(level < median(heard) / 10 for level in heard) / len(heard)
    missing = concealed(before, after)
    print(f"down: {loss(before, after, ('audio',)):.2%} of packets lost, {missing:.2%} of sound made up")
    print(f"up: {empty:.2%} of {len(heard)} slots without sound")
    for way, (share, longest, height) in seen.items():
        print(f"{way}: pictures of {height} lines frozen for {share:.1%} of the time, {longest:.2f} s at the longest")
    assert {"up", "down"} <= causes, causes
    assert missing <= 0.02
    assert empty <= 0.02
    assert all(longest <= LONGEST_FREEZE_S for _, longest, _ in seen.values())
