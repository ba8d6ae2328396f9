"""Captures what processes send each other over loopback, and reads it by tshark."""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.debian import demand, unmet

MARK, MARK_PORT = b"the capture ends here", 9
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Dissection:
    """A capture as tshark reads it."""

    lines: list[str]
    faults: list[str]
    """Malformed packets, and experts' remarks on anything but the course of TCP."""
    unread: list[str]
    """Segments and datagrams with content in which it found nothing of H.323."""


@asynccontextmanager
async def captured(network: str, path: Path) -> AsyncIterator[None]:
    """Write to a file what passes of call signalling, H.245 and RAS among the addresses of a network of loopback.

    Where nobody may capture, the test fails for root, and is skipped for others.
    """
    wanted = f"net {network} and (tcp or udp port 1719 or udp port {MARK_PORT})"
    command = [demand("dumpcap"), "-q", "-i", "lo", "-f", wanted, "-w", str(path)]
    dumpcap = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    try:
        assert dumpcap.stderr is not None
        while not (line := await dumpcap.stderr.readline()).startswith(b"File:"):
            if not line:
                unmet("dumpcap may not capture here")
        yield
        await _finish(network, path)
    finally:
        if dumpcap.returncode is None:
            dumpcap.terminate()
        await dumpcap.wait()


async def _finish(network: str, path: Path) -> None:
    """Wait until everything that was sent stands in the file."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as marker:
        marker.sendto(MARK, (network.partition("/")[0], MARK_PORT))
    async with asyncio.timeout(30):
        while MARK not in path.read_bytes():
            await asyncio.sleep(POLL_S)


def dissect(path: Path) -> Dissection:
    """Have tshark read a capture."""
    read = [line.strip() for line in _tshark(path, "-V").splitlines()]
    marked = [line for line in read if "alformed" in line or "Expert Info" in line]
    other = (
        f"(tcp.len > 0 || udp) && !(q931 || h245 || h225) && !tcp.analysis.retransmission && udp.port != {MARK_PORT}"
    )
    unread = _tshark(path, "-Y", other).splitlines()
    return Dissection(read, [line for line in marked if "/Sequence)" not in line], unread)


def _tshark(path: Path, *arguments: str) -> str:
    return subprocess.run(
        ["tshark", "-n", "-r", path, *arguments], capture_output=True, text=True, check=True, timeout=60
    ).stdout
