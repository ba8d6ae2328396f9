"""While the server is away, a page says so and comes back by itself when the server does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsers import wait_until
from tests.e2e.server import MEDIA_PORT, Server, running

_KEPT = """async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  return registration?.active?.state === 'activated' && (await caches.keys()).length === 1;
}"""


@pytest.fixture
def stoppable_server(tmp_path: Path) -> Iterator[Server]:
    """Run a server for one test, on fixed ports, so that it can be started again."""
    with running(tmp_path / "data", MEDIA_PORT + 500, 18_081) as started:
        yield started


def _opened(browser: Browser, server: Server, path: str) -> Page:
    """Open a page and wait until the offline page is kept."""
    page = browser.new_context(locale="vi-VN").new_page()
    page.goto(server.http + path)
    wait_until(page, lambda: bool(page.evaluate(_KEPT)), "the offline page to be kept")
    return page


def test_a_page_says_that_the_server_is_away_and_comes_back_by_itself(
    stoppable_server: Server, red: Browser, fox: Browser
) -> None:
    pages = [_opened(browser, stoppable_server, "index.html?code=1234567890") for browser in (red, fox)]
    stoppable_server.kill()
    for page in pages:
        page.reload()
        expect(page.locator("h1")).to_have_text("Không kết nối được với máy chủ")
        expect(page.get_by_test_id("offline-state")).to_contain_text("Tự thử lại sau")
        assert page.evaluate("document.fonts.check('700 16px \"Be Vietnam Pro\"')")
        assert page.evaluate("getComputedStyle(document.querySelector('main')).borderRadius") == "10px"
    stoppable_server.start_again()
    for page in pages:
        expect(page.get_by_test_id("code")).to_have_value("123 456 7890")
        page.context.close()
