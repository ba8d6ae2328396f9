"""The port matrix of docs/operating.md: what a server of ours listens on, and nothing else (Điều 7.2)."""

import contextlib
import os
import re
import socket
from pathlib import Path

from loadtest.load.procfs import tree
from loadtest.server.process import throwaway

LISTENING, UNCONNECTED = "0A", "07"


def opened(pid: int) -> set[tuple[str, str, int]]:
    """Protocol, address and port of every internet socket that a process and its children wait on."""
    inodes = set()
    for each in tree(pid):
        for descriptor in Path(f"/proc/{each}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                inodes.update(re.findall(r"socket:\[(\d+)\]", os.readlink(descriptor)))
    found = set()
    for table, state in (("tcp", LISTENING), ("tcp6", LISTENING), ("udp", UNCONNECTED), ("udp6", UNCONNECTED)):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == state and fields[9] in inodes:
                address, port = fields[1].split(":")
                size = 4 if len(address) == 8 else 16
                packed = b"".join(bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, 2 * size, 8))
                family = socket.AF_INET if size == 4 else socket.AF_INET6
                found.add((table[:3], socket.inet_ntop(family, packed), int(port, 16)))
    return found


async def test_r037_only_the_ports_of_the_matrix_are_open() -> None:
    async with throwaway(4, print, DIEMCAU_HOST="0.0.0.0", DIEMCAU_WORKERS="1") as server:
        https, plain, media = (int(server.environ[f"DIEMCAU_{name}PORT"]) for name in ("", "HTTP_", "MEDIA_"))
        assert opened(server.pid) == {
            ("tcp", "0.0.0.0", https),
            ("tcp", "127.0.0.1", plain),
            ("udp", "127.0.0.1", media),
        }


async def test_r037_the_port_of_the_gateway_is_open_where_it_is_set() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    set_ = {"DIEMCAU_SIP_HOST": "127.0.0.1", "DIEMCAU_SIP_PORT": str(port)}
    async with throwaway(4, print, DIEMCAU_WORKERS="1", **set_) as server:
        found = opened(server.pid)
        assert {("udp", "127.0.0.1", port), ("tcp", "127.0.0.1", port)} <= found
        assert len(found) == 5
