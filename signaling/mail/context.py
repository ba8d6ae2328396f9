"""Dependencies of the endpoints of mail."""

from dataclasses import dataclass

from aiohttp import web

from scheduler.files.sandboxed_parser import SandboxedParser
from scheduler.inbound_mail.service import InboundMail
from scheduler.notifications.service import Notifications
from signaling.mail.outbox_sender import OutboxSender


@dataclass(frozen=True, slots=True)
class MailContext:
    """What the endpoints of letters and notices may use."""

    inbound_mail: InboundMail
    parser: SandboxedParser
    notifications: Notifications
    outbox: OutboxSender


MAIL = web.AppKey("MailContext", MailContext)
