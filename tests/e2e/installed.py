"""Two browsers meet on a server that was installed elsewhere: `python -m tests.e2e.installed URL ACCOUNT:PASSWORD …`.

The first account hosts, the second one is its point. Each command of `--during` runs while they meet. It ends with an
error where they do not see and hear each other before and after each. With `--authority` the browsers are given a
certificate (PEM) by which they trust the server's, which takes certutil (libnss3-tools).
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from playwright.sync_api import Playwright, expect, sync_playwright

from tests.e2e import browsers
from tests.e2e.people import People, unmute
from tests.e2e.server import Server

SCREENSHOT = Path("build/installed.png")


def main() -> None:
    """Hold the meeting."""
    parser = argparse.ArgumentParser()
    parser.add_argument("http")
    parser.add_argument("logins", nargs="+")
    parser.add_argument("--authority", type=Path)
    parser.add_argument("--during", action="append", default=[])
    arguments = parser.parse_args()
    accounts = dict(login.split(":", 1) for login in arguments.logins)
    nothing = cast("subprocess.Popen[str]", None)
    server = Server(Path("/nonexistent"), nothing, arguments.http, "", lambda: nothing, accounts)
    expect.set_options(timeout=browsers.PATIENCE_S * 1000)
    people = People(server)
    with tempfile.TemporaryDirectory() as folder:
        if arguments.authority is not None:
            trust(Path(folder), arguments.authority)
        with sync_playwright() as playwright:
            hold(playwright, Path(folder), people, list(accounts), arguments.during)


def hold(
    playwright: Playwright, folder: Path, people: People, accounts: Sequence[str], commands: Sequence[str]
) -> None:
    """Hold a meeting of two accounts, and run commands meanwhile."""
    host_account, point_account = accounts
    began = time.monotonic()
    red = browsers.fake_devices(folder, "red", browsers.plain_picture("red"), 440)
    blue = browsers.fake_devices(folder, "blue", browsers.plain_picture("blue"), 880)
    with browsers.chromium(playwright, red) as first, browsers.chromium(playwright, blue) as second:
        host_page = people.sign_in(first, host_account)
        code = people.register(host_page, [point_account], "Họp thử sau khi cài đặt")
        host = people.enter(host_page, code, "host")
        point = people.enter(people.sign_in(second, point_account), code)
        unmute(host)
        meet(host, point)
        print(f"two browsers saw and heard each other after {time.monotonic() - began:.1f} s", flush=True)
        for command in commands:
            began = time.monotonic()
            subprocess.run(["/bin/bash", "-c", command], check=True)
            meet(host, point)
            print(f"{command}: {time.monotonic() - began:.1f} s, and they still do", flush=True)
        SCREENSHOT.parent.mkdir(exist_ok=True)
        point.page.screenshot(path=SCREENSHOT)
        people.leave()


def trust(home: Path, authority: Path) -> None:
    """Give an authority to the browsers that start from now on, which get a home of their own, and to Playwright."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    tool = ["certutil", "-d", f"sql:{database}"]
    subprocess.run([*tool, "-N", "--empty-password"], check=True)
    subprocess.run([*tool, "-A", "-t", "C,,", "-n", "site", "-i", authority], check=True)
    os.environ |= {"HOME": str(home), "NODE_EXTRA_CA_CERTS": str(authority)}


def meet(host: browsers.Seat, point: browsers.Seat) -> None:
    """Check that both see each other, and that the point hears the host."""
    for seat in (host, point):
        seat.until(lambda seat: {"red", "blue"} <= seat.colours(), "red and blue in one picture")
    point.hears(440)


if __name__ == "__main__":
    main()
