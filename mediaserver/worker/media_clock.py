"""Reads the sockets of a process and runs the audio ticks of all its rooms on one clock."""

import logging
import time
from collections.abc import Callable, Mapping
from contextvars import Context

from mediaserver.audio.mix_minus import PTIME_MS
from mediaserver.peer.webrtc import TICK_S
from mediaserver.pipe.pipe import Pipe
from mediaserver.room.room import Room
from mediaserver.rtp.source import FlushQueue
from mediaserver.throttled_log import ThrottledLog
from mediaserver.transport.plain_rtp import PlainPorts
from mediaserver.transport.probe import Probe
from mediaserver.transport.udp_mux import UdpMux
from mediaserver.worker.histogram import LAG_BOUNDS_S, Histogram
from mediaserver.worker.ticker import Ticker

POLL_MS = PTIME_MS
"""Milliseconds between two reads of the sockets, which are polled together with each audio tick instead of being waited
for. Datagrams that came in between are read together and leave to each receiver with one system call; a datagram waits
10 ms on average."""
FAST_POLL_MS = PTIME_MS // 2
"""The shorter interval. It holds while somebody joins (the three flights of a handshake each wait for a poll), while
the pacer sends a picture in parts, and where the kernel's receive buffer is small."""
JOIN_FAST_POLL_S = 3.0
"""Seconds of fast polling after an SDP answer, in which a browser on a long link may have joined as well."""
AUDIO_TICK_S = PTIME_MS / 1000
HOUSEKEEPING_TICKS = round(TICK_S / AUDIO_TICK_S)
REFRESH_TICKS = 25
MAX_LATE_TICKS = 10
"""Audio ticks that are caught up one by one; after a longer delay the count begins anew."""


logger = logging.getLogger(__name__)


def tick_number(now: float) -> int:
    """Return the number of audio ticks that are over at `now` (seconds), the one that is due now included."""
    return round(now * 1000) // PTIME_MS


class MediaClock:
    """Polls the sockets while there are rooms, or connectivity checks of others are awaited; `rooms` and `pipes` are
    those of the engine at any time, by name."""

    def __init__(
        self,
        rooms: Mapping[str, Room],
        pipes: Mapping[str, Pipe],
        mux: UdpMux,
        plain: PlainPorts,
        probe: Probe,
        flush_queue: FlushQueue,
    ) -> None:
        self._rooms = rooms
        self._pipes = pipes
        self._mux = mux
        self._plain = plain
        self._probe = probe
        self._flush_queue = flush_queue
        self._throttled_log = ThrottledLog(logger)
        self._ticker = Ticker(POLL_MS, self._poll)
        self.ticks_done = 0
        """Number of the last audio tick that has run."""
        self.lag = Histogram(LAG_BOUNDS_S)
        """How many seconds late ticks of sound began, of several late ones the first."""
        self.late_s = 0.0
        """By how many seconds they begin late, in the mean of the last second."""
        self.mix_s = 0.0
        """Seconds of CPU that the sound of all rooms took."""
        self._fast_poll_until = 0.0
        """Monotonic time in seconds until which sockets are polled fast, since somebody joins."""

    def start(self, now: float) -> None:
        """Start before the first room opens; a clock that runs goes on."""
        if not self._rooms:
            self.ticks_done = tick_number(now)
        Context().run(self._ticker.start)  # without the ids that lines about the first room have in the log

    def poll_fast(self, now: float) -> None:
        """Poll fast for a while: somebody joins."""
        self._fast_poll_until = now + JOIN_FAST_POLL_S

    def stop(self) -> None:
        """Stop for good."""
        self._ticker.stop()

    def _poll(self) -> None:
        """Read all sockets, run the audio ticks that are due, and flush the packets that came of it."""
        now = time.monotonic()
        self._mux.poll(now)
        if self._plain.port_pairs:
            self._plain.poll(now)
        due = tick_number(now)
        if due != self.ticks_done:
            late = max(0.0, now - (self.ticks_done + 1) * AUDIO_TICK_S)
            self.lag.observe(late)
            self.late_s += AUDIO_TICK_S * (late - self.late_s)
            self._run_due_ticks(due, now)
        if self._flush_queue:
            self._flush_queue.flush(now)
        for room in tuple(self._rooms.values()):
            room.polled(now)
        fast = self._flush_queue or now < self._fast_poll_until or not self._mux.has_large_buffer
        self._ticker.set_period(FAST_POLL_MS if fast else POLL_MS)
        self.stop_idle(now)

    def stop_idle(self, now: float) -> None:
        """Stop polling when nobody is served."""
        if not self._rooms and not self._probe.is_open(now):
            self._ticker.stop()

    def _run_due_ticks(self, due: int, now: float) -> None:
        """Run the audio ticks up to number `due` for all rooms on one clock, missed ones included.

        The packets of each leave before the next: where a stream changes its source in one of them, what the old source
        has for the next ones would go first, and the new source's packets of these times not at all.
        """
        first = self.ticks_done + 1 if due - self.ticks_done <= MAX_LATE_TICKS else due
        for number in range(first, due + 1):
            self._run_tick(number, now)
            if number < due:
                self._flush_queue.flush(now)
        self.ticks_done = due

    def _run_tick(self, number: int, now: float) -> None:
        rooms, began = tuple(self._rooms.values()), time.thread_time()
        for room in rooms:
            try:  # not by _run_guarded: it is called 50 times a second
                room.sound(number * AUDIO_TICK_S)
            except Exception:
                self._caught(room.name)
        self.mix_s += time.thread_time() - began
        for room in rooms:
            if number % HOUSEKEEPING_TICKS == 0:
                self._run_guarded(room.name, room.tick, now)
            if number % REFRESH_TICKS == 0:
                self._run_guarded(room.name, room.refresh, now)
        if number % HOUSEKEEPING_TICKS == 0:
            for name, pipe in tuple(self._pipes.items()):
                self._run_guarded(name, pipe.tick, now)

    def _run_guarded(self, name: str, work: Callable[[float], None], now: float) -> None:
        """Run one job of a room or a pipe; an exception in it is logged and stops no other job."""
        try:
            work(now)
        except Exception:
            self._caught(name)

    def _caught(self, name: str) -> None:
        self._throttled_log.caught("x audio tick of %s", name)
