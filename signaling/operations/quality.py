"""Endpoints of the quality of seats' connections: how each point of a session fared, and why (decision 135)."""

import asyncio
from collections.abc import Mapping, Sequence

from pydantic import Field

from scheduler.core import model
from signaling.accounts import permissions
from signaling.accounts.unit_directory import UnitDirectory
from signaling.accounts.visible_sessions import find
from signaling.core.errors import NotFound
from signaling.http.route import ID, ApiRequest, Id, Model, Moment, Named, NamedPoint, Route
from signaling.operations.context import QUALITY
from signaling.quality import model as samples
from signaling.quality import rules


class About(Named):
    """The session; its name is the title. `live`: its meeting goes on."""

    number: str
    start: Moment
    end: Moment
    live: bool


class Line(Model):
    """An access line of the point, as the directory has it; rates are in kbit/s."""

    type: str
    provider: str
    subscribed_kbps: int
    up_kbps: int | None
    down_kbps: int | None


class Finding(Model):
    """A cause of bad quality over a time: `share` (0 to 1) of it show it. `mean` and `worst` are percent, milliseconds
    or kbit/s, as the cause is measured; null for one without measure."""

    cause: rules.Cause
    start: Moment
    end: Moment
    share: float
    mean: float | None
    worst: float | None


class Device(Model):
    """A seat: the registered name of its device, what kind that is, and what it calls itself (User-Agent)."""

    seat: str
    name: str
    kind: samples.Kind
    product: str
    start: Moment
    end: Moment
    causes: list[rules.Cause] = Field(description="The gravest first; empty: all was well")


class PointQuality(Model):
    """A point and its seats, in the order in which they came."""

    point: NamedPoint
    devices: list[Device]


class SessionQuality(Model):
    """The points of a session whose quality the account may see, and that were there."""

    session: About
    points: list[PointQuality]


class Means(Model):
    """Means while it was connected: percent, milliseconds, kbit/s; null where nothing was measured."""

    up: float | None
    down: float | None
    jitter: float | None
    round_trip: float | None
    received: float | None
    sent: float | None


class SeatQuality(Model):
    """The samples of a seat, `step_s` seconds each from `device.start` on, with what they tell.

    `values` have a list for each measure, null where nothing was measured: percent (`up`, `down`, `missing`,
    `dropped`), milliseconds (`jitter`, `round_trip`, `late`, `frozen`, `decode`), kbit/s (`received`, `sent`), pixels
    (`camera`), steps of quality (`picture`, 0 is no picture) and pictures a second (`fps`).
    """

    session: About
    point: NamedPoint
    device: Device
    lines: list[Line]
    findings: list[Finding]
    means: Means
    step_s: int
    values: Mapping[str, list[float | None]]


class SeatChoice(Model):
    """The seat that is wanted."""

    seat: Id


async def session_quality(request: ApiRequest) -> SessionQuality:
    """Return which points fared how: the host's all, for others those of their unit."""
    session, units = await find(request)
    seen = permissions.seen_points(request.account, session, units)
    parts = [each for each in await _parts(request, session.id) if each.of.point in seen]
    devices = await asyncio.to_thread(_devices, parts)
    return SessionQuality(
        session=_about(request, session),
        points=[
            PointQuality(point=_named(units, point), devices=devices[point])
            for point in session.everyone
            if point in devices
        ],
    )


async def seat_quality(request: ApiRequest) -> SeatQuality:
    """Return the samples of a seat over the whole session, and what they tell."""
    session, units = await find(request)
    query: SeatChoice = request.query
    seen = permissions.seen_points(request.account, session, units)
    series = samples.joined(await _parts(request, session.id, query.seat))
    if series is None or series.of.point not in seen:
        raise NotFound
    context = request.context(QUALITY)
    providers = {each.id: each.name for each in await context.equipment.providers()}
    lines = await context.equipment.lines(series.of.point)
    found = await asyncio.to_thread(rules.findings, series)
    means = rules.means(series)
    return SeatQuality(
        session=_about(request, session),
        point=_named(units, series.of.point),
        device=_device(series, found),
        lines=[
            Line(
                type=line.type,
                provider=providers.get(line.provider or "", ""),
                subscribed_kbps=line.subscribed_kbps,
                up_kbps=line.up_kbps,
                down_kbps=line.down_kbps,
            )
            for line in lines
        ],
        findings=[
            Finding(
                cause=each.cause,
                start=each.start,
                end=each.end,
                share=round(each.share, 3),
                mean=each.mean,
                worst=each.worst,
            )
            for each in found
        ],
        means=Means(
            up=means.up,
            down=means.down,
            jitter=means.jitter,
            round_trip=means.round_trip,
            received=means.received,
            sent=means.sent,
        ),
        step_s=round(samples.STEP.total_seconds()),
        values={
            name: [samples.value(name, byte) for byte in series.column(name)]
            for name in samples.FIELDS
            if name != "flags"
        },
    )


async def _parts(request: ApiRequest, session: str, seat: str | None = None) -> list[samples.Series]:
    """Return the series of a session: those that are written, or, where they have grown since, as they are now."""
    context = request.context(QUALITY)
    newest = {(each.of.seat, each.begin): each for each in await context.store.of_session(session, seat)}
    for each in context.recorder.current(session):
        if seat in (None, each.of.seat):
            newest[each.of.seat, each.begin] = each
    return list(newest.values())


def _devices(parts: Sequence[samples.Series]) -> dict[str, list[Device]]:
    """Return the seats of each point, in the order in which they came."""
    by_seat: dict[str, list[samples.Series]] = {}
    for part in parts:
        by_seat.setdefault(part.of.seat, []).append(part)
    wholes = [whole for each in by_seat.values() if (whole := samples.joined(each)) is not None]
    devices: dict[str, list[Device]] = {}
    for whole in sorted(wholes, key=lambda each: each.begin):
        devices.setdefault(whole.of.point, []).append(_device(whole, rules.findings(whole)))
    return devices


def _device(series: samples.Series, found: Sequence[rules.Finding]) -> Device:
    of = series.of
    causes = list(dict.fromkeys(each.cause for each in found))
    return Device(
        seat=of.seat,
        name=of.name,
        kind=of.kind,
        product=of.product,
        start=series.begin,
        end=series.end,
        causes=causes,
    )


def _about(request: ApiRequest, session: model.Session) -> About:
    live = session.id in request.context(QUALITY).meetings.meetings
    official = session.official
    return About(
        id=session.id, name=session.title, number=session.number, start=official.start, end=official.end, live=live
    )


def _named(units: UnitDirectory, point: str) -> NamedPoint:
    return NamedPoint(id=point, name=units[point].name, label=units[point].label)


ROUTES = [
    Route(
        "GET",
        f"/sessions/{ID}/quality",
        session_quality,
        "How the connections of a session's points were",
        SessionQuality,
        problems=(404,),
    ),
    Route(
        "GET",
        f"/sessions/{ID}/quality/series",
        seat_quality,
        "The connection of a seat over time, and why it was bad",
        SeatQuality,
        query=SeatChoice,
        problems=(404,),
    ),
]
