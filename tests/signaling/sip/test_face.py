"""The user agent imports nothing of signaling but itself."""

import ast
from pathlib import Path

import signaling.sip


def test_it_stands_alone() -> None:
    (folder,) = signaling.sip.__path__
    files = sorted(Path(folder).glob("*.py"))
    imported = {
        name
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        for name in _names(node)
        if name.partition(".")[0] == "signaling"
    }
    assert imported
    assert [name for name in imported if not f"{name}.".startswith("signaling.sip.")] == []


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or "."] if isinstance(node, ast.ImportFrom) else []
