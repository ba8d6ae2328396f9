"""Files of the pages are sent compressed, and not again while the browser has them."""

import asyncio
import gzip
import threading
from pathlib import Path

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
            for name in ("index.html", "vendor/rnnoise.wasm"):
                async with world.client().get(f"/{name}", headers=GZIP) as response:
                    assert await response.read() == (WEB / name).read_bytes()
    finally:
        released.set()
        await asyncio.gather(*hanging)
