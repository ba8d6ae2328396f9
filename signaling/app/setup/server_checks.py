"""Tries the mail server, the provider and the directory that settings name, and says in words whether each answers."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

import aiohttp
import aiosmtplib

from signaling.accounts.sso.ldap_directory import LdapDirectory
from signaling.accounts.sso.oidc_provider import OidcProvider
from signaling.accounts.sso.settings import LdapServer, LdapSettings, OidcSettings
from signaling.app.settings import Settings
from signaling.app.setup.answers import BadAnswer
from signaling.core.errors import SsoUnavailable
from signaling.mail.config import Mail
from signaling.mail.errors import NotSent
from signaling.mail.smtp import SmtpSender

MAIL_SECONDS = 10.0
"""The longest wait for one answer of a mail server that is tried."""
UNREACHED = {"setup-server-unknown", "setup-server-closed", "setup-server-silent", "setup-server-unreached"}
"""The faults that may be of the network, which is not always there when a server is set up."""
MAX_SAID = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome for one server: its kind ("mail", "oidc", "ldap"), address, and fault; None: it answers."""

    kind: str
    address: str
    fault: BadAnswer | None = None

    @property
    def place(self) -> str:
        """The answer that the fault is of."""
        if self.kind != "mail":
            return "sso.file"
        return "mail.password" if self.fault is not None and self.fault.word == "setup-server-login" else "mail.host"

    @property
    def refused(self) -> bool:
        """It is true of a server that answers, and cannot be used."""
        return self.fault is not None and self.fault.word not in UNREACHED


@dataclass(frozen=True, slots=True)
class _Server:
    kind: str
    address: str
    check: Callable[[], Awaitable[None]]


async def tried(settings: Settings, mail: bool, sso: bool, now: datetime) -> list[Outcome]:
    """Try the servers of letters, and of single sign-on, all at once."""
    servers = [*(_mail_servers(settings) if mail else []), *(_sso_servers(settings, now) if sso else [])]
    return await asyncio.gather(*map(_tried, servers))


def _mail_servers(settings: Settings) -> list[_Server]:
    mail = settings.mail
    if mail is None:
        return []
    return [_Server("mail", f"{mail.smtp.host}:{mail.smtp.port}", partial(_check_mail, mail))]


def _sso_servers(settings: Settings, now: datetime) -> list[_Server]:
    sso, found = settings.sso, list[_Server]()
    if sso is not None and sso.oidc is not None:
        address = urlsplit(sso.oidc.issuer).netloc
        found.append(_Server("oidc", address, partial(_check_provider, sso.oidc, now)))
    if sso is not None and sso.ldap is not None:
        for each in sso.ldap.reached:
            check = partial(_check_directory, sso.ldap, each)
            found.append(_Server("ldap", f"{each.host}:{each.port}", check))
    return found


async def _check_mail(mail: Mail) -> None:
    await SmtpSender(mail).check(MAIL_SECONDS)


async def _check_provider(settings: OidcSettings, now: datetime) -> None:
    await OidcProvider(settings).check(now)


async def _check_directory(settings: LdapSettings, server: LdapServer) -> None:
    await LdapDirectory(settings).check(server)


async def _tried(server: _Server) -> Outcome:
    try:
        await server.check()
    except (OSError, NotSent, SsoUnavailable, ValueError) as error:
        return Outcome(server.kind, server.address, fault_of(error))
    return Outcome(server.kind, server.address)


def fault_of(error: BaseException) -> BadAnswer:
    """Return the words for the error that a server was tried with."""
    cause, value = _cause(error), ""
    match cause:
        case socket.gaierror():
            word = "unknown"
        case ssl.SSLCertVerificationError():
            word, value = "certificate", cause.verify_message
        case ssl.SSLError():
            word = "tls"
        case ConnectionRefusedError():
            word = "closed"
        case TimeoutError():
            word = "silent"
        case FileNotFoundError() | PermissionError() if cause.filename:
            return BadAnswer("setup-not-read", str(cause.filename))
        case aiosmtplib.SMTPAuthenticationError():
            word, value = "login", str(cause.code)
        case OSError() if not isinstance(cause, aiosmtplib.SMTPException):
            word, value = "unreached", cause.strerror or type(cause).__name__
        case _:
            word, value = "answer", str(cause)[:MAX_SAID] or type(cause).__name__
    return BadAnswer(f"setup-server-{word}", value)


def _cause(error: BaseException) -> BaseException:
    """Return the error of the operating system, or of TLS, that an error of a library stands for; else itself."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return error.certificate_error
        case aiohttp.ClientConnectorError():
            return _cause(error.os_error)
        case NotSent() | SsoUnavailable() | aiosmtplib.SMTPConnectError() if error.__cause__ is not None:
            return _cause(error.__cause__)
    return error
