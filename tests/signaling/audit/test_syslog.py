"""The audit log goes to a syslog server: RFC 5424 by TLS (RFC 5425) and UDP (RFC 5426), in order, nothing left out."""

import asyncio
import base64
import json
import re
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from signaling.app import tls
from signaling.app.services import Services, open_services
from signaling.app.settings import Settings, read
from signaling.audit.hash_chain import ChainedEntry
from signaling.audit.syslog import target
from signaling.audit.syslog.forwarder import HEAD_INTERVAL, SyslogForwarder, Waiting, signing_key
from signaling.audit.syslog.message import entry_message, public_key
from signaling.audit.syslog.target import SyslogSettings, Target, parse
from signaling.core.audit_entry import AuditEntry
from signaling.core.errors import SettingsError
from tests.signaling.world import NOW, open_world

MESSAGE = re.compile(
    rb"<(?P<priority>\d{1,3})>1 (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?P<host>[!-~]{1,255}) "
    rb"(?P<app>[!-~]{1,48}) (?P<process>[!-~]{1,128}) (?P<id>[!-~]{1,32}) "
    rb'(?P<data>(?:\[[!-~]{1,32}(?: [!-~]{1,32}="[^"\\\]]*")*\])+) \xef\xbb\xbf(?P<text>.*)',
    re.DOTALL,
)
"""A message in the form of RFC 5424 §6."""


def text_of(message: bytes) -> dict[str, object]:
    """Return the JSON object of a message."""
    found = MESSAGE.fullmatch(message)
    assert found is not None, message
    text: dict[str, object] = json.loads(found["text"])
    return text


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class TlsReceiver:
    """A syslog server that keeps what it gets; it can close its connections."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.closing = 0
        """So many connections are closed once their first message has come."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read frames of a connection until it ends."""
        try:
            while length := (await reader.readuntil(b" ")).strip():
                message = await reader.readexactly(int(length))
                if self.closing:
                    self.closing -= 1
                    break
                self.messages.append(message)
        except asyncio.IncompleteReadError:
            pass
        writer.close()

    @property
    def numbers(self) -> list[object]:
        """Return the numbers of the entries that came."""
        return [text["number"] for text in map(text_of, self.messages) if "number" in text]


@asynccontextmanager
async def receiver(folder: Path) -> AsyncIterator[tuple[TlsReceiver, SyslogSettings]]:
    """Run a syslog server that has a certificate of its own."""
    tls.context(folder, ["127.0.0.1"], NOW)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    received = TlsReceiver()
    async with await asyncio.start_server(received.serve, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        yield received, SyslogSettings("tls", "127.0.0.1", port, folder / "cert.pem")
        server.close()


def forwarder(settings: SyslogSettings, services: Services, clock: Clock) -> SyslogForwarder:
    """Return a forwarder that is not started."""
    return SyslogForwarder(settings, services.database, services.audit, signing_key(b"k" * 32), clock, "may-chu")


async def append(services: Services, *subjects: str) -> None:
    """Write entries."""
    for subject in subjects:
        await services.audit.append(AuditEntry(NOW, "host", "register", subject))


def test_an_entry_is_a_message_of_the_standard() -> None:
    entry = AuditEntry(NOW, "khách 1", "login-failed", 'a"]\\b', "dòng 1\ndòng 2", "10.0.0.1", 5061)
    message = entry_message(ChainedEntry(2**31, entry, "KH-2023/1", "f" * 64), "máy chủ")
    found = MESSAGE.fullmatch(message)
    assert found is not None
    assert [found[name] for name in ("priority", "time", "host", "app", "process", "id")] == [
        b"108",
        b"2026-04-06T01:00:00.000Z",
        b"m-y-ch-",
        b"diemcau",
        b"-",
        b"login-failed",
    ]
    assert found["data"].startswith(b'[meta sequenceId="1"][origin software="diemcau" swVersion="')
    assert json.loads(found["text"]) == {
        "number": 2**31,
        "actor": "khách 1",
        "action": "login-failed",
        "subject": 'a"]\\b',
        "detail": "dòng 1\ndòng 2",
        "address": "10.0.0.1",
        "port": 5061,
        "profile": "KH-2023/1",
        "seal": "f" * 64,
    }
    assert b"\n" not in message
    assert entry_message(ChainedEntry(1, replace(entry, action="login"), "", ""), "m").startswith(b"<110>1 ")


async def test_entries_go_by_tls_in_order_with_a_signed_head(settings: Settings, tmp_path: Path) -> None:
    clock = Clock()
    async with open_services(settings) as services, receiver(tmp_path / "tls") as (received, target):
        await append(services, "trước")
        sending = forwarder(target, services, clock)
        await sending.forward()  # what was there before is not sent
        assert await sending.waiting() == Waiting(0, None)
        await append(services, *map(str, range(3)))
        assert await sending.waiting() == Waiting(3, NOW)
        await sending.forward()
        assert await sending.waiting() == Waiting(0, None)
        verdict = await services.audit.verify(NOW)
        assert received.numbers == [verdict.last - 2, verdict.last - 1, verdict.last]
        clock.now += HEAD_INTERVAL
        await sending.forward()
        await sending.stop()
        heads = [text for text in map(text_of, received.messages) if "signed" in text]
    assert [str(head["signed"]).split(" ")[3] for head in heads][-1] == f"{verdict.last}:{verdict.head}"
    (tmp_path / "key.pem").write_text(public_key(signing_key(b"k" * 32)), encoding="ascii")
    (tmp_path / "signed").write_text(str(heads[-1]["signed"]), encoding="ascii")
    (tmp_path / "signature").write_bytes(base64.b64decode(str(heads[-1]["signature"])))
    verify = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key.pem",
        "-rawin",
        "-in",
        "signed",
        "-sigfile",
        "signature",
    ]
    assert subprocess.run(verify, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    (tmp_path / "signed").write_text(str(heads[-1]["signed"]) + "1", encoding="ascii")
    assert subprocess.run(verify, cwd=tmp_path, check=False, capture_output=True).returncode != 0


async def test_what_a_broken_connection_took_along_is_sent_again(settings: Settings, tmp_path: Path) -> None:
    async with open_services(settings) as services, receiver(tmp_path / "tls") as (received, target):
        sending = forwarder(target, services, Clock())
        await sending.forward()
        received.messages.clear()
        await append(services, "1", "2")
        await sending.stop()
        received.closing = 1
        sending = forwarder(target, services, Clock())
        with pytest.raises(ConnectionResetError):
            await sending.forward()
        await sending.stop()
        sending = forwarder(target, services, Clock())  # another server goes on where the first one was
        await sending.forward()
        await sending.stop()
        last = (await services.audit.verify(NOW)).last
        assert received.numbers == [last - 1, last]


async def test_a_server_of_another_certificate_gets_nothing(settings: Settings, tmp_path: Path) -> None:
    tls.context(tmp_path / "other", ["127.0.0.1"], NOW)
    async with open_services(settings) as services, receiver(tmp_path / "tls") as (received, target):
        sending = forwarder(replace(target, authority=tmp_path / "other" / "cert.pem"), services, Clock())
        await append(services, "1")
        with pytest.raises(ssl.SSLCertVerificationError):
            await sending.forward()
        assert received.messages == []


class Datagrams(asyncio.DatagramProtocol):
    """Keeps the datagrams that come."""

    async def next(self) -> dict[str, object]:
        """Return the text of the next message."""
        async with asyncio.timeout(30):
            return text_of(await self.received.get())

    def __init__(self) -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, _address: object) -> None:
        """Keep one."""
        self.received.put_nowait(data)


async def test_a_running_server_sends_its_log_by_udp(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    transport, datagrams = await loop.create_datagram_endpoint(Datagrams, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    with closing(transport):
        async with open_world(replace(settings, syslog=SyslogSettings("udp", "127.0.0.1", port))) as world:
            await append(world.services, "trước")
            await datagrams.next()  # the first one is a head, or an entry: from now on it sends
            await append(world.services, "họp giao ban")
            while (text := await datagrams.next()).get("subject") != "họp giao ban":
                pass
        assert (text["action"], text["subject"]) == ("register", "họp giao ban")


async def test_a_server_that_is_away_is_told_once_and_gets_what_it_missed(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.audit.syslog.forwarder.RETRY_S", 0.02)
    async with open_services(settings) as services, receiver(tmp_path / "tls") as (received, there):
        sending, tries = forwarder(there, services, Clock()), 0
        await append(services, "0")
        await sending.forward()
        await sending.stop()
        received.messages.clear()

        async def connect(to: SyslogSettings) -> Target:
            nonlocal tries
            tries += 1
            if tries < 4:
                raise ConnectionRefusedError("nobody listens")
            return await target.connect(to)

        monkeypatch.setattr("signaling.audit.syslog.forwarder.connect", connect)
        await append(services, "1")
        sending = forwarder(there, services, Clock())
        sending.start()
        async with asyncio.timeout(30):
            while not received.numbers or sending.away:
                await asyncio.sleep(0.01)
        await sending.stop()
        assert received.numbers == [(await services.audit.verify(NOW)).last]
        told = [each.message for each in caplog.records if each.name == "signaling.audit.syslog.forwarder"]
        assert [message.split(" ")[0] for message in told] == ["x", "="]


def test_the_settings_name_a_server(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    environ = {"DIEMCAU_SYSLOG": "tls://siem.example", "DIEMCAU_SYSLOG_CA": str(tmp_path / "ca.pem")}
    assert read(environ).syslog == SyslogSettings("tls", "siem.example", 6514, tmp_path / "ca.pem")
    assert parse("udp://10.0.0.9:1514") == SyslogSettings("udp", "10.0.0.9", 1514)
    assert parse("tls://[fd00::9]") == SyslogSettings("tls", "fd00::9", 6514)
    for wrong in ("siem.example", "tcp://siem.example", "tls://", "tls://a/b", "tls://u@a", "udp://a:99999"):
        with pytest.raises(ValueError):
            parse(wrong)
    with pytest.raises(SettingsError, match="DIEMCAU_SYSLOG_CA needs DIEMCAU_SYSLOG"):
        read({"DIEMCAU_SYSLOG_CA": str(tmp_path / "ca.pem")})
