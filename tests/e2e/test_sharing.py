"""A shared screen: the floor permits it, everyone sees it large beside the speaker, each may view it alone.

Beside it, in the same call, a room's cameras: the host sees them, chooses one and moves it.
"""

from contextlib import AsyncExitStack
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from loadtest.media.perception import Rgb
from loadtest.rooms.baresip_room import baresip_room
from loadtest.rooms.descriptions import in_high
from loadtest.rooms.plain_media import PlainMedia
from loadtest.rooms.room import Room
from loadtest.rooms.sipp_room import offering, slides_room
from mediaserver.api import CameraMovement
from mediaserver.fecc.h281 import MAIN_CAMERA, Action, Message
from tests.e2e.browsers import Seat, wait_until
from tests.e2e.far_camera import DOCUMENTS, FarCamera
from tests.e2e.people import HOST, People, seat_of
from tests.e2e.points import Points, simulated
from tests.e2e.room_systems import register_room_system
from tests.e2e.server import SIP, Server

ONE_STREAM, TWO_STREAMS = "ubnd.cam-ranh", "nt.vinhhai"
TWO_STREAMS_ADDRESS = "127.0.1.1"


def screen_share(seat: Seat) -> float:
    """Return the share of the picture that is Chromium's fake screen, which is dark green; 0 to 1."""
    data = seat.pixels()
    pixels = zip(*(data[channel::4] for channel in range(3)), strict=True)
    green_pixels = sum(green > 50 and green > 2 * max(red, blue) for red, green, blue in pixels)
    return float(green_pixels / (len(data) // 4))


_SENT = """() => {
  const {content} = document.querySelector('room-page, host-page').meeting.connection.tracks;
  const {width, height, frameRate} = content.getSettings();
  return {width, height, frameRate, hint: content.contentHint};
}"""
_SEEN = """async () => {
  const report = await document.querySelector('room-page, host-page').meeting.connection.pc?.getStats();
  const picture = [...(report?.values() ?? [])].find(entry => entry.type === 'inbound-rtp' && entry.mid === '2');
  return [picture?.frameWidth, picture?.frameHeight, picture?.framesPerSecond];
}"""
_FORMAT = """async () => {
  const report = await document.querySelector('room-page, host-page').meeting.connection.pc.getStats();
  const picture = [...report.values()].find(entry => entry.type === 'inbound-rtp' && entry.mid === '2');
  const {mimeType, sdpFmtpLine} = report.get(picture.codecId);
  return [mimeType, /profile-level-id=(....)/.exec(sdpFmtpLine)?.[1]];
}"""
"""The codec and the profile under whose payload type the picture comes."""


def test_a_screen_is_shared_with_the_floor_and_ends_with_it(people: People, red: Browser, blue: Browser) -> None:
    host_page = people.signed_in(red, HOST)
    code = people.register(host_page, ["nt.xuonghuan"], "Chia sẻ màn hình")
    host = people.enter(host_page, code, "host")
    guest = people.enter(people.signed_in(blue, "nt.xuonghuan"), code)
    everyone = (host, guest)
    for seat in everyone:
        seat.until(lambda seat: {"red", "blue"} <= seat.colours(), "red and blue in one picture")
    share = guest.page.get_by_test_id("share")
    expect(share).to_have_count(0)
    host_page.get_by_test_id("give-floor").click()
    share.click()
    for seat in everyone:
        seat.until(lambda seat: screen_share(seat) > 0.4, "the screen in the large pane")
        seat.until(lambda seat: {"red", "blue"} <= seat.colours(), "both cameras beside it")
    expect(share).to_have_attribute("data-state", "on")

    host_page.get_by_test_id("source").select_option("content")
    host.until(lambda host: screen_share(host) > 0.8, "the screen alone")
    sent = guest.page.evaluate(_SENT)
    assert sent["hint"] == "text" and sent["width"] <= 1920 and sent["height"] <= 1080 and sent["frameRate"] <= 5, sent
    host.until(lambda host: host.page.evaluate(_SEEN)[:2] == [sent["width"], sent["height"]], "every line of it")
    host.until(lambda host: (host.page.evaluate(_SEEN)[2] or 99) <= 5, "five pictures a second")
    host_page.get_by_test_id("source").select_option("composed")
    host.until(lambda host: {"red", "blue"} <= host.colours(), "the composed picture again")
    host_page.get_by_test_id("source").select_option("content")
    host.until(lambda host: screen_share(host) > 0.8, "the screen alone")

    host_page.get_by_test_id("on-floor").get_by_test_id("take-floor").click()
    for seat in everyone:
        seat.until(lambda seat: {"red", "blue"} <= seat.colours() and screen_share(seat) < 0.1, "what was seen before")
    expect(share).to_have_count(0)
    expect(host_page.get_by_test_id("layout-grid")).to_have_attribute("aria-pressed", "true")

    host_page.get_by_test_id("share").click()
    guest.until(lambda guest: screen_share(guest) > 0.4, "the host's screen")
    host_page.get_by_test_id("share").click()
    guest.until(lambda guest: screen_share(guest) < 0.1, "the screen to be gone")


def green_share(picture: Rgb | None) -> float:
    """Return the share of a room system's picture that is Chromium's fake screen; 0 to 1."""
    if picture is None:
        return 0.0
    red, green, blue = picture.astype(int).transpose(2, 0, 1)
    return float(((green > 50) & (green > 2 * red) & (green > 2 * blue)).mean())


async def seen_by(room: Room) -> float:
    return green_share(await room.picture())


async def main_picture(media: PlainMedia) -> float:
    return green_share(media.seen())


async def send_stray(media: PlainMedia, address: str) -> None:
    media.stray(address)


async def second_picture(media: PlainMedia) -> float:
    return green_share(media.slides.picture)


def see_camera_in_high(host: Seat) -> None:
    """See the camera of a room that knows H.264 of profile High alone, as it comes, under the payload type of
    constrained baseline (decision 143)."""
    source = host.page.get_by_test_id("source")
    source.select_option(f"camera:{seat_of(host.page, 'NT.VinhHai')}")
    host.until(lambda host: host.share("blue") > 0.95, "the room's camera alone")
    assert host.page.evaluate(_FORMAT) == ["video/H264", "42e0"]
    source.select_option("composed")


def use_cameras(host: Page, points: Points, camera: FarCamera) -> None:
    """Choose the document camera of a room and move its main camera, as its controller."""
    row = host.locator(f'[data-testid="seat"][data-point="{TWO_STREAMS}"]')
    row.get_by_test_id("seat-more").click()
    sources, left = row.get_by_test_id("camera-source"), row.get_by_test_id("camera-left")
    expect(sources).to_have_text(["Camera chính", "Camera tài liệu"])
    main, documents = sources.nth(0), sources.nth(1)
    expect(main).to_have_attribute("aria-pressed", "true")
    documents.click()
    expect(documents).to_have_attribute("aria-pressed", "true")
    expect(main).to_have_attribute("aria-pressed", "false")
    expect(left).to_have_count(0)  # it does not move
    points.run(camera.switch(MAIN_CAMERA))
    expect(main).to_have_attribute("aria-pressed", "true")
    left.hover()
    host.mouse.down()
    turning = Message(Action.START, CameraMovement(pan=-1))
    wait_until(host, lambda: turning in points.run(camera.taken()), "the camera to turn")
    host.mouse.up()
    wait_until(host, lambda: points.run(camera.taken())[-1].action == Action.STOP, "the camera to stop")
    commands = [each for each in points.run(camera.taken()) if each.action != Action.CONTINUE]
    assert commands == [
        Message(Action.SELECT_VIDEO_SOURCE, number=DOCUMENTS),
        turning,
        Message(Action.STOP, turning.movement),
    ]
    host.keyboard.press("Escape")


def test_a_browsers_screen_reaches_rooms_in_their_one_picture_and_as_a_second_one(
    server: Server, people: People, red: Browser, tmp_path: Path
) -> None:
    media, camera = PlainMedia(TWO_STREAMS_ADDRESS, 880, (0, 0, 255), (0, 0, 255), high=True), FarCamera()
    with simulated(server) as points:
        code = points.book(HOST, [ONE_STREAM, TWO_STREAMS], "Chia sẻ màn hình đến phòng họp")
        points.run(register_room_system(server, ONE_STREAM))
        points.run(register_room_system(server, TWO_STREAMS, TWO_STREAMS_ADDRESS, camera_control=True))
        seat = people.enter(people.signed_in(red, HOST), code, "host")
        host, calls = seat.page, AsyncExitStack()
        try:
            one = points.run(calls.enter_async_context(baresip_room(tmp_path, None, 880, "", None)))
            calls.push_async_callback(camera.close)
            points.run(camera.open(TWO_STREAMS_ADDRESS))
            script = offering(lambda *at: in_high(camera.describe(*at)))
            two = points.run(calls.enter_async_context(slides_room(tmp_path, media, 2, script)))
            for room in (one, two):
                points.run(room.dial(f"sip:{code}@{SIP[0]}:{SIP[1]}"))
                points.run(room.established())
            told = host.locator(f'[data-testid="seat"][data-point="{TWO_STREAMS}"]').get_by_test_id("call")
            stray, words = "127.0.1.2", "Bỏ hình, tiếng từ {}: IP này chưa khai báo trong Danh bạ"
            points.run(send_stray(media, stray))
            expect(told).to_contain_text(words.format(stray))
            see_camera_in_high(seat)
            use_cameras(host, points, camera)
            host.get_by_test_id("share").click()
            wait_until(host, lambda: points.run(seen_by(one)) > 0.4, "the screen in a room's one picture")
            wait_until(host, lambda: points.run(second_picture(media)) > 0.8, "the screen as a room's second picture")
            assert points.run(main_picture(media)) < 0.1, "the screen twice"
            host.get_by_test_id("share").click()
            wait_until(host, lambda: points.run(seen_by(one)) < 0.1, "the picture without the screen")
        finally:
            points.run(calls.aclose())
