"""Monitors the lines of running meetings: tells of weak ones and of those by TCP, reports those that stay weak as
incidents."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from mediaserver.api import ConnectionQuality, MediaEngine
from mediaserver.errors import MediaError
from scheduler.booking.registration.service import Scheduler
from scheduler.operations.incidents.model import FaultReport, LineMeasurement
from scheduler.operations.incidents.rules import LineWatch
from scheduler.operations.incidents.service import IncidentService
from signaling.meeting.runner import MeetingRunner
from signaling.messages.incidents import WeakLine, incident_state

log = logging.getLogger(__name__)

LOOK_SECONDS = timedelta(seconds=2)


def measured(quality: ConnectionQuality) -> LineMeasurement:
    """Return connection quality as incidents store it: losses to 0.1 %, jitter to 0.1 ms, round trip to 1 ms."""
    return LineMeasurement(
        round(quality.up, 3), round(quality.down, 3), round(quality.jitter, 4), round(quality.round_trip, 3)
    )


def weak(seat: str, measurement: LineMeasurement) -> WeakLine:
    """Return a weak line as controllers see it: whole percents and milliseconds, which do not change all the time."""
    return WeakLine(
        seat=seat,
        loss=round(100 * max(measurement.up, measurement.down)),
        jitter=round(1000 * measurement.jitter),
        round_trip=round(100 * measurement.round_trip) * 10,
    )


class LineMonitor:
    """Measures the connection of each seat of each meeting; a weak one counts as a weak line of its point."""

    def __init__(self, engine: MediaEngine, incidents: IncidentService, scheduler: Scheduler) -> None:
        self._engine = engine
        self._incidents = incidents
        self._scheduler = scheduler
        self._watches: dict[str, tuple[LineWatch, datetime]] = {}
        self._now: dict[str, dict[str, LineMeasurement]] = {}
        """The latest measurement of each point, by meeting: that of its worst device."""
        self._seats: dict[str, Mapping[str, LineMeasurement]] = {}
        """The latest measurement of each seat, by meeting."""

    async def of_seat(self, meeting: str, seat: str) -> LineMeasurement | None:
        """Return the connection quality of a seat; None if it is not connected or the engine cannot be asked."""
        quality = (await self._measure(meeting)).get(seat)
        return None if quality is None else measured(quality)

    async def _measure(self, meeting: str) -> Mapping[str, ConnectionQuality]:
        try:
            return await self._engine.lines(meeting)
        except MediaError:
            return {}

    async def look(self, meeting: MeetingRunner, now: datetime) -> None:
        """Measure the connections of a meeting, unless that was done less than two seconds ago."""
        watch, looked = self._watches.get(meeting.id, (None, now - LOOK_SECONDS))
        if now - looked < LOOK_SECONDS:
            return
        watch = watch or LineWatch(self._scheduler.policy(now).conduct.lines)
        self._watches[meeting.id] = watch, now
        qualities = await self._measure(meeting.id)
        points = meeting.state.roster.points
        measurements = {seat: measured(quality) for seat, quality in qualities.items() if seat in points}
        self._now[meeting.id], self._seats[meeting.id] = _worst(measurements, points), measurements
        seen = watch.update(measurements, now)
        weak_lines = {seat: weak(seat, measurement) for seat, measurement in seen.weak.items()}
        tcp = [seat for seat, quality in qualities.items() if quality.tcp]
        await meeting.apply(meeting.state.lines(weak_lines, tcp))
        for seat, measurement in seen.due.items():
            report = FaultReport(meeting.id, "line", points[seat], measured=measurement)
            incident = await self._incidents.report(report, now)
            log.warning("- access line of %s in meeting %s is weak: %s", points[seat], meeting.id, measurement)
            await meeting.apply(meeting.state.incident(incident_state(incident)))
        if seen.counted:
            await self._incidents.count(meeting.id, _by_point(seen.counted, points))

    def now(self, meeting: str) -> Mapping[str, LineMeasurement]:
        """Return the latest connection quality of connected points, by point."""
        return self._now.get(meeting, {})

    def of_seats(self, meeting: str) -> Mapping[str, LineMeasurement]:
        """Return the latest connection quality of connected seats."""
        return self._seats.get(meeting, {})

    def forget(self, meeting: str) -> None:
        """Forget a meeting that is over."""
        self._watches.pop(meeting, None)
        self._now.pop(meeting, None)
        self._seats.pop(meeting, None)


def _worst(measurements: Mapping[str, LineMeasurement], points: Mapping[str, str]) -> dict[str, LineMeasurement]:
    """Return the line with the highest loss of each point."""
    ordered = sorted(measurements.items(), key=lambda each: max(each[1].up, each[1].down))
    return {points[seat]: measurement for seat, measurement in ordered}


def _by_point(counted: Mapping[str, bool], points: Mapping[str, str]) -> dict[str, bool]:
    """Return whether each point lost packets; a point of several devices is as good as its worst line."""
    lossy: dict[str, bool] = {}
    for seat, bad in counted.items():
        if seat in points:
            lossy[points[seat]] = lossy.get(points[seat], False) or bad
    return lossy
