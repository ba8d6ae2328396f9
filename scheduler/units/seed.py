"""Units files that the product ships: Khánh Hòa in 2023, 169 points (1 + 20 + 9 + 139), and later changes."""

import json
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

from scheduler.core.model import Unit

DATA = Path(__file__).parents[1] / "data"
KHANH_HOA_2023 = DATA / "khanhhoa-2023.json"
KHANH_HOA_2024 = DATA / "khanhhoa-2024.json"
KHANH_HOA_2025 = DATA / "khanhhoa-2025.json"
"""132 communes from 01/11/2024; 65 and no districts from 01/07/2025, which needs the profile for two tiers."""
KHANH_HOA = (KHANH_HOA_2023, KHANH_HOA_2024, KHANH_HOA_2025)
"""All of them, in the order in which they are imported."""
TWO_TIER_PROFILES = "pre-KH-2023:KH-2023:KH-2025-2T"
"""The setting of profiles with which all these files can be imported."""


def khanh_hoa_2023() -> str:
    """Return the shipped units file, for :meth:`scheduler.booking.registration.service.Scheduler.import_units`."""
    return KHANH_HOA_2023.read_text(encoding="utf-8")


def outdated(units: Iterable[Unit], day: date) -> list[Unit]:
    """Return the units that are stored as valid on a day, although a shipped file ends them before it."""
    ended = _ended()
    return [unit for unit in units if unit.valid(day) and (last := ended.get(unit.id)) and last < day]


@cache
def _ended() -> dict[str, date]:
    """Return the last day of each unit that a shipped file ends."""
    entries = [entry for path in (KHANH_HOA_2025, KHANH_HOA_2024) for entry in json.loads(path.read_text())["units"]]
    return {entry["id"]: date.fromisoformat(entry["valid_to"]) for entry in entries if "valid_to" in entry}
