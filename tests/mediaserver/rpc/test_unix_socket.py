"""Tests of messages and descriptors over a unix socket, and of an other end that ends, is slow, or sends malformed
data."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mediaserver.rpc import protocol
from mediaserver.rpc.unix_socket import MAX_DESCRIPTORS, MAX_WAITING, SocketLink

BIG = {"text": "x" * 900_000}


def opened() -> set[str]:
    """Return the targets of this process's open descriptors."""
    return {os.readlink(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd") if _there(each)}


def _there(descriptor: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{descriptor}")


@pytest.fixture
async def ends() -> AsyncIterator[tuple[SocketLink, SocketLink]]:
    """Return the server's end and the worker's, which takes descriptors."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    server, worker = SocketLink(ours), SocketLink(theirs, accepts_descriptors=True)
    yield server, worker
    server.close()
    worker.close()


def files(folder: Path, count: int) -> list[int]:
    return [os.open(folder / str(number), os.O_WRONLY | os.O_CREAT) for number in range(count)]


async def test_messages_go_both_ways_however_large(ends: tuple[SocketLink, SocketLink]) -> None:
    server, worker = ends
    for message in ({"id": 1}, BIG, {"id": 2}):
        server.write(message)
    assert [await worker.read() for _ in range(3)] == [{"id": 1}, BIG, {"id": 2}]
    worker.write({"id": 3})
    assert await server.read() == {"id": 3}


async def test_descriptors_come_with_their_message_and_the_sender_keeps_none(
    ends: tuple[SocketLink, SocketLink], tmp_path: Path
) -> None:
    server, worker = ends
    server.write(BIG)
    server.write({"files": "a"}, files(tmp_path, 3))
    server.write({"id": 1})
    assert await worker.read() == BIG
    message = await worker.read()
    assert message is not None
    for descriptor in message["descriptors"]:
        os.write(descriptor, b"!")
        os.close(descriptor)
    assert (len(message["descriptors"]), await worker.read()) == (3, {"id": 1})
    assert [(tmp_path / name).read_bytes() for name in "012"] == [b"!"] * 3
    assert not [each for each in opened() if each.startswith(str(tmp_path))]


async def test_messages_before_the_end_are_read_and_then_there_are_no_more(
    ends: tuple[SocketLink, SocketLink],
) -> None:
    server, worker = ends
    worker.write(BIG)
    worker.write({"id": 1})
    worker.close()
    assert [await server.read() for _ in range(3)] == [BIG, {"id": 1}, None]
    server.write({"id": 2})  # nobody hears it
    assert await server.read() is None


async def test_closing_ends_reading(ends: tuple[SocketLink, SocketLink]) -> None:
    server, _ = ends
    reading = asyncio.ensure_future(server.read())
    await asyncio.sleep(0)
    server.close()
    assert await reading is None


async def test_a_server_takes_no_descriptors(ends: tuple[SocketLink, SocketLink], tmp_path: Path) -> None:
    server, worker = ends
    worker.write({"id": 1}, files(tmp_path, 1))
    with pytest.raises(ValueError, match="without its descriptors"):
        await server.read()
    assert not [each for each in opened() if each.startswith(str(tmp_path))]


async def test_a_worker_takes_no_more_descriptors_than_a_recording_has(
    ends: tuple[SocketLink, SocketLink], tmp_path: Path
) -> None:
    server, worker = ends
    server.write({"id": 1}, files(tmp_path, MAX_DESCRIPTORS + 1))
    with pytest.raises(ValueError, match="too many"):
        await worker.read()
    worker.close()
    assert not [each for each in opened() if each.startswith(str(tmp_path))]


@pytest.mark.parametrize("count", [1, -1, "1", None, True, 2**40])
async def test_descriptors_that_did_not_come_are_no_message(ends: tuple[SocketLink, SocketLink], count: object) -> None:
    server, worker = ends
    server.write({"id": 1, "descriptors": count})
    with pytest.raises(ValueError, match="without its descriptors"):
        await worker.read()


async def test_an_end_that_takes_no_more_is_hung_up_on(
    ends: tuple[SocketLink, SocketLink], caplog: pytest.LogCaptureFixture
) -> None:
    server, _ = ends
    server.write(BIG)
    for number in range(MAX_WAITING):
        server.write({"id": number})
    assert await server.read() is None
    assert [record.getMessage() for record in caplog.records] == [f"x {MAX_WAITING} messages wait for the other end"]
    caplog.clear()


async def test_whoever_dials_knows_the_user_that_listens(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        link = await SocketLink.dial(str(tmp_path / "s"))
        assert link.peer == os.getuid()
        link.close()


def test_a_frame_is_no_longer_than_what_is_read() -> None:
    assert len(protocol.frame(BIG)) < protocol.MAX_MESSAGE_BYTES
