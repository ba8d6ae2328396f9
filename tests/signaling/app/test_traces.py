"""Traces go to a collector of OpenTelemetry by OTLP/HTTP, which nobody waits for.

Also tests `otlp_tracer.py`, `signaling/core/tracing.py` and `signaling/workers/traced_engine.py`.
"""

import asyncio
import json
import logging
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SentSpan

from mediaserver import logs
from mediaserver.errors import EngineGone
from signaling.app import otlp_tracer
from signaling.app.otlp_tracer import OtlpTracer
from signaling.app.settings import Settings, read
from signaling.app.traces import TracesSettings, parse, traced
from signaling.core import tracing
from signaling.core.errors import SettingsError
from signaling.core.tracing import Counts
from signaling.workers.pool import WorkerPool
from signaling.workers.traced_engine import traced as traced_engine
from tests.fakes import FakeEngine
from tests.signaling.fake_room_systems import register, tick, use_fake_agent, wait_for_calls
from tests.signaling.world import NHA_TRANG, PASSWORD, PATIENCE_S, World, open_world, wait_until

ROOT = Path(__file__).parents[3]


@dataclass
class Collector:
    """A collector that decodes what it gets (OTLP/HTTP, protobuf), or answers with another status."""

    url: str = ""
    status: int = 200
    spans: list[SentSpan] = field(default_factory=list)
    resources: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    going_on: asyncio.Event = field(default_factory=asyncio.Event)
    """Is not set while the collector takes a request and does not answer."""

    async def take(self, request: web.Request) -> web.Response:
        """Take a batch."""
        assert request.content_type == "application/x-protobuf"
        body = await request.read()
        await self.going_on.wait()
        if self.status == 200:
            self.bodies.append(body)
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.resources.append({each.key: each.value.string_value for each in group.resource.attributes})
                self.spans += [span for scope in group.scope_spans for span in scope.spans]
        return web.Response(status=self.status)

    def named(self, name: str) -> list[SentSpan]:
        """Return the spans of a name, in the order of their ends."""
        return [span for span in self.spans if span.name == name]


def attributes(span: SentSpan) -> dict[str, str | int]:
    """Return the attributes of a span."""
    return {
        each.key: each.value.int_value if each.value.HasField("int_value") else each.value.string_value
        for each in span.attributes
    }


@pytest.fixture(autouse=True)
def nothing_is_sent_afterwards() -> Iterator[None]:
    """Wait for the threads that send: one that goes on would draw random numbers while another test does."""
    yield
    while sending := [each for each in threading.enumerate() if each.name.startswith("Otel")]:
        sending[0].join()


@pytest.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    """Run a collector, to which spans are sent at once."""
    monkeypatch.setattr(otlp_tracer, "DELAY_S", 0.02)
    found = Collector()
    found.going_on.set()
    app = web.Application()
    app.add_routes([web.post("/v1/traces", found.take)])
    server = TestServer(app)
    await server.start_server()
    found.url = parse(str(server.make_url("/")))
    yield found
    found.going_on.set()
    await server.close()


@asynccontextmanager
async def traced_world(settings: Settings, collector: Collector) -> AsyncIterator[tuple[World, FakeEngine]]:
    """Serve a server that has one media worker, whose commands are traced."""
    async with traced(TracesSettings(collector.url)):
        pool, engine = WorkerPool(), FakeEngine()
        await pool.take("media-1/0", engine)
        serving = asyncio.create_task(pool.serve("media-1/0"))
        async with open_world(settings, pool) as world:
            yield world, engine
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_a_join_is_one_trace_from_its_socket_to_its_media(settings: Settings, collector: Collector) -> None:
    async with traced_world(settings, collector) as (world, _):
        session = await world.session(NHA_TRANG)
        host, joined = await world.join("host", session, accepted=True)
        assert (await host.ask(type="offer", sdp="v=0"))["type"] == "answer"
        await wait_until(lambda: collector.named("join"))
        await host.ask(type="offer", sdp="v=0")  # another one joins nothing
        assert session.code is not None
        secret = [session.code, session.code.replace("-", ""), PASSWORD, session.title, "Khanh Hoa", joined["resume"]]
        secret += [cookie.value for each in world._clients for cookie in each.cookie_jar]
    [join], [took_seat], answered = map(collector.named, ("join", "join take a seat", "join answer an offer"))
    assert {name: value for name, value in attributes(join).items() if name != "diemcau.request"} == {
        "diemcau.session": session.id,
        "diemcau.seat": joined["seat"],
        "diemcau.outcome": "connected",
    }
    assert [(span.trace_id, span.parent_span_id) for span in (took_seat, answered[0])] == [
        (join.trace_id, join.span_id)
    ] * 2
    assert answered[1].parent_span_id == b""
    [added] = collector.named("media add_seat")
    first, _ = collector.named("media connect")
    assert (added.parent_span_id, first.parent_span_id) == (took_seat.span_id, answered[0].span_id)
    assert attributes(first) == {
        "diemcau.command": "connect",
        "diemcau.worker": "media-1/0",
        "diemcau.session": session.id,
        "diemcau.seat": joined["seat"],
    }
    assert join.start_time_unix_nano <= first.start_time_unix_nano <= first.end_time_unix_nano
    assert (join.kind, first.kind) == (SentSpan.SPAN_KIND_SERVER, SentSpan.SPAN_KIND_CLIENT)
    assert {each["service.name"] for each in collector.resources} == {"diemcau"}
    sent = b"".join(collector.bodies)
    assert [word for word in secret if word.encode() in sent] == []
    assert not {"host", "Host"} & {value for span in collector.spans for value in attributes(span).values()}


async def test_each_request_is_a_span_with_its_route_status_and_id(settings: Settings, collector: Collector) -> None:
    async with traced_world(settings, collector) as (world, _):
        session = await world.session(NHA_TRANG)
        browser = await world.signed_in("host")
        async with browser.get(f"/api/v1/sessions/{session.id}") as found:
            id_ = found.headers["X-Request-ID"]
        async with browser.get("/api/v1/sessions/none") as missing:
            assert missing.status == 404
        await wait_until(lambda: len(collector.named("GET /api/v1/sessions/{id}")) == 2)
    told = [attributes(span) for span in collector.named("GET /api/v1/sessions/{id}")]
    assert told[0] == {
        "http.request.method": "GET",
        "http.route": "/api/v1/sessions/{id}",
        "http.response.status_code": 200,
        "diemcau.request": id_,
    }
    assert told[1]["http.response.status_code"] == 404
    assert {span.parent_span_id for span in collector.spans if span.name.startswith(("GET", "POST"))} == {b""}


async def test_a_call_to_a_room_system_is_a_trace_with_its_commands(settings: Settings, collector: Collector) -> None:
    async with traced_world(settings, collector) as (world, _):
        agent = use_fake_agent(world)
        agent.replies["10.79.6.20"] = [486, 200]
        device = await register(world, NHA_TRANG, "10.79.6.20")
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        await tick(world, 0)
        await wait_until(lambda: collector.named("call a room system"))
        await tick(world, 60)
        await wait_for_calls(host, "connected")
        await wait_until(lambda: len(collector.named("call a room system")) == 2)
    told = [attributes(span) for span in collector.named("call a room system")]
    assert [(each["diemcau.device"], each["diemcau.outcome"], each["diemcau.status"]) for each in told] == [
        (device, "failed", 486),
        (device, "connected", 0),
    ]
    refused, taken = collector.named("room system invite")
    assert attributes(refused) == {
        "diemcau.device": device,
        "diemcau.protocol": "SIP",
        "diemcau.status": 486,
        "error.type": "CallRefused",
    }
    assert (refused.status.code, taken.status.code) == (2, 0)
    [accept] = collector.named("media accept")
    assert accept.trace_id == taken.trace_id != refused.trace_id


async def test_a_fault_is_told_by_the_name_of_its_class_alone(collector: Collector) -> None:
    async with traced(TracesSettings(collector.url)):
        engine = FakeEngine()
        engine.failing["close_room"] = EngineGone("phiên 123-456-789")
        watched = traced_engine("0", engine)
        await watched.stats()  # asked by a clock: no span
        with pytest.raises(EngineGone):
            await watched.close_room("test-room:ubnd.nha-trang")
        await wait_until(lambda: collector.spans)
    assert {span.name: attributes(span) for span in collector.spans} == {
        "media close_room": {
            "diemcau.command": "close_room",
            "diemcau.worker": "0",
            "diemcau.session": "test-room",
            "error.type": "EngineGone",
        }
    }
    assert b"123-456-789" not in b"".join(collector.bodies)


async def test_a_line_of_the_log_names_its_trace(collector: Collector) -> None:
    line = logging.LogRecord("a", logging.WARNING, "", 0, "x", (), None)
    async with traced(TracesSettings(collector.url)):
        with tracing.span("work", {}):
            within: dict[str, Any] = json.loads(logs.JsonFormatter().format(line))
            assert logs.trace_id() == within["trace"]
        await wait_until(lambda: collector.spans)
    assert collector.spans[0].trace_id.hex() == within["trace"]
    assert logs.trace_id() is None


async def test_a_collector_that_hangs_delays_nothing_and_what_it_misses_is_counted(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp_tracer, "QUEUE", 8)
    monkeypatch.setattr(otlp_tracer, "BATCH", 4)
    monkeypatch.setattr(otlp_tracer, "TIMEOUT_S", PATIENCE_S)
    collector.going_on.clear()
    tracer = OtlpTracer(collector.url)
    with tracing.used(tracer):
        tracing.begin("work", {}).end()
        await wait_until(lambda: tracer.counts() == Counts(sent=0, dropped=0, waiting=0))  # being sent
        began = time.process_time()
        for _ in range(20):
            tracing.begin("work", {}).end()
        assert tracer.counts() == Counts(sent=0, dropped=12, waiting=8)
        assert time.process_time() - began < 1
        collector.going_on.set()
        await wait_until(lambda: tracer.counts() == Counts(sent=9, dropped=12, waiting=0))
    await tracer.close()
    assert len(collector.spans) == 9


async def test_an_absent_collector_is_logged_once_and_its_return_too(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(otlp_tracer, "TIMEOUT_S", PATIENCE_S)
    collector.status = 500
    tracer = OtlpTracer(collector.url)
    with tracing.used(tracer):
        for failed in (1, 2):
            tracing.begin("work", {}).end()
            await wait_until(partial(lambda failed: tracer.counts() == Counts(0, failed, 0), failed))
        collector.status = 200
        tracing.begin("work", {}).end()
        await wait_until(lambda: tracer.counts().sent == 1)
    await tracer.close()
    assert [record.getMessage() for record in caplog.records] == [
        f"x traces cannot be sent to {collector.url}, and are dropped until it answers",
        f"= traces go to {collector.url} again",
    ]


async def test_a_server_ends_at_once_where_nobody_takes_its_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp_tracer, "TIMEOUT_S", otlp_tracer.CLOSE_S + 5)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # its connections are never answered
        async with traced(TracesSettings(f"http://127.0.0.1:{silent.getsockname()[1]}/v1/traces")):
            tracing.begin("work", {}).end()
            began = time.monotonic()
        assert time.monotonic() - began < otlp_tracer.CLOSE_S + 4


async def test_metrics_tell_of_spans_where_they_are_traced(settings: Settings, collector: Collector) -> None:
    async with traced_world(settings, collector) as (world, _):
        await wait_until(lambda: collector.spans)
        async with world.client().get("/metrics") as response:
            lines = (await response.text()).splitlines()
    assert [line.split()[0] for line in lines if line.startswith("diemcau_trace")] == [
        'diemcau_trace_spans_total{outcome="sent"}',
        'diemcau_trace_spans_total{outcome="dropped"}',
        "diemcau_trace_spans_waiting",
    ]


def importing() -> Iterator[tuple[str, str]]:
    """Yield the files that import the library, or the tracer that is made of it, as they are loaded."""
    for file in ROOT.glob("signaling/**/*.py"):
        text = file.read_text("utf-8")
        for imported in re.findall(r"^(?:from|import) .*(opentelemetry|otlp_tracer)", text, re.MULTILINE):
            yield file.name, imported


async def test_without_the_setting_nothing_is_loaded_and_nothing_is_traced() -> None:
    assert set(importing()) == {("otlp_tracer.py", "opentelemetry")}
    engine = FakeEngine()
    async with traced(None):
        assert traced_engine("0", engine) is engine
        with tracing.span("work", {}) as span:
            assert span is tracing.NOTHING and logs.trace_id() is None
        assert tracing.counts() is None


def test_where_traces_go_is_read_of_the_environment(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("")
    assert read({}).traces is None
    assert read({"DIEMCAU_TRACES": "https://[fd00::1]:4318/", "DIEMCAU_TRACES_CA": str(authority)}).traces == (
        TracesSettings("https://[fd00::1]:4318/v1/traces", authority)
    )
    assert parse("http://gom.khanhhoa.gov.vn/otlp/v1/traces") == "http://gom.khanhhoa.gov.vn/otlp/v1/traces"
    for wrong in (
        "gom:4318",
        "ftp://gom",
        "http://",
        "http://a:b@gom",
        "http://gom/?x",
        "http://gom:99999",
        "http://[::1",
    ):
        with pytest.raises(SettingsError, match=r"^DIEMCAU_TRACES="):
            read({"DIEMCAU_TRACES": wrong})
    with pytest.raises(SettingsError, match="DIEMCAU_TRACES_CA needs DIEMCAU_TRACES"):
        read({"DIEMCAU_TRACES_CA": str(authority)})
