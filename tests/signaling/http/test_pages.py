"""Files of the pages are sent compressed, and not again while the browser has them: for ever under their version."""

import asyncio
import gzip
import os
import re
import threading
from pathlib import Path

from aiohttp import ClientSession

from signaling.http.pages import PAGES
from tests.signaling.world import World

WEB = Path(__file__).parents[3] / "web"
GZIP = {"Accept-Encoding": "gzip, deflate, br"}


async def test_texts_are_compressed_for_browsers_that_take_it(world: World) -> None:
    client = world.client()
    client._auto_decompress = False  # as it is on the wire
    for name in ("app.css", "icons.svg", "i18n/vi.json", "core/api.js"):
        async with client.get(f"/{name}", headers=GZIP) as response:
            assert response.headers["Content-Encoding"] == "gzip"
            assert response.headers["Vary"] == "Accept-Encoding"
            assert gzip.decompress(await response.read()) == (WEB / name).read_bytes()
    async with client.get("/app.css", headers={"Accept-Encoding": "identity"}) as response:
        assert "Content-Encoding" not in response.headers
        assert await response.read() == (WEB / "app.css").read_bytes()
    async with client.get("/fonts/be-vietnam-pro-latin-400-normal.woff2", headers=GZIP) as response:
        assert "Content-Encoding" not in response.headers


async def test_what_the_browser_has_is_not_sent_again(world: World) -> None:
    client = world.client()
    async with client.get("/app.css", headers=GZIP) as response:
        tag = response.headers["ETag"]
    async with client.get("/app.css", headers={**GZIP, "If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")
    async with client.get("/app.css", headers={**GZIP, "If-None-Match": '"other"'}) as response:
        assert response.status == 200


async def test_pages_come_while_every_shared_thread_hangs(world: World) -> None:
    released = threading.Event()
    hanging = [asyncio.ensure_future(asyncio.to_thread(released.wait)) for _ in range(64)]
    try:
        async with asyncio.timeout(20):
            for name in ("offline.html", "vendor/rnnoise.wasm"):
                async with world.client().get(f"/{name}", headers=GZIP) as response:
                    assert await response.read() == (WEB / name).read_bytes()
    finally:
        released.set()
        await asyncio.gather(*hanging)


async def _named(client: ClientSession, page: str) -> tuple[str, list[str]]:
    """Return the version under which a page names its files, and these files."""
    async with client.get(f"/{page}") as response:
        assert (response.status, response.headers["Cache-Control"]) == (200, "no-cache")
        found = re.findall(r'"v/([0-9a-f]{16})/([^"]+)"', await response.text())
    [version] = {version for version, _ in found}
    return version, [path for _, path in found]


async def test_the_parts_of_a_page_are_kept_for_ever_under_their_version(world: World) -> None:
    client = world.client()
    version, paths = await _named(client, "room.html")
    assert (await _named(client, "index.html"))[0] == version
    assert {"icon.svg", "app.css", "support.js", "core/api.js", "meeting/room/room.js"} <= set(paths)
    for path in (*paths, "i18n/vi.json", "fonts/be-vietnam-pro-latin-400-normal.woff2"):
        async with client.get(f"/v/{version}/{path}") as response:
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert await response.read() == (WEB / path).read_bytes()


async def test_a_page_of_another_release_gets_no_script_of_this_one(world: World) -> None:
    client = world.client()
    for address in ("/v/0123456789abcdef/core/api.js", "/v//core/api.js", "/v/core/api.js"):
        async with client.get(address) as response:
            assert (response.status, response.headers["Cache-Control"]) == (404, "no-cache")
    async with client.get("/v/0123456789abcdef/support.js") as response:  # but what says so, and loads the page anew
        assert (response.status, response.headers["Cache-Control"]) == (200, "no-cache")


async def test_nothing_but_parts_of_pages_has_a_version(world: World) -> None:
    client = world.client()
    version, _ = await _named(client, "room.html")
    for path in ("package.json", "__init__.py", "%2e%2e/pyproject.toml", "nothing.js", "index.html", ""):
        async with client.get(f"/v/{version}/{path}") as response:
            assert response.status == 404
    async with client.get("/offline.html") as response:  # the service worker keeps its files with it
        assert await response.text() == (WEB / "offline.html").read_text()


async def test_a_reload_shows_what_was_edited_and_the_address_before_goes_away(world: World, tmp_path: Path) -> None:
    client = world.client()
    page, script = tmp_path / "index.html", tmp_path / "app.js"
    page.write_text('<script src="app.js"></script>')
    script.write_text("go(1);")
    os.utime(script, ns=(1, 1))
    world.http.app[PAGES].folder = tmp_path
    before, _ = await _named(client, "index.html")
    script.write_text("go(2);")
    os.utime(script, ns=(2, 2))
    async with client.get(f"/v/{before}/app.js") as response:  # not what that version says for ever
        assert response.status == 404
    after, _ = await _named(client, "index.html")
    async with client.get(f"/v/{after}/app.js") as response:
        assert await response.text() == "go(2);"
    async with client.get(f"/v/{before}/app.js") as response:
        assert response.status == 404
