"""Scripted room systems (sipp), many calls at once."""

import asyncio
from pathlib import Path

import pytest

from signaling.sip.agent.agent import Call, Target
from signaling.sip.protocol.digest import Credentials
from tests.signaling.sip.agents import OFFER, RecordingHandler, agent, soon
from tests.signaling.sip.sipp import HOST, TIME_S, sipp

CALLS = 12
BOTH = pytest.mark.parametrize("transport", ["udp", "tcp"])


@BOTH
async def test_they_dial(tmp_path: Path, transport: str) -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours:
        remote = "{}:{}".format(*ours.address)
        async with sipp(
            tmp_path, "caller.xml", transport, remote, "-m", str(CALLS), "-s", "1234567890", "-r", str(CALLS)
        ):
            for _ in range(CALLS):
                incoming, call = await soon(handler.incoming.get(), TIME_S), await soon(handler.calls.get(), TIME_S)
                assert (incoming.user, incoming.peer.name) == ("1234567890", "Polycom HDX (Phong hop)")
                await soon(call.ended.wait(), TIME_S)
                assert call.reason == "bye"
        assert handler.pictures.qsize() == CALLS
        assert [handler.digits.get_nowait() for _ in range(handler.digits.qsize())] == ["*"] * CALLS


@BOTH
async def test_we_dial(tmp_path: Path, transport: str) -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, sipp(tmp_path, "callee.xml", transport, "-m", str(CALLS)) as port:
        room = Target(HOST, port, transport)
        async with asyncio.timeout(TIME_S):
            while not _listens(port, transport):
                await asyncio.sleep(0.05)

        async def call() -> Call:
            made = await ours.invite(room, OFFER, name="Phiên họp")
            assert (made.peer.name, made.peer.user_agent) == ("Sala", "Tandberg/518 (TC7.3)")
            return made

        calls = await asyncio.gather(*(call() for _ in range(CALLS)))
        pictures = {(await soon(handler.pictures.get(), TIME_S)).id for _ in range(CALLS)}
        assert pictures == {call.id for call in calls}
        await asyncio.gather(*(call.hang_up() for call in calls))


async def test_we_dial_those_that_ask_for_a_password(tmp_path: Path) -> None:
    async with agent() as ours, sipp(tmp_path, "asking.xml", "udp", "-m", str(CALLS)) as port:
        async with asyncio.timeout(TIME_S):
            while not _listens(port, "udp"):
                await asyncio.sleep(0.05)
        room = Target(HOST, port, "udp", credentials=Credentials("kh", "bi-mat"))
        calls = await asyncio.gather(*(ours.invite(room, OFFER, name="Phiên họp") for _ in range(CALLS)))
        await asyncio.gather(*(call.hang_up() for call in calls))


def _listens(port: int, transport: str) -> bool:
    """Return whether a process listens on the port; to bind it would take it from the one that is about to."""
    sockets = Path(f"/proc/net/{transport}").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(f":{port:04X}") for line in sockets)
