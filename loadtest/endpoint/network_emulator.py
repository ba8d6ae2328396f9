"""A bad line: a UDP proxy that delays both ways, carries so many bits a second to the endpoint, and loses packets."""

import heapq
import random
import selectors
import socket
import threading
from math import inf
from time import monotonic
from typing import Self

from mediaserver.transport.ice import Address

DELAY_S = 0.02
QUEUE_S = 0.5
"""What waits longer is dropped, as in an ordinary router."""
STALL_EVERY_S = 0.2, 0.5
"""Between the beginnings of two stalls."""


class NetworkEmulator(threading.Thread):
    """Stands between endpoints and the media port of a server.

    `rate` and `up` (bit/s to the endpoint, and to the server), `loss` (share of datagrams, both ways; 1 is a blackout)
    and `stall_s` (so long at most nothing moves towards the server, again and again, as in a busy wireless network) may
    be changed at any time; `lost` counts what loss took.
    """

    def __init__(self, server: Address, rate: float) -> None:
        super().__init__(daemon=True)
        self.rate = rate
        self.up = inf
        self.loss = 0.0
        self.stall_s = 0.0
        self.lost = 0
        self._server = server
        self._selector = selectors.DefaultSelector()
        self._front = self._open(None)
        self.port = self._front.getsockname()[1]
        self._backs: dict[Address, socket.socket] = {}
        self._left: list[socket.socket] = []
        self._moves = False
        self._waiting: list[tuple[float, int, socket.socket, bytes, Address]] = []
        self._count = 0
        self._free = [0.0, 0.0]
        """When the queues to the endpoint and to the server will be empty."""
        self._stall_at = self._moves_at = 0.0
        self._ended = False
        self._random = random.Random(7)

    def redirect(self, answer: str) -> str:
        """An SDP answer whose candidates are on this line."""
        host, port = self._server
        return answer.replace(f" {host} {port} typ ", f" {host} {self.port} typ ")

    def move(self) -> None:
        """Reach the server from other ports from now on, as behind a router that forgot; the old ones lead nowhere."""
        self._moves = True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self.join()
        for sock in (self._front, *self._backs.values(), *self._left):
            sock.close()
        self._selector.close()

    def run(self) -> None:
        """Carry packets."""
        while not self._ended:
            wait = self._waiting[0][0] - monotonic() if self._waiting else 0.05
            for key, _ in self._selector.select(max(0.0005, min(wait, 0.05))):
                self._read(key.fileobj, key.data)  # type: ignore[arg-type]
            now = monotonic()
            while self._waiting and self._waiting[0][0] <= now:
                _, _, sock, data, address = heapq.heappop(self._waiting)
                sock.sendto(data, address)

    def _leave(self) -> None:
        for sock in self._backs.values():
            self._selector.unregister(sock)
            self._left.append(sock)
        self._backs.clear()
        self._moves = False

    def _open(self, endpoint: Address | None) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((self._server[0], 0))
        sock.setblocking(False)
        self._selector.register(sock, selectors.EVENT_READ, endpoint)
        return sock

    def _read(self, sock: socket.socket, endpoint: Address | None) -> None:
        while True:
            try:
                data, address = sock.recvfrom(2048)
            except BlockingIOError:
                return
            if self._random.random() < self.loss:
                self.lost += 1
            elif endpoint is None:
                if self._moves:
                    self._leave()
                if address not in self._backs:
                    self._backs[address] = self._open(address)
                self._push(data, self._backs[address])
            else:
                self._squeeze(data, endpoint)

    def _push(self, data: bytes, back: socket.socket) -> None:
        now = monotonic()
        if now >= self._stall_at:
            self._stall_at = now + self._random.uniform(*STALL_EVERY_S)
            self._moves_at = now + self._random.uniform(0, self.stall_s)
        if (out := self._through(1, data, self.up, now)) is not None:
            self._carry(max(out, self._moves_at) + DELAY_S, back, data, self._server)

    def _squeeze(self, data: bytes, endpoint: Address) -> None:
        if (out := self._through(0, data, self.rate, monotonic())) is not None:
            self._carry(out + DELAY_S, self._front, data, endpoint)

    def _through(self, way: int, data: bytes, rate: float, now: float) -> float | None:
        """When a datagram leaves a queue of `rate` bit/s; None when that is full."""
        free = max(self._free[way], now)
        if free - now > QUEUE_S:
            return None
        self._free[way] = free + len(data) * 8 / rate
        return self._free[way]

    def _carry(self, at: float, sock: socket.socket, data: bytes, address: Address) -> None:
        self._count += 1
        heapq.heappush(self._waiting, (at, self._count, sock, data, address))
