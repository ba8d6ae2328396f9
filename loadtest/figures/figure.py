"""A figure with its reach, and what was measured of it; written as a table or as JSON. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from loadtest.table import Row, table


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a figure that was measured, and whether it holds; None: not measured, and `value` says why."""

    value: str
    holds: bool | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """Amounts: seconds of fuzzing in all, endpoints and repetitions of drills, the factor of soak tests."""

    fuzz_s: int
    points: int
    times: int
    repeats: int
    long: bool = False
    """Whether what takes long is done, too: outages of PostgreSQL."""


SMALL = Scale(fuzz_s=60, points=12, times=1, repeats=1)
FULL = Scale(fuzz_s=3600, points=60, times=20, repeats=10, long=True)


class Runs(Protocol):
    """Runs tests, drills and programs, each in a process of its own."""

    def tests(self, *names: str, repeats: int = 1) -> Part:
        """Run tests (`file` or `file::function`); the part holds if all of them passed."""
        ...

    def browser_tests(self, *names: str) -> Part:
        """The same in a network namespace, with browsers."""
        ...

    def drill(self, name: str, points: int, times: int) -> dict[str, Any]:
        """Return the figures of a drill. Raises NotMeasured, BrokeOff."""
        ...

    def flood(self) -> dict[str, Any]:
        """Return the figures of a flood of INVITEs against a whole server. Raises BrokeOff."""
        ...

    def fuzz(self, seconds: int) -> str:
        """Fuzz all parsers for so long in all; return what the fuzzer prints. Raises NotMeasured."""
        ...

    def compliance(self) -> dict[str, dict[str, Any]]:
        """Return each row of docs/compliance.md: its `state`, its `standard`, and whether it is `tested`.

        Raises NotMeasured.
        """
        ...


class NotMeasured(Exception):
    """Something cannot be measured on this machine; its text says why."""


class BrokeOff(Exception):
    """A test or drill ended without a result, which no figure may hide; its text says how."""


Measure = Callable[[Runs, Scale], Iterable[Part]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A claim with its reach, and how it is measured."""

    claim: str
    reach: str
    conditions: str
    measure: Measure


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure with its parts that were measured."""

    id: str
    figure: Figure
    parts: tuple[Part, ...]

    @property
    def holds(self) -> bool | None:
        """Return whether all that was measured holds; None: nothing was measured."""
        found = [part.holds for part in self.parts if part.holds is not None]
        return all(found) if found else None


def measure(id_: str, figure: Figure, runs: Runs, scale: Scale) -> Measured:
    """Measure a figure."""
    parts: list[Part] = []
    try:
        for part in figure.measure(runs, scale):
            parts.append(part)
    except NotMeasured as reason:
        parts.append(Part(str(reason)))
    except BrokeOff as fault:
        parts.append(Part(str(fault), holds=False))
    return Measured(id_, figure, tuple(parts))


def report(measured: Sequence[Measured], machine: dict[str, Any]) -> dict[str, Any]:
    """Return the figures as one JSON object."""
    figures = [
        {
            "id": each.id,
            "claim": each.figure.claim,
            "reach": each.figure.reach,
            "conditions": each.figure.conditions,
            "holds": each.holds,
            "parts": [asdict(part) for part in each.parts],
        }
        for each in measured
    ]
    return {"figures": figures, "machine": machine}


def rows(measured: Iterable[Measured]) -> str:
    """Return the figures as a table in Markdown; what was not measured says so, and why."""
    return table(_row(each) for each in measured)


def _row(measured: Measured) -> Row:
    figure = measured.figure
    values = [part.value if part.holds is not None else f"not measured: {part.value}" for part in measured.parts]
    failed = [part for part in measured.parts if part.holds is False]
    figures = "; ".join(
        f"**{value}**" if part in failed else value for part, value in zip(measured.parts, values, strict=True)
    )
    return Row(f"{measured.id} {figure.claim}", figures, figure.reach, measured.holds, figure.conditions)
