"""Defines what handlers of booking endpoints get: registrations, drafts, the outbox, running meetings.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(BOOKING)`.
"""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.drafts import Drafts
from scheduler.booking.registration.emergencies import Emergencies
from scheduler.booking.registration.reply_deadlines import ReplyDeadlines
from scheduler.booking.registration.service import Scheduler
from scheduler.files.sandboxed_parser import SandboxedParser
from signaling.accounts.role_changes import RoleChanges
from signaling.accounts.throttle import Throttle
from signaling.booking.approval_letters import ApprovalLetters
from signaling.booking.approvals_store import ApprovalStore
from signaling.booking.calendar_links import CalendarLinks
from signaling.booking.session_costs import SessionCostStore
from signaling.mail.outbox_sender import OutboxSender
from signaling.meeting.manager import MeetingManager


@dataclass(frozen=True, slots=True)
class BookingContext:
    """Services behind the endpoints of registrations, sessions, the queue and capacity."""

    scheduler: Scheduler
    outbox: OutboxSender
    meetings: MeetingManager
    drafts: Drafts
    emergencies: Emergencies
    reply_deadlines: ReplyDeadlines
    parser: SandboxedParser
    session_costs: SessionCostStore
    calendar_links: CalendarLinks
    throttle: Throttle
    approvals: ApprovalStore
    approval_letters: ApprovalLetters
    role_changes: RoleChanges


BOOKING = web.AppKey("BookingContext", BookingContext)
