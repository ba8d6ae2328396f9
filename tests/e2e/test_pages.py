"""Every page of the navigation opens without errors, untranslated texts or content wider than the screen."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.e2e.people import People
from tests.e2e.server import Server

SIZES = ((1280, 800), (820, 1180), (320, 700))
"""A desktop, a tablet held upright, and what 400 % zoom leaves of a desktop (WCAG 2.2, 1.4.10)."""
KEYS = frozenset(json.loads((Path(__file__).parents[2] / "web" / "i18n" / "vi.json").read_text()))
_TEXTS = """() => {
  const found = [], roots = [document];
  while (roots.length) for (const each of roots.pop().querySelectorAll('*')) {
    if (each.shadowRoot) roots.push(each.shadowRoot);
    if (!each.children.length) found.push(each.textContent.trim());
  }
  return found;
}"""
_OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def links(page: Page) -> list[str]:
    """Return the links of the rail, and of the menu of the account."""
    found = page.locator("nav a, #profile a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("account", ["truc.ban", "giam.sat", "ubnd.nha-trang"])
def test_ux_23_every_page_of_the_bar_opens_whole(account: str, server: Server, red: Browser, people: People) -> None:
    page = people.sign_in(red, account)
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            errors.append(f"{page.url}: {message.text}")

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
    for link in links(page):
        page.goto(f"{server.http}{link}")
        page.wait_for_load_state("networkidle")
        expect(page.locator("h1").first).to_be_visible()
        errors += [f"{link}: {text}" for text in page.evaluate(_TEXTS) if text in KEYS]
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            if overflow := page.evaluate(_OVERFLOW):
                errors.append(f"{link}: {overflow} pixels beside a screen of {width}")
    assert errors == []
