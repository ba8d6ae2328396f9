"""Pages, health, metrics, certificate, settings, and the command line.

Also tests `metrics.py`, `pages.py` and `signaling/app/settings.py`.
"""

import asyncio
import re
import shutil
import signal
import ssl
import sys
from argparse import Namespace
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from yarl import URL

from mediaserver.errors import EngineGone
from mediaserver.transport.dscp import Dscp
from mediaserver.worker.engine import LocalEngine
from scheduler.policy.profile_files import SHIPPED, TWO_TIER, files
from scheduler.units.seed import KHANH_HOA_2024, KHANH_HOA_2025, TWO_TIER_PROFILES, outdated
from signaling.app import admin_cli, tls
from signaling.app.admin_cli import NewAccount, create_account, first_start
from signaling.app.services import open_services
from signaling.app.settings import Settings, own_addresses, read
from signaling.core.errors import BadInput, SettingsError
from signaling.h323.gatekeeper.client import GatekeeperSettings
from signaling.http.metrics import COUNTS, HISTOGRAMS, LEVELS
from signaling.http.page_files import media_type
from signaling.sip.agent.agent import SipSettings
from tests.signaling.world import ACCOUNTS, NHA_TRANG, NOW, PASSWORD, World, make_settings, problem_of


async def test_pages_are_served_and_nothing_else(world: World) -> None:
    client = world.client()
    async with client.get("/") as response:
        assert (response.status, response.content_type) == (200, "text/html")
    found = {}
    for path in (
        "/core/api.js",
        "/i18n/vi.json",
        "/package.json",
        "/__init__.py",
        "/tests/",
        "/node_modules/lit/index.js",
        "/../pyproject.toml",
        "/%2e%2e/pyproject.toml",
        "/..%2fsignaling/app.py",
        "/.git/config",
        "/i18n",
        "/a\\b.js",
        "/%00.html",
    ):
        async with client.get(path) as response:
            found[path] = response.status
    assert [path for path, status in found.items() if status == 200] == ["/core/api.js", "/i18n/vi.json"]
    assert {status for path, status in found.items() if path not in ("/core/api.js", "/i18n/vi.json")} == {404}


@given(st.text())
def test_no_path_that_climbs_is_served(path: str) -> None:
    assert media_type(f"../{path}") is None
    assert media_type(f"{path}/../x.js") is None
    assert media_type(f"/{path}.js") is None


async def test_health(world: World) -> None:
    client = world.client()
    async with client.get("/healthz") as response:
        assert await response.json() == {"status": "ok"}
    async with client.get("/readyz") as response:
        assert (response.status, (await response.json())["status"]) == (200, "ok")
    world.engine.failing["stats"] = EngineGone("dead")
    async with client.get("/readyz") as response:
        ready = await response.json()
    assert ready == {"status": "unavailable", "database": True, "valkey": True, "media": False}


async def test_metrics_are_what_prometheus_expects_of_their_types(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await host.ask(type="lower", seat="nobody")
    async with world.client().get("/metrics") as response:
        lines = (await response.text()).splitlines()
    for line in (
        "diemcau_sockets 1.0",
        "diemcau_conferences 1.0",
        'diemcau_seats{role="host"} 1.0',
        'diemcau_sip_calls{protection="clear"} 0.0',
        "# TYPE diemcau_media_rooms gauge",
        'diemcau_media_rooms{worker="0"} 1.0',
        'diemcau_ws_refused_total{word="unknown-seat"} 1.0',
        'diemcau_http_requests_total{method="POST",route="/api/v1/login",status="200"} 1.0',
    ):
        assert line in lines
    world.engine.numbers = {"packets_in": 7, "records": True}
    async with world.client().get("/metrics") as response:
        families = {family.name: family for family in text_string_to_metric_families(await response.text())}
    found = families["diemcau_media_received_datagrams"]
    assert (found.type, [sample[:3] for sample in found.samples]) == (
        "counter",
        [("diemcau_media_received_datagrams_total", {"worker": "0"}, 7.0)],
    )
    found = families["diemcau_media_records"]
    assert (found.type, [sample[:3] for sample in found.samples]) == ("gauge", [(found.name, {"worker": "0"}, 1.0)])
    counters = {name for name, family in families.items() if family.type == "counter"}
    assert counters == {
        "diemcau_file_scans",
        "diemcau_http_requests",
        "diemcau_ws_refused",
        "diemcau_media_received_datagrams",
        "diemcau_media_received_bytes",
        "diemcau_media_sent_datagrams",
        "diemcau_media_sent_bytes",
        "diemcau_media_stranger_datagrams",
        "diemcau_media_malformed_packets",
        "diemcau_media_undecryptable_packets",
        "diemcau_media_camera_requests",
        "diemcau_media_excess_packets",
        "diemcau_media_refused_datagrams",
        "diemcau_media_tcp_dropped_packets",
        "diemcau_media_received_lost_packets",
        "diemcau_media_sent_lost_packets",
        "diemcau_media_sent_repeated_packets",
        "diemcau_media_cpu_seconds",
        "diemcau_media_mix_cpu_seconds",
        "diemcau_media_compose_cpu_seconds",
        "diemcau_media_encode_cpu_seconds",
        "diemcau_media_composed_pictures",
        "diemcau_joins",
        "diemcau_notice_tries",
        "process_cpu_seconds",
        "diemcau_caption_sound_seconds",
        "diemcau_caption_cpu_seconds",
        "diemcau_caption_dropped_seconds",
    }


async def test_every_number_of_a_media_worker_has_its_type() -> None:
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()
    try:
        told = {*await engine.stats()} - {"time"} | {"clock_offset_s"}  # the pool makes one of the other
        assert told | {"records", "drained"} == {*LEVELS, *COUNTS, *HISTOGRAMS}
    finally:
        await engine.close()


def test_the_certificate_names_this_machine_and_is_renewed(tmp_path: Path) -> None:
    def serial() -> int:
        return x509.load_pem_x509_certificate((tmp_path / "cert.pem").read_bytes()).serial_number

    tls.context(tmp_path, ("192.0.2.7",), NOW)
    first = serial()
    names = x509.load_pem_x509_certificate((tmp_path / "cert.pem").read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert "192.0.2.7" in map(str, names.value.get_values_for_type(x509.IPAddress))
    assert "localhost" in names.value.get_values_for_type(x509.DNSName)
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0
    tls.context(tmp_path, ("192.0.2.7",), NOW + timedelta(days=300))
    assert serial() == first
    tls.context(tmp_path, ("192.0.2.7", "192.0.2.8"), NOW)
    second = serial()
    tls.context(tmp_path, ("192.0.2.7",), NOW + timedelta(days=380))
    assert len({first, second, serial()}) == 3


def test_settings_by_default(tmp_path: Path) -> None:
    settings = read({"DIEMCAU_DATA": str(tmp_path)})
    assert settings == Settings(
        data=tmp_path,
        host="0.0.0.0",
        port=8443,
        http_port=None,
        database_url=f"sqlite:///{tmp_path}/diemcau.sqlite3",
        redis_url=None,
        workers=settings.workers,
        media_port=40000,
        media_addresses=own_addresses(),
        max_sessions=20,
        max_points=250,
    )
    assert settings.workers >= 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "65536"),
        ("HTTP_PORT", "-1"),
        ("WORKERS", "-1"),
        ("START_WORKERS", "maybe"),
        ("WORKER_SOCKETS", "run"),
        ("WORKERS", "²"),
        ("MAX_POINTS", "9" * 30),
        ("MAX_POINTS", "0"),
        ("MAX_SESSIONS", "2.5"),
        ("HOST", "localhost"),
        ("MEDIA_ADDRESS", "10.0.0.1,,"),
        ("MEDIA_TCP_FRONT", "10.0.0.1"),
        ("DATABASE_URL", "mysql://x"),
        ("REDIS_URL", "http://x"),
        ("PROFILE", "/nowhere.yaml"),
        ("RTP_PORTS", "40100"),
        ("RTP_PORTS", "40100-40102"),
        ("RTP_PORTS", "40199-40100"),
        ("RTP_PORTS", "22-99"),
        ("RTP_PORTS", "40100-70000"),
        ("DSCP", "EF,AF41"),
        ("DSCP", "46,34,64"),
        ("DSCP", "EF,AF41,-1"),
        ("DSCP", "EF,AF41,BEST"),
        ("SIP_HOST", "sip.example"),
        ("SIP_PORT", "5060x"),
        ("SPEAKER_HOLD", "0.4"),
        ("SPEAKER_HOLD", "nan"),
        ("SPEAKER_HOLD", "long"),
        ("MIXED_VOICES", "0"),
        ("MIXED_VOICES", "17"),
        ("MIXED_VOICES", "2.5"),
        ("MIXED_VOICES", "all"),
        ("H323_GATEKEEPER", "gk.example"),
        ("H323_GATEKEEPER", "10.57.1.2:"),
        ("H323_GATEKEEPER", "10.57.1.2:99999"),
        ("H323_ALIAS", "9000,"),
    ],
)
def test_settings_that_cannot_be_used_are_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"DIEMCAU_{name}="):
        read({f"DIEMCAU_{name}": value})


def test_the_sip_bridge_is_there_only_where_it_is_set(tmp_path: Path) -> None:
    assert read({}).sip is None
    assert read({"DIEMCAU_SIP_HOST": "10.57.0.2"}).sip == SipSettings("10.57.0.2", 5060, most_calls=250, dscp=24)
    set_ = {"DIEMCAU_SIP_HOST": "0.0.0.0", "DIEMCAU_SIP_PORT": "5062", "DIEMCAU_MAX_POINTS": "40"}
    assert read(set_).sip == SipSettings("0.0.0.0", 5062, most_calls=40, dscp=24)
    with pytest.raises(SettingsError, match="needs DIEMCAU_SIP_HOST"):
        read({"DIEMCAU_SIP_PORT": "5060"})
    h323 = read({**set_, "DIEMCAU_H323_PORT": "1720"}).h323
    assert h323 is not None and (h323.host, h323.port, h323.most_calls, h323.dscp) == ("0.0.0.0", 1720, 40, 24)
    assert h323.gatekeeper is None and read(set_).h323 is None
    with_gatekeeper = {**set_, "DIEMCAU_H323_PORT": "1720", "DIEMCAU_H323_GATEKEEPER": "10.57.1.2"}
    assert read(with_gatekeeper).h323 == replace(h323, gatekeeper=GatekeeperSettings("10.57.1.2"))
    with_gatekeeper |= {"DIEMCAU_H323_GATEKEEPER": "[2001:db8::2]:1819", "DIEMCAU_H323_ALIAS": "9000, Diemcau"}
    at = GatekeeperSettings("2001:db8::2", 1819, ("9000", "Diemcau"))
    assert read(with_gatekeeper).h323 == replace(h323, gatekeeper=at)
    with pytest.raises(SettingsError, match="DIEMCAU_H323_GATEKEEPER needs DIEMCAU_H323_PORT"):
        read({"DIEMCAU_SIP_HOST": "10.57.0.2", "DIEMCAU_H323_GATEKEEPER": "10.57.1.2"})
    with pytest.raises(SettingsError, match="DIEMCAU_H323_ALIAS needs DIEMCAU_H323_GATEKEEPER"):
        read({"DIEMCAU_SIP_HOST": "10.57.0.2", "DIEMCAU_H323_PORT": "1720", "DIEMCAU_H323_ALIAS": "9000"})
    with pytest.raises(SettingsError, match="DIEMCAU_H323_PORT needs DIEMCAU_SIP_HOST"):
        read({"DIEMCAU_H323_PORT": "1720"})
    set_ |= {"DIEMCAU_SIP_TLS": str(tmp_path)}
    assert read(set_).sip == SipSettings("0.0.0.0", 5062, most_calls=40, dscp=24, tls=tmp_path, tls_port=5061)
    with pytest.raises(SettingsError, match="SIP_TLS needs DIEMCAU_SIP_HOST"):
        read({"DIEMCAU_SIP_TLS": str(tmp_path)})
    with pytest.raises(SettingsError, match="needs DIEMCAU_SIP_TLS"):
        read({"DIEMCAU_SIP_HOST": "10.57.0.2", "DIEMCAU_SIP_TLS_PORT": "5061"})


def test_a_key_that_cannot_be_used_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        read({"DIEMCAU_CODE_KEY": "c0ffee"})
    assert str(caught.value) == "DIEMCAU_CODE_KEY: must be 64 hexadecimal digits, as of `openssl rand -hex 32`"
    settings = read({"DIEMCAU_CODE_KEY": "c0" * 32})
    assert (settings.code_key, "c0c0" in repr(settings)) == (b"\xc0" * 32, False)


def test_settings_that_are_set() -> None:
    settings = read(
        {
            "DIEMCAU_MEDIA_ADDRESS": "10.0.0.1, 10.0.0.2",
            "DIEMCAU_PORT": " 9443 ",
            "DIEMCAU_DATABASE_URL": "postgresql://db/x",
            "DIEMCAU_REDIS_URL": "redis://r",
            "DIEMCAU_SPEAKER_HOLD": "3",
            "DIEMCAU_MIXED_VOICES": "16",
            "DIEMCAU_RTP_PORTS": "50000 - 50003",
            "DIEMCAU_DSCP": "ef, 0, CS3",
            "DIEMCAU_SIP_HOST": "10.0.0.1",
            "DIEMCAU_MEDIA_TCP": "no",
            "DIEMCAU_MEDIA_TCP_FRONT": "10.0.0.1:443, [2001:db8::1]:443",
        }
    )
    assert (settings.media_tcp, settings.media_tcp_fronts) == (False, (("10.0.0.1", 443), ("2001:db8::1", 443)))
    assert (settings.media_addresses, settings.port) == (("10.0.0.1", "10.0.0.2"), 9443)
    assert (settings.speaker_hold, settings.mixed_voices) == (3.0, 16)
    assert settings.rtp_ports == (50000, 50003)
    assert settings.dscp == Dscp(46, 0, 24)
    assert settings.sip == SipSettings("10.0.0.1", 5060, most_calls=250, dscp=24)
    assert (settings.database_url, settings.redis_url) == ("postgresql://db/x", "redis://r")


async def test_first_start_seeds_and_shows_one_password_once(tmp_path: Path) -> None:
    async with open_services(make_settings(tmp_path, None)) as services:
        password = await first_start(services, NOW)
        assert (len(password or ""), await first_start(services, NOW)) == (16, None)
        points = await services.scheduler.points()
        assert (len(points), {point.taken_over for point in points}) == (169, {NOW})  # shipped, and never assessed
        assert [(a.account, a.must_change) for a in await services.accounts.accounts()] == [("admin", True)]


async def test_an_install_of_today_says_that_its_units_are_those_of_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its districts ended on 30/06/2025; the way to the units of today is said, and works."""
    tiers = replace(make_settings(tmp_path, None), profiles=(*SHIPPED, TWO_TIER))
    async with open_services(tiers) as services:
        await first_start(services, NOW)
        [warning] = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
        assert warning.startswith("! 148 registered units no longer exist")
        assert TWO_TIER_PROFILES in warning
        assert files(TWO_TIER_PROFILES) == tiers.profiles
        for path in (KHANH_HOA_2024, KHANH_HOA_2025):
            assert str(path) in warning
            await services.scheduler.import_units(path.read_text(encoding="utf-8"), taken_over=NOW)
        assert outdated(await services.scheduler.units(), NOW.date()) == []
        caplog.clear()
        await first_start(services, NOW)
        assert not caplog.records


async def test_in_2023_nothing_was_outdated(world: World) -> None:
    async def start_log(now: datetime) -> tuple[int, list[str]]:
        world.clock.now = now
        async with (await world.signed_in("admin")).get("/api/v1/units/outdated") as response:
            found = await response.json()
        return len(found["units"]), found["files"]

    files_ = [str(KHANH_HOA_2024), str(KHANH_HOA_2025)]
    days = (datetime(2024, 10, 31, 16, tzinfo=UTC), datetime(2024, 11, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))
    assert [await start_log(day) for day in days] == [(0, files_), (9, files_), (148, files_)]


@pytest.mark.parametrize(
    "new",
    [
        NewAccount("x", "X", ["site"], point="nowhere"),
        NewAccount("x", "X", ["site"], unit="nowhere"),
        NewAccount("x y", "X", ["site"]),
        NewAccount("host", "X", ["site"]),
        NewAccount("x", "X", ["king"]),
    ],
)
async def test_faulty_accounts_are_refused(world: World, new: NewAccount) -> None:
    with pytest.raises(BadInput):
        await create_account(world.services, new, PASSWORD, NOW)


async def test_r014_central_technicians_are_of_the_operating_unit(world: World) -> None:
    district = (await world.services.scheduler.point("ubnd.khanh-son")).unit
    with pytest.raises(BadInput) as refused:
        await create_account(world.services, NewAccount("x", "X", ["technician"], unit=district), PASSWORD, NOW)
    assert [(fault.field, "không thuộc Đơn vị vận hành" in fault.detail) for fault in refused.value.faults] == [
        ("roles", True)
    ]
    assert await world.accounts.account("x") is None
    await create_account(world.services, NewAccount("x", "X", ["technician"], unit="so.tttt"), PASSWORD, NOW)


async def test_the_commands_of_an_administrator(
    settings: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def run(command: str, **arguments: object) -> list[str]:
        base: dict[str, object] = dict.fromkeys(("unit", "point", "name", "report", "provider"))
        base |= {"ask": False, "must_change": False, "language": "vi"}
        await admin_cli.run(settings, Namespace(admin=command, **{**base, **arguments}))
        return capsys.readouterr().out.splitlines()

    (made,) = await run("create-account", account="Truc", role=["technician"])
    (changed,) = await run("set-password", account="truc")
    assert await run("reset-second-factor", account="Truc") == ["truc"]
    with pytest.raises(BadInput):
        await run("reset-second-factor", account="nobody.at.all")
    points = await run("point-accounts")
    listed = await run("list-accounts")
    assert (made.split("\t")[0], changed.split("\t")[0], made != changed) == ("truc", "truc", True)
    assert (len(points), await run("point-accounts"), len(listed)) == (169, [], 1 + len(ACCOUNTS) + 1 + 169)
    assert await run("seed") == ["added 0, changed 0, unchanged 169"]
    assert await run("capacity", sessions=10, points=100) == ["sessions: 10, usable 8", "points: 100, usable 76"]
    report = tmp_path / "province.json"
    report.write_text('{"proposal": {"sessions": 7, "points": 238}}')
    assert await run("capacity", report=report) == ["sessions: 7, usable 5", "points: 238, usable 186"]


@pytest.mark.parametrize(
    "report",
    ["", "[]", "7", '{"proposal": null}', '{"proposal": {"sessions": 7}}', "[" * 100_000]
    + [f'{{"proposal": {{"sessions": {bad}, "points": 5}}}}' for bad in ("0", "-1", "true", '"7"', "1.5")],
)
def test_a_report_that_proposes_nothing_sets_nothing(report: str) -> None:
    with pytest.raises(BadInput):
        admin_cli.proposed(report)


async def _lines(stream: asyncio.StreamReader, wanted: int) -> str:
    async with asyncio.timeout(40):
        return "".join([(await stream.readline()).decode() for _ in range(wanted)])


async def test_serve_from_the_first_line_to_the_last_child(tmp_path: Path) -> None:
    environ = {
        "DIEMCAU_DATA": str(tmp_path),
        "DIEMCAU_PORT": "0",
        "DIEMCAU_HTTP_PORT": "0",
        "DIEMCAU_HOST": "127.0.0.1",
        "DIEMCAU_MEDIA_PORT": "0",
        "DIEMCAU_MEDIA_ADDRESS": "127.0.0.1",
        "DIEMCAU_WORKERS": "1",
    }
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "signaling", "serve")
    server = await asyncio.create_subprocess_exec(*command, env=environ, stdout=pipe, stderr=pipe)
    assert server.stdout is not None
    text = await _lines(server.stdout, 4)
    https, http = re.findall(r"https?://localhost:\d+/", text)
    found = re.search(r"account (\w+), one-time password (\S+)", text)
    assert found is not None
    second = await asyncio.create_subprocess_exec(*command, env=environ, stdout=pipe, stderr=pipe)
    complaint = (await second.communicate())[1].decode()
    assert (second.returncode, complaint) == (
        1,
        f"diemcau: another server runs on {tmp_path}; set DIEMCAU_DATA for a second one, or take its meetings over "
        "with `diemcau serve --take-over`\n",
    )
    trusting = ssl.create_default_context(cafile=tmp_path / "tls" / "cert.pem")
    async with ClientSession(cookie_jar=CookieJar()) as client:
        async with client.get(f"{http}readyz") as response:
            assert await response.json() == {"status": "ok", "database": True, "valkey": True, "media": True}
        body = {"account": found[1], "password": found[2]}
        async with client.get(f"{http}metrics") as response:
            assert (response.status, response.content_type) == (200, "text/plain")
        async with client.get(f"{https}metrics", ssl=trusting) as response:
            assert await problem_of(response) == (404, "not-found")
        async with client.post(f"{https}api/v1/login", json=body, ssl=trusting) as response:
            assert (await response.json())["must_change"] is True
        socket_refused = client.get(f"{https}api/v1/sessions", ssl=trusting)
        async with socket_refused as response:
            assert await problem_of(response) == (403, "must-change-password")
    tls.context(tmp_path / "renewed", ("127.0.0.1",), datetime.now(UTC))
    for name in ("cert.pem", "key.pem"):
        shutil.copy(tmp_path / "renewed" / name, tmp_path / "tls" / name)
    server.send_signal(signal.SIGHUP)
    where, renewed = ("127.0.0.1", URL(https).port or 0), (tmp_path / "renewed" / "cert.pem").read_text()
    async with asyncio.timeout(30):
        while await asyncio.to_thread(ssl.get_server_certificate, where) != renewed:
            await asyncio.sleep(0.02)
    tasks = Path(f"/proc/{server.pid}/task").glob("*/children")
    children = [int(pid) for task in tasks for pid in task.read_text().split()]
    server.send_signal(signal.SIGTERM)
    async with asyncio.timeout(30):
        _, errors = await server.communicate()
    [warning] = errors.decode().splitlines()  # of units that are none any longer, and nothing else
    assert (server.returncode, "signaling.app.admin_cli ! 148 registered units" in warning) == (0, True)
    assert (len(children), [Path(f"/proc/{pid}").exists() for pid in children]) == (2, [False, False])
