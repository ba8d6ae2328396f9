"""`python -m loadtest figures`: measures the figures of security and reliability, as far as one machine can.

Each has its reach, what was measured, and under which conditions. What cannot be measured here says so, and why. The
exit status is 0 where all that was measured holds.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from loadtest.figures.figure import FULL, SMALL, Measured, Runs, Scale, measure
from loadtest.figures.figures import FIGURES
from loadtest.progress import PrintLine


@dataclass(frozen=True, slots=True)
class FiguresPlan:
    """The figures to measure, how much is done for each, and if JSON is wanted."""

    names: tuple[str, ...]
    scale: Scale
    as_json: bool


def parse(words: Sequence[str]) -> FiguresPlan:
    """Parse the command's arguments."""
    parser = argparse.ArgumentParser(prog="python -m loadtest figures", description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="figure", help="some of F1 to F20 (default all)")
    parser.add_argument("--full", action="store_true", help="as much as the reach asks for: hours instead of minutes")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    arguments = parser.parse_args(words)
    if unknown := [name for name in arguments.figures if name not in FIGURES]:
        parser.error(f"no such figure: {', '.join(unknown)}")
    return FiguresPlan(tuple(arguments.figures or FIGURES), FULL if arguments.full else SMALL, arguments.json)


def run(plan: FiguresPlan, runs: Runs, print_line: PrintLine) -> list[Measured]:
    """Measure the figures, one after the other."""
    measured = []
    for name in plan.names:
        print_line(f"{name}: {FIGURES[name].claim}")
        measured.append(measure(name, FIGURES[name], runs, plan.scale))
    return measured


def passed(measured: Sequence[Measured]) -> bool:
    """Return whether all figures hold as far as they were measured."""
    return all(each.holds is not False for each in measured)
