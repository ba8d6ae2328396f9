"""Monitors the lines of running meetings: tells of weak ones and of those by TCP, reports those that stay weak as
incidents."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from mediaserver.api import ConnectionQuality, MediaEngine
from mediaserver.errors import MediaError
from scheduler.booking.registration.service import Scheduler
from scheduler.operations.incidents.model import FaultReport, Incident, LineMeasurement
from scheduler.operations.incidents.rules import LineWatch
from scheduler.operations.incidents.service import IncidentService
from signaling.meeting.record_writer import RecordWriter
from signaling.meeting.runner import NOTE_SECONDS, MeetingRunner
from signaling.meeting.state.roster import Seated
from signaling.messages.incidents import WeakLine, incident_state
from signaling.quality.model import Identity
from signaling.quality.recorder import Look, QualityRecorder

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
    """Measures the connection of each seat of each meeting; a weak one counts as a weak line of its point.

    Incidents and line minutes are facts of the record: they wait for a database that is away, and are there once.
    """

    def __init__(
        self,
        engine: MediaEngine,
        incidents: IncidentService,
        record_writer: RecordWriter,
        scheduler: Scheduler,
        recorder: QualityRecorder,
    ) -> None:
        self._engine = engine
        self._recorder = recorder
        self._incidents = incidents
        self._record_writer = record_writer
        self._untold: list[Incident] = []
        """Incidents that are stored, and that their meetings have not been told of."""
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
        if abs(now - looked) < LOOK_SECONDS:  # clocks are set back, too
            return
        watch = watch or LineWatch(self._scheduler.policy(now).conduct.lines)
        self._watches[meeting.id] = watch, now
        qualities = await self._measure(meeting.id)
        self._recorder.look(meeting.id, _looks(meeting, qualities), now)
        points = meeting.state.roster.points
        measurements = {seat: measured(quality) for seat, quality in qualities.items() if seat in points}
        self._now[meeting.id], self._seats[meeting.id] = _worst(measurements, points), measurements
        seen = watch.update(measurements, now)
        weak_lines = {seat: weak(seat, measurement) for seat, measurement in seen.weak.items()}
        tcp = [seat for seat, quality in qualities.items() if quality.tcp]
        await meeting.apply(meeting.state.lines(weak_lines, tcp))
        for seat, measurement in seen.due.items():
            log.warning("- access line of %s in meeting %s is weak: %s", points[seat], meeting.id, measurement)
            await self._report(FaultReport(meeting.id, "line", points[seat], measured=measurement), now)
        for incident in [each for each in self._untold if each.session == meeting.id]:
            self._untold.remove(incident)
            await meeting.apply(meeting.state.incident(incident_state(incident)))
        if seen.counted:
            count = partial(self._incidents.count, meeting.id, _by_point(seen.counted, points))
            await self._record_writer.store(f"a minute of the lines in meeting {meeting.id}", count, NOTE_SECONDS)

    async def _report(self, report: FaultReport, now: datetime) -> None:
        """Store the incident of a weak line, then read it, as the database may have stored it without an answer."""
        what = f"the weak line of {report.point} in meeting {report.session}"

        async def read() -> None:
            incident = await self._incidents.unsettled_like(report)
            if incident is not None and report.session in self._watches:
                self._untold.append(incident)

        await self._record_writer.store(what, partial(self._incidents.report, report, now), NOTE_SECONDS)
        await self._record_writer.store(f"notice of {what}", read, NOTE_SECONDS, repeatable=True)

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
        self._untold = [each for each in self._untold if each.session != meeting]
        self._recorder.ended(meeting)


def _looks(meeting: MeetingRunner, qualities: Mapping[str, ConnectionQuality]) -> dict[str, Look]:
    """Return what is to be recorded of each seat that belongs to a point."""
    seats = meeting.state.roster.seats.values()
    return {
        seat.id: Look(_identity(meeting, seat, seat.place.id), seat.camera, qualities.get(seat.id))
        for seat in seats
        if seat.place is not None
    }


def _identity(meeting: MeetingRunner, seat: Seated, point: str) -> Identity:
    member = None if seat.client is None else meeting.member(seat.client)
    return Identity(seat.id, point, seat.name, "system" if seat.system else "browser", getattr(member, "agent", ""))


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
