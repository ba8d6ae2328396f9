"""Settings of the scheduler, read once from the environment by whoever starts it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from scheduler.model import Amount
from scheduler.profiles import SHIPPED, files

RATED = Amount(20, 250)
"""The default maximum: one conference of all 169 points fits into what may be used, 200 less the test room."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`rated` is the maximum in force until the first recorded capacity step; `profiles` are the policy files."""

    rated: Amount = RATED
    profiles: tuple[Path, ...] = SHIPPED

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read ``DIEMCAU_MAX_SESSIONS``, ``DIEMCAU_MAX_POINTS``, ``DIEMCAU_PROFILE``. Raises ValueError."""
        rated = Amount(
            _count(environ, "DIEMCAU_MAX_SESSIONS", RATED.sessions),
            _count(environ, "DIEMCAU_MAX_POINTS", RATED.points),
        )
        return cls(rated, files(environ.get("DIEMCAU_PROFILE", "")) or SHIPPED)


def _count(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "").strip()
    if text and not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise ValueError(f"{name} must be a whole number from 1, not {text!r}")
    return int(text) if text else default
