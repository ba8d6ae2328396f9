"""The server is killed during a meeting and started again: in real browsers nobody's picture stops."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsers import Seat, slowness
from tests.e2e.people import HOST, People, seat_of, unmute
from tests.e2e.server import MEDIA_PORT, Server, admin, running

pytestmark = pytest.mark.alone

STILL_MS = 1000
"""A picture that stands longer has stopped, on a machine that is slower as much longer: when media ended with the
server, it stood for 17 s at least."""

_COUNT = """() => {
  const {me} = document.querySelector('room-page, host-page, test-room-page').meeting.state;
  const tiles = [...document.querySelectorAll('[data-testid=tile]:has(video)')]
    .filter(({dataset}) => dataset.tile !== me);
  const video = (tiles[0] ?? document).querySelector('video');
  window.frames = {seen: 0, longest: 0, last: performance.now(), made: 0, peers: [video.srcObject.id]};
  const count = () => video.getVideoPlaybackQuality().totalVideoFrames;
  let before = count();
  setInterval(() => {
    const now = performance.now(), frames = count();
    if (frames === before) return;
    window.frames.seen += frames - before;
    window.frames.longest = Math.max(window.frames.longest, now - window.frames.last);
    window.frames.last = now;
    before = frames;
    if (window.frames.peers.at(-1) !== video.srcObject.id) window.frames.peers.push(video.srcObject.id);
  }, 40);
}"""


def test_a_restart_stops_no_picture_and_keeps_hand_floor_and_layout(
    restartable_server: Server, red: Browser, blue: Browser
) -> None:
    people = People(restartable_server)
    page = people.signed_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan", "nt.vinhhai"], "Họp khẩn")
    host = people.enter(page, code, "host")
    speaker = people.enter(people.signed_in(blue, "nt.xuonghuan"), code)
    waiting = people.enter(people.signed_in(blue, "nt.vinhhai"), code)
    everyone = (host, speaker, waiting)
    for seat in everyone:
        seat.until(lambda seat: {"red", "blue"} <= seat.colours(), "red and blue in one picture")
    unmute(host)
    page.get_by_test_id("seat").filter(has_text="NT.XuongHuan").get_by_test_id("give-floor").click()
    expect(speaker.page.get_by_test_id("mic")).not_to_have_attribute("data-state", "blocked")
    waiting.page.get_by_test_id("hand").click()
    expect(waiting.page.get_by_test_id("hand")).to_have_attribute("data-place", "1")
    page.get_by_test_id("arrange").click()
    page.get_by_test_id("plan-1+5").click()
    page.get_by_test_id("layout-apply").click()
    expect(page.get_by_test_id("layout-1+5")).to_have_attribute("aria-pressed", "true")
    names = ("UBND.Nha Trang", "NT.XuongHuan", "NT.VinhHai")
    seats = [seat_of(page, name) for name in names]
    workers = restartable_server.media_workers()
    page.wait_for_timeout(1500)
    for seat in everyone:
        seat.page.evaluate(_COUNT)

    restartable_server.restart()

    for seat in everyone:
        expect(seat.page.get_by_test_id("count")).to_contain_text("3/3")
        expect(seat.page.get_by_test_id("banner")).to_be_hidden()
    expect(waiting.page.get_by_test_id("hand")).to_have_attribute("data-place", "1")
    expect(speaker.page.get_by_test_id("mic")).not_to_have_attribute("data-state", "blocked")
    expect(page.get_by_test_id("layout-1+5")).to_have_attribute("aria-pressed", "true")
    assert [seat_of(page, name) for name in names] == seats
    assert restartable_server.media_workers() == workers
    page.get_by_test_id("tab-queue").click()
    page.get_by_test_id("queue-item").get_by_test_id("give-floor").click()  # commands work as before
    expect(waiting.page.get_by_test_id("mic")).not_to_have_attribute("data-state", "blocked")
    _assert_pictures_went_on(everyone)
    people.leave()


_COUNT_SHOWN = """() => {
  const {me} = document.querySelector('room-page, host-page').meeting.state;
  window.frames = {seen: 0, longest: 0, last: performance.now(), streams: []};
  let before = '';
  setInterval(() => {
    const tiles = [...document.querySelectorAll('[data-testid=tile]:has(video)')];
    const other = tiles.find(({dataset}) => dataset.tile !== me) ?? document;
    const videos = [...other.querySelectorAll('video')].filter(video => video.srcObject && video.videoWidth);
    const now = performance.now();
    const frames = videos.map(video => video.getVideoPlaybackQuality().totalVideoFrames).join();
    if (!videos.length || frames === before) return;
    window.frames.seen += 1;
    window.frames.longest = Math.max(window.frames.longest, now - window.frames.last);
    window.frames.last = now;
    before = frames;
    const stream = videos.at(-1).srcObject.id;
    if (window.frames.streams.at(-1) !== stream) window.frames.streams.push(stream);
  }, 40);
}"""


@pytest.fixture
def two_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Run a server with two media workers for one test."""
    monkeypatch.setenv("DIEMCAU_WORKERS", "2")
    with running(tmp_path / "data", MEDIA_PORT + 700) as started:  # that of the other tests runs, too
        started.create(HOST, "--role", "registrant", "--role", "site", "--point", HOST)
        started.create("nt.xuonghuan", "--role", "site", "--point", "nt.xuonghuan")
        yield started


def test_a_worker_that_is_drained_stops_no_picture_and_no_sound(
    two_workers: Server, red: Browser, blue: Browser
) -> None:
    people = People(two_workers)
    page = people.signed_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan"], "Họp khẩn")
    host = people.enter(page, code, "host")
    point = people.enter(people.signed_in(blue, "nt.xuonghuan"), code)
    for seat in (host, point):
        seat.until(lambda seat: {"red", "blue"} <= seat.colours(), "red and blue in one picture")
    unmute(host)
    point.hears(440)
    for seat in (host, point):
        seat.page.evaluate(_COUNT_SHOWN)

    assert admin(two_workers.data, "drain", "0").splitlines()[-1] == "0 rooms, 0 seats left"

    for seat in (host, point):
        seat.until(lambda seat: len(seat.page.evaluate("window.frames.streams")) > 1, "the new connection")
        seat.until(lambda seat: {"red", "blue"} <= seat.colours(), "red and blue in one picture")
        frames = seat.page.evaluate("window.frames")
        print(frames)
        assert frames["longest"] < STILL_MS * slowness(seat.page)
    point.hears(440)
    people.leave()


def test_a_point_in_the_test_room_sees_and_hears_itself_again_after_a_restart(
    restartable_server: Server, red: Browser
) -> None:
    page = People(restartable_server).signed_in(red, "nt.xuonghuan")
    page.goto(f"{restartable_server.http}test-room.html")
    seat = Seat(page)
    seat.until(lambda seat: seat.share("red") > 0.7, "itself in the composed picture")
    page.evaluate(_COUNT)

    restartable_server.restart()

    seat.until(lambda seat: len(seat.page.evaluate("window.frames.peers")) > 1, "a new transport")
    seat.until(lambda seat: seat.share("red") > 0.7, "itself in the composed picture again")
    seat.hears(440)
    expect(page.get_by_test_id("left")).to_have_text(re.compile(r"Còn 0?9:\d\d"))
    print(page.evaluate("window.frames"))


def _assert_pictures_went_on(seats: tuple[Seat, ...]) -> None:
    """Assert that no picture stood still, and that each is on the connection it had before."""
    for seat in seats:
        frames = seat.page.evaluate("window.frames")
        print(frames)
        assert len(frames["peers"]) == 1
        assert frames["longest"] < STILL_MS * slowness(seat.page)
