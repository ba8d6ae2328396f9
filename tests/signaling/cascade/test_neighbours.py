"""Registering neighbouring systems at the command line, and asking one below over HTTPS."""

import argparse
import io
import ssl
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from signaling.app import admin_cli, tls
from signaling.app.services import open_services
from signaling.app.settings import Settings
from signaling.audit.log import EntryFilter
from signaling.cascade.client import BelowClient, Unanswered, refusal_reason
from signaling.cascade.contacts import Contacts
from signaling.cascade.model import Neighbour
from signaling.cascade.wire import Outcome, Wanted
from signaling.core.errors import BadInput
from tests.signaling.request_bodies import GOOD
from tests.signaling.world import CAM_RANH, HOST, NHA_TRANG, NOW

WANTED = Wanted.model_validate(GOOD["/cascade/reservations"])
OUTCOME = Outcome(state="accepted", number="KH-2026-0001", code="1234567890")


async def _admin(settings: Settings, *words: str) -> None:
    parser = argparse.ArgumentParser()
    admin_cli.add_arguments(parser)
    await admin_cli.run(settings, parser.parse_args(["neighbour", *words]))


async def test_neighbours_are_registered_listed_and_removed_at_the_command_line(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await _admin(settings, "chinh-phu", "--point", HOST, "--our-point", NHA_TRANG)
    key = capsys.readouterr().out.strip()
    (tmp_path / "their.pem").write_text("PEM")
    monkeypatch.setattr(sys, "stdin", io.StringIO("xa.secret-of-theirs\n"))
    below = ("--below", "https://xa.example", "--authority", str(tmp_path / "their.pem"))
    await _admin(settings, "xa", "--point", CAM_RANH, *below)
    await _admin(settings)
    assert capsys.readouterr().out.split() == [
        f"chinh-phu,above,{HOST},{NHA_TRANG}",
        f"xa,below,{CAM_RANH},https://xa.example",
    ]
    async with open_services(settings) as services:
        known = await services.neighbours.owner(key)
        assert (known, await services.neighbours.key("xa")) == (
            Neighbour("chinh-phu", HOST, NHA_TRANG),
            "xa.secret-of-theirs",
        )
        assert [each.authority for each in await services.neighbours.all()] == ["", "PEM"]
    stored = (settings.data / "diemcau.sqlite3").read_bytes()
    assert [each.encode() in stored for each in (key.partition(".")[2], "secret-of-theirs")] == [False, False]
    await _admin(settings, "xa", "--remove")
    await _admin(settings)
    assert capsys.readouterr().out.split() == [f"chinh-phu,above,{HOST},{NHA_TRANG}"]
    async with open_services(settings) as services:
        details = [each.entry.detail for each in await services.audit.newest(EntryFilter(action="admin"), 9)]
    assert len(details) == 5
    assert "secret" not in " ".join(details)


@pytest.mark.parametrize(
    "words",
    [
        ("xa",),
        ("xa", "--point", CAM_RANH),
        ("xa", "--point", CAM_RANH, "--below", "https://xa.example", "--our-point", HOST),
        ("xa", "--point", "nowhere", "--our-point", HOST),
        ("Xã", "--point", CAM_RANH, "--our-point", HOST),
        ("xa", "--point", CAM_RANH, "--below", "http://xa.example"),
        ("xa", "--point", CAM_RANH, "--below", "https://xa.example/path"),
        ("xa", "--remove"),
    ],
)
async def test_what_is_no_neighbour_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("key\n"))
    with pytest.raises(BadInput):
        await _admin(settings, *words)


@pytest.mark.parametrize("key", ["", "a" * 101, "khóa", "a\tb"])
async def test_what_is_no_key_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{key}\n"))
    with pytest.raises(BadInput, match="key"):
        await _admin(settings, "xa", "--point", CAM_RANH, "--below", "https://xa.example")


async def test_a_point_stands_for_one_system(settings: Settings) -> None:
    await _admin(settings, "chinh-phu", "--point", HOST, "--our-point", NHA_TRANG)
    with pytest.raises(BadInput):
        await _admin(settings, "bo-y-te", "--point", HOST, "--our-point", NHA_TRANG)


async def _answer(_: web.Request) -> web.Response:
    return web.Response(text=OUTCOME.model_dump_json(), content_type="application/json")


async def test_a_system_below_is_asked_over_https_by_its_own_certificate_if_that_is_known(tmp_path: Path) -> None:
    served: ssl.SSLContext = tls.context(tmp_path, ["127.0.0.1"], datetime.now(UTC))
    app = web.Application()
    app.add_routes([web.post("/api/v1/cascade/reservations", _answer)])
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=served)
    neighbour = Neighbour("xa", NHA_TRANG, url=str(server.make_url("")))
    known = Neighbour("xa", NHA_TRANG, url=neighbour.url, authority=(tmp_path / "cert.pem").read_text())
    client = BelowClient(Contacts(lambda: NOW))
    assert await client.reserve(known, "key", WANTED) == OUTCOME
    with pytest.raises(Unanswered, match="Certificate"):
        await client.reserve(neighbour, "key", WANTED)
    await client.close()
    await server.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"detail": "Hết chỗ", "errors": [{"field": "points", "detail": "2"}]}'.encode(), "Hết chỗ · points: 2"),
        (b'{"detail": "a\\nb"}', "a b"),
        (b'{"detail": "' + b"x" * 600 + b'"}', "x" * 500),
        (b'{"detail": "x", "errors": [1]}', ""),
        (b"[" * 60_000, ""),
    ],
)
def test_what_a_refusal_says_is_one_line_of_bounded_length(text: bytes, said: str) -> None:
    assert refusal_reason(text) == said


@pytest.mark.parametrize("text", ["", "{}", "[" * 50_000, '{"state": "accepted", "number": "1", "code": "sip:x@y"}'])
async def test_what_is_no_answer_counts_as_none(text: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="application/json")

    app = web.Application()
    app.add_routes([web.post("/api/v1/cascade/reservations", answer)])
    client = BelowClient(Contacts(lambda: NOW))
    async with TestServer(app) as server:
        with pytest.raises(Unanswered):
            await client.reserve(Neighbour("xa", NHA_TRANG, url=str(server.make_url(""))), "key", WANTED)
    await client.close()
