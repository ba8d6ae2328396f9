"""docs/glossary.md: the words that it replaced do not come back."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GLOSSARY = (ROOT / "docs/glossary.md").read_text("utf-8")
MODULES = {
    str(file.relative_to(ROOT)): ast.parse(file.read_text("utf-8"))
    for package in ("mediaserver", "scheduler", "signaling", "loadtest")
    for file in sorted((ROOT / package).rglob("*.py"))
}


def _first_column(heading: str) -> list[str]:
    """Return the first cell of each row of the table under a heading."""
    section = GLOSSARY.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")]
    return [row.strip("`") for row in rows if row != "Replaced"]


def test_replaced_classes_do_not_come_back() -> None:
    replaced = set(_first_column("Names that were replaced"))
    assert len(replaced) > 50
    found = [
        (path, node.name)
        for path, module in MODULES.items()
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef) and node.name.lstrip("_") in replaced
    ]
    assert found == []


def test_their_successors_exist() -> None:
    section = GLOSSARY.split("## Names that were replaced\n", 1)[1].split("\n## ", 1)[0]
    classes = {node.name for module in MODULES.values() for node in ast.walk(module) if isinstance(node, ast.ClassDef)}
    named = {name for line in section.splitlines() if line.startswith("| `") for name in line.split("|")[2].split("`")}
    assert {name for name in named if name.isidentifier()} - classes == set()


@pytest.mark.parametrize("word", [word.split(" (")[0] for word in _first_column("Words that docstrings no longer use")])
def test_replaced_words_do_not_come_back_in_docstrings_of_modules(word: str) -> None:
    pattern = re.compile(rf"\b{word}\b", re.IGNORECASE)
    assert [path for path, module in MODULES.items() if pattern.search(ast.get_docstring(module) or "")] == []


def test_modules_are_not_named_by_replaced_words() -> None:
    words = {word.split(" (")[0] for word in _first_column("Words that docstrings no longer use")}
    assert [path for path in MODULES if Path(path).stem in words] == []
