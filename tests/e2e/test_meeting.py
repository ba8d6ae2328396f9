"""A whole meeting, from registration to the downloaded recording, in Chromium and Firefox."""

import re
from datetime import datetime
from io import BytesIO

import av
import numpy as np
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsers import FIREFOX_HZ
from tests.e2e.people import HANOI, HOST, People, leave_console, record_live, seat_of, stop_recording, unmute
from tests.e2e.server import Server


def test_ux_10_24_from_registration_to_recording(
    server: Server, people: People, red: Browser, blue: Browser, fox: Browser
) -> None:
    host_page = people.sign_in_by_form(red, HOST)
    code = people.register_by_form(host_page, ["nt.xuonghuan", "nt.vinhhai"], "Giao ban tuần")
    host = people.enter(host_page, code, "host")
    xuong_huan = people.enter(people.signed_in(blue, "nt.xuonghuan"), code)
    vinh_hai = people.enter(people.signed_in(fox, "nt.vinhhai"), code)
    everyone = (host, xuong_huan, vinh_hai)

    # One composed picture for all; the host is heard by the others and not by itself.
    for seat in everyone:
        seat.until(lambda seat: {"red", "blue"} <= seat.colours(), "red and blue in one picture")
    expect(host_page.get_by_test_id("count")).to_contain_text("3/3")
    watermark = re.compile(rf"^NT.XuongHuan {datetime.now(HANOI):%d/%m/%Y} \d\d:\d\d$")
    expect(xuong_huan.page.get_by_test_id("watermark")).to_have_text(watermark)
    expect(xuong_huan.page.get_by_test_id("record")).to_have_count(0)
    seats = {name: seat_of(host_page, name) for name in ("UBND.Nha Trang", "NT.XuongHuan", "NT.VinhHai")}
    unmute(host)
    for seat in (xuong_huan, vinh_hai):
        seat.hears(440)
    host.silent(440)
    for seat in (xuong_huan, vinh_hai):
        expect(seat.page.get_by_test_id("mic")).to_have_attribute("data-state", "blocked")

    # Raised hands, the floor given and taken back.
    record_live(host_page)
    expect(xuong_huan.page.get_by_test_id("rec-mark")).to_be_visible()
    vinh_hai.page.get_by_test_id("hand").click()
    expect(vinh_hai.page.get_by_test_id("hand")).to_have_attribute("data-place", "1")
    xuong_huan.page.get_by_test_id("hand").click()
    expect(xuong_huan.page.get_by_test_id("hand")).to_have_attribute("data-place", "2")
    host_page.get_by_test_id("tab-queue").click()
    queue = host_page.get_by_test_id("queue-item")
    expect(queue).to_have_count(2)
    names = [queue.nth(i).get_attribute("data-seat") for i in range(2)]
    assert names == [seats["NT.VinhHai"], seats["NT.XuongHuan"]]
    queue.nth(1).get_by_test_id("give-floor").click()
    xuong_huan.page.get_by_test_id("floor-accept").click()
    host.hears(880)
    vinh_hai.hears(880)
    host.silent(FIREFOX_HZ)
    xuong_huan.silent(880)
    expect(xuong_huan.page.get_by_test_id("on-air")).to_be_visible()
    host_page.get_by_test_id("on-floor").filter(has_text="NT.XuongHuan").get_by_test_id("take-floor").click()
    host.silent(880)
    vinh_hai.silent(880)
    queue.nth(0).get_by_test_id("give-floor").click()
    vinh_hai.page.get_by_test_id("floor-accept").click()
    host.hears(FIREFOX_HZ)
    xuong_huan.hears(FIREFOX_HZ)
    host_page.get_by_test_id("mute-all").click()
    host.silent(FIREFOX_HZ)
    stop_recording(host_page)  # it has both cameras and all voices by now
    expect(xuong_huan.page.get_by_test_id("rec-mark")).to_be_hidden()

    # Layouts: everyone's picture follows.
    host_page.get_by_test_id("layout-single").click()
    host_page.get_by_test_id("focus").select_option(seats["NT.XuongHuan"])
    for seat in everyone:
        seat.until(lambda seat: seat.share("blue") > 0.9, "blue alone")
    host_page.get_by_test_id("layout-speaker").click()
    for seat in everyone:
        seat.until(lambda seat: seat.share("blue") > 0.5 and seat.share("red") > 0.01, "blue above a strip")
    host_page.get_by_test_id("layout-grid").click()
    for seat in everyone:
        seat.until(lambda seat: abs(seat.share("red") - seat.share("blue")) < 0.05, "equal tiles")

    # One camera, forwarded.
    for seat in (vinh_hai, xuong_huan):
        seat.page.get_by_test_id("source").select_option("camera:" + seats["UBND.Nha Trang"])
        seat.until(lambda seat: seat.share("red") > 0.95, "the host's camera alone")
        seat.page.get_by_test_id("source").select_option("composed")
        seat.until(lambda seat: seat.share("blue") > 0.1, "the composed picture again")

    # The recording: listed, downloaded by who may, refused to others.
    for seat in (xuong_huan, vinh_hai):
        seat.page.get_by_test_id("leave").click()
    leave_console(host_page)
    data = download(server, host_page)
    colours, tones = colours_and_tones(data)
    assert {"red", "blue"} <= colours
    assert {440, 880, FIREFOX_HZ} <= tones
    recording = host_page.request.get(f"{server.http}api/v1/recordings").json()[0]
    stranger = people.signed_in(blue, "ubnd.cam-ranh")
    refused = stranger.request.post(f"{server.http}api/v1/recordings/{recording['id']}/link", data={})
    assert refused.status == 404
    centre = people.signed_in(blue, "truc.ban")
    entries = centre.request.get(f"{server.http}api/v1/audit?limit=50").json()
    downloads = [e for e in entries if e["action"] == "download"]
    assert [(e["actor"], e["subject"]) for e in downloads][:1] == [(HOST, recording["id"])]


def download(server: Server, page: Page) -> bytes:
    """Download the newest recording by the button of its page."""
    page.goto(f"{server.http}recordings.html")
    with page.expect_download() as started:
        page.get_by_test_id("download").first.click()
    return started.value.path().read_bytes()


def colours_and_tones(data: bytes) -> tuple[set[str], set[int]]:
    """Return the strong colours in a recording until both cameras were seen, and the test tones in the whole of it."""
    colours: set[str] = set()
    sound: list[np.ndarray] = []
    with av.open(BytesIO(data), "r") as container:
        for frame in container.decode(video=0):
            small = frame.reformat(64, 36, "rgb24").to_ndarray().astype(int)
            for index, name in enumerate(("red", "green", "blue")):
                others = np.delete(small, index, axis=2).max(axis=2)
                if (small[..., index] > 1.6 * others + 40).mean() > 0.02:
                    colours.add(name)
            if {"red", "blue"} <= colours:
                break
    with av.open(BytesIO(data), "r") as container:
        sound = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    tones = {
        hz for block in sound_blocks(np.concatenate(sound)) for hz in (440, 880, FIREFOX_HZ) if has_tone(block, hz)
    }
    return colours, tones


def sound_blocks(samples: np.ndarray) -> list[np.ndarray]:
    """Split samples of 48 kHz into blocks of a quarter second."""
    return [samples[i : i + 12000] for i in range(0, len(samples) - 12000, 12000)]


def has_tone(block: np.ndarray, hz: int) -> bool:
    """Return whether a tone stands out of a block of 48 kHz samples."""
    spectrum = np.abs(np.fft.rfft(block * np.hanning(len(block))))
    at = round(hz * len(block) / 48000)
    return bool(
        spectrum[at - 1 : at + 2].max() > 20 * np.median(spectrum)
        and spectrum.max() < 8 * spectrum[at - 1 : at + 2].max()
    )
