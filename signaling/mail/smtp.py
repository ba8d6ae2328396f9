"""Sends letters over SMTP, with STARTTLS or TLS from the first byte."""

import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import tzinfo
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import aiosmtplib

from scheduler.notifications import wording
from scheduler.notifications.outbox import OutboxItem
from scheduler.notifications.wording import WORDINGS
from signaling.mail import calendar_invite
from signaling.mail.config import Mail, Server
from signaling.mail.errors import NotReached, NotSent

SECONDS = 30.0
"""Longest wait for one response of the server."""


def message_id(key: str, sender: str) -> str:
    """Return the Message-ID of a notice: the same for each try, so that a receiver recognises a duplicate."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{sender.rpartition('@')[2]}>"


def compose(notice: OutboxItem, sender: str, recipient: str, code: str | None, zone: tzinfo) -> EmailMessage:
    """Write a letter, with a calendar entry if its kind has one."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, recipient
    message["Subject"] = wording.subject(notice.kind, notice.facts)
    message["Date"] = format_datetime(notice.created)
    message["Message-ID"] = message_id(notice.key, sender)
    message["Auto-Submitted"] = "auto-replied" if notice.thread else "auto-generated"  # RFC 3834 §5
    if notice.thread:
        message["In-Reply-To"] = message["References"] = notice.thread
    message.set_content(wording.letter(notice.kind, notice.facts, code, zone))
    attached = calendar_invite.entry(notice, sender, recipient)
    if attached is not None:
        method = WORDINGS[notice.kind].method or ""
        message.add_attachment(attached, subtype="calendar", params={"method": method}, filename="phien-hop.ics")
    return message


def tls_context(mail: Mail) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities and those of the settings."""
    context = ssl.create_default_context()
    if mail.authority is not None:
        context.load_verify_locations(mail.authority)
    return context


class SmtpSender:
    """Sends one letter at a time, each over its own connection, because there are few of them."""

    def __init__(self, mail: Mail) -> None:
        self.sender = mail.sender
        self._server: Server = mail.smtp
        self._context = tls_context(mail)

    async def send(self, message: EmailMessage) -> None:
        """Send a letter. Raises NotSent."""
        async with self._signed_in(SECONDS) as client:
            await client.send_message(message)

    async def check(self, seconds: float) -> None:
        """Connect and sign in as for a letter, and send none. Raises NotSent."""
        async with self._signed_in(seconds):
            pass

    @asynccontextmanager
    async def _signed_in(self, seconds: float) -> AsyncIterator[aiosmtplib.SMTP]:
        """Connect, and sign in where there is an account, with `seconds` for each response. Raises NotSent."""
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            tls_context=self._context,
            timeout=seconds,
        )
        try:
            async with client:
                if server.user:
                    await client.login(server.user, server.password)
                yield client
        except aiosmtplib.SMTPAuthenticationError as error:
            raise NotSent(f"smtp-login {error.code}") from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise NotSent(_reason(first := error.recipients[0]), first.code >= 500) from None
        except aiosmtplib.SMTPResponseException as error:
            raise NotSent(_reason(error), error.code >= 500) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            cause = error.__cause__ or error
            reached = isinstance(cause, ssl.SSLError) or not isinstance(error, aiosmtplib.SMTPConnectError)
            raise (NotSent if reached else NotReached)(f"smtp: {type(cause).__name__}") from cause


def _reason(error: aiosmtplib.SMTPResponseException) -> str:
    """Return the server's reason, which is shown to technicians only."""
    return f"smtp {error.code} {' '.join(error.message.split())}"
