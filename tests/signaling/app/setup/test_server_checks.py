"""Servers of mail and single sign-on are tried, and what is wrong with one is said in words."""

import asyncio
import socket
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest

from loadtest.rooms.certificates import Authority
from signaling.accounts.sso.ldap_message import EXTENDED_DONE, SEARCH_DONE
from signaling.accounts.sso.settings import SsoSettings
from signaling.app.setup.server_checks import Outcome, fault_of, tried
from signaling.core.errors import SsoUnavailable
from signaling.core.texts import field_text
from signaling.mail.config import Mail, Server
from signaling.mail.errors import NotSent
from tests.fakes import FakeClock
from tests.ports import refusing
from tests.signaling.accounts.sso.ldap_responses import message
from tests.signaling.accounts.sso.provider import provider
from tests.signaling.world import NOW, make_settings

LDAP = {
    "label": "Tài khoản của tỉnh",
    "bind": "uid={account},dc=tinh",
    "base": "dc=tinh",
    "roles": [{"group": "cn=quan-tri,dc=tinh", "roles": ["administrator"]}],
}


def _because(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


NO_LOGIN = aiosmtplib.SMTPAuthenticationError(535, "no")
UNTRUSTED = ssl.SSLCertVerificationError(1, "x")
UNTRUSTED.verify_message = "self-signed certificate"


@pytest.mark.parametrize(
    ("error", "word", "value"),
    [
        (socket.gaierror(-2, "Name or service not known"), "setup-server-unknown", ""),
        (ConnectionRefusedError(111, "Connection refused"), "setup-server-closed", ""),
        (TimeoutError(), "setup-server-silent", ""),
        (OSError(113, "No route to host"), "setup-server-unreached", "No route to host"),
        (ConnectionError("closed"), "setup-server-unreached", "ConnectionError"),
        (UNTRUSTED, "setup-server-certificate", "self-signed certificate"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "setup-server-tls", ""),
        (PermissionError(13, "Permission denied", "/etc/oidc.secret"), "setup-not-read", "/etc/oidc.secret"),
        (ValueError("discovery: status 404"), "setup-server-answer", "discovery: status 404"),
        (_because(SsoUnavailable(), TimeoutError()), "setup-server-silent", ""),
        (_because(NotSent("smtp-login 535"), NO_LOGIN), "setup-server-login", "535"),
        (aiosmtplib.SMTPReadTimeoutError("slow"), "setup-server-silent", ""),
        (aiosmtplib.SMTPServerDisconnected("Connection lost"), "setup-server-answer", "Connection lost"),
    ],
)
def test_what_is_wrong_with_a_server_has_its_words(error: Exception, word: str, value: str) -> None:
    fault = fault_of(error)
    assert (fault.word, fault.value) == (word, value)
    assert field_text(word, "vi", value) != field_text(word, "en", value)


def told(outcomes: list[Outcome]) -> list[tuple[str, str, str, bool]]:
    """Return kind, place and fault of outcomes, and whether they are refusals."""
    return [(each.kind, each.place, each.fault.word if each.fault else "", each.refused) for each in outcomes]


async def test_a_provider_answers_or_it_is_said_why_not(tmp_path: Path) -> None:
    async def outcome(**section: Any) -> tuple[str, str, str, bool]:
        sso = SsoSettings.model_validate({"oidc": running.settings(**section)})
        [found] = told(await tried(replace(make_settings(tmp_path, None), sso=sso), True, True, NOW))
        return found

    async with provider(tmp_path / "oidc", FakeClock(NOW)) as running:
        assert await outcome() == ("oidc", "sso.file", "", False)
        assert running.asked == ["discovery", "certs"]
        assert await outcome(ca=None) == ("oidc", "sso.file", "setup-server-certificate", True)
        running.down = True
        assert await outcome() == ("oidc", "sso.file", "setup-server-answer", True)
    assert await outcome() == ("oidc", "sso.file", "setup-server-closed", False)


async def test_each_server_of_a_directory_is_tried(tmp_path: Path) -> None:
    authority = Authority("tinh")
    folder = authority.folder(tmp_path / "ldap", "127.0.0.1", trusts=authority)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    demands_bind = 1  # operationsError, as Active Directory answers a search of nobody

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(message(1, SEARCH_DONE, demands_bind))
        await reader.read(1000)
        writer.close()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(message(1, EXTENDED_DONE, demands_bind))
        writer.close()

    async with (
        await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as secure,
        await asyncio.start_server(refuse, "127.0.0.1", 0) as plain,
    ):
        ports = [each.sockets[0].getsockname()[1] for each in (secure, plain)]
        servers = [f"ldaps://127.0.0.1:{ports[0]}", f"ldap://127.0.0.1:{ports[1]}", f"ldaps://127.0.0.1:{ports[1]}"]
        sso = SsoSettings.model_validate({"ldap": LDAP | {"servers": servers, "ca": str(folder / "authority.pem")}})
        found = told(await tried(replace(make_settings(tmp_path, None), sso=sso), False, True, NOW))
    assert found == [
        ("ldap", "sso.file", "", False),
        ("ldap", "sso.file", "setup-server-answer", True),
        ("ldap", "sso.file", "setup-server-tls", True),
    ]


async def test_a_mail_server_is_tried_where_it_is_asked_for(tmp_path: Path) -> None:
    with refusing() as (host, port):
        mail = Mail(Server(host, port, "none", "", ""), "hop@khanhhoa.example")
        known = replace(make_settings(tmp_path, None), mail=mail)
        assert told(await tried(known, True, True, NOW)) == [("mail", "mail.host", "setup-server-closed", False)]
        assert await tried(known, False, True, NOW) == []
    wrong = Outcome("mail", "127.0.0.1:25", fault_of(NO_LOGIN))
    assert (wrong.place, wrong.refused) == ("mail.password", True)
