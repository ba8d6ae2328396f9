"""Compares what meetings did, as told by who did it, with what the database holds of it. Pure.

A fact is a floor that was given or ended, a chat message, an item of the script that came or ended, or an entry of the
audit log (decision 137).
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Kind = Literal["floor", "floor-end", "chat", "item", "item-end", "audit"]


@dataclass(frozen=True, slots=True)
class RecordFact:
    """A fact: whom or what it names, and when it was told, or was by the database, which knows whole seconds."""

    kind: Kind
    what: str
    at: datetime


def compare(
    told: Sequence[RecordFact], held: Sequence[RecordFact], unanswered: Sequence[RecordFact] = ()
) -> dict[str, Any]:
    """Return how many facts of a meeting were told, lost, and are there though nobody told them (once more), and by how
    many seconds the time of one is wrong at most. Those that a meeting did not answer may be there or not."""
    held = _without(held, told, unanswered)
    pairs = _pairs(told, held)
    wrong = [abs((are - were).total_seconds()) for pair in pairs.values() for were, are in zip(*pair, strict=False)]
    return {
        "facts": len(told),
        "facts_lost": sum(max(0, len(were) - len(are)) for were, are in pairs.values()),
        "facts_doubled": sum(max(0, len(are) - len(were)) for were, are in pairs.values()),
        "misdated_s": max(wrong, default=0.0),
    }


def differing(
    told: Sequence[RecordFact], held: Sequence[RecordFact], unanswered: Sequence[RecordFact] = ()
) -> list[str]:
    """Return those that are lost or doubled, with how often they were told and are there."""
    pairs = _pairs(told, _without(held, told, unanswered)).items()
    return [f"{kind} {what!r}: {len(were)}, {len(are)}" for (kind, what), (were, are) in pairs if len(were) != len(are)]


def _without(
    held: Sequence[RecordFact], told: Sequence[RecordFact], unanswered: Sequence[RecordFact]
) -> list[RecordFact]:
    """Return the facts that the database holds, but for unanswered ones that are more than were told."""
    counts = Counter((fact.kind, fact.what) for fact in held)
    counts.subtract((fact.kind, fact.what) for fact in told)
    left = list(held)
    for each in unanswered:
        key = each.kind, each.what
        if counts[key] > 0:
            counts[key] -= 1
            same = [fact for fact in left if (fact.kind, fact.what) == key]
            left.remove(min(same, key=lambda fact: abs(fact.at - each.at)))
    return left


def _pairs(
    told: Sequence[RecordFact], held: Sequence[RecordFact]
) -> dict[tuple[Kind, str], tuple[list[datetime], list[datetime]]]:
    """Return the times of each fact, as it was told and as the database holds it."""
    pairs: dict[tuple[Kind, str], tuple[list[datetime], list[datetime]]] = defaultdict(lambda: ([], []))
    for side, facts in enumerate((told, held)):
        for fact in facts:
            pairs[fact.kind, fact.what][side].append(fact.at)
    return pairs
