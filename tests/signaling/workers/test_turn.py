"""Browsers are told the TURN server, with credentials as coturn takes them and checks them."""

import hmac
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from signaling.app.settings import Settings, read
from signaling.core.errors import SettingsError
from signaling.workers.turn import TurnSettings, credentials
from tests.signaling.world import open_world

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
URLS = "turns:turn.example:443?transport=tcp, turn:[2001:db8::1]:3478"


def test_credentials_are_those_of_the_published_construction() -> None:
    """The username is the time of their end and a name, the password base64(HMAC-SHA1(secret, username))."""
    username, password = credentials("north", "ubnd", NOW)
    assert username == f"{1796086800 + 3600}:ubnd"
    assert password == b64encode(hmac.new(b"north", username.encode(), "sha1").digest()).decode()


def test_a_turn_server_has_links_and_a_secret() -> None:
    environ = {"DIEMCAU_TURN_URL": URLS, "DIEMCAU_TURN_SECRET": "north"}
    assert read(environ).turn == TurnSettings(tuple(URLS.split(", ")), "north")
    assert "north" not in repr(read(environ))
    assert read({}).turn is None
    for variable, value in environ.items():
        with pytest.raises(SettingsError, match="needs both"):
            read({variable: value})
    with pytest.raises(SettingsError, match="must look like turns:"):
        read({**environ, "DIEMCAU_TURN_URL": "https://turn.example"})


async def test_whoever_signed_in_is_told_the_turn_server(settings: Settings) -> None:
    async with open_world(replace(settings, turn=TurnSettings(("turns:turn.example:443",), "north"))) as world:
        async with (await world.signed_in("nhatrang")).get("/api/v1/ice-servers") as response:
            [server] = await response.json()
        assert server["urls"] == ["turns:turn.example:443"]
        assert server["username"].endswith(":nhatrang")
        assert server["credential"] == credentials("north", "nhatrang", world.clock())[1]
        async with world.client().get("/api/v1/ice-servers") as refused:
            assert refused.status == 401
