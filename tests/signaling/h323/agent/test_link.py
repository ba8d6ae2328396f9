"""The connection of a call, whose peer may send much at a time."""

import asyncio

import pytest

from signaling.h323.agent import link as link_module
from signaling.h323.agent.link import Link
from signaling.h323.protocol import tpkt
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
