"""Choice of the transport: a request too large for a datagram uses TCP (RFC 3261 §18.1.1, R-057). Datagrams wait.

Also tests `transport.py`.
"""

import asyncio
import socket

import pytest

from signaling.sip.agent.agent import Agent, CallRefused, Target
from signaling.sip.protocol.message import Request
from signaling.sip.protocol.transport import Transport
from tests.ports import FIRST_PORT
from tests.signaling.sip import wire
from tests.signaling.sip.agents import OFFER, agent
from tests.signaling.sip.wire import HOST, Peer

OPTIONS = """OPTIONS sip:127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK{0};rport
From: <sip:room@127.0.0.1>;tag=room
To: <sip:127.0.0.1>
Call-ID: room
CSeq: {0} OPTIONS
Max-Forwards: 70
Content-Length: 0

"""


async def invited(ours: Agent, peer: Peer, port: int, more: int) -> Request:
    """Invite a peer with an offer that is longer by so many bytes; return the INVITE, which is refused."""
    waiting = asyncio.create_task(ours.invite(Target(HOST, port), OFFER + "x" * more, name="Phiên họp"))
    invite = await peer.next_request("INVITE")
    peer.respond(invite, 486)
    with pytest.raises(CallRefused):
        await waiting
    await peer.next_request("ACK")
    return invite


async def test_r057_a_message_that_fits_one_datagram_goes_by_udp_and_a_larger_one_by_tcp() -> None:
    async with agent() as ours, wire.udp(ours, FIRST_PORT) as peer:  # which nobody else has by TCP
        other = Peer()
        other.port = peer.port
        listener = await asyncio.start_server(other.read, HOST, peer.port)
        small = await invited(ours, peer, peer.port, 0)
        size = len(small.write())
        fits = await invited(ours, peer, peer.port, 1250 - size)
        large = await invited(ours, other, peer.port, 1301 - size)
        assert (len(fits.write()), fits.via.transport, fits.uri) == (1250, "UDP", f"sip:{HOST}:{peer.port}")
        assert (large.via.transport, large.uri) == ("TCP", f"sip:{HOST}:{peer.port};transport=tcp")
        listener.close()
        other.drop()
        await other.closed()


async def test_r057_a_large_message_goes_by_udp_where_no_connection_is_accepted() -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        invite = await invited(ours, peer, peer.port, 1000)
        assert (invite.via.transport, invite.uri) == ("UDP", f"sip:{HOST}:{peer.port}")


async def test_r057_a_device_that_responds_by_tcp_alone_is_reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    async with agent() as ours, wire.tcp(ours) as peer:
        with monkeypatch.context() as patch:
            patch.setattr("signaling.sip.agent.agent.OPTIONS_TIMEOUT_S", 0.3)
            assert not await ours.alive(Target(HOST, peer.port, "udp"))
        asking = asyncio.create_task(ours.alive(Target(HOST, peer.port)))
        peer.respond(await peer.next_request("OPTIONS"), 200)
        assert await asking


async def test_requests_that_come_while_the_server_is_busy_are_not_lost() -> None:
    received: list[int] = []
    transport = Transport(
        lambda message, _flow: received.append(message.sequence[0]),
        lambda fault, _flow: pytest.fail(str(fault)),
        lambda _flow: None,
        lambda _flow: False,
        lambda _host: False,
    )
    await transport.start(HOST, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for number in range(300):  # without a moment in which they could be read
            peer.sendto(OPTIONS.format(number).replace("\n", "\r\n").encode(), transport.address)
    async with asyncio.timeout(30):
        while len(received) < 300:
            await asyncio.sleep(0.01)
    await transport.close()
    assert received == list(range(300))
