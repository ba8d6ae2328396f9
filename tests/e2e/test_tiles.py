"""The page draws the host's layout itself: what its viewers may do with it. How it looks: `test_pictures.py`."""

from io import BytesIO

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e import browsers
from tests.e2e.browsers import Seat
from tests.e2e.people import HOST, People, seat_of

_COLOURS = """() => Object.fromEntries(
  [...document.querySelectorAll('[data-testid=tile]')].filter(tile => tile.dataset.tile).map(tile => {
    const canvas = document.createElement('canvas'), video = [...tile.querySelectorAll('video')].at(-1);
    canvas.width = canvas.height = 1;
    if (!video?.videoWidth) return [tile.dataset.tile, [0, 0, 0]];
    const context = canvas.getContext('2d');
    context.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
    return [tile.dataset.tile, [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)];
  })
)"""


def tiles(page: Page) -> dict[str, str]:
    """Return the colours in the middle of a page's tiles, by seat; none while it shows one picture."""
    return {seat: browsers.colour_name(*colour) for seat, colour in page.evaluate(_COLOURS).items()}


def width(page: Page, seat: str) -> float:
    """Return the share of the picture's width that a tile has."""
    share: float = page.locator(f'[data-testid="tile"][data-tile="{seat}"]').evaluate(
        "tile => tile.offsetWidth / tile.closest('[data-testid=tiles]').offsetWidth"
    )
    return share


def middle(screenshot: bytes) -> str:
    """Return the colour in the middle of a screenshot."""
    with Image.open(BytesIO(screenshot)) as image:
        red, green, blue = np.asarray(image.convert("RGB").resize((9, 9)))[4, 4].tolist()
    return browsers.colour_name(red, green, blue)


def test_ux_18_viewers_enlarge_a_camera_and_may_have_one_picture(people: People, red: Browser, blue: Browser) -> None:
    page = people.signed_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan"], "Hình ghép tại trình duyệt")
    host, guest = people.enter(page, code, "host"), people.enter(people.signed_in(blue, "nt.xuonghuan"), code)
    red_seat, blue_seat = seat_of(page, "UBND.Nha Trang"), seat_of(page, "NT.XuongHuan")

    def sees_both(viewer: Seat) -> bool:
        return tiles(viewer.page) == {red_seat: "red", blue_seat: "blue"}

    for viewer in (host, guest):
        viewer.until(sees_both, "two tiles")
        assert not viewer.page.get_by_test_id("hear").is_visible()

    # The host makes one large: the videos of both go on.
    page.get_by_test_id("arrange").click()
    page.get_by_test_id("plan-1+5").click()
    page.get_by_test_id("pane-0").click()
    page.locator('[data-testid="pin"][data-point="nt.xuonghuan"]').click()
    for viewer in (host, guest):
        viewer.page.evaluate(
            "window.before = new Map([...document.querySelectorAll('[data-testid=tile]')]"
            ".map(tile => [tile.dataset.tile, tile.querySelector('video')]))"
        )
    page.get_by_test_id("layout-apply").click()
    for viewer in (host, guest):
        viewer.until(lambda viewer: width(viewer.page, blue_seat) > 0.6, "the large pane")
        viewer.until(sees_both, "both in the new layout")
        kept = viewer.page.evaluate(
            "[...window.before].filter(([seat, video]) => video && video === "
            'document.querySelector(`[data-tile="${seat}"] video`)).length'
        )
        assert kept == 2, "a camera that stays keeps its element"

    # A tap makes a camera large for the viewer alone, another one goes back.
    guest.page.locator(f'[data-tile="{red_seat}"]').get_by_test_id("enlarge").click()
    guest.until(lambda guest: guest.share("red") > 0.95, "the host's camera alone")
    assert middle(guest.page.locator("meeting-video").screenshot()) == "red"
    guest.page.get_by_test_id("reduce").click()
    guest.until(sees_both, "the layout again")

    # The host has everyone get one picture and takes that back; then a person chooses it, and no longer.
    def one_picture(viewer: Seat) -> bool:
        return not tiles(viewer.page) and {"red", "blue"} <= viewer.colours()

    everyones = page.get_by_test_id("one-picture")
    page.get_by_test_id("layout-more").click()
    everyones.click()
    for viewer in (host, guest):
        viewer.until(one_picture, "one picture for everyone")
    page.get_by_test_id("layout-more").click()
    everyones.click()
    for viewer in (host, guest):
        viewer.until(sees_both, "cameras again")
    source = guest.page.get_by_test_id("source")
    source.select_option("one-picture")
    guest.until(one_picture, "one picture for the guest")
    assert tiles(page)
    source.select_option("composed")
    guest.until(sees_both, "cameras again")

    # A camera that is switched off leaves a card with the name.
    guest.page.get_by_test_id("camera").click()
    host.until(lambda host: tiles(host.page)[blue_seat] == "", "a card instead of the camera")
    expect(page.locator(f'[data-tile="{blue_seat}"]')).to_contain_text("NT.XuongHuan")


def test_a_machine_that_decodes_one_picture_sees_the_same_layout_composed(
    people: People, red: Browser, blue: Browser
) -> None:
    page = people.signed_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan"], "Máy yếu nhận hình ghép")
    host = people.enter(page, code, "host")
    guest = people.enter(people.signed_in(blue, "nt.xuonghuan", composed=True), code)
    for seat in (host, guest):
        seat.until(lambda seat: min(seat.share("red"), seat.share("blue")) > 0.2, "red beside blue")
    host.until(lambda host: len(tiles(host.page)) == 2, "tiles at the host")
    assert not tiles(guest.page)
