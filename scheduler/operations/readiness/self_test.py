"""Judges the self-test that a point makes before a session (Điều 13.2.c, R-086). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scheduler.core import text
from scheduler.core.errors import FieldError
from scheduler.policy.policy import SelfTestPolicy

SelfTestFault = Literal["camera", "mic", "dark", "down", "up", "ticks"]

DeviceType = Literal["laptop", "desktop", "tablet", "phone", "room_system", ""]
"""The type of the tested device; those who control need a laptop (Điều 10.2.b). Blank: not given."""

MAX_AGENT = 200
MAX_SCREEN = 40


@dataclass(frozen=True, slots=True)
class SelfTestMeasurement:
    """The values that a browser measured and the items that a person ticked. None: could not be measured.

    `mic_dbfs` is the loudest level of the microphone; `luma` (0–255) the brightness of the picture; rates are in
    kbit/s.
    """

    camera: bool
    mic_dbfs: int | None
    luma: int | None
    down_kbps: int | None
    up_kbps: int | None
    latency_ms: int | None
    browser: str
    screen: str
    ticks: tuple[str, ...]
    device: DeviceType = ""


@dataclass(frozen=True, slots=True)
class SelfTest:
    """A stored self-test; `failed` are the faults found under the profile of that day."""

    point: str
    account: str
    at: datetime
    measured: SelfTestMeasurement
    failed: tuple[SelfTestFault, ...]


def failed(measured: SelfTestMeasurement, policy: SelfTestPolicy) -> tuple[SelfTestFault, ...]:
    """Return what is not good enough, in the order in which a technician looks at it."""
    low, high = policy.mic_dbfs
    bad: Mapping[SelfTestFault, bool] = {
        "camera": not measured.camera,
        "mic": measured.mic_dbfs is None or not low <= measured.mic_dbfs <= high,
        "dark": measured.luma is not None and measured.luma < policy.min_luma,
        "down": (measured.down_kbps or 0) < policy.min_kbps,
        "up": (measured.up_kbps or 0) < policy.min_kbps,
        "ticks": not set(policy.ticks) <= set(measured.ticks),
    }
    return tuple(fault for fault, is_bad in bad.items() if is_bad)


def faults(measured: SelfTestMeasurement, policy: SelfTestPolicy) -> list[FieldError]:
    """Return which fields cannot be stored."""
    found = text.validate("browser", measured.browser, MAX_AGENT) + text.validate("screen", measured.screen, MAX_SCREEN)
    return found + [FieldError("ticks", "unknown-tick", tick) for tick in measured.ticks if tick not in policy.ticks]
