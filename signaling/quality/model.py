"""Samples of the quality of a seat's connection, ten seconds each, and their series. Pure.

A sample has one byte for each value, so that those of 200 points, eight hours a day, 90 days long, take less than
800 MB before they are compressed, and little of that afterwards (decision 135).
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntFlag
from math import log2
from typing import Final, Literal

STEP: Final = timedelta(seconds=10)
"""The time of one sample."""
HOUR: Final = 360
"""Samples of one stored row, at most."""
LONGEST: Final = 24 * HOUR
"""Samples of one series as it is read, at most: those of a day."""
UNKNOWN: Final = 255
"""The byte of a value that nobody measured."""

Field = Literal[
    "flags", "up", "down", "missing", "jitter", "round_trip", "received", "sent", "camera", "picture", "late",
    "frozen", "decode", "dropped", "fps",
]  # fmt: skip
"""The values of a sample, in the order in which they are stored; :func:`value` says their units.

`up`, `down` are the shares of packets lost to us and from us, `missing` that which its page missed; `picture` is the
step of quality that it was sent, with the highest one that was asked for. From `frozen` on its page measured them.
"""
FIELDS: Final[tuple[Field, ...]] = (
    "flags", "up", "down", "missing", "jitter", "round_trip", "received", "sent", "camera", "picture", "late",
    "frozen", "decode", "dropped", "fps",
)  # fmt: skip
PLACE: Final[Mapping[Field, int]] = {name: place for place, name in enumerate(FIELDS)}

Kind = Literal["browser", "system"]


class Flag(IntFlag):
    """Facts of a sample that are true or not."""

    TCP = 1
    """Media go by TCP."""
    RELAY = 2
    """They go by a TURN server."""
    CAMERA = 4
    """Its camera is switched on."""
    CPU = 8
    """Its page sends less since its machine has no more CPU."""
    BANDWIDTH = 16
    """Its page sends less since the line carries no more."""
    LIMITED = 32
    """It is a room system that takes less than the room's usual picture."""
    ABSENT = 128
    """It was not connected, and nothing was measured."""


ABSENT: Final = bytes([Flag.ABSENT, *[UNKNOWN] * (len(FIELDS) - 1)])
"""The sample of a seat that was not connected."""


def of_share(share: float) -> int:
    """Return the byte of a share: half percents."""
    return min(200, round(200 * max(0.0, share)))


def of_amount(amount: float) -> int:
    """Return the byte of milliseconds, or of kbit/s: logarithmic, to 4.4 % either way."""
    return min(250, round(8 * log2(1 + max(0.0, amount))))


def of_height(height: int) -> int:
    """Return the byte of a height in pixels: eighths."""
    return min(250, max(0, height) // 8)


def of_steps(step: int, most: int) -> int:
    """Return the byte of a step of quality and of the highest one asked for; -1 is no pictures."""
    return (min(14, max(0, step + 1)) << 4) | min(14, max(0, most + 1))


SHARES: Final = frozenset[Field](("up", "down", "missing", "dropped"))
AMOUNTS: Final = frozenset[Field](("jitter", "round_trip", "received", "sent", "late", "frozen", "decode"))


def value(name: Field, byte: int) -> float | None:
    """Return what the byte of a value means: percent, milliseconds, kbit/s, pixels or pictures per second; None: nobody
    measured it. Of a picture it is the step of quality, from 0 for none."""
    if byte == UNKNOWN:
        return None
    if name in SHARES:
        return byte / 2
    if name in AMOUNTS:
        return _AMOUNT[byte]
    if name == "camera":
        return 8.0 * byte
    return float(byte >> 4 if name == "picture" else byte)


_AMOUNT: Final = tuple(round(2 ** (byte / 8) - 1, 1) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Identity:
    """The owner of samples: a seat, its point, the registered name of its device, what kind that is and what it calls
    itself (User-Agent)."""

    seat: str
    point: str
    name: str
    kind: Kind
    product: str = ""


@dataclass(slots=True)
class Series:
    """Samples of one seat in a row, from `begin` on, one column for each value."""

    of: Identity
    begin: datetime
    columns: tuple[bytearray, ...] = field(default_factory=lambda: tuple(bytearray() for _ in FIELDS))

    def __len__(self) -> int:
        """Return how many samples it has."""
        return len(self.columns[0])

    def append(self, sample: bytes, times: int = 1) -> None:
        """Add a sample, or the same one several times."""
        for column, byte in zip(self.columns, sample, strict=True):
            column.extend(bytes([byte]) * times)

    def column(self, name: Field) -> bytearray:
        """Return the bytes of one value."""
        return self.columns[PLACE[name]]

    @property
    def end(self) -> datetime:
        """The time at which its last sample ends."""
        return self.begin + len(self) * STEP

    def packed(self) -> bytes:
        """Return its columns, one behind the other, compressed."""
        return zlib.compress(b"".join(self.columns))


def unpacked(of: Identity, begin: datetime, packed: bytes) -> Series:
    """Return a stored series. Raises ValueError for bytes that are none of at most :data:`HOUR` samples."""
    inflating = zlib.decompressobj()
    try:
        content = inflating.decompress(packed, HOUR * len(FIELDS) + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    count, rest = divmod(len(content), len(FIELDS))
    if not inflating.eof or rest or count > HOUR:
        raise ValueError("no columns of one length")
    columns = tuple(bytearray(content[place * count : (place + 1) * count]) for place in range(len(FIELDS)))
    return Series(of, begin, columns)


def joined(parts: Iterable[Series]) -> Series | None:
    """Return the parts of one seat's series as one, absent between them; None without parts.

    A part that begins before the one before it has ended loses its first samples; no series is longer than
    :data:`LONGEST`.
    """
    ordered = sorted((each for each in parts if len(each)), key=lambda each: each.begin)
    if not ordered:
        return None
    whole = Series(ordered[0].of, ordered[0].begin)
    for part in ordered:
        missing = min(round((part.begin - whole.begin) / STEP), LONGEST) - len(whole)
        if missing > 0:
            whole.append(ABSENT, missing)
        room = LONGEST - len(whole)
        for into, column in zip(whole.columns, part.columns, strict=True):
            into.extend(column[max(0, -missing) :][:room])
    return whole
