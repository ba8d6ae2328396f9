"""Reads from /proc which internet sockets a process waits on."""

import contextlib
import os
import re
import socket
from pathlib import Path

from loadtest.load.procfs import tree

LISTENING, UNCONNECTED = "0A", "07"


def open_sockets(pid: int) -> set[tuple[str, str, int]]:
    """Return protocol, address and port of every internet socket that a process and its children wait on."""
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
