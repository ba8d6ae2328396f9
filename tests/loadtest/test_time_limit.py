"""A time limit says what was awaited, and so does each one in the drills and what they run."""

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtest.time_limit import within

ROOT = Path(__file__).parents[2] / "loadtest"
FOLDERS = ("drills", "server", "endpoint")


async def test_a_limit_that_passes_says_what_was_awaited() -> None:
    seen = ["nothing"]

    async def wait() -> None:
        async with within(0.01, lambda: f"a server that said {seen[0]}"):
            seen[0] = "too little"
            await asyncio.sleep(10)

    with pytest.raises(TimeoutError, match=r"^waited 0\.01 s for a server that said too little$"):
        await wait()


async def test_a_limit_leaves_other_errors_and_results_alone() -> None:
    with pytest.raises(TimeoutError, match="of another"):
        async with within(10, "nothing"):
            raise TimeoutError("of another")
    async with within(0, "what is there at once"):
        pass


def silent_limits(tree: ast.AST, caught: bool = False) -> Iterator[int]:
    """Yield the lines of `asyncio.timeout` whose TimeoutError nobody catches in the same function."""
    for node in ast.iter_child_nodes(tree):
        guarded = caught and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(node, ast.Try):
            guarded |= any("TimeoutError" in ast.unparse(each.type) for each in node.handlers if each.type is not None)
        if isinstance(node, ast.AsyncWith | ast.With):
            guarded |= any(ast.unparse(each.context_expr) == "suppress(TimeoutError)" for each in node.items)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "asyncio.timeout" and not caught:
            yield node.lineno
        yield from silent_limits(node, guarded)


def test_every_limit_of_a_drill_says_what_was_awaited() -> None:
    """That of asyncio raises an error without a text."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    found = [
        f"{path.relative_to(ROOT)}:{line}" for path in files for line in silent_limits(ast.parse(path.read_text()))
    ]
    assert found == []
    assert list(silent_limits(ast.parse("async def f():\n    async with asyncio.timeout(1):\n        pass"))) == [2]
