"""Every message of RFC 4475 and RFC 5118 gets the answer that its RFC names, or none, over UDP and over TCP."""

import asyncio
import re

import pytest

from tests.signaling.sip import torture
from tests.signaling.sip.agents import agent, soon
from tests.signaling.sip.torture import PROBE, RFC_4475, RFC_5118, Case, final, sender, status
from tests.signaling.sip.wire import HOST

CASES = {each.name: each for each in torture.CASES}


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for peers that are gone."""
    monkeypatch.setattr("signaling.sip.agent.agent.CLOSE_TIMEOUT_S", 0.01)


def test_all_are_there() -> None:
    assert (len(RFC_4475), len(RFC_5118)) == (49, 12)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_a_datagram(case: Case) -> None:
    async with agent() as ours, sender(HOST, ours.address) as peer:
        peer.send(case)
        if case.status is not None:
            response = await final(peer.heard)
            assert status(response) == case.status, case.why
            assert re.search(rb"\r\nTo: .*;\s*tag\s*=", response) or b"\r\nTo:" not in response
        peer.wire.sendto(PROBE)
        assert b"probe" in await soon(peer.heard.get())  # nothing was said in between


@pytest.mark.parametrize(
    ("name", "statuses", "closed"),
    [
        ("dblreq", [200, 200], False),
        ("mpart01", [405], False),
        ("longreq", [200], False),
        ("badinv01", [400], False),
        ("multi01", [400], False),
        ("ncl", [400], True),
        ("mcl01", [400], True),
        ("badvers", [505], True),
        ("clerr", [], False),
    ],
)
async def test_a_connection(name: str, statuses: list[int], closed: bool) -> None:
    """A connection is closed where nobody can tell where the next message begins (RFC 3261 §18.3)."""
    async with agent() as ours:
        reader, writer = await asyncio.open_connection(*ours.address)
        writer.write(CASES[name].data)
        heard: list[int] = []
        while len(heard) < len(statuses):
            head = await soon(reader.readuntil(b"\r\n\r\n"))
            await soon(reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0])))
            heard += [status(head)] if status(head) >= 200 else []
        assert heard == statuses
        if closed:
            assert await soon(reader.read()) == b""
        elif name != "clerr":  # which waits for the rest of its body
            writer.write(PROBE)
            assert b"probe" in await soon(reader.readuntil(b"\r\n\r\n"))
        writer.close()


async def test_what_a_refusal_says() -> None:
    async with agent() as ours:
        reader, writer = await asyncio.open_connection(*ours.address)
        writer.write(CASES["multi01"].data + CASES["bext01"].data)
        response = await soon(reader.readuntil(b"\r\n\r\n"))
        assert response.startswith(b"SIP/2.0 400 Bad Request: not one from\r\n")
        assert response.count(b"\r\nCSeq: 8 INVITE\r\n") == response.count(b"\r\nCSeq: ") == 1
        response = await soon(reader.readuntil(b"\r\n\r\n"))
        assert b"\r\nUnsupported: nothingSupportsThis, norThis\r\n" in response
        writer.close()
