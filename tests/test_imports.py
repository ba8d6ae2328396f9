"""Imports between tests: what several test modules share stands in a module that is no test itself."""

import ast
from pathlib import Path

TESTS = Path(__file__).parent


def _imported_modules(file: Path) -> list[str]:
    """Return the full names of all modules that a file imports from, also within functions."""
    nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
    return [
        *(alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names),
        *(f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names),
    ]


def test_no_test_module_is_imported() -> None:
    """A reader finds a shared helper by its module's name, and a test module can be moved without breaking others."""
    imports = [
        (str(file.relative_to(TESTS)), module)
        for file in sorted(TESTS.rglob("*.py"))
        for module in _imported_modules(file)
        if module.startswith("tests.") and any(part.startswith("test_") for part in module.split(".")[:-1])
    ]
    assert imports == []
