"""Looks at the lines of running meetings: the host is told of weak ones, and those that stay weak are reported."""

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
from signaling.messages.server import WeakLine, incident_state

log = logging.getLogger(__name__)

LOOK_SECONDS = timedelta(seconds=2)


def measured(line: ConnectionQuality) -> LineMeasurement:
    """Return what the media engine tells of a line as it is kept."""
    return LineMeasurement(round(line.up, 3), round(line.down, 3), round(line.jitter, 4), round(line.round_trip, 3))


def weak(seat: str, line: LineMeasurement) -> WeakLine:
    """Return a line as controllers are told: whole percents and milliseconds, which do not change all the time."""
    return WeakLine(
        seat=seat,
        loss=round(100 * max(line.up, line.down)),
        jitter=round(1000 * line.jitter),
        round_trip=round(100 * line.round_trip) * 10,
    )


class LineMonitor:
    """Watches every meeting by itself."""

    def __init__(self, engine: MediaEngine, incidents: IncidentService, scheduler: Scheduler) -> None:
        # given
        self._engine = engine
        self._incidents = incidents
        self._scheduler = scheduler
        # owned
        self._watches: dict[str, tuple[LineWatch, datetime]] = {}
        self._now: dict[str, dict[str, LineMeasurement]] = {}
        """What was last measured of each point of a meeting: the worst of its devices."""

    async def of_seat(self, meeting: str, seat: str) -> LineMeasurement | None:
        """Return how the line of a seat is, if it is connected and can be asked."""
        found = (await self._measure(meeting)).get(seat)
        return None if found is None else measured(found)

    async def _measure(self, meeting: str) -> Mapping[str, ConnectionQuality]:
        try:
            return await self._engine.lines(meeting)
        except MediaError:
            return {}

    async def look(self, meeting: MeetingRunner, now: datetime) -> None:
        """Look at the lines of a meeting, unless that was just done."""
        watch, looked = self._watches.get(meeting.id, (None, now - LOOK_SECONDS))
        if now - looked < LOOK_SECONDS:
            return
        watch = watch or LineWatch(self._scheduler.policy(now).conduct.lines)
        self._watches[meeting.id] = watch, now
        found = await self._measure(meeting.id)
        points = meeting.state.roster.points
        lines = {seat: measured(line) for seat, line in found.items() if seat in points}
        self._now[meeting.id] = _worst(lines, points)
        seen = watch.update(lines, now)
        await meeting.apply(meeting.state.weak_lines({seat: weak(seat, line) for seat, line in seen.weak.items()}))
        for seat, line in seen.due.items():
            report = FaultReport(meeting.id, "line", points[seat], measured=line)
            incident = await self._incidents.report(report, now)
            log.warning("- line of %s in %s: %s", points[seat], meeting.id, line)
            await meeting.apply(meeting.state.incident(incident_state(incident)))
        if seen.counted:
            await self._incidents.count(meeting.id, _by_point(seen.counted, points))

    def now(self, meeting: str) -> Mapping[str, LineMeasurement]:
        """Return how the lines of connected points are, by point."""
        return self._now.get(meeting, {})

    def forget(self, meeting: str) -> None:
        """A meeting is over."""
        self._watches.pop(meeting, None)
        self._now.pop(meeting, None)


def _worst(lines: Mapping[str, LineMeasurement], points: Mapping[str, str]) -> dict[str, LineMeasurement]:
    """Return the line of each point that loses most."""
    ordered = sorted(lines.items(), key=lambda each: max(each[1].up, each[1].down))
    return {points[seat]: line for seat, line in ordered}


def _by_point(counted: Mapping[str, bool], points: Mapping[str, str]) -> dict[str, bool]:
    """A point of several devices is as good as the worst of its lines."""
    lossy: dict[str, bool] = {}
    for seat, bad in counted.items():
        if seat in points:
            lossy[points[seat]] = lossy.get(points[seat], False) or bad
    return lossy
