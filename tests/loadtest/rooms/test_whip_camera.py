"""whip-client as a room's camera, which a server refuses. `tests/e2e` has a whole server that takes it."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from loadtest.rooms.room import RoomFailed
from loadtest.rooms.whip_camera import whip_camera

TOKEN = "ma-truy-cap-cua-camera"


async def test_what_the_server_refuses_is_told(tmp_path: Path) -> None:
    asked: list[str] = []

    async def refuse(request: web.Request) -> web.Response:
        asked.append(request.headers["Authorization"])
        return web.Response(status=401)

    app = web.Application()
    app.router.add_post("/whip/1", refuse)
    async with TestServer(app) as server, whip_camera(tmp_path, TOKEN, "blue", 880) as camera:
        await camera.dial(str(server.make_url("/whip/1")))
        with pytest.raises(RoomFailed, match=r"whip-client is not connected:(.|\n)*\b401\b"):
            await camera.established()
    assert asked == [f"Bearer {TOKEN}"]
