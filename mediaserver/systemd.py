"""Sends the state of this process to systemd by the datagrams of sd_notify(3); without systemd it does nothing."""

import asyncio
import os
import socket
import time
from contextlib import suppress

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


def tell(state: str) -> None:
    """Send a state to the socket that systemd named in the environment. A lost datagram is ignored."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # of the abstract namespace (unix(7))
        address = f"\0{address[1:]}"
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.sendto(state.encode(), address)


def tell_reloading() -> None:
    """Tell systemd that the process reloads, and since when: systemd then waits for READY."""
    tell(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")


async def keep_alive() -> None:
    """Tell systemd's watchdog (WatchdogSec=) three times in each interval that our event loop runs."""
    seconds = int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6
    while seconds:
        tell(ALIVE)
        await asyncio.sleep(seconds / 3)
