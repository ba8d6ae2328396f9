"""Monitoring: /metrics of a started server, and the alert rules and dashboards of deploy/ that are made of it.

Also tests `readings.py`, `signaling/core/loop_lag.py` and `mediaserver/worker/process_stats.py`.
"""

import asyncio
import json
import logging
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from mediaserver import logs
from mediaserver.api import RoomOptions
from mediaserver.recording.disk_space import Space
from mediaserver.worker.engine import LocalEngine
from scheduler.webhooks.events import EVENT_TYPES
from scheduler.webhooks.outbox import Webhook
from signaling.app import readings, tls
from signaling.app.settings import Settings
from signaling.audit.syslog.forwarder import SyslogForwarder
from signaling.audit.syslog.target import SyslogSettings
from signaling.core import loop_lag
from signaling.core.audit_entry import AuditEntry
from signaling.core.loop_lag import LoopLag
from signaling.http import middleware
from signaling.mail.config import Server
from signaling.mail.inbox_watcher import InboxWatcher
from signaling.recording.model import Recording
from tests.debian import demand
from tests.signaling.sqlite_lock import sqlite_locked
from tests.signaling.world import NHA_TRANG, NOW, PATIENCE_S, World

ROOT = Path(__file__).parents[3]
PROMETHEUS, GRAFANA = ROOT / "deploy/prometheus", ROOT / "deploy/grafana"
RULES = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "diemcau.rules.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
TOLD = {
    "CPU": {"process_cpu_seconds": "counter", "diemcau_media_cpu_seconds": "counter"},
    "loop lag": {"diemcau_loop_lag_seconds": "histogram", "diemcau_media_loop_lag_seconds": "histogram"},
    "packets": {"diemcau_media_received_datagrams": "counter", "diemcau_media_sent_datagrams": "counter"},
    "loss": {"diemcau_media_received_lost_packets": "counter", "diemcau_media_sent_lost_packets": "counter"},
    "encoding and mixing": {"diemcau_media_encode_cpu_seconds": "counter", "diemcau_media_mix_cpu_seconds": "counter"},
    "joins": {"diemcau_joins": "counter", "diemcau_join_seconds": "histogram"},
    "recordings": {"diemcau_recordings": "gauge"},
    "queues": {
        "diemcau_queue_length": "gauge",
        "diemcau_webhook_deliveries": "gauge",
        "diemcau_syslog_waiting_entries": "gauge",
    },
    "disk": {"diemcau_disk_free_bytes": "gauge", "diemcau_disk_size_bytes": "gauge"},
    "certificates": {"diemcau_certificate_expiry_timestamp_seconds": "gauge"},
    "mail": {"diemcau_notice_tries": "counter", "diemcau_notices_failed": "gauge", "diemcau_inbox_up": "gauge"},
    "database": {"diemcau_database_up": "gauge", "diemcau_database_ping_seconds": "gauge"},
    "guard": {"diemcau_connected_legs": "gauge", "diemcau_usable_legs": "gauge", "diemcau_ws_refused": "counter"},
}
"""The kinds of metrics, by what they tell; promtool looks at units in names."""
VARYING = {"job", "status", "channel", "outcome", "certificate"}
SUFFIXES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}
SELECTOR = re.compile(r"\b((?:diemcau|process|up\b|ALERTS\b)[\w:]*)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)=(~?)"([^"]*)"')


async def families(world: World) -> dict[str, Metric]:
    """Return the metrics of a server, by name, as Prometheus parses them."""
    async with world.client().get("/metrics") as response:
        assert response.status == 200
        return {each.name: each for each in text_string_to_metric_families(await response.text())}


def values(family: Metric) -> dict[tuple[str, ...], float]:
    """Return the values of a family, by its labels."""
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


def promtool(*arguments: str, given: bytes = b"") -> str:
    """Run promtool of Debian; return what it prints."""
    run = subprocess.run([demand("promtool"), *arguments], input=given, capture_output=True, check=False)
    assert run.returncode == 0, run.stdout.decode() + run.stderr.decode()
    return (run.stdout + run.stderr).decode()


def test_the_rules_are_valid_and_each_alert_fires_on_its_fault_alone() -> None:
    assert "SUCCESS" in promtool("check", "config", "--lint=all", "--lint-fatal", str(PROMETHEUS / "prometheus.yml"))
    assert "SUCCESS" in promtool("test", "rules", str(PROMETHEUS / "diemcau.rules.test.yml"))
    tested = (PROMETHEUS / "diemcau.rules.test.yml").read_text("utf-8")
    assert [rule["alert"] for rule in RULES if rule.get("alert", "") not in tested] == []


def test_each_alert_says_what_to_do() -> None:
    headings = re.findall(r"^#+ (\w+)$", (ROOT / "docs/operations.md").read_text("utf-8"), re.MULTILINE)
    alerts = [rule for rule in RULES if "alert" in rule]
    assert [each for each in headings if each.startswith("Diemcau")] == [rule["alert"] for rule in alerts]
    for rule in alerts:
        said = rule["annotations"]
        assert said.keys() == {"summary", "description", "runbook_url"}
        assert said["runbook_url"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"critical", "warning"}


def expressions() -> Iterator[str]:
    """Yield every expression of the rules and the dashboards."""
    yield from (rule["expr"] for rule in RULES)
    for file in GRAFANA.glob("*.json"):
        board: dict[str, Any] = json.loads(file.read_text("utf-8"))
        yield from (target["expr"] for panel in board["panels"] for target in panel["targets"])


def unknown(expression: str, told: dict[str, list[dict[str, str]]]) -> list[str]:
    """Return the selectors of an expression that select none of these series, given as labels by name.

    A name without a series has none yet. Labels of `VARYING` have values that only come with use.
    """
    found = []
    for name, matchers in SELECTOR.findall(expression):
        wanted = [(label, like, value) for label, like, value in MATCHER.findall(matchers) if label not in VARYING]
        known = told.get(name)
        if known is None or (known and not any(_matches(labels, wanted) for labels in known)):
            found.append(f"{name}{{{matchers}}}")
    return found


def _matches(labels: dict[str, str], wanted: list[tuple[str, str, str]]) -> bool:
    return all(
        re.fullmatch(value if like else re.escape(value), labels.get(label, "")) for label, like, value in wanted
    )


def series(text: str) -> dict[str, list[dict[str, str]]]:
    """Return the labels of all series in an exposition, by the names that may be queried."""
    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(text):
        for suffix in SUFFIXES[family.type]:
            found[family.name + suffix] = []
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


async def test_rules_and_dashboards_are_made_of_what_a_server_tells(world: World) -> None:
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()
    world.engine.numbers = dict(await engine.stats())
    await engine.close()
    async with world.client().get("/metrics") as response:
        text = await response.text()
    assert promtool("check", "metrics", given=text.encode()) == ""
    kinds = {family.name: family.type for family in text_string_to_metric_families(text)}
    assert {what: {name: kinds.get(name) for name in names} for what, names in TOLD.items()} == TOLD
    made: dict[str, list[dict[str, str]]] = {rule["record"]: [] for rule in RULES if "record" in rule}
    told = series(text) | made | {"up": [], "ALERTS": []}
    assert unknown('rate(diemcau_no_such[5m]) + diemcau_seats{role="nobody"} / up{job="x"}', told) == [
        "diemcau_no_such{}",
        'diemcau_seats{role="nobody"}',
    ]
    assert [missing for expression in expressions() for missing in unknown(expression, told)] == []


async def test_a_media_worker_tells_its_process_and_its_lateness(world: World) -> None:
    began, used = time.time(), time.process_time()
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()
    await engine.open_room("room", RoomOptions())
    async with asyncio.timeout(PATIENCE_S):
        while not sum(engine._clock.lag._counts):
            await asyncio.sleep(0.01)
    world.engine.numbers = dict(await engine.stats())
    await engine.close()
    found = await families(world)
    assert began <= values(found["diemcau_media_start_time_seconds"])["0",] <= time.time()
    assert used <= values(found["diemcau_media_cpu_seconds"])["0",] <= time.process_time()
    assert values(found["diemcau_media_resident_memory_bytes"])["0",] > 1e7
    lag = {
        sample.labels.get("le", sample.name): sample.value for sample in found["diemcau_media_loop_lag_seconds"].samples
    }
    assert list(lag)[:7] == ["0.005", "0.02", "0.05", "0.1", "0.25", "1.0", "+Inf"]
    assert lag["+Inf"] == lag["diemcau_media_loop_lag_seconds_count"] >= 1
    assert values(found["diemcau_media_mix_cpu_seconds"])["0",] >= 0


async def test_what_is_read_of_the_parts_of_a_server(world: World, settings: Settings) -> None:
    tls.context(settings.data / "tls", ("127.0.0.1",), NOW)
    world.disk.space = Space(free=9, total=100)
    waiting = Recording("r", "s", 1, str(settings.recordings / "s/1.mp4"), "Họp", "UBND", "u", NOW, state="finishing")
    for each in (waiting, replace(waiting, id="b", part=2, state="broken", path=str(settings.recordings / "s/2.mp4"))):
        await world.services.recording_store.add_part(each)
    session = await world.session(NHA_TRANG)
    await world.join("host", session)
    world.server.meetings.count_legs()
    found = await families(world)
    assert values(found["diemcau_recordings"]) == {
        ("recording",): 0,
        ("finishing",): 1,
        ("ready",): 0,
        ("broken",): 1,
        ("deleted",): 0,
    }
    assert values(found["diemcau_queue_length"]) == {("remux",): 1, ("compose",): 0, ("transcript",): 0, ("outbox",): 0}
    assert values(found["diemcau_disk_free_bytes"])["recordings",] == 9
    assert values(found["diemcau_disk_size_bytes"])["data",] > 1e6
    _, ends = tls.described(settings.data / "tls")
    assert ends is not None
    assert values(found["diemcau_certificate_expiry_timestamp_seconds"]) == {("https",): ends.timestamp()}
    assert (values(found["diemcau_database_up"]), values(found["diemcau_valkey_up"])) == ({(): 1}, {(): 1})
    assert 0 < values(found["diemcau_database_ping_seconds"])[()] < 5
    assert (values(found["diemcau_connected_legs"]), values(found["diemcau_usable_legs"])) == ({(): 1}, {(): 204})


async def test_what_is_not_told_to_others_is_counted(world: World) -> None:
    service, read = world.services.webhooks, world.server.readings
    assert await service.add(Webhook("portal", "https://portal.example/", EVENT_TYPES, NOW, "admin"), "whsec_x")
    await service.test("portal", NOW)
    key = Ed25519PrivateKey.generate()
    nowhere = SyslogSettings("udp", "127.0.0.1", 1)
    syslog = SyslogForwarder(nowhere, world.services.database, world.services.audit, key, world.clock, "a")
    told: list[dict[str, dict[tuple[str, ...], float]]] = []
    for away in (False, True):
        syslog.away = away
        found = {each.name: values(each) for each in await replace(read, syslog=syslog).read()}
        told.append({name: found[name] for name in found if name.startswith(("diemcau_syslog", "diemcau_webhook"))})
        await syslog.forward()
        await world.services.audit.append(AuditEntry(NOW, "host", "register", "1"))
    await syslog.stop()
    before = {
        "diemcau_webhook_deliveries": {("waiting",): 1, ("failed",): 0},
        "diemcau_webhook_oldest_waiting_timestamp_seconds": {(): NOW.timestamp()},
        "diemcau_webhooks_paused": {(): 0},
        "diemcau_syslog_up": {(): 1},
        "diemcau_syslog_waiting_entries": {(): 0},
        "diemcau_syslog_oldest_waiting_timestamp_seconds": {},
    }
    waiting = {"diemcau_syslog_oldest_waiting_timestamp_seconds": {(): NOW.timestamp()}}
    after = {"diemcau_syslog_up": {(): 0}, "diemcau_syslog_waiting_entries": {(): 1}, **waiting}
    assert told == [before, before | after]


async def test_the_mailbox_is_told_of_where_there_is_one(world: World) -> None:
    read = world.server.readings
    assert values((await families(world))["diemcau_inbox_up"]) == {}
    server = Server("127.0.0.1", 1, "none", "", "", "")
    inbox = InboxWatcher(world.services.inbound_mail, server, ssl.create_default_context(), world.clock, lambda: None)
    told = []
    for fault in ("", "imap-login"):
        inbox.fault = fault
        found = {family.name: family for family in await replace(read, inbox=inbox).read()}
        told.append(values(found["diemcau_inbox_up"]))
    await inbox.stop()
    assert told == [{(): 1}, {(): 0}]


async def test_a_join_is_counted_by_what_came_of_it(world: World) -> None:
    session = await world.session(NHA_TRANG)
    point = await world.socket("nhatrang")
    assert (await point.ask(type="join", code="000-000-000"))["error"] == "code-unknown"
    assert (await point.ask(type="join", code=session.code))["error"] == "notice"
    assert (await point.ask(type="join", code=session.code, accepted=True))["type"] == "joined"
    found = await families(world)
    counted = [s for s in found["diemcau_joins"].samples if s.name.endswith("_total")]
    assert {s.labels["outcome"]: s.value for s in counted} == {
        "seated": 1,
        "waiting": 0,
        "asked": 1,
        "refused": 1,
        "failed": 0,
    }
    [took] = [s.value for s in found["diemcau_join_seconds"].samples if s.name.endswith("_count")]
    assert took == 1


async def test_without_database_and_valkey_the_rest_is_told(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "LOCK_SECONDS", 0.2)
    away = replace(world.server.readings, redis=Redis(unix_socket_path="/nowhere"))
    async with sqlite_locked(settings.data / "diemcau.sqlite3"):
        found = {family.name: family for family in await away.read()}
    assert (values(found["diemcau_database_up"]), values(found["diemcau_valkey_up"])) == ({(): 0}, {(): 0})
    assert "diemcau_queue_length" not in found
    assert values(found["diemcau_disk_free_bytes"])["recordings",] == 100


@pytest.fixture
def json_log() -> Iterator[StringIO]:
    """A log in JSON of everything from warnings on."""
    text = StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logs.JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield text
    logging.getLogger().removeHandler(handler)


async def test_a_fault_is_found_in_the_log_by_request_session_and_seat(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch, json_log: StringIO
) -> None:
    session = await world.session(NHA_TRANG)
    host, joined = await world.join("host", session)
    browser = await world.signed_in("host")
    monkeypatch.setattr(middleware, "LOCK_SECONDS", 0.1)
    monkeypatch.setattr("signaling.meeting.websocket.LOCK_SECONDS", 0.1)
    async with sqlite_locked(settings.data / "diemcau.sqlite3"):
        async with browser.post(f"/api/v1/sessions/{session.id}/cancel", json={}) as response:
            id_, body = response.headers["X-Request-ID"], await response.json()
        assert (await host.ask(type="report", kind="no-sound", text=""))["error"] == "unavailable"
    lines = [json.loads(line) for line in json_log.getvalue().splitlines()]
    assert (response.status, body["request"]) == (503, id_)
    [of_request] = [line for line in lines if line.get("request") == id_]
    assert (of_request["logger"], of_request["session"]) == ("signaling.http.middleware", session.id)
    assert "traceback" in of_request and "seat" not in of_request
    [of_message] = [line for line in lines if line["logger"] == "signaling.meeting.dispatcher"]
    assert (of_message["session"], of_message["seat"]) == (session.id, joined["seat"])
    assert re.fullmatch("[0-9a-f]{16}", of_message["request"]) and of_message["request"] != id_


async def test_a_request_keeps_an_id_that_can_stand_in_a_log(world: World) -> None:
    client = world.client()
    told = {}
    for given in ("Abc.1_-", "x" * 64, "x" * 65, "a b", "é", "{}"):
        async with client.get("/api/v1/me", headers={"X-Request-ID": given}) as response:
            told[given] = response.headers["X-Request-ID"]
            assert (await response.json())["request"] == told[given]
    kept = {given for given, id_ in told.items() if given == id_}
    assert kept == {"Abc.1_-", "x" * 64}
    assert all(re.fullmatch("[0-9a-f]{16}", id_) for given, id_ in told.items() if given not in kept)
    async with client.get("/") as page, client.get("/healthz") as health, client.get("/core/api.js") as script:
        assert page.headers["X-Request-ID"] != health.headers["X-Request-ID"]
        assert "X-Request-ID" not in script.headers  # a page has a hundred, on a slow line


async def test_a_late_event_loop_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_lag, "INTERVAL_SECONDS", 0.01)
    seen: list[float] = []
    lag = LoopLag(seen.append)
    lag.start()
    await asyncio.sleep(0)
    time.sleep(0.1)
    async with asyncio.timeout(PATIENCE_S):
        while not seen:
            await asyncio.sleep(0.001)
    await lag.stop()
    assert 0.08 < seen[0] < PATIENCE_S
    count = len(seen)
    await asyncio.sleep(0.03)
    assert len(seen) == count
