"""Endpoints of self-tests of points, and of the speed test of their line (Điều 13.2.c, R-086)."""

import secrets
from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints

from scheduler.operations.readiness import self_test
from signaling.http.route import ID, ApiRequest, Model, Moment, Named, Route
from signaling.operations.context import READINESS

NEWEST = 50
BLOCK = secrets.token_bytes(1 << 20)
"""Random data that measures the downlink; it cannot be compressed on the way."""

Word = Annotated[str, StringConstraints(max_length=300)]
Rate = Annotated[int, Field(ge=0, le=100_000_000)]


class SelfTest(Model):
    """Measurements of a browser, and answers of a person; null: it could not be measured."""

    camera: Annotated[bool, Field(strict=True)]
    mic_dbfs: Annotated[int, Field(ge=-200, le=0)] | None
    luma: Annotated[int, Field(ge=0, le=255)] | None
    down_kbps: Rate | None
    up_kbps: Rate | None
    latency_ms: Annotated[int, Field(ge=0, le=600_000)] | None
    browser: Word
    screen: Word
    ticks: Annotated[list[Word], Field(max_length=50)]
    device: Annotated[self_test.DeviceType, Field(description="what was tested; control needs a laptop")] = ""


class Kept(SelfTest):
    """A stored test; `failed` are the measurements below the limits."""

    at: Moment
    by: str
    failed: list[self_test.SelfTestFault]


class Measure(Model):
    """The limits of a test, and the questions to answer."""

    mic_dbfs: tuple[int, int]
    min_luma: int
    min_kbps: int
    ticks: list[Named]


class Filler(Model):
    """Data for measuring the uplink."""

    filler: Annotated[str, StringConstraints(max_length=65_000)]


async def measure(request: ApiRequest) -> Measure:
    """Return today's limits of tests."""
    policy = request.context(READINESS).self_tests.policy(request.now)
    ticks = [Named(id=tick, name=name) for tick, name in policy.ticks.items()]
    return Measure(mic_dbfs=policy.mic_dbfs, min_luma=policy.min_luma, min_kbps=policy.min_kbps, ticks=ticks)


async def tests(request: ApiRequest) -> list[Kept]:
    """List the newest tests of a point."""
    await _own(request, request.account.sees_all)
    return [_wire(test) for test in await request.context(READINESS).self_tests.of(request.id, NEWEST)]


async def keep(request: ApiRequest) -> Kept:
    """Store a test of a point."""
    context = request.context(READINESS)
    await _own(request, request.account.central)
    body: SelfTest = request.body
    measured = self_test.SelfTestMeasurement(
        **body.model_dump(exclude={"ticks"}), ticks=tuple(dict.fromkeys(body.ticks))
    )
    stored = await context.self_tests.keep(request.id, request.account.account, measured, request.now)
    await request.note("self-test", request.id, " ".join(stored.failed) or "ok")
    return _wire(stored)


async def down(_: ApiRequest) -> web.Response:
    """Send a megabyte that cannot be compressed."""
    return web.Response(body=BLOCK, content_type="application/octet-stream")


async def up(_: ApiRequest) -> web.Response:
    """Receive and drop the data."""
    return web.Response(status=204)


async def _own(request: ApiRequest, everywhere: bool) -> None:
    """Check that the account belongs to a point. Raises UnknownPoint, Hidden, Forbidden."""
    point = await request.context(READINESS).scheduler.point(request.id)
    own = request.account.unit == point.unit
    request.seen(request.account.sees_all or own)
    request.only(everywhere or own)


def _wire(test: self_test.SelfTest) -> Kept:
    measured = test.measured
    return Kept(
        at=test.at,
        by=test.account,
        failed=list(test.failed),
        camera=measured.camera,
        mic_dbfs=measured.mic_dbfs,
        luma=measured.luma,
        down_kbps=measured.down_kbps,
        up_kbps=measured.up_kbps,
        latency_ms=measured.latency_ms,
        browser=measured.browser,
        screen=measured.screen,
        ticks=list(measured.ticks),
        device=measured.device,
    )


ROUTES = [
    Route("GET", "/self-test", measure, "What self-tests are measured by", Measure),
    Route("GET", f"/points/{ID}/self-tests", tests, "Self-tests of a point", list[Kept], problems=(403, 404)),
    Route(
        "POST",
        f"/points/{ID}/self-tests",
        keep,
        "Keep a self-test",
        Kept,
        body=SelfTest,
        status=201,
        problems=(403, 404),
    ),
    Route("GET", "/speed", down, "A megabyte, to measure a line", None, media_type="application/octet-stream"),
    Route("POST", "/speed", up, "Take something, to measure a line", None, body=Filler, status=204, changes=False),
]
