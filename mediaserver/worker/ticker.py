"""Calls a function on whole multiples of a period. All tickers share one clock, so that calls due together cost one
wake-up."""

import asyncio
import os
from collections.abc import Callable

try:
    from mediaserver._packet_io import timer
except ImportError:  # compiled at installation where that is possible

    def timer(period_ms: int) -> int | None:
        """Return a descriptor that becomes readable on every multiple of a period; None where the kernel has none."""
        return None


class Ticker:
    """Calls `call` every `period_ms` milliseconds between :meth:`start` and :meth:`stop`; of several late calls it
    makes one.

    A timer of the kernel costs two thirds of the event loop's, which is created, scheduled and destroyed for each call.
    """

    def __init__(self, period_ms: int, call: Callable[[], None]) -> None:
        self._period_ms = period_ms
        self._call = call
        self._descriptor: int | None = None
        self._handle: asyncio.TimerHandle | None = None

    @property
    def _runs(self) -> bool:
        return self._descriptor is not None or self._handle is not None

    def set_period(self, period_ms: int) -> None:
        """Change the period in milliseconds from now on."""
        if period_ms == self._period_ms:
            return
        runs = self._runs
        self.stop()
        self._period_ms = period_ms
        if runs:
            self.start()

    def start(self) -> None:
        """Start with the next multiple of the period; one that runs goes on."""
        if self._runs:
            return
        self._descriptor = timer(self._period_ms)
        if self._descriptor is None:
            self._schedule()
        else:
            asyncio.get_running_loop().add_reader(self._descriptor, self._timer_fired)

    def stop(self) -> None:
        """Stop calling; a ticker that was not started may be stopped."""
        if self._handle is not None:
            self._handle.cancel()
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
        self._handle = self._descriptor = None

    def _timer_fired(self) -> None:
        assert self._descriptor is not None
        os.read(self._descriptor, 8)
        self._call()

    def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        number = round(loop.time() * 1000) // self._period_ms + 1
        self._handle = loop.call_at(number * self._period_ms / 1000, self._run_scheduled)

    def _run_scheduled(self) -> None:
        self._schedule()
        self._call()
