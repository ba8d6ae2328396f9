"""The connection of a call, whose peer may send much at a time, and the marks of its packets."""

import asyncio
import socket

import pytest

from signaling.h323.agent import link as link_module
from signaling.h323.agent.link import Link
from signaling.h323.protocol import tpkt
from tests.marks import AF41, CS3, mark_of
from tests.signaling.h323.agents import OURS, RecordingHandler, agent, target
from tests.signaling.sip.agents import soon


async def test_others_get_their_turn_between_the_slow_packets_of_one_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "TURN_S", 0.0)
    loop, turn, taken = asyncio.get_running_loop(), 0, []
    closed = asyncio.Event()

    def count() -> None:
        nonlocal turn
        turn += 1
        if not closed.is_set():
            loop.call_soon(count)

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(reader, writer)

        def lost() -> None:
            link.abort()
            closed.set()

        link.took, link.lost = lambda _: taken.append(turn), lost
        link.begin()

    async with await asyncio.start_server(accepted, "127.0.0.1", 0) as server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(tpkt.frame(b"x") * 3)
        writer.close()
        count()
        await soon(closed.wait())
    assert len(taken) == len(set(taken)) == 3


SAVE_SYN, SAVED_SYN = 27, 28
"""Options of TCP that Linux has and Python does not name (tcp(7))."""


def first_mark(accepted: socket.socket) -> int:
    """Return the mark of the packet with which a peer began a connection."""
    header = accepted.getsockopt(socket.IPPROTO_TCP, SAVED_SYN, 128)
    return (header[1] if header[0] >> 4 == 4 else int.from_bytes(header[:2], "big") >> 4 & 0xFF) >> 2


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_connection_is_marked_from_its_first_packet(host: str) -> None:
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, SAVE_SYN, 1)
        link = await link_module.connect(host, listener.getsockname()[1], CS3, host)
        accepted, peer = listener.accept()
        with accepted:
            assert (first_mark(accepted), peer[:2]) == (CS3, link.local)
        await link.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_all_connections_of_a_call_are_marked_at_either_side(host: str) -> None:
    handler = RecordingHandler()
    async with (
        agent(host=host, dscp=CS3, tunnelling=False) as caller,
        agent(handler, host=host, dscp=AF41) as callee,
    ):
        assert callee._server is not None
        assert [mark_of(each) for each in callee._server.sockets] == [AF41]
        call = await soon(caller.invite(target(callee), OURS, name="UBND tỉnh"))
        for each, mark in ((call, CS3), (await soon(handler.calls.get()), AF41)):
            signalling, control = each._link, each._control_link._link
            assert control is not None
            sockets = [link._writer.get_extra_info("socket") for link in (signalling, control)]
            assert [mark_of(sock) for sock in sockets] == [mark, mark]
