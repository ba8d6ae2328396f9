"""Defines what handlers of mail endpoints get: letters that came in, notices that go out.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(MAIL)`.
"""

from dataclasses import dataclass

from aiohttp import web

from scheduler.files.sandboxed_parser import SandboxedParser
from scheduler.inbound_mail.service import InboundMail
from scheduler.notifications.service import Notifications
from signaling.mail.outbox_sender import OutboxSender


@dataclass(frozen=True, slots=True)
class MailContext:
    """Services behind the endpoints of official letters and of the outbox."""

    inbound_mail: InboundMail
    parser: SandboxedParser
    notifications: Notifications
    outbox: OutboxSender


MAIL = web.AppKey("MailContext", MailContext)
