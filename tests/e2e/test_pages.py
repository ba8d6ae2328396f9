"""Every page outside a meeting opens without errors, untranslated texts or faults of its layout, and as assistive
technology needs it: in both languages and both themes.

Two pairs of them suffice: contrast is a matter of the theme alone, names and lengths are one of the language alone.

Also tests `layout_boxes.py` and `accessibility.py`.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Frame, Page, Request, Route, expect

from tests.e2e.accessibility import findings, misnamed
from tests.e2e.browsers import wait_until
from tests.e2e.layout_boxes import layout_faults
from tests.e2e.people import HANOI, HOST, NO_SERVICE_WORKER, registration, sign_in
from tests.e2e.server import Server

SIZES = ((820, 1180), (640, 400), (320, 700), (1280, 800))
"""A tablet held upright, 200 % zoom, 400 % zoom of a desktop (WCAG 2.2, 1.4.10), and a desktop."""
KEYS = {
    language: frozenset(
        key
        for folder in ("", "office/")
        for key in json.loads((Path(__file__).parents[2] / f"web/i18n/{folder}{language}.json").read_text())
    )
    for language in ("vi", "en")
}
STATES = ("directory.html?point=nt.xuonghuan", "calendar.html?view=month", "calendar.html?view=list", "design.html")
"""What the navigation leads to by another step."""
UNLINKED = ("invitation.html?session={session}", "test-room.html", "offline.html")
"""What the host of a session opens, and no navigation leads to."""
_TEXTS = """() => {
  const found = [], roots = [document];
  while (roots.length) for (const each of roots.pop().querySelectorAll('*')) {
    if (each.shadowRoot) roots.push(each.shadowRoot);
    if (!each.children.length) found.push(each.textContent.trim());
  }
  return found;
}"""
_EXPECTED = (("display.html", "401"), ("", "status=2152398850"))
"""What a browser logs and is no fault: a room display is not paired yet; a font stops loading with its page."""
_HELD = "/healthz"
_DRAWN = "() => new Promise(drawn => requestAnimationFrame(() => setTimeout(drawn)))"
_OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_LOOK = "look => Object.assign(localStorage, look)"


def links(page: Page) -> list[str]:
    """Return the links of the rail, and of the menu of the account."""
    found = page.locator("nav a, #profile a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    return list(dict.fromkeys(found))


def hold(route: Route) -> None:
    """Let a request wait: the offline page stays where it is as long as it hears nothing of the server."""


class Tour:
    """Visits pages and notes what is wrong with them."""

    def __init__(self, server: Server, page: Page) -> None:
        self._server = server
        self._page = page
        self.faults: list[str] = []
        page.on("console", self._note)
        self._under_way: set[Request] = set()
        page.on("request", self._ask)
        page.on("requestfinished", self._answer)
        page.on("requestfailed", self._answer)
        page.on("framenavigated", self._begin)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))

    def _note(self, message: ConsoleMessage) -> None:
        expected = any(url in self._page.url and text in message.text for url, text in _EXPECTED)
        if message.type in {"error", "warning"} and not expected:
            self.faults.append(f"{self._page.url}: {message.text}")

    def _begin(self, _: Frame) -> None:
        """Forget what the page before asked for."""
        self._under_way.clear()

    def _ask(self, request: Request) -> None:
        if not request.url.endswith(_HELD):
            self._under_way.add(request)

    def _answer(self, request: Request) -> None:
        self._under_way.discard(request)

    def open(self, link: str, language: str) -> None:
        """Open a page, which is not denied, and look at its texts."""
        page = self._page
        if link == "offline.html":
            page.route(f"**{_HELD}", hold)
        page.goto(f"{self._server.http}{link}")
        expect(page.locator("h1").first).to_be_visible()
        if link != "design.html":  # it shows that state
            wait_until(page, self._is_drawn, f"all of {link}")
            expect(page.get_by_test_id("loading").filter(visible=True)).to_have_count(0)
        expect(page.get_by_test_id("denied")).to_have_count(0)
        self.faults += [f"{link}: {text}" for text in page.evaluate(_TEXTS) if text in KEYS[language]]

    def _is_drawn(self) -> bool:
        """Return whether no request is under way, nor begun by what the last answers drew."""
        if self._under_way:
            return False
        self._page.evaluate(_DRAWN)
        return not self._under_way

    def visit(self, link: str, language: str) -> None:
        """Open a page and look at its texts, layout, accessibility and names."""
        page = self._page
        self.open(link, language)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            self.faults += [f"{link}, {width} wide: {fault}" for fault in self._layout(language)]
        self.faults += [f"{link}, {language}: {fault}" for fault in (*findings(page), *misnamed(page))]

    def _layout(self, language: str) -> list[str]:
        """Return all faults in Vietnamese in Chromium; elsewhere, where texts or fonts differ, that of the width."""
        browser = self._page.context.browser
        if language == "vi" and browser is not None and browser.browser_type.name == "chromium":
            return layout_faults(self._page)
        beside = self._page.evaluate(_OVERFLOW)
        return [f"{beside} pixels are beside the screen"] if beside else []


@dataclass(frozen=True)
class Visitor:
    """An account that visits the pages of the navigation, or those named; `looks` are pairs of language and theme.

    One that only opens them has no look at what others are shown alike.
    """

    account: str
    browser: str
    pages: tuple[str, ...] = ()
    looks: tuple[tuple[str, str], ...] = (("vi", "light"), ("en", "dark"))
    opens: bool = False

    def __str__(self) -> str:
        return "-".join((self.account or "stranger", self.browser, *(("opens",) if self.opens else ())))


VISITORS = (
    Visitor("truc.ban", "red"),
    Visitor(HOST, "fox", looks=(("en", "dark"),)),
    Visitor("giam.sat", "red", ("supervision.html",), looks=(("vi", "light"),)),
    Visitor("giam.sat", "fox", ("supervision.html",), looks=(("en", "dark"),)),
    Visitor("giam.sat", "red", looks=(("vi", "light"),), opens=True),
    Visitor(HOST, "red", UNLINKED),
    Visitor("", "red", ("index.html", "display.html")),
    Visitor("", "fox", ("index.html", "check.html")),
    Visitor("nt.vinhhai", "red", looks=(("vi", "light"),), opens=True),
    Visitor("quan.tri", "red", looks=(("vi", "light"),), opens=True),
    Visitor("noc.vien-thong", "fox", looks=(("en", "dark"),), opens=True),
)
"""Between them every page in both languages and both themes, and each browser many of them."""


@pytest.fixture(scope="module")
def staffed(server: Server, red: Browser) -> Server:
    """The server with an administrator and a provider of lines."""
    page = red.new_page()
    sign_in(server, page, "truc.ban")
    answer = page.request.post(f"{server.http}api/v1/directory/providers", data={"name": "Viễn thông Khánh Hòa"})
    assert answer.ok, answer.text()
    page.close()
    server.create("quan.tri", "--role", "administrator")
    server.create("noc.vien-thong", "--role", "provider", "--provider", "Viễn thông Khánh Hòa")
    return server


@pytest.mark.parametrize("visitor", VISITORS, ids=str)
def test_ux_20_22_23_defect_24_every_page_of_the_bar_opens_whole(
    visitor: Visitor, staffed: Server, red: Browser, fox: Browser
) -> None:
    server = staffed
    browser = {"red": red, "fox": fox}[visitor.browser]
    page = browser.new_page(locale="vi-VN")
    if visitor.account:
        sign_in(server, page, visitor.account)
    page.goto(f"{server.http}{'sessions.html' if visitor.account else 'index.html'}", wait_until="networkidle")
    expect(page.get_by_test_id("me" if visitor.account else "sign-in")).to_be_visible()
    tour = Tour(server, page)
    pages = visitor.pages or (*links(page), *(() if visitor.opens else STATES))
    if visitor.account == HOST:
        hour = 19 if visitor.pages else 15
        evening = (datetime.now(HANOI) + timedelta(days=33)).replace(hour=hour, minute=0, second=0, microsecond=0)
        made = page.request.post(f"{server.http}api/v1/registrations", data=registration("Giao ban tối", evening))
        pages = tuple(link.format(session=made.json().get("id")) for link in pages)
    for language, theme in visitor.looks:
        page.evaluate(_LOOK, {"language": language, "theme": theme})  # of the page that is opened next
        for link in pages:
            (tour.open if visitor.opens else tour.visit)(link, language)
    page.set_viewport_size({"width": 320, "height": 640})
    tour.faults += [f"{pages[-1]}, 320 wide: {fault}" for fault in findings(page)]
    page.close()
    assert tour.faults == [], "\n".join(tour.faults)


def test_a_pairing_code_of_the_widest_letters_fits_the_narrowest_screen(server: Server, red: Browser) -> None:
    page = red.new_page(viewport={"width": 320, "height": 700})
    page.goto(f"{server.http}display.html")
    code = page.get_by_test_id("pairing-code")
    expect(code).to_be_visible()
    code.evaluate("(code, widest) => { code.textContent = widest; }", "WWWW-WWWW")
    assert page.evaluate(_OVERFLOW) == 0
    page.close()


@pytest.mark.parametrize("name", ["red", "fox"])
def test_a_page_whose_scripts_have_gone_is_loaded_anew(name: str, server: Server, red: Browser, fox: Browser) -> None:
    page = {"red": red, "fox": fox}[name].new_page()
    opened: list[str] = []

    def gone(route: Route) -> None:
        if len(opened) == 1:
            route.fulfill(status=404)
        else:
            route.continue_()

    page.on("request", lambda request: opened.append(request.url) if request.is_navigation_request() else None)
    page.route("**/core/base.js", gone)
    page.goto(server.http)
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    assert opened == [server.http] * 2
    page.close()


def test_a_page_opened_again_asks_the_server_for_nothing_but_itself(server: Server, red: Browser) -> None:
    page = red.new_page()
    page.add_init_script(NO_SERVICE_WORKER)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    asked: dict[str, str] = {}

    def ask(event: dict[str, Any]) -> None:
        asked[event["requestId"]] = event["request"]["url"]

    def find_kept(event: dict[str, Any]) -> None:
        if event.get("response", {"fromDiskCache": True}).get("fromDiskCache"):
            asked.pop(event["requestId"], None)

    session.on("Network.requestWillBeSent", ask)
    session.on("Network.requestServedFromCache", find_kept)
    session.on("Network.responseReceived", find_kept)
    parts = []
    for _ in range(2):
        asked.clear()
        page.goto(f"{server.http}check.html", wait_until="networkidle")
        expect(page.locator("h1")).to_be_visible()
        parts.append([url for url in asked.values() if "/v/" in url])
    assert len(parts[0]) > 20
    assert parts[1] == []
    page.close()


_BROKEN = """<main style="width: 300px">
  <p style="width: 40px; overflow: hidden; white-space: nowrap">Cut off here</p>
  <div style="height: 20px"><p style="margin: 0">Above</p><p style="margin: -20px 0 0">Below</p></div>
  <p style="width: 40px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap">Ends on purpose</p>
  <details><summary>Closed</summary><p>Unseen</p></details>
  <svg viewBox="0 0 200 20" width="100" height="10"><text y="12" font-size="12">Tiny</text></svg>
  <div style="width: 900px">Wide</div></main>"""
_NAMES = """<main><button>Save</button><button aria-label="Save it">Save</button>
  <button aria-label="Store">Save</button><button></button>
  <span role="link" aria-label="On">Back</span><input type="checkbox" aria-label="Told"></main>"""


def test_faults_of_layout_and_names_are_found(red: Browser) -> None:
    page = red.new_page(viewport={"width": 600, "height": 400})
    page.set_content(_BROKEN)
    small = "“Tiny” is in letters of 6.0 pixels"
    found = ["308 pixels are beside the screen", "“Cut off here” is cut", small, "“Above” is on “Below”"]
    assert layout_faults(page) == found
    page.set_content(_NAMES)
    faults = ["link “Back” is called “On”", "button “” is called “”", "button “Save” is called “Store”"]
    assert sorted(misnamed(page)) == sorted(faults)
    assert page.locator("[data-words]").count() == 0
    page.close()
