"""The rules by which a series of samples becomes causes of bad quality, each with its time and its measure. Pure.

Each cause is a condition on single samples. Where two of them hold at once, one may be the other's reason, and stands
alone (:data:`HIDDEN_BY`). Samples of a cause that follow each other, with at most :data:`GAP` others between them, are
one finding, if there are enough of them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from signaling.quality.model import STEP, UNKNOWN, Field, Flag, Series, of_amount, of_share, value

Cause = Literal[
    "disconnected", "server", "up", "down", "tcp", "delay", "jitter", "narrow-down", "narrow-up", "device", "camera",
    "frozen", "limited",
]  # fmt: skip
"""The causes, the gravest first.

`disconnected`: no connection for a while. `server`: the media worker was late, so that everybody on it suffered. `up`,
`down`: the line lost packets to us or from us. `tcp`: UDP is closed on the way, or a relay is used. `delay`: the way
there and back takes long. `jitter`: packets came irregularly, as over Wi-Fi. `narrow-down`: the line did not carry the
picture that was asked for, `narrow-up`: nor that of the camera. `device`: the machine is too slow. `camera`: it is on,
and no picture of it comes. `frozen`: pictures stood still and none of the above says why. `limited`: a room system
takes less than the room's picture.
"""

GAP: Final = 3
"""So many samples between two of a cause still belong to it."""
LEAST: Final = 2
"""So many samples a finding has at least."""

LOSS_PERCENT: Final = 3.0
LATE_MS: Final = 20.0
"""A tick of sound."""
DELAY_MS: Final = 400.0
"""The longest round trip that people still talk over well: twice the 150 ms of ITU-T G.114, and our own time."""
JITTER_MS: Final = 40.0
FROZEN_MS: Final = 1000.0
"""Of the ten seconds of a sample."""
DROPPED_PERCENT: Final = 20.0
DECODE_MS: Final = 40.0
"""The time from one picture to the next."""

_Test = Callable[[int], bool]


def _from(byte: int) -> _Test:
    return lambda each: byte <= each != UNKNOWN


def _has(flag: Flag) -> _Test:
    return lambda each: bool(each & flag) and not each & Flag.ABSENT


def _lower(byte: int) -> bool:
    """Return whether a lower step of quality was sent than was asked for."""
    return byte != UNKNOWN and byte >> 4 < byte & 15


def _table(test: _Test) -> bytes:
    return bytes(test(byte) for byte in range(256))


CONDITIONS: Final[Mapping[Cause, tuple[tuple[Field, bytes], ...]]] = {
    "disconnected": (("flags", _table(lambda byte: bool(byte & Flag.ABSENT))),),
    "server": (("late", _table(_from(of_amount(LATE_MS)))),),
    "up": (("up", _table(_from(of_share(LOSS_PERCENT / 100)))),),
    "down": (("down", _table(_from(of_share(LOSS_PERCENT / 100)))),),
    "tcp": (("flags", _table(_has(Flag.TCP | Flag.RELAY))),),
    "delay": (("round_trip", _table(_from(of_amount(DELAY_MS)))),),
    "jitter": (("jitter", _table(_from(of_amount(JITTER_MS)))),),
    "narrow-down": (("picture", _table(_lower)),),
    "narrow-up": (("flags", _table(_has(Flag.BANDWIDTH))),),
    "device": (
        ("flags", _table(_has(Flag.CPU))),
        ("dropped", _table(_from(of_share(DROPPED_PERCENT / 100)))),
        ("decode", _table(_from(of_amount(DECODE_MS)))),
    ),
    "camera": (("flags", _table(_has(Flag.CAMERA))), ("camera", _table(lambda byte: byte == 0))),
    "frozen": (("frozen", _table(_from(of_amount(FROZEN_MS)))),),
    "limited": (("flags", _table(_has(Flag.LIMITED))),),
}
"""For each cause the tables by which the bytes of values are looked up. One that holds is enough, but of
:data:`TOGETHER` all must."""
TOGETHER: Final = frozenset[Cause](("camera",))

HIDDEN_BY: Final[Mapping[Cause, tuple[Cause, ...]]] = {
    "up": ("server",),
    "down": ("server",),
    "delay": ("server", "up", "down"),
    "jitter": ("server", "up", "down", "delay"),
    "narrow-down": ("server", "down"),
    "narrow-up": ("server", "up"),
    "device": ("server",),
    "camera": ("server",),
    "frozen": ("server", "down", "delay", "jitter", "narrow-down", "device"),
}
"""The causes that are the reason of another one, if both hold in a sample."""

MEASURES: Final[Mapping[Cause, Field]] = {
    "server": "late",
    "up": "up",
    "down": "down",
    "tcp": "round_trip",
    "delay": "round_trip",
    "jitter": "jitter",
    "narrow-down": "sent",
    "narrow-up": "received",
    "device": "decode",
    "frozen": "frozen",
    "limited": "sent",
}
"""The value that a cause is told with."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause over a time: `share` of its samples show it, with a value of `mean` in them and `worst` at most, in the
    unit of :data:`MEASURES`; None without one."""

    cause: Cause
    start: datetime
    end: datetime
    share: float
    mean: float | None
    worst: float | None


@dataclass(frozen=True, slots=True)
class Means:
    """Means of a series while it was connected, in percent, milliseconds and kbit/s; None where nothing was
    measured."""

    up: float | None
    down: float | None
    jitter: float | None
    round_trip: float | None
    received: float | None
    sent: float | None


def findings(series: Series) -> list[Finding]:
    """Return the causes of bad quality in a series, the gravest first, each in the order of time."""
    held = {cause: _held(series, cause) for cause in CONDITIONS}
    found: list[Finding] = []
    for cause in CONDITIONS:
        shown = held[cause]
        for reason in HIDDEN_BY.get(cause, ()):
            shown &= ~held[reason]
        found += _runs(series, cause, shown.to_bytes(len(series), "big"))
    return found


def means(series: Series) -> Means:
    """Return the means of a series."""
    names: tuple[Field, ...] = "up", "down", "jitter", "round_trip", "received", "sent"
    return Means(*[_rounded(_mean(name, series.column(name))) for name in names])


def _held(series: Series, cause: Cause) -> int:
    """Return in which samples a condition holds: a byte for each, 1 or 0, as one number."""
    parts = [int.from_bytes(series.column(name).translate(table), "big") for name, table in CONDITIONS[cause]]
    held = parts[0]
    for part in parts[1:]:
        held = held & part if cause in TOGETHER else held | part
    return held


_RUN: Final = re.compile(rb"\x01(?:\x00{0,%d}\x01)*" % GAP)


def _runs(series: Series, cause: Cause, shown: bytes) -> list[Finding]:
    found = []
    for run in _RUN.finditer(shown):
        first, end = run.span()
        count = run.group().count(1)
        whole = cause == "disconnected" and end == len(series)  # it left, and did not come back
        if count < LEAST or whole:
            continue
        name = MEASURES.get(cause)
        values = b"" if name is None else bytes(_values(series.column(name)[first:end], run.group()))
        known = [each for byte in values if name is not None and (each := value(name, byte)) is not None]
        found.append(
            Finding(
                cause,
                series.begin + first * STEP,
                series.begin + end * STEP,
                count / (end - first),
                _rounded(sum(known) / len(known)) if known else None,
                max(known, default=None),
            )
        )
    return found


def _values(column: bytearray, shown: bytes) -> list[int]:
    return [byte for byte, holds in zip(column, shown, strict=True) if holds]


def _mean(name: Field, column: bytearray) -> float | None:
    counts = [(column.count(byte), known) for byte in set(column) if (known := value(name, byte)) is not None]
    total = sum(count for count, _ in counts)
    return sum(count * known for count, known in counts) / total if total else None


def _rounded(mean: float | None) -> float | None:
    return None if mean is None else round(mean, 1)
