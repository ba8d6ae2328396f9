"""A viewer behind a bad network gets the picture that the network carries, and undisturbed sound."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from loadtest.endpoint.network_emulator import NetworkEmulator
from tests.e2e import browsers
from tests.e2e.browsers import Seat, slowness
from tests.e2e.emulated_network import redirect_media
from tests.e2e.network_report import WATCH, frozen
from tests.e2e.people import HOST, People, unmute
from tests.e2e.server import LAN, MEDIA_PORT

pytestmark = pytest.mark.alone

LONGEST_S = 1.0
"""For so long a picture may stand; on a machine that is slower as much longer."""
UNDER_WAY_MS = 1000
"""For so long pictures may be shown that were received before the move."""
WATCH_MS = 3_000
SETTLE_MS = 20_000
"""Until a line has settled, on a busy machine."""

_CONNECTION = "document.querySelector('room-page, host-page').meeting.connection.pc"
_STATS = """async () => {
  const found = {audio: [0, 0], video: [0, 0, 0]};
  const report = await document.querySelector('room-page, host-page').meeting.connection.pc?.getStats();
  for (const entry of report?.values() ?? []) if (entry.type === 'inbound-rtp')
    found[entry.kind] = [entry.packetsReceived, entry.packetsLost, entry.frameHeight ?? 0];
  return found;
}"""


@dataclass(frozen=True)
class Received:
    """Packets received and lost so far, and the picture's height."""

    sound: int
    sound_lost: int
    picture: int
    picture_lost: int
    height: int


def received(page: Page) -> Received:
    """Return the counters of the browser."""
    found = page.evaluate(_STATS)
    return Received(*found["audio"][:2], *found["video"])


def lost_sound(before: Received, after: Received) -> float:
    """Return the packets of sound that got lost in between, per packet received."""
    return (after.sound_lost - before.sound_lost) / (after.sound - before.sound)


def shows(lines: int, seat: Seat) -> bool:
    """Return whether a seat receives a picture of so many lines."""
    return received(seat.page).height == lines


@pytest.fixture(scope="module")
def busy(playwright: Playwright, media: Path) -> Iterator[Browser]:
    """Run Chromium with a camera whose picture needs all the bits it may have."""
    arguments = browsers.fake_devices(media, "busy", "testsrc2=size=1280x720:rate=30", 440)
    with browsers.chromium(playwright, arguments) as browser:
        yield browser


@pytest.fixture
def network() -> Iterator[NetworkEmulator]:
    """Run an emulated network of 4 Mbit/s."""
    with NetworkEmulator((LAN, MEDIA_PORT), 4e6) as bad:
        yield bad


def test_the_picture_follows_a_bad_line_that_disturbs_nobody_and_sound_goes_on_also_by_another_port(
    people: People, busy: Browser, blue: Browser, fox: Browser, network: NetworkEmulator
) -> None:
    """Others see all pictures in full size meanwhile. In the end the point's router gives it another port."""
    page = people.signed_in(busy, HOST, composed=True)
    code = people.register(page, ["nt.xuonghuan", "nt.vinhhai"], "Đường truyền kém")
    host = people.enter(page, code, "host")
    unmute(host)
    point = people.signed_in(blue, "nt.xuonghuan", composed=True)
    point.add_init_script(redirect_media(network.port))
    seat = people.enter(point, code)
    good = people.signed_in(fox, "nt.vinhhai", composed=True)
    other = people.enter(good, code)
    for each in (seat, host, other):
        each.until(partial(shows, 720), "a picture")
    for each in (host, other):
        each.page.evaluate(WATCH)  # the host has the picture of the encoder for the bad network, Firefox another one
    since, before = page.evaluate("Date.now()"), [received(each.page) for each in (host, other)]
    network.rate = 0.2e6
    seat.until(partial(shows, 180), "the smallest picture")
    settled = received(point)
    assert "blue" in other.colours()
    for each, then in zip((host, other), before, strict=True):
        _, longest = frozen(each.page.evaluate("window.seen"), since, page.evaluate("Date.now()"))
        now = received(each.page)
        soon = longest <= LONGEST_S * slowness(each.page)
        assert (soon, now.height, now.picture_lost) == (True, 720, then.picture_lost), longest
    good.get_by_test_id("leave").click()
    seat.hears(440)
    point.wait_for_timeout(WATCH_MS)
    narrow = received(point)
    network.rate = 4e6
    seat.until(partial(shows, 720), "the best picture")
    seat.hears(440)
    point.wait_for_timeout(WATCH_MS)
    assert lost_sound(settled, narrow) < 0.02
    assert lost_sound(narrow, received(point)) < 0.02  # also while the rate was probed

    point.evaluate(WATCH)
    point.evaluate(f"{_CONNECTION}.first = true")
    network.move()
    since = point.evaluate("Date.now()")
    seat.until(lambda _: point.evaluate("window.seen.at(-1) ?? 0") > since + UNDER_WAY_MS, "a picture after the move")
    seat.hears(440)
    assert point.evaluate(f"{_CONNECTION}.first"), "it had to join anew"


def tile_is(page: Page, height: int, pictures: range) -> bool:
    """Return whether the only tile that a page is forwarded has that height, and so many pictures in a second."""
    forwarded, fps = page.evaluate(_TILE)
    return forwarded == height and round(fps) in pictures


_TILE = """async () => {
  const report = await document.querySelector('room-page').meeting.connection.pc.getStats();
  const videos = [...report.values()].filter(({type, kind}) => type === 'inbound-rtp' && kind === 'video');
  const forwarded = videos.find(({bytesReceived}) => bytesReceived);  // packets of padding alone have none
  return [forwarded.frameHeight ?? 0, forwarded.framesPerSecond ?? 0];
}"""


def test_a_camera_on_a_narrow_line_comes_with_half_its_pictures_until_the_line_is_wide(
    people: People, busy: Browser, blue: Browser, network: NetworkEmulator
) -> None:
    page = people.signed_in(busy, HOST)
    code = people.register(page, ["nt.xuonghuan"], "Đường truyền hẹp")
    host = people.enter(page, code, "host")
    unmute(host)
    point = people.signed_in(blue, "nt.xuonghuan")
    point.add_init_script(redirect_media(network.port))
    seat, tiles = people.enter(point, code), point.get_by_test_id("tiles")
    expect(tiles).to_be_visible(timeout=SETTLE_MS)
    # The smallest layer is also the first one, before the server knows the line.
    seat.until(lambda _: tile_is(point, 360, range(22, 40)), "a larger layer with all pictures")
    network.rate = 0.2e6
    seat.until(lambda _: tile_is(point, 180, range(5, 20)), "the smallest layer without its upper temporal layer")
    expect(tiles).to_be_visible()
    settled = received(point)
    seat.hears(440)
    point.wait_for_timeout(WATCH_MS)
    assert lost_sound(settled, received(point)) < 0.02
    network.rate = 4e6
    seat.until(lambda _: tile_is(point, 360, range(22, 40)), "a larger layer with all pictures")
    seat.hears(440)


_REPAIRED = """async () => {
  const found = {received: 0, sent: 0};
  const report = await document.querySelector('room-page, host-page').meeting.connection.pc?.getStats();
  for (const entry of report?.values() ?? []) if (entry.rtxSsrc) {
    found.received += entry.retransmittedPacketsReceived ?? 0;
    found.sent += entry.retransmittedPacketsSent ?? 0;
  }
  return found;
}"""
"""Packets of the streams that have another one for retransmissions."""


def test_lost_packets_are_sent_again_both_ways_and_a_blackout_ends_at_once(
    people: People, busy: Browser, network: NetworkEmulator
) -> None:
    page = people.signed_in(busy, HOST, composed=True)
    page.add_init_script(redirect_media(network.port))
    code = people.register(page, ["nt.xuonghuan"], "Đường truyền mất gói")
    seat = people.enter(page, code, "host")
    seat.until(partial(shows, 720), "a picture")
    page.evaluate(WATCH)
    since = page.evaluate("Date.now()")
    network.loss = 0.05
    page.wait_for_timeout(WATCH_MS)
    seat.until(lambda _: min(page.evaluate(_REPAIRED).values()) > 5, "packets sent again both ways")
    _, longest = frozen(page.evaluate("window.seen"), since, page.evaluate("Date.now()"))
    assert longest <= LONGEST_S * slowness(page)
    network.loss = 1.0
    page.wait_for_timeout(2000)
    network.loss = 0.0
    since = page.evaluate("Date.now()")
    seat.until(lambda _: page.evaluate("window.seen.at(-1)") > since, "a picture after the blackout")
    assert min(at for at in page.evaluate("window.seen") if at > since) - since <= 1000 * LONGEST_S * slowness(page)
