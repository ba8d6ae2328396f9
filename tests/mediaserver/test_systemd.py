"""Tests of the messages to systemd, read from a socket of our own."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediaserver import systemd


@pytest.fixture
def notify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Open the socket that systemd would read."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
        reader.bind(str(tmp_path / "notify"))
        reader.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield reader


async def test_a_state_is_sent_to_the_socket_that_is_named(notify: socket.socket) -> None:
    systemd.tell(systemd.READY)
    assert notify.recv(100) == b"READY=1"


async def test_a_socket_may_be_of_the_abstract_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"diemcau-test-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
        reader.bind(f"\0{name}")
        systemd.tell(systemd.STOPPING)
        assert reader.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("named", [None, "nowhere"])
async def test_nobody_need_listen(named: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if named:
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / named))
    systemd.tell(systemd.READY)


async def test_a_reload_says_when_it_began(notify: socket.socket) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    systemd.tell_reloading()
    word, moment = notify.recv(100).decode().split("\nMONOTONIC_USEC=")
    assert (word, before <= int(moment) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000) == ("RELOADING=1", True)


async def test_the_watchdog_is_answered_again_and_again(notify: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "3000")
    answering = asyncio.create_task(systemd.keep_alive())
    loop = asyncio.get_running_loop()
    assert [await loop.sock_recv(notify, 100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
    answering.cancel()


async def test_without_a_watchdog_no_keep_alive_is_sent(notify: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    await systemd.keep_alive()
    with pytest.raises(BlockingIOError):
        notify.recv(100)


async def test_a_worker_is_ready_when_its_socket_is_there_and_says_that_it_ends(
    notify: socket.socket, tmp_path: Path
) -> None:
    path = tmp_path / "media.sock"
    arguments = ("-m", "mediaserver", "--socket", str(path), "--port", "0", "--address", "127.0.0.1")
    variables = {**os.environ, "WATCHDOG_USEC": "60000000"}
    worker = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=variables)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(40):
            assert {await loop.sock_recv(notify, 100) for _ in range(2)} == {b"WATCHDOG=1", b"READY=1"}
            assert path.is_socket()
            worker.send_signal(signal.SIGTERM)
            assert await loop.sock_recv(notify, 100) == b"STOPPING=1"
            assert await worker.wait() == 0
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
