"""Administration has a socket of its own where the settings say so: accounts are administrators there alone."""

from dataclasses import replace
from ipaddress import ip_network

import aiohttp
import pytest

from signaling.app import serve
from signaling.app.application import application
from signaling.app.settings import AdministrationSettings, Settings, read
from signaling.core.errors import SettingsError
from signaling.http.listener import Limits, Listener
from tests.signaling.world import NHA_TRANG, PASSWORD, open_world, problem_of

APART = AdministrationSettings("127.0.0.1", 9443, (ip_network("127.0.0.2/32"),))


async def test_accounts_are_administrators_by_the_socket_of_administration_alone(settings: Settings) -> None:
    async with open_world(replace(settings, administration=APART)) as world:
        elsewhere = await world.signed_in("admin")
        async with elsewhere.get("/api/v1/me") as response:
            seen = await response.json()
        assert (seen["roles"], seen["administration"]) == ([], "https://127.0.0.1:9443/")
        async with (await world.signed_in("central")).get("/api/v1/me") as response:
            assert (await response.json())["administration"] is None
        async with elsewhere.get("/api/v1/tokens") as response:
            assert await problem_of(response) == (403, "forbidden")
        session = await world.session(NHA_TRANG)
        socket = await elsewhere.ws_connect("/ws")
        await socket.send_json({"type": "join", "code": session.code, "accepted": True, "ref": "1"})
        joined = await socket.receive_json()
        while joined.get("ref") != "1":
            joined = await socket.receive_json()
        assert joined["type"] == "error"
        await socket.close()

        listener = Listener(application(world.server), Limits(), 0.1)
        await listener.start()
        bound = serve._bind("127.0.0.1", 0, "X")
        listener.listen(bound, administrators=APART.admits)
        url, jar = f"http://127.0.0.1:{bound.getsockname()[1]}/api/v1/", aiohttp.CookieJar(unsafe=True)
        near = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
        async with aiohttp.ClientSession(url, connector=near, cookie_jar=jar) as client:
            async with client.post("login", json={"account": "admin", "password": PASSWORD}) as response:
                seen = await response.json()
                assert (seen["roles"], seen["administration"]) == (["administrator"], None)
            async with client.get("tokens") as response:
                assert response.status == 200
        async with aiohttp.ClientSession(url) as client:
            with pytest.raises(aiohttp.ClientConnectionError):
                await client.get("me")
        await listener.stop()


async def test_one_that_listens_everywhere_is_reached_by_the_name_that_the_browser_uses(settings: Settings) -> None:
    apart = AdministrationSettings("::", 9443, ())
    async with open_world(replace(settings, administration=apart)) as world:
        admin = await world.signed_in("admin")
        async with admin.get("/api/v1/me", headers={"Host": "hop.example"}) as response:
            assert (await response.json())["administration"] == "https://hop.example:9443/"


def test_the_settings_name_address_and_networks() -> None:
    assert read({}).administration is None
    found = read({"DIEMCAU_ADMIN": "10.57.9.1:9443", "DIEMCAU_ADMIN_NETWORKS": "10.57.9.0/24,fd00::/8"}).administration
    assert found is not None
    assert (found.host, found.port) == ("10.57.9.1", 9443)
    addresses = ("10.57.9.7", "::ffff:10.57.9.7", "fd00::1%eth0", "10.57.8.7", "fe80::1")
    assert [found.admits(each) for each in addresses] == [True, True, True, False, False]
    assert AdministrationSettings("::", 1, ()).admits("10.57.8.7")
    for environ in ({"DIEMCAU_ADMIN_NETWORKS": "10.0.0.0/8"}, {"DIEMCAU_ADMIN": "9443"}):
        with pytest.raises(SettingsError, match="DIEMCAU_ADMIN"):
            read(environ)
