"""A meeting survives a killed media worker, a reload, and a browser that is suddenly gone."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import pytest
from playwright.sync_api import Browser, expect

from mediaserver.recording.encrypted_file import FileCipher
from signaling.app.services import file_cipher
from tests.e2e.browsers import Seat
from tests.e2e.people import HOST, People, record_live, seat_of, stop_recording, unmute
from tests.e2e.server import Server

BACK_S = 10.0
COMPOSED_MS = 300_000
"""It is composed when nothing else wants to compute, which a busy machine seldom lets."""
GONE_S = 15.0
LOST_S = 2.0
"""Seconds of a recording that a killed worker may cost."""


def moves(seat: Seat) -> bool:
    """Return whether the picture changes, as it does with the camera of Firefox in it."""
    before = seat.pixels()
    seat.page.wait_for_timeout(500)
    return seat.pixels() != before


@pytest.mark.alone
def test_a_killed_media_worker_comes_back_by_itself(server: Server, people: People, red: Browser, fox: Browser) -> None:
    page = people.signed_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan"], "Họp đột xuất")
    host = people.enter(page, code, "host")
    point = people.enter(people.signed_in(fox, "nt.xuonghuan"), code)
    point.until(lambda point: "red" in point.colours(), "the host's picture")
    unmute(host)
    point.hears(440)
    record_live(page)
    expect(point.page.get_by_test_id("rec-mark")).to_be_visible()
    started = time.time()
    page.wait_for_timeout(4000)

    [worker] = server.media_workers()
    killed = time.time()
    os.kill(worker, signal.SIGKILL)
    for seat in (host, point):
        seat.until(lambda _: server.media_workers() not in ([], [worker]), "a new worker")
        seat.until(moves, "moving pictures")
    point.hears(440)
    assert time.time() - killed < BACK_S + 2.0  # the tone itself is recorded for 0.7 s a look
    expect(point.page.get_by_test_id("rec-mark")).to_be_visible()
    stop_recording(page)

    # The parts are one entry, and one file to download: what nobody recorded is a standing picture.
    page.goto(f"{server.http}recordings.html")
    row = page.get_by_test_id("recording-row").first
    expect(row).to_have_attribute("data-state", "ready", timeout=COMPOSED_MS)
    row.locator("summary").click()
    expect(row.get_by_test_id("part")).to_have_count(2)
    expect(row.get_by_test_id("part").first.get_by_test_id("reason")).to_be_visible()
    directory = server.data / "recordings" / str(row.get_attribute("data-session"))
    with page.expect_download() as download:
        row.get_by_test_id("download").click()
    whole = download.value.path()
    cipher = file_cipher((server.data / "code.key").read_bytes())
    first, second, joined = (length(cipher, directory / f"{name}.mp4") for name in ("1", "2", "joined"))
    assert first >= killed - started - LOST_S
    assert second > 0
    with cipher.open(directory / "joined.mp4", require_encrypted=True) as file:
        assert whole.read_bytes() == file.read()
    assert first + second < joined < time.time() - started


def length(cipher: FileCipher, path: Path) -> float:
    """Return how many seconds of picture can be decoded."""
    with cipher.open(path, require_encrypted=True) as file, av.open(file, "r") as container:
        return max(frame.time for frame in container.decode(video=0) if frame.time is not None)


def test_ux_10_a_reload_keeps_hand_and_floor(people: People, red: Browser, blue: Browser) -> None:
    page = people.signed_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan", "nt.vinhhai"], "Tập huấn")
    people.enter(page, code, "host")
    speaker = people.enter(people.signed_in(blue, "nt.xuonghuan"), code)
    waiting = people.enter(people.signed_in(blue, "nt.vinhhai"), code)
    name = "NT.XuongHuan"
    page.get_by_test_id("seat").filter(has_text=name).get_by_test_id("give-floor").click()
    waiting.page.get_by_test_id("hand").click()
    expect(waiting.page.get_by_test_id("hand")).to_have_attribute("data-place", "1")
    seat = seat_of(page, name)
    for each in (speaker, waiting):
        each.page.on("dialog", lambda dialog: dialog.accept())
        each.page.reload()
    expect(waiting.page.get_by_test_id("hand")).to_have_attribute("data-place", "1")
    expect(speaker.page.get_by_test_id("mic")).not_to_have_attribute("data-state", "blocked")
    assert seat_of(page, name) == seat
    speaker.until(lambda speaker: {"red", "blue"} <= speaker.colours(), "the picture again")


def test_a_dead_browser_leaves_the_list(people: People, red: Browser, blue: Browser) -> None:
    page = people.signed_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan"], "Sơ kết")
    people.enter(page, code, "host")
    point = people.enter(people.signed_in(blue, "nt.xuonghuan"), code)
    expect(page.get_by_test_id("count")).to_contain_text("2/2")
    with stopped(blue):
        expect(page.get_by_test_id("count")).to_contain_text("1/2", timeout=GONE_S * 1000)
    expect(page.get_by_test_id("count")).to_contain_text("2/2", timeout=GONE_S * 1000)
    point.until(lambda point: {"red", "blue"} <= point.colours(), "the picture again")


@contextmanager
def stopped(browser: Browser) -> Iterator[None]:
    """Stop every process of a browser, as when its network is cut; let them go on afterwards."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pids = [int(process["id"]) for process in processes]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
