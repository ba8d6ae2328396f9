"""Opens incidents that people in a meeting report, and tells them how these are dealt with (Điều 13.2.c, 14.3)."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.operations.closing.errors import ReportedJustNow
from scheduler.operations.incidents.model import FaultReport, Incident
from scheduler.operations.incidents.service import IncidentService
from signaling.audit.log import AuditLog
from signaling.core.errors import MessageError
from signaling.meeting.client import Client
from signaling.meeting.line_monitor import LineMonitor
from signaling.meeting.manager import MeetingManager
from signaling.messages.effects import Tell
from signaling.messages.incidents import Assist, ReportFault, incident_state


class IncidentReports:
    """Connects running meetings with the incident service."""

    def __init__(
        self, meetings: MeetingManager, incidents: IncidentService, line_monitor: LineMonitor, audit: AuditLog
    ) -> None:
        self._meetings = meetings
        self._incidents = incidents
        self._line_monitor = line_monitor
        self._audit = audit

    async def report(self, client: Client, message: ReportFault, now: datetime) -> None:
        """Open an incident with the connection quality of this moment; tell the host and the people on duty at once.

        Raises MessageError.
        """
        meeting = self._meetings.joined(client)
        seat = meeting.state.reported(client.id, message.kind, message.seat)
        point = None if message.kind == "help" else meeting.state.roster.points.get(seat, seat)
        measurement = await self._line_monitor.of_seat(meeting.id, seat)
        report = FaultReport(meeting.id, message.kind, point, message.text, client.account.account, measurement)

        async def note(db: AsyncConnection, told: Incident) -> None:
            detail = f"{told.kind} {told.point or ''}".strip()
            entry = client.source.entry(now, client.account.account, "incident", told.id, detail)
            await self._audit.append_with(db, entry)

        try:
            incident = await self._incidents.report(report, now, note)
        except ReportedJustNow:
            raise MessageError("too-fast") from None
        state = incident_state(incident)
        client.send(state, message.ref)
        await meeting.apply([e for e in meeting.state.incident(state) if e != Tell(client.id, state)])

    async def assist(self, client: Client, message: Assist, now: datetime) -> None:
        """Let the centre direct the meeting, or give it back; calls for help get both times (R-095)."""
        meeting = self._meetings.joined(client)
        await meeting.carry_out(meeting.state.assist(client.id, message.on, now), client, message.ref)

    async def changed(self, incident: Incident) -> None:
        """Tell the meeting of an incident that people on duty have changed."""
        meeting = self._meetings.meetings.get(incident.session)
        if meeting is not None:
            await meeting.apply(meeting.state.incident(incident_state(incident), incident.reporter))
