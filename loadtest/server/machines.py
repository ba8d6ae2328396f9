"""Machines: network namespaces on one bridge, each with an address of its own.

The bridge stands in a network of this process, which has mounts of its own, too. The kernel takes all of it away with
the last process of them, however that ended.
"""

import ctypes
import os
import pwd
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

NETWORK = "198.18.0"
"""Of the addresses for benchmarks (RFC 2544), which no server of anybody has."""
LOOPBACK = "127.0.0.1"
NAMESPACES = Path("/run/netns")
"""Where ip-netns(8) keeps the names."""
BRIDGE = "machines"
TO, FROM = "to", "from"
_HOOKS = {TO: ("output", "daddr"), FROM: ("input", "saddr")}
_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNS, _CLONE_NEWNET = 0x20000, 0x40000000


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine by its name and address; that of this process has no name."""

    name: str
    address: str

    def command(self, *words: str, user: str = "") -> tuple[str, ...]:
        """Return the command that runs another one there, as its user or, by root, as another, with the same process
        id."""
        account = pwd.getpwnam(user) if user and os.getuid() == 0 else None
        if not self.name and account is None:
            return words
        if not self.name:
            return ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--", *words)
        who = (f"--setuid={account.pw_uid}", f"--setgid={account.pw_gid}") if account else ()
        return ("nsenter", f"--net={NAMESPACES / self.name}", *who, "--", *words)

    def cut(self, other: "Machine | None", directions: Collection[str] = (TO, FROM)) -> None:
        """Drop what this machine sends to another one or to all, or gets from there, until it is mended. Raises
        OSError."""
        others = other.address if other else f"{NETWORK}.0/24"
        rules = ["add table ip cut"]
        for each in directions:
            hook, end = _HOOKS[each]
            rules.append(f"add chain ip cut {hook} {{ type filter hook {hook} priority 0; }}")
            rules.append(f"add rule ip cut {hook} ip {end} {others} drop")
        _run(*self.command("nft", "; ".join(rules)))

    def mend(self) -> None:
        """Drop nothing any more. Raises OSError."""
        _run(*self.command("nft", "delete table ip cut"))


HERE = Machine("", LOOPBACK)
"""The machine of this process, as its programs reach each other."""


def enter_network() -> None:
    """Move this process into a network and mounts of its own, with a bridge for machines. Raises OSError: needs root.

    Threads that run already stay where they are.
    """
    if _LIBC.unshare(_CLONE_NEWNS | _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "machines of their own need root")
    _run("mount", "--make-rprivate", "/")
    NAMESPACES.mkdir(exist_ok=True)
    _run("mount", "-t", "tmpfs", "tmpfs", str(NAMESPACES))
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "link", "add", BRIDGE, "type", "bridge")
    _run("ip", "address", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
    _run("ip", "link", "set", BRIDGE, "up")


def make(name: str) -> Machine:
    """Add a machine to the network of this process, at the bridge's port of the same name. Raises OSError."""
    made = Machine(name, f"{NETWORK}.{2 + len(list(NAMESPACES.iterdir()))}")
    _run("ip", "netns", "add", name)
    _run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
    _run("ip", "link", "set", name, "master", BRIDGE, "up")
    _run("ip", "-n", name, "address", "add", f"{made.address}/24", "dev", "eth0")
    for device in ("lo", "eth0"):
        _run("ip", "-n", name, "link", "set", device, "up")
    return made


def unmount_below(folder: Path) -> None:
    """Unmount what is mounted in a folder. Raises OSError."""
    places = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in places:
        if folder in Path(place).parents:
            _run("umount", "--lazy", place)


def _run(*words: str) -> None:
    done = subprocess.run(words, check=False, capture_output=True)  # noqa: S603 - of ours
    if done.returncode:
        raise OSError(f"{' '.join(words)}: {done.stderr.decode().strip()}")
