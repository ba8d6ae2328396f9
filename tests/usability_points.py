"""Finds the browser tests that show each of the 44 points of docs/testing.md, and the browsers that they run.

A test is named after the points that it shows: `test_ux_25_36_leaving_is_asked` shows points 25 and 36. Tests of any
kind are named after faults that were seen: `test_ux_07_defect_10_names_are_never_covered` holds that of number 10.
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
MEMBERS = {"chromium": {"Chromium"}, "firefox": {"Firefox"}, "points": {"Chromium", "Firefox"}}
"""Whose pages the parts of a fixture are, which holds a meeting of several browsers."""
DEFECTS = range(1, 26)
"""Faults that were seen when the product was tried as a new user would."""
_NAME = re.compile(r"test_ux((?:_\d\d)+)_")
_DEFECTS = re.compile(r"test_ux(?:_\d\d)*_defect((?:_\d\d)+)[ _]")
_ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """A test that shows a point: its module without `test_`, and the browsers that it uses.

    `skips` says that something is left out in one browser and nothing done instead.
    """

    point: int
    module: str
    browsers: frozenset[str]
    skips: bool


def points_of(name: str) -> list[int]:
    """Return the points that a test of this name shows."""
    match = _NAME.match(name)
    return [int(number) for number in match.group(1).split("_")[1:]] if match else []


def defects(source: str) -> set[int]:
    """Return the faults that the tests of a module hold."""
    return {int(number) for numbers in _DEFECTS.findall(source) for number in numbers.split("_")[1:]}


def shown(modules: Iterable[tuple[str, str]]) -> Iterator[Shown]:
    """Yield what the tests of modules show; each module is its name without `test_` and its source."""
    for module, source in modules:
        functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
        for name, function in functions.items():
            for point in points_of(name):
                yield Shown(point, module, frozenset(_browsers(function, functions)), _skips(function))


def _browsers(function: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> Iterator[str]:
    """Yield the browsers that a test uses of its fixtures, of those of its module, and of its parameters."""
    constants = (
        node.value for part in function.decorator_list for node in ast.walk(part) if isinstance(node, ast.Constant)
    )
    arguments = {argument.arg for argument in function.args.args}
    body = [node for part in function.body for node in ast.walk(part)]
    used = {node.id for node in body if isinstance(node, ast.Name)}
    for name in (*(arguments & used), *constants):
        if name in BROWSERS:
            yield BROWSERS[name]
        elif name in functions and name != function.name:
            parts = {node.attr for node in body if isinstance(node, ast.Attribute) and _is_name(node.value, name)}
            members = [MEMBERS[part] for part in parts if part in MEMBERS]
            yield from set().union(*members) if members else _browsers(functions[name], functions)


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _skips(function: ast.FunctionDef) -> bool:
    """Return whether a test does something in one browser alone, and nothing instead in the other."""
    choices = [node for node in ast.walk(function) if isinstance(node, ast.If) and not node.orelse]
    return any("browser_type" in ast.unparse(node.test) for node in choices)


def browser_tests() -> Iterator[tuple[str, str]]:
    """Yield the modules of browser tests with their source."""
    for file in sorted((ROOT / "tests/e2e").glob("test_*.py")):
        yield file.stem.removeprefix("test_"), file.read_text("utf-8")


def all_tests() -> Iterator[str]:
    """Yield the source of each module of tests, in Python and in JavaScript."""
    for folder, pattern in (("tests", "test_*.py"), ("web/tests", "*.test.js")):
        for file in sorted((ROOT / folder).rglob(pattern)):
            yield file.read_text("utf-8")


def table() -> dict[int, set[str]]:
    """Return the modules that the table of docs/testing.md names for each point."""
    rows = _ROW.findall((ROOT / "docs/testing.md").read_text("utf-8"))
    return {int(number): set(re.findall(r"`(\w+)`", modules)) for number, _, modules in rows}


def listed_defects() -> list[int]:
    """Return the numbers of the faults that docs/testing.md lists."""
    section = (ROOT / "docs/testing.md").read_text("utf-8").partition("### Faults seen")[2].partition("\n## ")[0]
    return [int(number) for number in re.findall(r"^(\d+)\. ", section, re.MULTILINE)]
