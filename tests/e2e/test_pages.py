"""Every page outside a meeting opens without errors, untranslated texts or faults of its layout, and as assistive
technology needs it: in both languages and both themes.

Also tests `layout_boxes.py`.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.e2e.accessibility import findings, misnamed
from tests.e2e.layout_boxes import layout_faults
from tests.e2e.people import HANOI, HOST
from tests.e2e.screenshots import registration, sign_in
from tests.e2e.server import Server

SIZES = ((820, 1180), (640, 400), (320, 700), (1280, 800))
"""A tablet held upright, 200 % zoom, 400 % zoom of a desktop (WCAG 2.2, 1.4.10), and a desktop."""
KEYS = {
    language: frozenset(json.loads((Path(__file__).parents[2] / f"web/i18n/{language}.json").read_text()))
    for language in ("vi", "en")
}
STATES = ("directory.html?point=nt.xuonghuan", "calendar.html?view=month", "calendar.html?view=list", "design.html")
"""What the navigation leads to by another step."""
_TEXTS = """() => {
  const found = [], roots = [document];
  while (roots.length) for (const each of roots.pop().querySelectorAll('*')) {
    if (each.shadowRoot) roots.push(each.shadowRoot);
    if (!each.children.length) found.push(each.textContent.trim());
  }
  return found;
}"""
_OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_LOOK = "look => Object.assign(localStorage, look)"


def links(page: Page) -> list[str]:
    """Return the links of the rail, and of the menu of the account."""
    found = page.locator("nav a, #profile a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    return list(dict.fromkeys(found))


class Tour:
    """Visits pages and notes what is wrong with them."""

    def __init__(self, server: Server, page: Page) -> None:
        self._server = server
        self._page = page
        self.faults: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(f"{self._page.url}: {message.text}")

    def visit(self, link: str, language: str) -> None:
        """Open a page and look at its texts, layout, accessibility and names."""
        page = self._page
        page.goto(f"{self._server.http}{link}")
        page.wait_for_load_state("networkidle")
        expect(page.locator("h1").first).to_be_visible()
        if link != "design.html":  # it shows that state
            expect(page.get_by_test_id("loading").filter(visible=True)).to_have_count(0)
        self.faults += [f"{link}: {text}" for text in page.evaluate(_TEXTS) if text in KEYS[language]]
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
    """An account that visits the pages of the navigation, or those named; `looks` are pairs of language and theme."""

    account: str
    browser: str
    pages: tuple[str, ...] = ()
    looks: tuple[tuple[str, str], ...] = (("vi", "light"), ("en", "dark"))


VISITORS = (
    Visitor("truc.ban", "red"),
    Visitor(HOST, "fox", looks=(("en", "dark"),)),
    Visitor("giam.sat", "red", looks=(("vi", "light"),)),
    Visitor("giam.sat", "fox", ("supervision.html",)),
    Visitor("", "red", ("index.html",)),
    Visitor("", "fox", ("index.html", "check.html")),
)
"""Between them every page in both languages and both themes, and each browser many of them."""


@pytest.mark.parametrize("visitor", VISITORS, ids=lambda visitor: f"{visitor.account or 'stranger'}-{visitor.browser}")
def test_ux_20_22_23_defect_24_every_page_of_the_bar_opens_whole(
    visitor: Visitor, server: Server, red: Browser, fox: Browser
) -> None:
    browser = {"red": red, "fox": fox}[visitor.browser]
    page = browser.new_page(locale="vi-VN")
    if visitor.account:
        sign_in(server, page, visitor.account)
        page.goto(f"{server.http}sessions.html", wait_until="networkidle")
        expect(page.get_by_test_id("me")).to_be_visible()
    tour = Tour(server, page)
    pages = visitor.pages or (*links(page), *STATES)
    if visitor.account == HOST:
        evening = (datetime.now(HANOI) + timedelta(days=33)).replace(hour=19, minute=0, second=0, microsecond=0)
        page.request.post(f"{server.http}api/v1/registrations", data=registration("Giao ban tối", evening))
    for language, theme in visitor.looks:
        page.goto(f"{server.http}design.html", wait_until="networkidle")
        page.evaluate(_LOOK, {"language": language, "theme": theme})
        for link in pages:
            tour.visit(link, language)
    page.set_viewport_size({"width": 320, "height": 640})
    tour.faults += [f"{pages[-1]}, 320 wide: {fault}" for fault in findings(page)]
    page.close()
    assert tour.faults == []


_BROKEN = """<main style="width: 300px">
  <p style="width: 40px; overflow: hidden; white-space: nowrap">Cut off here</p>
  <div style="height: 20px"><p style="margin: 0">Above</p><p style="margin: -20px 0 0">Below</p></div>
  <p style="width: 40px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap">Ends on purpose</p>
  <details><summary>Closed</summary><p>Unseen</p></details>
  <div style="width: 900px">Wide</div></main>"""


def test_faults_of_a_layout_are_found(red: Browser) -> None:
    page = red.new_page(viewport={"width": 600, "height": 400})
    page.set_content(_BROKEN)
    assert layout_faults(page) == ["308 pixels are beside the screen", "“Cut off here” is cut", "“Above” is on “Below”"]
    page.close()
