"""Validates the items of a session's script (kịch bản, Điều 7.4 and 14.3.a, reading A34). Pure."""

import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from scheduler.core import text
from scheduler.core.errors import FieldError
from scheduler.core.model import ScriptItem

MAX_ITEMS = 100
MAX_MINUTES = 600
MAX_ECHO = 64  # how much of a faulty value is worth repeating in an error


def normalise(items: Sequence[ScriptItem]) -> tuple[ScriptItem, ...]:
    """Return the items with clean titles; an item without an id gets one, which it keeps from then on."""
    return tuple(replace(item, id=item.id or uuid.uuid4().hex[:12], title=text.clean(item.title)) for item in items)


def validate(items: Sequence[ScriptItem], points: Collection[str], longest: int) -> list[FieldError]:
    """Return the errors in normalised items of a session of these points; titles have at most `longest` letters."""
    errors = [] if len(items) <= MAX_ITEMS else [FieldError("script", "too-many", str(MAX_ITEMS))]
    taken = Counter(item.id for item in items)
    for number, item in enumerate(items):
        field = f"script.{number}"
        errors += text.validate(f"{field}.title", item.title, longest)
        if taken[item.id] > 1:
            errors.append(FieldError(f"{field}.id", "duplicate-item", item.id[:MAX_ECHO]))
        if item.point is not None and item.point not in points:
            errors.append(FieldError(f"{field}.point", "not-in-session", item.point[:MAX_ECHO]))
        if not 1 <= item.minutes <= MAX_MINUTES:
            errors.append(FieldError(f"{field}.minutes", "minutes-range", str(MAX_MINUTES)))
    return errors
