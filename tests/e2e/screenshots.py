"""Takes a screenshot of every page, room and console in a meeting, at four sizes in both themes: `make screenshots`.

They go to `build/screenshots`; those that documents show, to `docs`; with `--shown` these alone are taken. A page that
is wider than its window is named, and the command then fails.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.clip import FPS
from loadtest.media.face import Face, draw
from loadtest.media.library import MediaLibrary
from loadtest.media.picture import RENDITIONS
from tests.e2e import browsers
from tests.e2e.people import (
    HANOI,
    HOST,
    HOUR,
    NO_REMINDERS,
    People,
    between,
    record_live,
    registration,
    sign_in,
    stop_recording,
)
from tests.e2e.points import simulated
from tests.e2e.server import Server, running

Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Selection:
    """Sizes, themes and pages that are taken; without any page, all that an account is shown."""

    sizes: tuple[tuple[int, int], ...]
    themes: tuple[Theme, ...]
    pages: tuple[str, ...] = ()


ALL = Selection(((375, 812), (820, 1180), (1280, 800), (1920, 1080)), ("light", "dark"))
SHOWN = Selection(((1280, 800),), ("light",), ("sessions", "register"))
"""What documents show, with the recordings."""
UNLINKED = ("account.html", "index.html", "design.html", "offline.html", "display.html", "test-room.html")
"""Pages that no menu leads to."""
ROOT = Path(__file__).parents[2]
COLOURS = 128
SPEAKS = "nt.vinhhai"
POINTS = (
    *(SPEAKS, "nt.loctho", "nt.phuoclong", "nt.vinhtruong", "nt.vinhthanh", "nt.vinhtho", "nt.phuochai"),
    *("nt.vinhnguyen", "nt.vinhphuoc", "nt.ngochiep", "nt.vinhhoa"),
)
"""Points that sit in the meeting, beside the host and the one whose room is taken."""
ROOM = "nt.xuonghuan"
LAYERS = OfferOptions().layers
HANDS = ("nt.phuoclong", "nt.vinhtho", "nt.ngochiep")
SETTLE_MS = 6000
"""Until all pictures have come, and what passes has passed."""
DRAWN_MS = 200
"""Until a page is laid out anew for another size."""
RECORDED_MS = 10_000
READY_MS = 120_000
_CONTROLS = "() => [...document.querySelectorAll('.room .bar')].every(bar => getComputedStyle(bar).opacity === '1')"
"""Whether the room's controls are drawn, which fade while nobody moves."""
_OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def register_sessions(server: Server, page: Page) -> str:
    """Register one session that is about to begin, a repeat, and one with a rehearsal; return the first one's id."""
    now = datetime.now(HANOI).replace(second=0, microsecond=0)
    morning = (now + timedelta(days=8)).replace(hour=8, minute=0)
    urgent = {"class": "khan_cap", "ground": "chi_dao_ubnd_tinh", "reason": "Công điện 05/CĐ-UBND"}
    rehearsal = between(morning - 18 * HOUR, morning - 17 * HOUR)
    bodies = [registration("Họp khẩn ứng phó bão số 12", now + timedelta(minutes=3), **urgent)]
    bodies += [registration("Giao ban hằng tuần", morning + timedelta(weeks=week)) for week in range(4)]
    bodies.append(registration("Chuyển đổi số quý IV", morning + 6 * HOUR, rehearsal=rehearsal))
    made = []
    for body in bodies:
        response = page.request.post(f"{server.http}api/v1/registrations", data=body)
        assert response.ok, response.text()
        made.append(str(response.json()["id"]))
    return made[0]


def shown(width: int, theme: Theme) -> bool:
    """Return whether documents show a page of this size and theme."""
    return (width, theme) == (SHOWN.sizes[0][0], SHOWN.themes[0])


def keep(page: Page, file: Path) -> None:
    """Store what is seen, in few colours: small, and the same for the eye."""
    with Image.open(BytesIO(page.screenshot())) as image:
        small = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    file.parent.mkdir(parents=True, exist_ok=True)
    small.save(file, optimize=True)


def take(server: Server, page: Page, theme: Theme, out: Path, selection: Selection, unlinked: list[str]) -> list[str]:
    """Take the pages that the account is shown and those `unlinked`; return those wider than their window."""
    page.route("**/healthz", lambda route: route.abort())  # or the page without a network leaves for the first page
    page.goto(f"{server.http}sessions.html")
    page.locator("nav a").first.wait_for()
    links = page.locator("nav a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    wide = []
    for name, _, query in (link.partition(".html") for link in selection.pages or [*links, *unlinked]):
        page.goto(f"{server.http}{name}.html{query}")
        page.wait_for_load_state("networkidle")
        print(f"{name}, {theme}", flush=True)
        for width, height in selection.sizes:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(DRAWN_MS)
            keep(page, out / f"{name}-{width}-{theme}.png")
            if page.evaluate(_OVERFLOW):
                wide.append(f"{name} at {width}, {theme}")
            if shown(width, theme) and name in SHOWN.pages:
                keep(page, ROOT / "docs" / f"{name}.png")
    return wide


def camera(directory: Path, number: int) -> str:
    """Return a file that Chromium takes for the camera of a person who listens (YUV4MPEG2)."""
    width, height, _ = RENDITIONS[1]
    file = directory / f"{number}.y4m"
    frames = [b"FRAME\n" + frame.tobytes() for frame in draw(Face(number), width, height, speaking=False)]
    file.write_bytes(f"YUV4MPEG2 W{width} H{height} F{FPS}:1 Ip A1:1 C420\n".encode() + b"".join(frames))
    return str(file)


@contextmanager
def meeting(server: Server, people: People, chair: Browser, guest: Browser) -> Iterator[dict[str, Page]]:
    """Hold a meeting of thirteen points, of which one speaks and three raised their hands; yield its pages."""
    with ExitStack() as leaving:
        points = leaving.enter_context(simulated(server))
        leaving.callback(people.leave)
        host, room = people.sign_in(chair, HOST), people.sign_in(guest, ROOM)
        code = points.book(HOST, [*POINTS, ROOM, "nt.vinhluong"], "Họp giao ban tháng Mười một")
        library = MediaLibrary()
        for number, _ in enumerate(POINTS, 1):
            points.run(library.prepare_person(number, "VP8", LAYERS))
        points.run(library.prepare_speaking(1, "VP8", LAYERS))
        people.enter(host, code, "host")
        points.join(code, {point: library.person(number) for number, point in enumerate(POINTS, 1)})
        people.enter(room, code)
        give = {"type": "floor", "seat": points.seat(SPEAKS), "open": True}
        host.evaluate("message => document.querySelector('host-page').meeting.command(message)", give)
        points.speak(SPEAKS)
        for point in HANDS:
            points.raise_hand(point)
        yield {"host-console": host, "room": room}


def take_meeting(pages: dict[str, Page], out: Path, selection: Selection) -> list[str]:
    """Take the pages of a meeting; return those wider than their window."""
    wide = []
    for (name, page), theme, (width, height) in product(pages.items(), selection.themes, selection.sizes):
        print(f"{name} at {width}, {theme}", flush=True)
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(SETTLE_MS)
        page.mouse.move(width / 2, height / 2)  # shows the room's controls
        page.wait_for_function(_CONTROLS)
        keep(page, out / f"{name}-{width}-{theme}.png")
        if page.evaluate(_OVERFLOW):
            wide.append(f"{name} at {width}, {theme}")
        if shown(width, theme):
            keep(page, ROOT / "docs" / f"{name}.png")
    return wide


def take_recording(server: Server, host: Page) -> None:
    """Record some seconds of a meeting; take the list of recordings."""
    record_live(host)
    host.wait_for_timeout(RECORDED_MS)
    stop_recording(host)
    page = host.context.new_page()
    width, height = SHOWN.sizes[0]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{server.http}recordings.html")
    ready = page.locator('[data-testid="recording-row"][data-state="ready"]')
    ready.get_by_test_id("thumbnail").wait_for(timeout=READY_MS)
    page.wait_for_load_state("networkidle")
    keep(page, ROOT / "docs" / "recordings.png")


def take_all_pages(server: Server, browser: Browser, out: Path, selection: Selection) -> list[str]:
    """Take the pages outside a meeting as a technician and as a unit; return those wider than their window."""
    wide, session = [], ""
    for theme in selection.themes:
        for account in ("truc.ban", "giam.sat", HOST):  # the unit comes last: documents show its pages
            page = browser.new_context(locale="vi-VN", color_scheme=theme).new_page()
            page.add_init_script(NO_REMINDERS)
            sign_in(server, page, account)
            if theme == "light" and account == "truc.ban":
                session = register_sessions(server, page)
            unlinked = [f"invitation.html?session={session}", *UNLINKED] if account == HOST else []
            wide += take(server, page, theme, out, selection, unlinked)
            page.context.close()
    return wide


def main() -> None:
    """Start a server with some sessions; take its pages, then those of a meeting, then its recording."""
    selection = SHOWN if "--shown" in sys.argv[1:] else ALL
    expect.set_options(timeout=browsers.PATIENCE_S * 1000)
    out = ROOT / "build" / "screenshots"
    with (
        tempfile.TemporaryDirectory() as directory,
        running(Path(directory) / "data") as server,
        sync_playwright() as playwright,
    ):
        server.create(HOST, "--role", "registrant", "--role", "site", "--point", HOST)
        server.create(ROOM, "--role", "site", "--point", ROOM)
        server.create("truc.ban", "--role", "technician")
        server.create("giam.sat", "--role", "supervisor")
        cameras = [f"--use-file-for-fake-video-capture={camera(Path(directory), number)}" for number in (0, 12)]
        with browsers.chromium(playwright, cameras[:1]) as chair, browsers.chromium(playwright, cameras[1:]) as guest:
            wide = take_all_pages(server, chair, out, selection)
            with meeting(server, People(server), chair, guest) as pages:
                wide += take_meeting(pages, out, selection)
                take_recording(server, pages["host-console"])
    print(f"{len(list(out.glob('*.png')))} screenshots in {out}")
    if wide:
        sys.exit("wider than the window: " + ", ".join(wide))


if __name__ == "__main__":
    main()
