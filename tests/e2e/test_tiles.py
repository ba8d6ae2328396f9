"""The page draws the host's layout itself, out of cameras that it is forwarded one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect

from mediaserver.api import Layout
from mediaserver.video.layout import arrange
from tests.e2e import browsers
from tests.e2e.browsers import Seat
from tests.e2e.people import HOST, People, seat_of
from tests.e2e.server import Server

pytestmark = pytest.mark.alone

WIDTH, HEIGHT = 1280, 720

_TILES = """() => {
  const box = document.querySelector('[data-testid=tiles]');
  if (!box) return [];
  const whole = box.getBoundingClientRect();
  return [...box.querySelectorAll('[data-testid=tile]')].map(tile => {
    const {x, y, width, height} = tile.getBoundingClientRect(), video = [...tile.querySelectorAll('video')].at(-1);
    let colour = [0, 0, 0];
    if (video?.videoWidth) {
      const canvas = document.createElement('canvas'); canvas.width = canvas.height = 1;
      const context = canvas.getContext('2d');
      context.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
      colour = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    }
    const [across, down] = [whole.width / 1280, whole.height / 720];
    const place = [(x - whole.x) / across, (y - whole.y) / down, width / across, height / down];
    return {seat: tile.dataset.tile, text: tile.textContent, colour, place};
  });
}"""


@dataclass(frozen=True)
class Tile:
    """One tile as a viewer sees it: seat, words, the colour in its middle, and its place in pixels of 1280 × 720."""

    seat: str
    text: str
    colour: str
    place: tuple[float, float, float, float]


def tiles(page: Page) -> dict[str, Tile]:
    """Return the tiles of a page by seat; none while it shows one picture."""
    found = page.evaluate(_TILES)
    return {
        each["seat"]: Tile(each["seat"], each["text"], browsers.colour_name(*each["colour"]), tuple(each["place"]))
        for each in found
    }


def middle(screenshot: bytes) -> str:
    """Return the colour in the middle of a screenshot."""
    with Image.open(BytesIO(screenshot)) as image:
        red, green, blue = np.asarray(image.convert("RGB").resize((9, 9)))[4, 4].tolist()
    return browsers.colour_name(red, green, blue)


def on_screen(page: Page, seat: str) -> str:
    """Return the colour in the middle of a tile, as a screenshot shows it: nothing may lie over the video."""
    return middle(page.locator(f'[data-testid="tile"][data-tile="{seat}"]').screenshot())


def same_place(place: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Return whether two rectangles are the same but for rounding."""
    return all(abs(one - two) <= 2 for one, two in zip(place, other, strict=True))


def panes(layout: Layout, count: int) -> list[tuple[int, int, int, int]]:
    """Return the panes into which the composer puts so many seats."""
    seats = [str(number) for number in range(count)]
    return [(tile.x, tile.y, tile.width, tile.height) for tile in arrange(layout, seats, None, WIDTH, HEIGHT)]


def stand_in(found: dict[str, Tile], layout: Layout) -> bool:
    """Return whether tiles stand in the panes of a layout, one in each."""
    expected = panes(layout, len(found))
    places = [tile.place for tile in found.values()]
    return all(sum(same_place(place, pane) for place in places) == 1 for pane in expected)


@pytest.fixture(scope="module")
def green(playwright: Playwright, media: Path) -> Iterator[Browser]:
    """Chromium with a green camera and a 660 Hz microphone."""
    with browsers.chromium(
        playwright, browsers.fake_devices(media, "green", browsers.plain_picture("lime"), 660)
    ) as browser:
        yield browser


def test_every_viewer_draws_the_layout_of_the_host(
    server: Server, people: People, red: Browser, blue: Browser, green: Browser, fox: Browser
) -> None:
    server.create("nt.loctho", "--role", "site", "--point", "nt.loctho")
    page = people.sign_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan", "nt.vinhhai", "nt.loctho"], "Hình ghép tại trình duyệt")
    viewers = [
        people.enter(page, code, "host"),
        people.enter(people.sign_in(blue, "nt.xuonghuan"), code),
        people.enter(people.sign_in(green, "nt.vinhhai"), code),
        people.enter(people.sign_in(fox, "nt.loctho"), code),
    ]
    names = {"UBND.Nha Trang": "red", "NT.XuongHuan": "blue", "NT.VinhHai": "green", "NT.LocTho": ""}
    seats = {seat_of(page, name): name for name in names}

    def sees(viewer: Seat, layout: Layout) -> bool:
        found = tiles(viewer.page)
        return (
            found.keys() == seats.keys()
            and stand_in(found, layout)
            and all(name in found[seat].text for seat, name in seats.items())
            and all(found[seat].colour == names[name] for seat, name in seats.items() if names[name])
        )

    for viewer in viewers:
        viewer.until(lambda viewer: sees(viewer, Layout("grid")), "four tiles in a grid")
        assert not viewer.page.get_by_test_id("hear").is_visible()
        colours = [on_screen(viewer.page, seat) for seat, name in seats.items() if names[name]]
        assert colours == ["red", "blue", "green"]

    # The host makes one large: its tile grows, the videos of all go on.
    blue_seat = seat_of(page, "NT.XuongHuan")
    page.get_by_test_id("arrange").click()
    page.get_by_test_id("plan-1+5").click()
    page.get_by_test_id("pane-0").click()
    page.locator('[data-testid="pin"][data-point="nt.xuonghuan"]').click()
    for viewer in viewers:
        viewer.page.evaluate(
            "window.before = new Map([...document.querySelectorAll('[data-testid=tile]')]"
            ".map(tile => [tile.dataset.tile, tile.querySelector('video')]))"
        )
    page.get_by_test_id("layout-apply").click()
    large = panes(Layout("1+5"), 6)[0]
    for viewer in viewers:
        viewer.until(lambda viewer: sees(viewer, Layout("1+5")), "one large tile and five small ones")
        assert same_place(tiles(viewer.page)[blue_seat].place, large)
        kept = viewer.page.evaluate(
            "[...window.before].filter(([seat, video]) => video && video === "
            'document.querySelector(`[data-tile="${seat}"] video`)).length'
        )
        assert kept == len(seats), "a camera that stays keeps its element"

    # A tap makes a camera large for the viewer alone, another one goes back.
    guest = viewers[1]
    host_seat = seat_of(page, "UBND.Nha Trang")
    guest.page.locator(f'[data-tile="{host_seat}"]').get_by_test_id("enlarge").click()
    guest.until(lambda guest: guest.share("red") > 0.95, "the host's camera alone")
    assert middle(guest.page.locator("meeting-video").screenshot()) == "red"
    guest.page.get_by_test_id("reduce").click()
    guest.until(lambda guest: sees(guest, Layout("1+5")), "the layout again")

    # The host has everyone get one picture and takes that back; then a person chooses it, and no longer.
    def one_picture(viewer: Seat) -> bool:
        return not tiles(viewer.page) and {"red", "blue", "green"} <= viewer.colours()

    everyones = page.get_by_test_id("one-picture")
    page.get_by_test_id("layout-more").click()
    everyones.click()
    for viewer in viewers:
        viewer.until(one_picture, "one picture for everyone")
    page.get_by_test_id("layout-more").click()
    everyones.click()
    for viewer in viewers:
        viewer.until(lambda viewer: sees(viewer, Layout("1+5")), "cameras again")
    source = guest.page.get_by_test_id("source")
    source.select_option("one-picture")
    guest.until(one_picture, "one picture for the guest")
    assert tiles(page)
    source.select_option("composed")
    guest.until(lambda guest: sees(guest, Layout("1+5")), "cameras again")

    # A camera that is switched off leaves a card with the name.
    guest.page.get_by_test_id("camera").click()
    viewers[2].until(lambda viewer: tiles(viewer.page)[blue_seat].colour == "", "a card instead of the camera")
    expect(viewers[2].page.locator(f'[data-tile="{blue_seat}"]')).to_contain_text("NT.XuongHuan")


def test_a_machine_that_decodes_one_picture_sees_the_same_layout_composed(
    people: People, red: Browser, blue: Browser
) -> None:
    page = people.sign_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan"], "Máy yếu nhận hình ghép")
    host = people.enter(page, code, "host")
    guest = people.enter(people.sign_in(blue, "nt.xuonghuan", composed=True), code)
    for seat in (host, guest):
        seat.until(lambda seat: min(seat.share("red"), seat.share("blue")) > 0.2, "red beside blue")
    host.until(lambda host: len(tiles(host.page)) == 2, "tiles at the host")
    assert not tiles(guest.page)
