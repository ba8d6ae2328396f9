"""A line that delays and loses IP packets, to a network namespace of its own, for what needs real TCP on it: kernels
without netem have two TUN devices and this between them."""

import ctypes
import fcntl
import heapq
import os
import random
import selectors
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_CLONE_NEWNET = 0x40000000
HERE, THERE = "10.98.0.1", "10.98.0.2"
_MTU = 1500


class LossyLine(threading.Thread):
    """Passes packets between two TUN devices: each is lost with probability `loss`, and comes `delay_s` later."""

    def __init__(self, here: int, there: int, delay_s: float) -> None:
        super().__init__(daemon=True)
        self.loss = 0.0
        self.passed = self.lost = 0
        self._delay_s = delay_s
        self._ends = {here: there, there: here}
        self._random = random.Random(7)
        self._ended = False

    def run(self) -> None:
        """Pass packets on until the line ends."""
        waiting: list[tuple[float, int, int, bytes]] = []
        with selectors.DefaultSelector() as selector:
            for end in self._ends:
                os.set_blocking(end, False)
                selector.register(end, selectors.EVENT_READ)
            while not self._ended:
                wait = waiting[0][0] - monotonic() if waiting else 0.05
                for key, _ in selector.select(max(0.0, min(wait, 0.05))):
                    self._read(key.fd, waiting)
                while waiting and waiting[0][0] <= monotonic():
                    _, _, end, packet = heapq.heappop(waiting)
                    os.write(end, packet)

    def _read(self, end: int, waiting: list[tuple[float, int, int, bytes]]) -> None:
        while True:
            try:
                packet = os.read(end, _MTU + 100)
            except BlockingIOError:
                return
            self.passed += 1
            if self._random.random() < self.loss:
                self.lost += 1
            else:
                heapq.heappush(waiting, (monotonic() + self._delay_s, self.passed, self._ends[end], packet))

    def end(self) -> None:
        """End the line."""
        self._ended = True
        self.join()
        for end in self._ends:
            os.close(end)


def _tun(name: str) -> int:
    end = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return end


def _configure(name: str, address: str, peer: str, *within: str) -> None:
    for command in (f"addr add {address} peer {peer} dev {name}", f"link set {name} up mtu {_MTU}"):
        subprocess.run([*within, "ip", *command.split()], check=True)


@contextmanager
def lossy_line(delay_s: float, server: tuple[str, int]) -> Iterator[tuple[LossyLine, list[str]]]:
    """Open a line to another namespace; yield it, and the beginning of the commands that run there. The pages of a
    server here are there at the same loopback address, without any loss."""
    with subprocess.Popen(["unshare", "--net", "sleep", "infinity"]) as other:
        try:
            namespace = Path(f"/proc/{other.pid}/ns/net")
            while os.readlink(namespace) == os.readlink("/proc/self/ns/net"):
                pass
            within = ["nsenter", f"--net={namespace}"]
            here, there = _tun("line0"), _tun_within(namespace)
            _configure("line0", HERE, THERE)
            subprocess.run([*within, "ip", "link", "set", "lo", "up"], check=True)
            _configure("line1", THERE, HERE, *within)
            subprocess.run([*within, "ip", "route", "add", "default", "dev", "line1"], check=True)
            with _visiting(namespace):
                pages = socket.create_server(server)
            threading.Thread(target=_serve_pages, args=(pages, server), daemon=True).start()
            line = LossyLine(here, there, delay_s)
            line.start()
            try:
                yield line, within
            finally:
                line.end()
                pages.close()
        finally:
            other.kill()


def _tun_within(namespace: Path) -> int:
    with _visiting(namespace):
        return _tun("line1")


@contextmanager
def _visiting(namespace: Path) -> Iterator[None]:
    """Have this thread in another namespace; what it opens there stays there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open() as ours, namespace.open() as theirs:
        if libc.setns(theirs.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            libc.setns(ours.fileno(), _CLONE_NEWNET)


def _serve_pages(listener: socket.socket, server: tuple[str, int]) -> None:
    """Pass connections in the other namespace on to a server here, without any loss."""
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_pass_on, args=(near, socket.create_connection(server)), daemon=True).start()


def _pass_on(near: socket.socket, far: socket.socket) -> None:
    with near, far:
        back = threading.Thread(target=_copy, args=(far, near), daemon=True)
        back.start()
        _copy(near, far)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
