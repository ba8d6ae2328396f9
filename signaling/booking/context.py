"""Dependencies of the endpoints of bookings."""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.drafts import Drafts
from scheduler.booking.registration.emergencies import Emergencies
from scheduler.booking.registration.reply_deadlines import ReplyDeadlines
from scheduler.booking.registration.service import Scheduler
from scheduler.files.sandboxed_parser import SandboxedParser
from signaling.mail.outbox_sender import OutboxSender
from signaling.meeting.manager import MeetingManager


@dataclass(frozen=True, slots=True)
class BookingContext:
    """What the endpoints of bookings may use."""

    scheduler: Scheduler
    outbox: OutboxSender
    meetings: MeetingManager
    drafts: Drafts
    emergencies: Emergencies
    reply_deadlines: ReplyDeadlines
    parser: SandboxedParser


BOOKING = web.AppKey("BookingContext", BookingContext)
