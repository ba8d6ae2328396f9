"""Finds the browser tests that show each of the 44 points of docs/testing.md, and the browsers that they run.

A test is named after the points that it shows: `test_ux_25_36_leaving_is_asked` shows points 25 and 36.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
POINTS = range(1, 45)
BROWSERS = {"red": "Chromium", "blue": "Chromium", "busy": "Chromium", "fox": "Firefox"}
"""What runs in a fixture of tests/e2e."""
_NAME = re.compile(r"test_ux((?:_\d\d)+)_")
_ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """A test that shows a point: its module without `test_`, and the browsers that it runs."""

    point: int
    module: str
    browsers: frozenset[str]


def points_of(name: str) -> list[int]:
    """Return the points that a test of this name shows."""
    match = _NAME.match(name)
    return [int(number) for number in match.group(1).split("_")[1:]] if match else []


def shown(modules: Iterable[tuple[str, str]]) -> Iterator[Shown]:
    """Yield what the tests of modules show; each module is its name without `test_` and its source."""
    for module, source in modules:
        functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
        for name, function in functions.items():
            for point in points_of(name):
                yield Shown(point, module, frozenset(_browsers(function, functions)))


def _browsers(function: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> Iterator[str]:
    """Yield the browsers of a test's fixtures, those of the module's own fixtures and of parameters included."""
    constants = (
        node.value for part in function.decorator_list for node in ast.walk(part) if isinstance(node, ast.Constant)
    )
    for name in (*(argument.arg for argument in function.args.args), *constants):
        if name in BROWSERS:
            yield BROWSERS[name]
        elif name in functions and name != function.name:
            yield from _browsers(functions[name], functions)


def browser_tests() -> Iterator[tuple[str, str]]:
    """Yield the modules of browser tests with their source."""
    for file in sorted((ROOT / "tests/e2e").glob("test_*.py")):
        yield file.stem.removeprefix("test_"), file.read_text("utf-8")


def table() -> dict[int, set[str]]:
    """Return the modules that the table of docs/testing.md names for each point."""
    rows = _ROW.findall((ROOT / "docs/testing.md").read_text("utf-8"))
    return {int(number): set(re.findall(r"`(\w+)`", modules)) for number, _, modules in rows}
