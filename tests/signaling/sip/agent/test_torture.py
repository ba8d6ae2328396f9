"""Every message of RFC 4475 and RFC 5118 gets the answer that its RFC names, or none, over UDP and over TCP."""

import asyncio
import re
from contextlib import AsyncExitStack

import pytest

from tests.signaling.sip import torture
from tests.signaling.sip.agents import agent, soon
from tests.signaling.sip.torture import RFC_4475, RFC_5118, Case
from tests.signaling.sip.wire import HOST

CASES = {each.name: each for each in torture.CASES}
_TOP_VIA = re.compile(rb"(?im)^(v(?:ia)?\s*:\s*SIP\s*/\s*[0-9.]+\s*/\s*UDP\s+)(?:\[[^]]*\]|[^\s;:\[]+)(?::\d+)?")
PROBE = (
    b"OPTIONS sip:probe@h SIP/2.0\r\nVia: SIP/2.0/UDP h;rport;branch=z9hG4bKprobe\r\nFrom: <sip:a@h>;tag=probe\r\n"
    b"To: <sip:b@h>\r\nCall-ID: probe\r\nCSeq: 1 OPTIONS\r\n\r\n"
)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for peers that are gone."""
    monkeypatch.setattr("signaling.sip.agent.agent.CLOSE_TIMEOUT_S", 0.01)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.put_nowait(data)


def status(response: bytes) -> int:
    """Return the status of a response, which may repeat what cannot be parsed."""
    return int(response.split(b" ", 2)[1])


async def final(heard: asyncio.Queue[bytes]) -> bytes:
    """Return the next final response."""
    while status(response := await soon(heard.get())) < 200:
        pass
    return response


def test_all_are_there() -> None:
    assert (len(RFC_4475), len(RFC_5118)) == (49, 12)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_a_datagram(case: Case) -> None:
    async with agent() as ours, AsyncExitStack() as stack:
        wire, peer = await asyncio.get_running_loop().create_datagram_endpoint(_Datagrams, (HOST, 0))
        stack.callback(wire.close)
        place = "{}:{}".format(*wire.get_extra_info("sockname")).encode()
        wire.sendto(_TOP_VIA.sub(rb"\g<1>" + place, case.data, count=1), ours.address)  # else to port 5060
        if case.status is not None:
            response = await final(peer.heard)
            assert status(response) == case.status, case.why
            assert re.search(rb"\r\nTo: .*;\s*tag\s*=", response) or b"\r\nTo:" not in response
        wire.sendto(PROBE, ours.address)
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
