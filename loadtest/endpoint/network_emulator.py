"""Emulates a poor network: a UDP proxy that delays both ways, limits the bit rate and loses packets."""

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
"""Each way, at first."""
QUEUE_S = 0.5
"""Datagrams that would wait longer are dropped, as by an ordinary router."""
STALL_EVERY_S = 0.2, 0.5
"""Seconds between the beginnings of two stalls."""


class NetworkEmulator(threading.Thread):
    """Forwards datagrams between endpoints and the media port of a server.

    `rate` and `up` are bit/s to the endpoint and to the server; `delay_s` is the delay each way; `loss` is the share of
    datagrams lost both ways (1: blackout); `stall_s` is the longest time for which datagrams to the server are held
    back, again and again, as in a busy wireless network. All may be changed at any time; `lost` counts the lost
    datagrams.
    """

    def __init__(self, server: Address, rate: float) -> None:
        super().__init__(daemon=True)
        self.rate = rate
        self.up = inf
        self.delay_s = DELAY_S
        self.loss = 0.0
        self.stall_s = 0.0
        self.lost = 0
        self._server = server
        self._selector = selectors.DefaultSelector()
        self._endpoint_socket = self._open(None)
        self.port = self._endpoint_socket.getsockname()[1]
        self._upstream_sockets: dict[Address, socket.socket] = {}
        self._abandoned: list[socket.socket] = []
        self._is_moving = False
        self._waiting: list[tuple[float, int, socket.socket, bytes, Address]] = []
        self._count = 0
        self._free_at = [0.0, 0.0]
        """Times at which the queues to the endpoint and to the server will be empty."""
        self._stall_at = self._stalled_until = 0.0
        self._ended = False
        self._random = random.Random(7)

    def redirect(self, answer: str) -> str:
        """Return an SDP answer whose candidates are the emulator's port."""
        host, port = self._server
        return answer.replace(f" {host} {port} typ ", f" {host} {self.port} typ ")

    def move(self) -> None:
        """Send to the server from other ports from now on, as after a NAT lost its bindings; the old ports are dead."""
        self._is_moving = True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self.join()
        for sock in (self._endpoint_socket, *self._upstream_sockets.values(), *self._abandoned):
            sock.close()
        self._selector.close()

    def run(self) -> None:
        """Forward packets until the emulator ends."""
        while not self._ended:
            wait = self._waiting[0][0] - monotonic() if self._waiting else 0.05
            for key, _ in self._selector.select(max(0.0005, min(wait, 0.05))):
                self._read(key.fileobj, key.data)  # type: ignore[arg-type]
            now = monotonic()
            while self._waiting and self._waiting[0][0] <= now:
                _, _, sock, data, address = heapq.heappop(self._waiting)
                sock.sendto(data, address)

    def _abandon_ports(self) -> None:
        for sock in self._upstream_sockets.values():
            self._selector.unregister(sock)
            self._abandoned.append(sock)
        self._upstream_sockets.clear()
        self._is_moving = False

    def _open(self, endpoint: Address | None) -> socket.socket:
        sock = socket.socket(socket.AF_INET6 if ":" in self._server[0] else socket.AF_INET, socket.SOCK_DGRAM)
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
                if self._is_moving:
                    self._abandon_ports()
                if address not in self._upstream_sockets:
                    self._upstream_sockets[address] = self._open(address)
                self._to_server(data, self._upstream_sockets[address])
            else:
                self._to_endpoint(data, endpoint)

    def _to_server(self, data: bytes, back: socket.socket) -> None:
        now = monotonic()
        if now >= self._stall_at:
            self._stall_at = now + self._random.uniform(*STALL_EVERY_S)
            self._stalled_until = now + self._random.uniform(0, self.stall_s)
        if (out := self._leaves_at(1, data, self.up, now)) is not None:
            self._schedule(max(out, self._stalled_until) + self.delay_s, back, data, self._server)

    def _to_endpoint(self, data: bytes, endpoint: Address) -> None:
        if (out := self._leaves_at(0, data, self.rate, monotonic())) is not None:
            self._schedule(out + self.delay_s, self._endpoint_socket, data, endpoint)

    def _leaves_at(self, way: int, data: bytes, rate: float, now: float) -> float | None:
        """Return when a datagram leaves a queue of `rate` bit/s; None if the queue is full."""
        free = max(self._free_at[way], now)
        if free - now > QUEUE_S:
            return None
        self._free_at[way] = free + len(data) * 8 / rate
        return self._free_at[way]

    def _schedule(self, at: float, sock: socket.socket, data: bytes, address: Address) -> None:
        self._count += 1
        heapq.heappush(self._waiting, (at, self._count, sock, data, address))
