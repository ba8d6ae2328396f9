"""An SMTP server in this process that keeps what it takes."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

SENDER, UNIT_BOX = "hoptructuyen@khanhhoa.gov.vn", "ubnd@khanhhoa.gov.vn"
SECRET = "p@ss/word"


@dataclass
class FakeSmtpServer:
    """An SMTP server that keeps letters; it replies to DATA with `replies` in turn, then with success."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.replies:
            return self.replies.pop(0)
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@asynccontextmanager
async def smtp_server(mode: str, context: ssl.SSLContext) -> AsyncIterator[FakeSmtpServer]:
    """Yield an SMTP server on loopback; `mode` is none, starttls (with a login) or implicit."""
    smtp = FakeSmtpServer()
    options: dict[str, Any] = {}
    if mode == "starttls":
        options = {
            "tls_context": context,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": lambda _server, _session, _envelope, _mechanism, login: AuthResult(
                success=login.login == b"post" and login.password == SECRET.encode()
            ),
        }
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(smtp, loop=loop, hostname="localhost", **options),
        "127.0.0.1",
        0,
        ssl=context if mode == "implicit" else None,
    )
    smtp.port = server.sockets[0].getsockname()[1]
    try:
        yield smtp
    finally:
        server.close()
        await server.wait_closed()
