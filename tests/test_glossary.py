"""Tests docs/glossary.md: the words that it replaced do not come back, and docstrings say what is done."""

import ast
import functools
import gc
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GLOSSARY = (ROOT / "docs/glossary.md").read_text("utf-8")
PACKAGES = ("mediaserver", "scheduler", "signaling", "loadtest")
LISTED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical"}
QUESTIONS = {"What", "Who", "Whether", "How", "Where", "When", "Whose", "Which", "Why"}
FIELD_TERMS = re.compile(r"video conferenc\w+", re.IGNORECASE)  # terms of the field that hold a replaced word
JAVASCRIPT_NAME = re.compile(
    r"\b(?:const|let|var|function|class)\s+(\w+)|^\s+(?:static\s+|async\s+|get\s+|set\s+|#)*(\w+)\s*\([^)]*\)\s*\{$",
    re.MULTILINE,
)


def _rows(heading: str) -> list[list[str]]:
    """Return the cells of each row of the table under a heading, without its head."""
    section = GLOSSARY.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("| ")]
    return rows[1:]


REPLACED_WORDS = [
    (word, set(re.findall(r"`([^`]+)`", stays)))
    for replaced, _, stays in _rows("Words that are no longer used")
    for word in re.sub(r"\(.*\)", "", replaced).replace(" ", "").split(",")
]


def _parts(name: str) -> set[str]:
    """Split a name at underscores and capitals: `MeetingState_of` is meeting, state, of."""
    return {part.lower().rstrip("s") for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


@functools.cache
def _modules() -> dict[str, ast.Module]:
    """Return all modules by file, but for migrations, which name tables and columns as they were in their day."""
    paths = [path for path in LISTED if path.endswith(".py") and "/migrations/" not in path]
    return {path: ast.parse((ROOT / path).read_text("utf-8")) for path in paths}


@functools.cache
def _tokens(path: str) -> list[tokenize.TokenInfo]:
    """Return the tokens of a module."""
    return list(tokenize.generate_tokens(io.StringIO((ROOT / path).read_text("utf-8")).readline))


@functools.cache
def _names() -> list[tuple[str, str]]:
    """Return each name in Python, and each name that is declared in JavaScript, with its file."""
    names = {(path, token.string) for path in _modules() for token in _tokens(path) if token.type == tokenize.NAME}
    for path in LISTED:
        if path.startswith("web/") and path.endswith(".js") and "/vendor/" not in path:
            for match in JAVASCRIPT_NAME.finditer((ROOT / path).read_text("utf-8")):
                names.add((path, match[1] or match[2]))
    return sorted(names)


def _is_log_call(node: ast.AST) -> bool:
    """Return whether a node calls a method of a logger."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOG_METHODS


def _docstrings(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the docstrings of a module, its classes and functions, with the names of what they describe."""
    for node in ast.walk(module):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "name", "(module)"), text


@functools.cache
def _prose() -> list[tuple[str, str]]:
    """Return docstrings, comments and log lines of Python, and pages of the documentation, with their files."""
    prose: list[tuple[str, str]] = []
    for path, module in _modules().items():
        for _, text in _docstrings(module):
            prose.append((path, FIELD_TERMS.sub("", text)))
        for token in _tokens(path):
            if token.type == tokenize.COMMENT:
                prose.append((path, FIELD_TERMS.sub("", token.string)))
        for node in ast.walk(module):
            if _is_log_call(node):
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        prose.append((path, FIELD_TERMS.sub("", part.value)))
    for path in LISTED:
        page = path == "README.md" or (path.startswith("docs/") and path.count("/") == 1 and path.endswith(".md"))
        if page and path != "docs/glossary.md":
            for line in (ROOT / path).read_text("utf-8").splitlines():
                prose.append((path, FIELD_TERMS.sub("", line)))
    return prose


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """Forget all modules afterwards: a gigabyte of nodes, none of them garbage, would slow each garbage collection."""
    gc.disable()
    yield
    gc.enable()
    for each in (_modules, _tokens, _names, _prose):
        each.cache_clear()


def test_replaced_classes_do_not_come_back() -> None:
    replaced = {row[0].strip("`") for row in _rows("Names that were replaced")}
    assert len(replaced) > 50
    found = [
        (path, node.name)
        for path, module in _modules().items()
        if path.startswith(PACKAGES)
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef) and node.name.lstrip("_") in replaced
    ]
    assert found == []


def test_their_successors_exist() -> None:
    classes = {
        node.name for module in _modules().values() for node in ast.walk(module) if isinstance(node, ast.ClassDef)
    }
    named = {name for row in _rows("Names that were replaced") for name in row[1].split("`")}
    assert {name for name in named if name.isidentifier()} - classes == set()


@pytest.mark.parametrize(("word", "stays"), REPLACED_WORDS)
def test_replaced_words_do_not_come_back_in_names(word: str, stays: set[str]) -> None:
    assert [(path, name) for path, name in _names() if word in _parts(name) and name not in stays] == []


@pytest.mark.parametrize(("word", "stays"), REPLACED_WORDS)
def test_names_that_may_keep_a_replaced_word_exist(word: str, stays: set[str]) -> None:
    assert stays - {name for _, name in _names()} == set(), word


@pytest.mark.parametrize("word", [word for word, _ in REPLACED_WORDS])
def test_replaced_words_do_not_come_back_in_prose(word: str) -> None:
    # A word within backticks or behind dashes is a name: of an option, a column, a key of a message.
    pattern = re.compile(rf"(?<![`\w-]){word}s?(?![`\w-])", re.IGNORECASE)
    assert [(path, text) for path, text in _prose() if pattern.search(text)] == []


def test_modules_are_not_named_by_replaced_words() -> None:
    words = {word for word, _ in REPLACED_WORDS}
    assert [path for path in _modules() if words & _parts(Path(path).stem)] == []


def test_docstrings_do_not_open_with_a_question() -> None:
    found = [
        (path, name, text.splitlines()[0])
        for path, module in _modules().items()
        for name, text in _docstrings(module)
        if text.split()[0].rstrip(",:") in QUESTIONS
    ]
    assert found == []
