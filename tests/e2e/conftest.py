"""One server and three browsers for all tests of this folder; each test holds a session of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.e2e import browsers
from tests.e2e.people import HOST, People
from tests.e2e.server import MEDIA_PORT, Server, running

SAID = [
    [["Kính", 0.4], ["thưa", 0.8], ["các", 1.2], ["đồng", 1.6], ["chí,", 2.0]],
    [["tôi", 2.6], ["xin", 3.0], ["báo", 3.4], ["cáo.", 3.8]],
]
"""What captions say of everyone who speaks: two utterances, words with their ends in seconds."""

LONG = (
    *("pages", "meeting", "console_points", "office", "planning", "room", "forms", "operations", "account"),
    *("console", "sessions", "room_systems", "directory", "votes", "tiles"),
)
"""Files that take a minute or so, most of those of several minutes first."""

expect.set_options(timeout=browsers.PATIENCE_S * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let long files begin first: workers that share the files end at about the same time."""
    place = {f"test_{name}": number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with the accounts of one district, another district and the centre."""
    with running(tmp_path_factory.mktemp("e2e") / "data", sip=True, said=[SAID]) as started:
        started.create("ubnd.nha-trang", "--role", "registrant", "--role", "site", "--point", "ubnd.nha-trang")
        started.create("nt.xuonghuan", "--role", "site", "--point", "nt.xuonghuan")
        started.create("nt.vinhhai", "--role", "site", "--point", "nt.vinhhai")
        started.create("ubnd.cam-ranh", "--role", "registrant", "--role", "site", "--point", "ubnd.cam-ranh")
        started.create("truc.ban", "--role", "technician")
        started.create("giam.sat", "--role", "supervisor")
        yield started


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Start Playwright, which drives Debian's own browsers."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory for the files of fake cameras and microphones."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def red(playwright: Playwright, media: Path) -> Iterator[Browser]:
    """Run Chromium with a red camera and a 440 Hz microphone."""
    with browsers.chromium(
        playwright, browsers.fake_devices(media, "red", browsers.plain_picture("red"), 440)
    ) as browser:
        yield browser


@pytest.fixture(scope="session")
def blue(playwright: Playwright, media: Path) -> Iterator[Browser]:
    """Run Chromium with a blue camera and an 880 Hz microphone."""
    with browsers.chromium(
        playwright, browsers.fake_devices(media, "blue", browsers.plain_picture("blue"), 880)
    ) as browser:
        yield browser


@pytest.fixture(scope="session")
def fox(playwright: Playwright) -> Iterator[Browser]:
    """Run Firefox with a camera of changing colours and a 1 kHz microphone."""
    with browsers.firefox(playwright) as browser:
        yield browser


@pytest.fixture
def people(server: Server) -> Iterator[People]:
    """Return the people of one test, whose pages close when it ends."""
    everybody = People(server)
    yield everybody
    everybody.leave()


@pytest.fixture(scope="module")
def restartable_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server for one file, on fixed ports, so that it can be restarted."""
    with running(tmp_path_factory.mktemp("restartable") / "data", MEDIA_PORT + 500, 18_080) as started:
        started.create(HOST, "--role", "registrant", "--role", "site", "--point", HOST)
        started.create("nt.xuonghuan", "--role", "site", "--point", "nt.xuonghuan")
        started.create("nt.vinhhai", "--role", "site", "--point", "nt.vinhhai")
        yield started
