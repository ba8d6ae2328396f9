"""Floor control by TCP, whose server is a script of bytes (RFC 8855)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from loadtest.rooms.bfcp_tcp import TcpFloor
from loadtest.rooms.room import RoomFailed

REQUEST = bytes.fromhex("20010001 00000001 0001 0012 05040002")
"""FloorRequest of user 18 for the floor 2 of 1."""
PENDING, GRANTED = (
    bytes.fromhex(f"20040003 00000001 0001 0012 1f0c0001 25080001 0b04{status}00") for status in ("01", "03")
)
"""FloorRequestStatus about the request 1."""
ERROR = bytes.fromhex("200d0001 00000001 0001 0012 0d030300")


@asynccontextmanager
async def server(*answers: bytes) -> AsyncIterator[int]:
    """Answer a request by these bytes, and close the connection; yield the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(len(REQUEST)) == REQUEST
        writer.writelines(answers)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("answers", "failure"),
    [
        ((PENDING, GRANTED), None),
        ((PENDING,), "the server closes the connection of BFCP"),
        ((ERROR,), "the server says by BFCP: 13 0d030300"),
    ],
    ids=["granted", "closed", "error"],
)
async def test_the_floor_is_had_once_it_is_granted(answers: tuple[bytes, ...], failure: str | None) -> None:
    floor = TcpFloor("127.0.0.1", 1, 18, 2)
    async with server(*answers) as port:
        await floor.connect("127.0.0.1", port)
        with pytest.raises(RoomFailed, match=failure) if failure else contextlib.nullcontext():
            await floor.ask()
        floor.close()
