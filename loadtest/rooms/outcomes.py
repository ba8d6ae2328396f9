"""Counts calls of room systems by kind, and keeps the counts in a file so that a long run can be resumed."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FAILURES_KEPT = 20
"""Failures of a kind that are printed, newest last."""


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """One call. Times are milliseconds from dialling; None where it did not come so far.

    `picture_ms`: until browsers saw the room. `failure` is "" for a call in which all was seen and heard both ways.
    """

    setup_ms: float | None = None
    picture_ms: float | None = None
    failure: str = ""


class Outcomes:
    """Outcomes by kind of call; each one is written to `path` at once, if there is one."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._calls: dict[str, list[CallOutcome]] = {}
        if path is not None and path.exists():
            for line in path.read_text("utf-8").splitlines():
                row = json.loads(line)
                self._calls.setdefault(row.pop("kind"), []).append(CallOutcome(**row))

    def tried(self, kind: str) -> int:
        """Return how many calls of a kind there are."""
        return len(self._calls.get(kind, []))

    def failed(self, kind: str) -> int:
        """Return how many of them failed."""
        return sum(bool(call.failure) for call in self._calls.get(kind, []))

    def add(self, kind: str, outcome: CallOutcome) -> None:
        """Count one call. Raises OSError."""
        self._calls.setdefault(kind, []).append(outcome)
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"kind": kind, **asdict(outcome)}, ensure_ascii=False) + "\n")

    @property
    def passed(self) -> bool:
        """True if there were calls and none failed."""
        return bool(self._calls) and not any(call.failure for calls in self._calls.values() for call in calls)

    def report(self) -> dict[str, Any]:
        """Return counts and times by kind, for JSON."""
        return {"kinds": {kind: _report(calls) for kind, calls in self._calls.items()}}

    def table(self) -> str:
        """Return the same as a table in Markdown."""
        head = "| kind | calls | passed | set-up, ms | room seen, ms |\n| --- | ---: | ---: | ---: | ---: |"
        rows = [
            f"| {kind} | {row['tried']} | {row['passed']} | {_times(row['setup_ms'])} | {_times(row['picture_ms'])} |"
            for kind, row in self.report()["kinds"].items()
        ]
        return "\n".join([head, *rows])


def _report(calls: Sequence[CallOutcome]) -> dict[str, Any]:
    failures = [call.failure for call in calls if call.failure]
    return {
        "tried": len(calls),
        "passed": len(calls) - len(failures),
        "setup_ms": _spread([call.setup_ms for call in calls if call.setup_ms is not None]),
        "picture_ms": _spread([call.picture_ms for call in calls if call.picture_ms is not None]),
        "failures": failures[-FAILURES_KEPT:],
    }


def _spread(values: Sequence[float]) -> dict[str, int] | None:
    if not values:
        return None
    return {"median": round(statistics.median(values)), "max": round(max(values))}


def _times(spread: dict[str, int] | None) -> str:
    return "–" if spread is None else f"{spread['median']} (max {spread['max']})"
