"""Counts calls of room systems by kind, and keeps the counts in a file so that a long run can be resumed."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadtest.load.meter import quantile

FAILURES_KEPT = 20
"""Failures of a kind that are printed, newest last."""
TIMES = "setup_ms", "picture_ms", "latency_ms", "keyframe_ms", "room_keyframe_ms"
RATES = "cpu_pct_per_leg", "fps_up", "fps_down"
MEASURED = *TIMES, *RATES


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """One call. Times are milliseconds from dialling; None where it did not come so far.

    `picture_ms`: until browsers saw the room; `latency_ms`: from a change of the room's picture till the host saw it;
    `keyframe_ms`: from the room's request for a key frame till the server's came that answers it; `room_keyframe_ms`:
    from the host's request till the room's came. `cpu_pct_per_leg`: percent of a core that the server and its workers
    used meanwhile, for each leg. `fps_up`, `fps_down`: pictures a second that the host got of the room, and the room of
    the meeting, where they have 1080 lines. `failure` is "" for a call in which all was seen and heard both ways;
    `detail` is the rest of what the room system said of it: messages, its log.
    """

    setup_ms: float | None = None
    picture_ms: float | None = None
    latency_ms: float | None = None
    keyframe_ms: float | None = None
    failure: str = ""
    detail: str = ""
    cpu_pct_per_leg: float | None = None
    room_keyframe_ms: float | None = None
    fps_up: float | None = None
    fps_down: float | None = None


class Outcomes:
    """Outcomes by kind of call; each one is written to `path` at once, if there is one."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._calls: dict[str, list[CallOutcome]] = {}
        self.crowd: dict[str, Any] | None = None
        """What came of many rooms at once; None where that was not tried."""
        self.flood: dict[str, Any] | None = None
        """What came of a flood of INVITEs; None where that was not tried."""
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
        """True if there were calls and none failed, and nothing in a crowd or in a flood."""
        calls = [call for calls in self._calls.values() for call in calls]
        crowds = [self.crowd[each] for each in ("counted", "seen")] if self.crowd else []
        whole = all(each["passed"] == each["tried"] for each in crowds) and (self.flood is None or self.flood["passed"])
        return bool(calls or crowds or self.flood) and whole and not any(call.failure for call in calls)

    def report(self) -> dict[str, Any]:
        """Return counts and times by kind, for JSON."""
        kinds = {kind: _report(calls) for kind, calls in self._calls.items()}
        others = {"crowd": self.crowd, "flood": self.flood}
        return {"kinds": kinds} | {name: found for name, found in others.items() if found}

    def table(self) -> str:
        """Return the same as a table in Markdown."""
        head = (
            "| kind | calls | passed | set-up, ms | room seen, ms | latency, ms | key frame, ms "
            "| room's key frame, ms | CPU per leg, % | fps up | fps down |"
        )
        rows = [
            f"| {kind} | {row['tried']} | {row['passed']} | {' | '.join(_spread(row[name]) for name in MEASURED)} |"
            for kind, row in self.report()["kinds"].items()
        ]
        others = [("crowd", self.crowd), ("flood", self.flood)]
        more = ["\n" + f"{name}: {json.dumps(found, ensure_ascii=False)}" for name, found in others if found]
        return "\n".join([head, "| --- |" + 10 * " ---: |", *rows, *more])


def _report(calls: Sequence[CallOutcome]) -> dict[str, Any]:
    failures = [call.failure for call in calls if call.failure]
    return {
        "tried": len(calls),
        "passed": len(calls) - len(failures),
        **{name: spread(_values(calls, name)) for name in TIMES},
        **{name: spread(_values(calls, name), 1) for name in RATES},
        "failures": failures[-FAILURES_KEPT:],
    }


def _values(calls: Sequence[CallOutcome], name: str) -> list[float]:
    return [value for call in calls if (value := getattr(call, name)) is not None]


def spread(values: Sequence[float], digits: int | None = None) -> dict[str, float] | None:
    """Return median, 95th percentile and greatest of some values, whole or with so many digits; None without any."""
    if not values:
        return None
    found = {"median": statistics.median(values), "p95": quantile(values, 0.95), "max": max(values)}
    return {name: round(value, digits) for name, value in found.items()}


def _spread(spread: dict[str, float] | None) -> str:
    return "–" if spread is None else f"{spread['median']} (95 % {spread['p95']}, max {spread['max']})"
