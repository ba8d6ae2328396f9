"""Reads the checklists of security controls that ship with the product."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from scheduler.directory.controls.rules import Checklist, ChecklistItem

LAPTOP: Final = "may_tinh"
"""The checklist of the laptop from which a point controls a meeting (Điều 10.2.b, reading A9)."""
CONTROLS = Path(__file__).parents[2] / "data" / "controls.yaml"


@cache
def load() -> tuple[Checklist, ...]:
    """Return the shipped checklists."""
    entries = yaml.safe_load(CONTROLS.read_text(encoding="utf-8"))
    return tuple(Checklist(**{**each, "items": tuple(_item(item) for item in each["items"])}) for each in entries)


def _item(entry: dict[str, Any]) -> ChecklistItem:
    return ChecklistItem(**{**entry, "proof": tuple(entry.get("proof", ()))})
