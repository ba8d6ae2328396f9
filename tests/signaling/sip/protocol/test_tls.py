"""Tests of SIP over TLS: calls between two agents, and certificates that one side does not accept."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from loadtest.rooms.certificates import Authority
from signaling.sip.agent.agent import Agent, Target, TlsRefused
from signaling.sip.protocol.tls import names
from signaling.sip.protocol.transport import (
    MAX_HANDSHAKES,
    MAX_HANDSHAKES_PER_STRANGER,
    Connection,
    Transport,
    is_of_peers_certificate,
)
from tests.marks import CS3, marks_towards
from tests.signaling.sip.agents import ANSWER, OFFER, RecordingHandler, agent, soon

HOST = "127.0.0.1"
OURS, OTHERS = Authority("ours"), Authority("others")


@asynccontextmanager
async def tls_agent(folder: Path, handler: RecordingHandler | None = None) -> AsyncIterator[Agent]:
    async with agent(handler, tls=folder, tls_port=0) as running:
        yield running


def tls_target(running: Agent) -> Target:
    return Target(HOST, running.tls_port, "tls")


@pytest.mark.parametrize("trusts", [OURS, None], ids=["mutual", "no authority"])
async def test_a_call_over_tls_lives_on_its_connection(tmp_path: Path, trusts: Authority | None) -> None:
    folders = [OURS.folder(tmp_path / name, HOST, trusts=trusts) for name in ("one", "other")]
    handler = RecordingHandler()
    async with tls_agent(folders[0]) as one, tls_agent(folders[1], handler) as other:
        call = await soon(one.invite(tls_target(other), OFFER, name="UBND tỉnh"))
        theirs = await soon(handler.calls.get())
        assert (call.sdp, call.peer.transport, theirs.peer.transport) == (ANSWER, "tls", "tls")
        assert theirs.snapshot.target == f"sip:diemcau@{HOST}:{one.tls_port};transport=tls"
        assert one._layer.transport._connections.keys() == {("tls", (HOST, other.tls_port))}
        await soon(theirs.hang_up())
        await soon(call.ended.wait())
        assert call.reason == "bye"
        assert await soon(one.alive(tls_target(other)))


async def test_a_certificate_that_was_replaced_is_shown_to_who_comes_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = OURS.folder(tmp_path / "ours", HOST)
    first, other = Authority("ours").folder(tmp_path / "first", HOST), OTHERS.folder(tmp_path / "later", HOST)
    shown = [ssl.PEM_cert_to_DER_cert((at / "cert.pem").read_text()) for at in (folder, other)]
    (other / "authority.pem").write_bytes(OTHERS.certificate)
    async with tls_agent(folder) as ours, tls_agent(first) as one, tls_agent(first) as two, tls_agent(other) as three:
        call = await soon(one.invite(tls_target(ours), OFFER, name=""))
        (folder / "cert.pem").write_bytes((other / "cert.pem").read_bytes())  # without its key
        await soon(two.invite(tls_target(ours), OFFER, name=""))
        assert caplog.text.count("previous one stays in use") == 1
        (folder / "key.pem").write_bytes((other / "key.pem").read_bytes())
        (folder / "authority.pem").write_bytes(OTHERS.certificate)
        await soon(three.invite(tls_target(ours), OFFER, name=""))
        assert [peer_certificate(each) for each in (one, two, three)] == [shown[0], shown[0], shown[1]]
        assert await soon(one.alive(tls_target(ours))) and not call.ended.is_set()
        async with tls_agent(first) as late:  # its certificate is not of the new authority
            assert not await soon(late.alive(tls_target(ours)))


def peer_certificate(running: Agent) -> bytes:
    """Return the certificate that the peer of its only connection showed, in DER."""
    (connection,) = running._layer.transport._connections.values()
    assert isinstance(connection, Connection) and connection._tcp is not None
    found: bytes = connection._tcp.get_extra_info("ssl_object").getpeercert(True)
    return found


async def test_a_request_by_another_way_is_no_part_of_a_call_over_tls(tmp_path: Path) -> None:
    folder = OURS.folder(tmp_path / "tls", HOST)
    async with tls_agent(folder) as one, tls_agent(folder) as other:
        call = await soon(one.invite(tls_target(other), OFFER, name=""))
        dialog = call._dialog
        transport = one._layer.transport
        response = await soon(one._layer.exchange(dialog.request("BYE"), transport.udp(other.address)))
        assert response is not None and response.status == 481
        assert not call.ended.is_set()


REFUSED: dict[str, tuple[Any, ...]] = {
    "another authority": (OTHERS, HOST),
    "another address": (OURS, "127.0.0.9"),
    "another URI": (OURS, "sip:room.example"),
}


@pytest.mark.parametrize("how", REFUSED)
async def test_a_certificate_that_is_not_accepted_ends_the_call_we_make(tmp_path: Path, how: str) -> None:
    authority, name = REFUSED[how]
    mine, theirs = OURS.folder(tmp_path / "mine", HOST, trusts=OURS), authority.folder(tmp_path / "theirs", name)
    handler = RecordingHandler()
    async with tls_agent(mine, handler) as one, tls_agent(theirs) as other:
        with pytest.raises(TlsRefused, match="certificate"):
            await soon(one.invite(tls_target(other), OFFER, name=""))
        assert handler.without_certificate == []  # the call itself tells
        assert not await soon(one.alive(tls_target(other)))


@pytest.mark.parametrize(
    ("reason", "theirs"),
    [
        ("PEER_DID_NOT_RETURN_A_CERTIFICATE", True),
        ("CERTIFICATE_VERIFY_FAILED", True),
        ("SSLV3_ALERT_CERTIFICATE_UNKNOWN", False),
        ("SSLV3_ALERT_BAD_CERTIFICATE", False),
        ("WRONG_VERSION_NUMBER", False),
    ],
)
def test_an_alert_of_a_peer_is_about_our_certificate(reason: str, theirs: bool) -> None:
    assert is_of_peers_certificate(reason) is theirs


WHY = {"another authority": "CERTIFICATE_VERIFY_FAILED", "no certificate": "PEER_DID_NOT_RETURN_A_CERTIFICATE"}


@pytest.mark.parametrize("how", [*REFUSED, "no certificate"])
async def test_a_caller_without_a_good_certificate_is_refused_and_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    authority, name = REFUSED.get(how, (OURS, HOST))
    mine, theirs = OURS.folder(tmp_path / "mine", HOST, trusts=OURS), authority.folder(tmp_path / "theirs", name)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    if how != "no certificate":
        client.load_cert_chain(theirs / "cert.pem", theirs / "key.pem")
    handler = RecordingHandler()
    async with tls_agent(mine, handler) as ours:
        with caplog.at_level(logging.WARNING):
            try:
                reader, writer = await soon(asyncio.open_connection(HOST, ours.tls_port, ssl=client))
                writer.write(b"OPTIONS sip:x@h SIP/2.0\r\n")
                while await soon(reader.read(1000)):
                    pass
                writer.close()
            except OSError:
                pass
        assert "TLS refused" in caplog.text and HOST in caplog.text
        assert handler.without_certificate == [(HOST, WHY.get(how, "the certificate is not that of this address"))]
        assert ours._layer.transport._connections == {}


async def test_handshakes_that_do_not_end_are_few_and_plain_sip_goes_on(tmp_path: Path) -> None:
    async with tls_agent(OURS.folder(tmp_path / "tls", HOST)) as ours, agent() as other:
        idle = [await asyncio.open_connection(HOST, ours.tls_port) for _ in range(MAX_HANDSHAKES + 1)]
        assert await soon(idle[-1][0].read(1)) == b""
        assert len(ours._layer.transport._handshakes) == MAX_HANDSHAKES
        assert await soon(other.alive(Target(*ours.address, "udp")))
        for _, writer in idle:
            writer.close()


async def test_handshakes_of_strangers_leave_room_to_others(tmp_path: Path) -> None:
    """Four hosts, each of which begins more handshakes than one may, and never ends them."""
    handler = RecordingHandler()
    handler.addresses = {HOST}
    async with tls_agent(OURS.folder(tmp_path / "tls", HOST), handler) as ours:
        strangers = [f"127.0.0.{number}" for number in range(2, 12)]
        where = [each for each in strangers for _ in range(MAX_HANDSHAKES_PER_STRANGER + 1)]
        idle = [await asyncio.open_connection(HOST, ours.tls_port, local_addr=(each, 0)) for each in where]
        assert await soon(idle[-1][0].read(1)) == b""
        handshakes = Counter(ours._layer.transport._handshakes.values())
        assert handshakes == dict.fromkeys(strangers[:8], MAX_HANDSHAKES_PER_STRANGER)
        idle += [await asyncio.open_connection(HOST, ours.tls_port, local_addr=(HOST, 0))]
        while not Counter(ours._layer.transport._handshakes.values())[HOST]:
            await asyncio.sleep(0)
        for _, writer in idle:
            writer.close()


def test_a_hello_that_came_before_the_server_looked_is_read(tmp_path: Path) -> None:
    """The server runs on uvloop, which reads at once what has come with a connection."""
    folder, context = OURS.folder(tmp_path / "tls", HOST), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    async def say_hello() -> bytes:
        transport, to_send = (
            Transport(lambda *_: None, lambda *_: None, lambda _: None, lambda _: False, lambda _: True),
            ssl.MemoryBIO(),
        )
        await transport.start(HOST, 0)
        await transport.start_tls(0, folder)
        client = context.wrap_bio(ssl.MemoryBIO(), to_send)
        with socket.create_connection((HOST, transport.tls_port)) as hello:
            with contextlib.suppress(ssl.SSLWantReadError):
                client.do_handshake()
            hello.sendall(to_send.read())
            hello.setblocking(False)
            answer = await soon(asyncio.get_running_loop().sock_recv(hello, 1))
        await transport.close()
        return answer

    assert uvloop.run(say_hello()) == bytes([22])  # a handshake record (RFC 8446 §5.1)


async def test_a_handshake_is_marked_from_its_first_byte_either_way(tmp_path: Path) -> None:
    folder, came = OURS.folder(tmp_path / "tls", HOST), asyncio.Queue[asyncio.StreamWriter]()
    silent = await asyncio.start_server(lambda _, writer: came.put_nowait(writer), HOST, 0)
    port = silent.sockets[0].getsockname()[1]
    async with agent(tls=folder, tls_port=0, dscp=CS3) as ours:
        for listening in (ours.tls_port, ours.address[1]):
            _, writer = await asyncio.open_connection(HOST, listening)
            accepted = writer.get_extra_info("sockname")
            while not marks_towards(*accepted):
                await asyncio.sleep(0.01)
            assert marks_towards(*accepted) == {CS3}
            writer.close()
        calling = asyncio.create_task(ours.alive(Target(HOST, port, "tls")))
        called = await soon(came.get())
        assert marks_towards(HOST, port) == {CS3}
        called.close()
        silent.close()
        await calling


async def test_without_a_certificate_of_ours_there_is_no_tls(tmp_path: Path) -> None:
    async with agent() as ours:
        with pytest.raises(TlsRefused, match="no certificate of ours"):
            await soon(ours.invite(Target(HOST, 5061, "tls"), OFFER, name=""))
    transport = Transport(lambda *_: None, lambda *_: None, lambda _: None, lambda _: False, lambda _: True)
    with pytest.raises(OSError, match="No such file"):
        await transport.start_tls(0, tmp_path)


@pytest.mark.parametrize(
    ("kind", "name", "is_it"),
    [
        ("IP Address", "10.0.0.1", True),
        ("IP Address", "10.0.0.2", False),
        ("URI", "sip:10.0.0.1", True),
        ("URI", "sips:10.0.0.1:5061;transport=tls", True),
        ("URI", "sip:room@10.0.0.1", False),
        ("URI", "https://10.0.0.1", False),
        ("URI", "sip:", False),
        ("DNS", "10.0.0.1", False),
    ],
)
def test_a_certificate_names_an_address_by_itself_or_by_a_sip_uri(kind: str, name: str, is_it: bool) -> None:
    assert names({"subjectAltName": ((kind, name),)}, "10.0.0.1") is is_it
    assert not names({}, "10.0.0.1")
