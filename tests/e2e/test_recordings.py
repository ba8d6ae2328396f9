"""Recordings as people use them: paused, finished, listed, played where possible, and stopped by a full disk."""

import hashlib
import json
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.core import database
from scheduler.core.code_encryption import CodeCipher
from scheduler.notifications.wording import NOWHERE
from scheduler.operations.closing.handover_service import HandoverService
from scheduler.policy import profile_files
from signaling.app.services import file_cipher
from signaling.recording.store import RecordingStore
from signaling.transcript.model import Transcript, Utterance, Wording
from signaling.transcript.store import Outcome, TranscriptStore
from tests.docx_reader import paragraphs
from tests.e2e.accessibility import press, write
from tests.e2e.browsers import HEARD_DB, Seat, tone_level, wait_until
from tests.e2e.people import HOST, People, Taps, record_live, stop_recording, unmute
from tests.e2e.server import MEDIA_PORT, Server, run_beside, running

TITLE = "Họp có tạm dừng ghi"
DISK_BYTES = 48 << 20
NOW = datetime(2026, 11, 29, 7, 0, tzinfo=UTC)
SAID = [
    (0.2, "", "Kính thưa các đồng chí"),
    (3.2, "UBND.Nha Trang · UBND thành phố Nha Trang", "Bao cao đồng chí chủ trì"),
]
"""Utterances of a transcript: their times, points and words."""
STORAGE_SHOWN_MS = 5000
"""So soon the host is shown the state of the disk."""
READY_MS = 300_000
"""Recordings are composed when nothing else wants to compute, which a busy machine seldom lets."""

_NO_H264 = "HTMLMediaElement.prototype.canPlayType = () => ''"
"""Makes a browser reply as Firefox does on a system without the codec."""
_SEEK_TO_END = """video => new Promise((resolve, reject) => {
  video.pause();
  video.onseeked = () => resolve([video.duration, video.currentTime, video.readyState, video.videoHeight]);
  video.onerror = () => reject(video.error.message);
  video.currentTime = video.duration - 0.5;
})"""


def register(server: Server, page: Page) -> str:
    """Register an emergency with two items that begins in ten seconds: minutes are drafted only then; return its code.

    The form would take none before the next minute.
    """
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=10)
    body = {
        "host_point": HOST,
        "points": ["nt.xuonghuan"],
        "official": {"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat()},
        "title": TITLE,
        "class": "khan_cap",
        "ground": "chi_dao_ubnd_tinh",
        "reason": "Công điện 05/CĐ-UBND",
        "contact_name": "Nguyễn Thị Ánh",
        "contact_phone": "0905 123 456",
        "purpose": "noi_bo_don_vi",
        "kind": "giao_ban",
        "form": "truc_tuyen",
        "secret": False,
        "script": [{"title": title, "minutes": 5} for title in ("Khai mạc", "Báo cáo")],
    }
    response = page.request.post(f"{server.http}api/v1/registrations", data=body)
    assert response.ok, response.text()
    return str(response.json()["code"])


def newest_recording(server: Server, page: Page) -> Locator:
    """Return the row of the newest recording, once it is ready."""
    page.goto(f"{server.http}recordings.html")
    row = page.get_by_test_id("recording-row").first
    expect(row).to_have_attribute("data-state", "ready", timeout=READY_MS)
    return row


def download(page: Page, button: Locator) -> bytes:
    """Return the file that a button downloads."""
    with page.expect_download() as started:
        button.click()
    return started.value.path().read_bytes()


def assert_decodes(tmp_path: Path, data: bytes) -> float:
    """Assert that ffmpeg decodes a file without a warning; return its length in seconds."""
    path = tmp_path / "film.mp4"
    path.write_bytes(data)
    command = ["ffmpeg", "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    probe = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)]
    return float(subprocess.run(probe, capture_output=True, text=True, check=True).stdout)


def assert_chapters(path: Path, row: Locator, seconds: float) -> None:
    """Assert that the file has the chapters of the page: the first item, a mark by hand, a step in a pause."""
    probe = ["ffprobe", "-v", "error", "-show_chapters", "-of", "json", str(path)]
    found = json.loads(subprocess.run(probe, capture_output=True, text=True, check=True).stdout)["chapters"]
    titles = [chapter["tags"]["title"] for chapter in found]
    assert (titles[0], titles[1].startswith("Đánh dấu lúc "), titles[2:]) == ("Khai mạc", True, ["Báo cáo"])
    starts = [float(chapter["start_time"]) for chapter in found]
    assert (starts[0], starts[1] >= 1, starts[1] + 1 <= starts[2] <= seconds - 2) == (0.0, True, True)
    row.get_by_test_id("chapters-fold").click()
    listed = row.get_by_test_id("chapter").all()
    assert [float(each.get_attribute("data-seconds") or -1) for each in listed] == starts
    assert [each.locator("span").text_content() for each in listed] == titles


def assert_isolated_track(page: Page, row: Locator) -> None:
    """Assert that the host, who alone had the floor, has an isolated track with its tone."""
    row.get_by_test_id("solos-fold").click()
    solo = row.get_by_test_id("solo")
    expect(solo).to_have_count(1)
    expect(solo).to_contain_text("UBND.Nha Trang · ")
    data = download(page, solo.get_by_test_id("download-solo"))
    assert solo.get_by_test_id("sha").get_attribute("data-copy") == hashlib.sha256(data).hexdigest()
    assert tone_level(data, 440) > HEARD_DB


def assert_plays(page: Page, row: Locator, seconds: float) -> None:
    """Assert that the page plays a recording, seeks in it, and begins where a chapter does."""
    row.get_by_test_id("play").click()
    player = page.get_by_test_id("player")
    wait_until(page, lambda: player.evaluate("video => video.currentTime > 0.5"), "the recording to play")
    duration, time, state, height = player.evaluate(_SEEK_TO_END)
    assert (round(duration - seconds, 1), round(duration - time, 1), state >= 2, height) == (0, 0.5, True, 720)
    page.get_by_test_id("close").click()
    expect(player).to_have_count(0)
    row.get_by_test_id("chapters-fold").click()
    last = row.get_by_test_id("chapter").last
    start = float(last.get_attribute("data-seconds") or 0)
    last.click()
    wait_until(page, lambda: player.evaluate("video => video.currentTime > 0 && video.readyState >= 2"), "the chapter")
    assert start <= player.evaluate("video => video.currentTime") < start + 2
    page.get_by_role("dialog").get_by_test_id("chapter").first.click()
    wait_until(page, lambda: player.evaluate("video => !video.seeking && video.currentTime") < start, "the first one")
    page.get_by_test_id("close").click()
    expect(player).to_have_count(0)


def write_by_hand(server: Server, write: Callable[[AsyncEngine], Awaitable[object]]) -> None:
    """Write into the database of a server what its jobs write in time."""

    async def written() -> None:
        key = (server.data / "code.key").read_bytes()
        engine = database.connect(f"sqlite:///{server.data / 'diemcau.sqlite3'}", CodeCipher(key))
        await write(engine)
        await engine.dispose()

    run_beside(written())


def transcribe_by_hand(server: Server, recording: str) -> None:
    """Give a recording a transcript of two points, as the transcriber does."""
    cipher = file_cipher((server.data / "code.key").read_bytes())

    async def write(engine: AsyncEngine) -> None:
        store = TranscriptStore(engine, cipher)
        part = await RecordingStore(engine, server.data / "recordings").recording(recording)
        assert part is not None
        said = [Utterance(at, at + 0.9, speaker, (Wording(text, "", NOW),)) for at, speaker, text in SAID]
        await store.write(part, Transcript(tuple(said)))
        await store.add(Outcome(recording, "ready", None, "scripted", NOW))

    write_by_hand(server, write)


def hand_over(server: Server, page: Page) -> None:
    """Offer a recording to its host, as the server does once its session is over; the host takes it in two taps, or
    presses of a key."""
    row = newest_recording(server, page)
    session, digest = row.get_attribute("data-session"), row.get_by_test_id("sha").first.get_attribute("data-copy")
    assert session and digest
    write_by_hand(
        server, lambda engine: HandoverService(engine, profile_files.load(), NOWHERE).open(session, digest, NOW)
    )
    row = newest_recording(server, page)
    expect(row.get_by_test_id("handover")).to_have_attribute("data-standing", "due")
    taps = Taps(page)
    with page.expect_download() as started:
        press(page, "download")
    assert hashlib.sha256(started.value.path().read_bytes()).hexdigest() == digest
    press(page, "receive")
    expect(row.get_by_test_id("handover")).to_have_attribute("data-standing", "received")
    assert taps.count == 2


def assert_transcript_is_read_and_corrected(page: Page, row: Locator) -> None:
    """Assert that words are found, heard where they were said, corrected, restored and taken along."""
    expect(row.get_by_test_id("transcript-ready")).to_be_visible()
    page.get_by_test_id("search-spoken").fill("bao cao")
    page.get_by_test_id("search-go").click()
    page.get_by_test_id("spoken-at").click()
    player = page.get_by_test_id("player")
    wait_until(page, lambda: player.evaluate("video => video.currentTime") >= 3, "the second utterance")
    said = page.get_by_test_id("utterance")
    expect(said).to_have_count(1)  # what was looked for
    expect(said).to_contain_text("UBND thành phố Nha Trang")
    page.get_by_test_id("transcript-search").fill("")
    expect(said).to_have_count(2)
    expect(said.nth(1).get_by_test_id("seek")).to_have_attribute("aria-current", "true")
    player.evaluate("video => video.pause()")
    said.nth(0).get_by_test_id("seek").click()
    wait_until(page, lambda: player.evaluate("video => video.currentTime") < 3, "the first utterance")
    said.nth(1).get_by_test_id("edit").press("Enter")
    page.get_by_test_id("wording").press("Escape")
    said.nth(1).get_by_test_id("edit").click()
    page.get_by_test_id("wording").fill("Báo cáo nhanh")
    page.get_by_test_id("wording").press("Control+Enter")
    expect(said.nth(1).get_by_test_id("seek")).to_contain_text("Báo cáo nhanh")
    page.get_by_test_id("undo").click()
    expect(said.nth(1).get_by_test_id("seek")).to_contain_text(SAID[1][2])
    said.nth(1).get_by_test_id("history").click()
    expect(said.nth(1).get_by_test_id("older")).to_have_count(2)
    assert SAID[1][2] in download(page, page.get_by_test_id("transcript-vtt")).decode()
    page.get_by_test_id("close").click()


def assert_transcript_is_corrected_by_keys(server: Server, page: Page) -> None:
    """Assert that words are found and corrected by the keyboard alone, stay so, and go into the minutes."""
    newest_recording(server, page)
    write(page, "search-spoken", "bao cao")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("spoken-at")).to_be_visible()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    expect(page.get_by_test_id("spoken-at")).to_have_count(0)
    page.keyboard.type("bao cao")
    page.keyboard.press("Enter")
    press(page, "spoken-at")
    player, said = page.get_by_test_id("player"), page.get_by_test_id("utterance")
    wait_until(page, lambda: player.evaluate("video => video.currentTime") >= 3, "the second utterance")
    press(page, "edit")
    expect(page.get_by_test_id("wording")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Báo cáo đã xong")
    page.keyboard.press("Control+Enter")
    expect(said.get_by_test_id("seek")).to_contain_text("Báo cáo đã xong")
    page.reload()
    page.get_by_test_id("recording-row").first.get_by_test_id("play").press("Enter")
    expect(said.nth(1).get_by_test_id("seek")).to_contain_text("Báo cáo đã xong")
    page.goto(f"{server.http}sessions.html")
    row = page.get_by_test_id("session-row").filter(has_text=TITLE)
    row.get_by_test_id("more").press("Enter")
    with page.expect_download() as minutes:
        row.get_by_test_id("minutes").press("Enter")
    last = paragraphs(minutes.value.path().read_bytes())[-1]
    assert last == "[0:00:03] UBND thành phố Nha Trang: Báo cáo đã xong"


@pytest.mark.alone
def test_ux_21_34_43_a_recording_pauses_is_finished_plays_and_is_handed_over(
    server: Server, people: People, red: Browser, fox: Browser, tmp_path: Path
) -> None:
    page = people.signed_in(red, HOST)
    code = register(server, page)
    host = people.enter(page, code, "host")
    point = people.enter(people.signed_in(fox, "nt.xuonghuan"), code)
    point.until(lambda point: "red" in point.colours(), "the host's picture")
    unmute(host)
    mark = point.page.get_by_test_id("rec-mark")
    page.get_by_test_id("script-next").click()
    page.get_by_test_id("record-more").click()
    expect(page.get_by_test_id("storage")).to_have_attribute("data-level", "ok")
    page.get_by_test_id("voices").click()
    expect(page.get_by_test_id("voices")).to_have_attribute("aria-pressed", "true")
    began = time.monotonic()
    page.get_by_test_id("record").click()
    expect(mark).to_have_attribute("data-state", "on")
    page.wait_for_timeout(2000)  # a busy machine's first picture comes late, and marks of one second are one
    page.get_by_test_id("mark").click()
    expect(page.get_by_test_id("notice")).to_contain_text("Đã đánh dấu ở 00:0")
    page.wait_for_timeout(1500)
    page.get_by_test_id("record-pause").click()
    expect(mark).to_have_attribute("data-state", "paused")
    page.get_by_test_id("script-next").click()
    page.wait_for_timeout(4000)
    page.get_by_test_id("record-pause").click()
    expect(mark).to_have_attribute("data-state", "on")
    page.wait_for_timeout(3000)
    stop_recording(page)
    expect(mark).to_be_hidden()
    passed = time.monotonic() - began
    point.page.get_by_test_id("leave").click()  # whatever else works is served before what is composed afterwards

    row = newest_recording(server, page)
    data = download(page, row.get_by_test_id("download"))
    seconds = assert_decodes(tmp_path, data)
    assert 5 < seconds < passed - 3  # the pause is cut out
    assert row.get_by_test_id("sha").first.get_attribute("data-copy") == hashlib.sha256(data).hexdigest()
    assert_chapters(tmp_path / "film.mp4", row, seconds)
    assert_isolated_track(page, row)
    picture = row.get_by_test_id("thumbnail")
    wait_until(page, lambda: picture.evaluate("image => image.naturalWidth") == 320, "the thumbnail")
    assert row.get_by_test_id("length").text_content() == f"00:{int(seconds):02}"
    for browser in (red, fox):
        other = people.signed_in(browser, HOST)
        assert_plays(other, newest_recording(server, other), seconds)
    hand_over(server, page)
    transcribe_by_hand(server, row.get_attribute("data-id") or "")
    assert_transcript_is_read_and_corrected(page, newest_recording(server, page))
    assert_transcript_is_corrected_by_keys(server, other)
    page.add_init_script(_NO_H264)
    newest_recording(server, page).get_by_test_id("play").click()
    expect(page.get_by_test_id("no-codec")).to_contain_text("H.264")
    assert download(page, page.get_by_test_id("download-instead")) == data


@pytest.fixture
def server_on_small_disk(tmp_path: Path) -> Iterator[Server]:
    """Run a server whose recordings lie on a small disk of their own."""
    recordings = tmp_path / "data" / "recordings"
    recordings.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", recordings], check=True)
    try:
        with running(tmp_path / "data", MEDIA_PORT + 100) as started:
            for account in (HOST, "nt.xuonghuan"):
                started.create(account, "--role", "registrant", "--role", "site", "--point", account)
            yield started
    finally:
        subprocess.run(["umount", recordings], check=True)


def fill_disk(server: Server, free: float) -> None:
    """Fill the disk with a file of others, up to this free share."""
    (server.data / "recordings" / "others").write_bytes(b"\0" * round(DISK_BYTES * (1 - free)))


def test_a_full_disk_stops_the_recording_and_nothing_else(
    server_on_small_disk: Server, red: Browser, blue: Browser, tmp_path: Path
) -> None:
    people = People(server_on_small_disk)
    page = people.signed_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan"], "Họp khi ổ đĩa đầy")
    people.enter(page, code, "host")
    point = people.enter(people.signed_in(blue, "nt.xuonghuan"), code)
    point.until(lambda point: {"red", "blue"} <= point.colours(), "both cameras")
    record_live(page)
    expect(point.page.get_by_test_id("rec-mark")).to_be_visible()
    page.wait_for_timeout(3000)
    storage = page.get_by_test_id("storage")
    fill_disk(server_on_small_disk, 0.08)
    expect(storage).to_have_attribute("data-level", "low", timeout=STORAGE_SHOWN_MS)
    expect(point.page.get_by_test_id("storage")).to_have_count(0)
    fill_disk(server_on_small_disk, 0.01)
    expect(storage).to_have_attribute("data-level", "full", timeout=STORAGE_SHOWN_MS)
    for each in (page, point.page):
        expect(each.get_by_test_id("rec-mark")).to_be_hidden()
        expect(each.get_by_test_id("rec-error")).to_contain_text("ổ đĩa đầy")
    page.get_by_test_id("record").click()
    expect(page.get_by_text("không ghi hình được").last).to_be_visible()
    expect(page.get_by_test_id("record")).to_have_attribute("data-state", "off")
    assert_meeting_goes_on(point)

    row = newest_recording(server_on_small_disk, page)
    expect(row.get_by_test_id("reason")).to_have_text("Dừng ghi vì ổ đĩa đầy")
    assert assert_decodes(tmp_path, download(page, row.get_by_test_id("download"))) > 2
    people.leave()


def assert_meeting_goes_on(seat: Seat) -> None:
    """Assert that the meeting goes on: its picture has both cameras, and a single one can be viewed."""
    seat.until(lambda seat: {"red", "blue"} <= seat.colours(), "both cameras")
    source = seat.page.get_by_test_id("source")
    camera = source.locator("option[value^='camera:']").first.get_attribute("value")
    source.select_option(camera)
    seat.until(lambda seat: seat.share("red") > 0.9 or seat.share("blue") > 0.9, "one camera alone")
