"""Measures how long a change of layout takes from the host's click to another browser's picture. Not a test.

tests/e2e/netns.sh .venv/bin/python -m tests.e2e.latency
"""

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.e2e import browsers
from tests.e2e.people import HOST, People, seat_of
from tests.e2e.server import running

CHANGES = 20

_WATCH = f"""wanted => {{ const pixels = {browsers.PIXELS}; window.seen = new Promise(resolve => {{
  const picture = document.querySelector('[data-testid=picture]'), middle = 4 * (18 * 64 + 32);
  const look = () => {{
    const [red, , blue] = pixels(picture).slice(middle);
    if ((red > blue ? 'red' : 'blue') === wanted) resolve(Date.now()); else setTimeout(look, 5);
  }};
  look();
}}); }}"""

_CHOOSE = """seat => {
  const focus = document.querySelector('[data-testid=focus]');
  focus.value = seat;
  focus.dispatchEvent(new Event('change', {bubbles: true}));
  return Date.now();
}"""


def main() -> None:
    """Let two points take turns in the whole picture, and print the times."""
    data = Path(tempfile.mkdtemp())
    with running(data / "data") as server, sync_playwright() as playwright:
        server.create(HOST, "--role", "registrant", "--role", "site", "--point", HOST)
        server.create("nt.xuonghuan", "--role", "site", "--point", "nt.xuonghuan")
        red = browsers.chromium(playwright, browsers.fake_devices(data, "red", browsers.plain_picture("red", 30), 440))
        blue = browsers.chromium(
            playwright, browsers.fake_devices(data, "blue", browsers.plain_picture("blue", 30), 880)
        )
        with red as first, blue as second:
            people = People(server)
            page = people.sign_in(first, HOST)
            code = people.register(page, ["nt.xuonghuan"], "Đo độ trễ")
            people.enter(page, code, "host")
            point = people.enter(people.sign_in(second, "nt.xuonghuan"), code)
            point.until(lambda point: {"red", "blue"} <= point.colours(), "both")
            seats = {"red": seat_of(page, "UBND.Nha Trang"), "blue": seat_of(page, "NT.XuongHuan")}
            page.get_by_test_id("layout-single").click()
            delays_ms = []
            for turn in range(CHANGES):
                wanted = ("blue", "red")[turn % 2]
                page.wait_for_timeout(500)
                point.page.evaluate(_WATCH, wanted)
                clicked = page.evaluate(_CHOOSE, seats[wanted])
                delays_ms.append(point.page.evaluate("() => window.seen") - clicked)
    print(
        f"layout change seen after {statistics.median(delays_ms):.0f} ms (median), "
        f"{max(delays_ms):.0f} ms (longest of {CHANGES})"
    )


if __name__ == "__main__":
    main()
