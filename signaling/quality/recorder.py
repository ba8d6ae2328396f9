"""Samples the connections of running meetings, and writes the samples once a minute, in one transaction.

Nothing waits for it: a write that fails is logged, and is made up for by the next one.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import fmean

from sqlalchemy.exc import SQLAlchemyError

from mediaserver.api import ConnectionQuality
from scheduler.core.sql_values import whole_second
from signaling.messages.media import Playback
from signaling.quality.model import (
    ABSENT,
    HOUR,
    STEP,
    UNKNOWN,
    Flag,
    Identity,
    Series,
    of_amount,
    of_height,
    of_share,
    of_steps,
)
from signaling.quality.store import QualityStore

log = logging.getLogger(__name__)

WRITE_SECONDS = 60.0
STOP_SECONDS = 2.0
"""Time for the last write when the server stops."""
MOST_WAITING = 2000
"""Finished series that wait to be written, at most: those of ten hours of 200 seats."""


@dataclass(frozen=True, slots=True)
class Look:
    """A look at one seat: whose it is, whether its camera is on, its connection; None while it has none."""

    of: Identity
    camera: bool
    quality: ConnectionQuality | None


@dataclass(slots=True)
class _Seat:
    """A seat that is sampled."""

    series: Series
    looks: list[Look] = field(default_factory=list)
    """Those since the last sample."""
    playback: Playback | None = None
    """What its page measured last; None since the last sample."""
    unwritten: bool = False


class QualityRecorder:
    """The samples of running meetings."""

    def __init__(self, store: QualityStore) -> None:
        self._store = store
        self._seats: dict[str, dict[str, _Seat]] = {}
        """Seats by session and id."""
        self._finished: deque[tuple[str, Series]] = deque(maxlen=MOST_WAITING)
        self._task: asyncio.Task[None] | None = None

    def look(self, session: str, looks: Mapping[str, Look], now: datetime) -> None:
        """Take a look at all seats of a meeting; one that is missing has left."""
        seats = self._seats.setdefault(session, {})
        for gone in [each for each in seats if each not in looks]:
            self._finish(session, seats.pop(gone))
        for id_, look in looks.items():
            seat = seats.get(id_)
            if seat is None:
                if look.quality is None:
                    continue  # it begins with its first packet
                seat = seats[id_] = _Seat(Series(look.of, whole_second(now)))
            seat.looks.append(look)
            if now >= seat.series.end + STEP:
                self._sample(session, seat, now)

    def played(self, session: str, seat: str, playback: Playback) -> None:
        """Take what the page of a seat measured."""
        known = self._seats.get(session, {}).get(seat)
        if known is not None:
            known.playback = playback

    def ended(self, session: str) -> None:
        """Finish the series of a meeting that is over."""
        for seat in self._seats.pop(session, {}).values():
            self._finish(session, seat)

    def current(self, session: str) -> list[Series]:
        """Return copies of the series of a meeting that may not be written yet."""
        running = [each.series for each in self._seats.get(session, {}).values()]
        return [_copy(each) for each in (*(series for of, series in self._finished if of == session), *running)]

    def _sample(self, session: str, seat: _Seat, now: datetime) -> None:
        """Add the sample of the looks since the last one; where the server looked at nothing for longer, that was
        absent."""
        late = int((now - seat.series.end) / STEP) - 1
        if len(seat.series) + late >= HOUR:
            self._finish(session, seat)
            seat.series = Series(seat.series.of, seat.series.end + late * STEP)
            late = 0
        if late:
            seat.series.append(ABSENT, late)
        seat.series.append(sample(seat.looks, seat.playback))
        seat.looks, seat.playback, seat.unwritten = [], None, True

    def _finish(self, session: str, seat: _Seat) -> None:
        if seat.unwritten:
            self._finished.append((session, seat.series))
            seat.unwritten = False

    # Writing

    def start(self) -> None:
        """Start to write once a minute."""
        self._task = asyncio.create_task(self._write_forever())

    async def stop(self) -> None:
        """Write what there is, and stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.write()
        except TimeoutError:
            log.warning("x the last samples of quality could not be written")

    async def _write_forever(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write what has changed since the last write."""
        finished = list(self._finished)
        running = [(session, seat) for session, seats in self._seats.items() for seat in seats.values()]
        parts = [*finished, *((session, _copy(seat.series)) for session, seat in running if seat.unwritten)]
        for _, seat in running:
            seat.unwritten = False
        try:
            await self._store.save(parts)
        except SQLAlchemyError as error:
            log.warning("x samples of quality could not be written: %s", error)
            for _, seat in running:
                seat.unwritten = True
            return
        for each in finished:
            if self._finished and self._finished[0] is each:
                self._finished.popleft()


def _copy(series: Series) -> Series:
    """Return a series as it is now: it grows while a thread compresses it."""
    return Series(series.of, series.begin, tuple(bytearray(column) for column in series.columns))


def sample(looks: list[Look], playback: Playback | None) -> bytes:
    """Return the sample of some looks: means of losses, rates and lateness, the longest delay, the newest picture."""
    qualities = [each.quality for each in looks if each.quality is not None]
    if not qualities:
        return ABSENT
    newest = qualities[-1]
    flags = Flag.CAMERA if looks[-1].camera else Flag(0)
    flags |= Flag.TCP if newest.tcp else Flag(0)
    flags |= Flag.LIMITED if newest.limited else Flag(0)
    own = bytes([UNKNOWN] * 4)
    missing = UNKNOWN
    if playback is not None:
        flags |= {"relay": Flag.RELAY, "tcp": Flag.TCP, "udp": Flag(0)}[playback.path]
        flags |= {"cpu": Flag.CPU, "bandwidth": Flag.BANDWIDTH, "": Flag(0)}[playback.limited]
        missing = of_share(playback.lost)
        own = bytes(_own(playback))

    def mean(name: str) -> float:
        return fmean(getattr(each, name) for each in qualities)

    return bytes([
        flags,
        of_share(mean("up")),
        of_share(mean("down")),
        missing,
        of_amount(1000 * max(each.jitter for each in qualities)),
        of_amount(1000 * max(each.round_trip for each in qualities)),
        of_amount(mean("received") / 1000),
        of_amount(mean("sent") / 1000),
        of_height(max(each.camera for each in qualities)),
        of_steps(newest.step, newest.most),
        of_amount(1000 * mean("late")),
    ]) + own  # fmt: skip


def _own(playback: Playback) -> Iterator[int]:
    """Yield the bytes of what a page measured."""
    yield of_amount(playback.frozen_ms)
    yield UNKNOWN if playback.decode_ms is None else of_amount(playback.decode_ms)
    yield of_share(playback.dropped)
    yield min(250, round(playback.fps))
