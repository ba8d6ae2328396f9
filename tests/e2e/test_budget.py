"""Measures the first page and those of a meeting on a line of 4 Mbit/s with 40 ms: bytes, until when they can be used,
and movement of what is seen.
The scripts that they ask for at once: web/tests/core/preload.test.js."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e import browsers
from tests.e2e.people import HOST, NO_SERVICE_WORKER, People
from tests.e2e.server import Server

LINE = {"offline": False, "latency": 40, "downloadThroughput": 500_000, "uploadThroughput": 500_000}
"""4 Mbit/s each way with 40 ms, as Chromium emulates it."""
FIRST_PAGE_BYTES = 200_000
MEETING_PAGE_BYTES = 350_000
"""With fonts and texts."""
INTERACTIVE_MS = 1500
TRIES = 3
"""Cold starts, of which the fastest counts: what else a machine does makes one slower, and none faster."""
SHIFT = 0.01
SETTLED_MS = 1500
_SHIFTS = """since => new Promise(resolve => {
  let sum = 0;
  const add = ({startTime, value}) => (sum += startTime > since ? value : 0);
  new PerformanceObserver(list => list.getEntries().forEach(add)).observe({type: 'layout-shift', buffered: true});
  setTimeout(() => resolve(sum), 500);
})"""
"""How much of the page moved by itself since then, as browsers count it."""


_PAINTED = """() => new Promise(resolve => {
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())));
})"""
"""When what the page shows now is painted."""


@dataclass
class Line:
    """A page on the emulated line, with a cold cache; counts what is received."""

    page: Page
    received: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.send("Network.emulateNetworkConditions", LINE)
        session.on("Network.loadingFinished", self._note)

    def _note(self, event: dict[str, Any]) -> None:
        self.received[event["requestId"]] = event["encodedDataLength"]

    @property
    def bytes(self) -> int:
        """The bytes of all responses, headers included."""
        return sum(self.received.values())


def test_the_first_page_is_small_and_stands_still(server: Server, red: Browser) -> None:
    page = red.new_page(locale="vi-VN")
    line = Line(page)
    page.goto(server.http)
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert line.bytes <= FIRST_PAGE_BYTES
    assert page.evaluate(_SHIFTS, 0) <= SHIFT
    page.close()


def test_after_the_sign_in_no_request_waits_for_another(server: Server, red: Browser) -> None:
    page = red.new_page(locale="vi-VN")
    page.add_init_script(NO_SERVICE_WORKER)
    asked: list[str] = []
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.on("request", lambda request: asked.append(request.url.partition("/api/v1/")[2]))
    page.route("**/api/v1/me", hold)  # before the page: Playwright tells nothing of a request that a new route meets
    page.goto(server.http)
    page.get_by_test_id("account").fill(HOST)
    page.get_by_test_id("password").fill(server.accounts[HOST])
    with page.expect_response("**/api/v1/today"):  # while who one is, is not answered yet
        page.get_by_test_id("sign-in").click()
    expect(page.get_by_test_id("loading")).to_be_visible()
    held.pop().continue_()
    expect(page.get_by_role("heading", name="Việc cần làm")).to_be_visible()
    assert [each for each in asked if each and not each.startswith("agenda")] == ["sso", "login", "today", "me"]
    page.close()


@pytest.mark.alone
@pytest.mark.parametrize("where", ["host", "room"])
def test_a_meetings_page_is_small_soon_used_and_stands_still(people: People, red: Browser, where: str) -> None:
    page = people.sign_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan"], "Họp trên đường truyền hẹp")
    address = page.url.replace("today", where).split("?")[0] + f"?code={code}"
    line = Line(page)
    tried = []
    for _ in range(TRIES):
        slowness = browsers.slowness(page)
        line.received.clear()
        page.goto(address, wait_until="commit")
        page.wait_for_function("() => document.querySelector('[data-testid=camera]:enabled')")
        ready = page.evaluate(_PAINTED)
        page.wait_for_timeout(SETTLED_MS)
        assert line.bytes <= MEETING_PAGE_BYTES
        assert page.evaluate(_SHIFTS, ready) <= SHIFT
        tried.append((ready, slowness))
        if ready <= INTERACTIVE_MS * slowness:
            break
    print(f"{where}: {line.bytes} bytes, interactive after (ms, times slower than at rest): {tried}")
    assert [ready for ready, slowness in tried if ready <= INTERACTIVE_MS * slowness], tried
