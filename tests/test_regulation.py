"""docs/regulation.md: every code has its heading once, names what exists, and resolves wherever it is cited."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
REGULATION = (ROOT / "docs/regulation.md").read_text("utf-8")
ADMISSION = (ROOT / "docs/admission.md").read_text("utf-8")
IDS = [f"R-{n:03}" for n in range(1, 126)] + [f"I-{n:02}" for n in range(1, 16)] + [f"A{n}" for n in range(1, 41)]
INVARIANTS = [f"I{n}" for n in range(1, 21)]
STATE = re.compile(r"done(: .+)?|part: .+|người làm: .+|not yet(: .+)?")
CODE = re.compile(r"(?<![\w%&#./-])(?:R-\d{1,3}|I-\d{1,2}|[AI]\d{1,2})(?![\w%-])")
STANDARD = re.compile(r"RFC \d+|draft-[\w-]+|[HQ]\.\d{3}|NIST|W3C")
FOLDERS = ("docs", "loadtest", "mediaserver", "scheduler", "signaling", "tests", "web")


class Entry(NamedTuple):
    code: str
    rule: str
    state: str
    modules: list[str]
    tests: list[str]


def _entries() -> Iterator[Entry]:
    """Read the headings of docs/regulation.md with their lists."""
    for block in re.split(r"^### ", REGULATION, flags=re.M)[1:]:
        code, _, body = block.partition("\n")
        body = body.split("\n## ")[0]
        rule = body.split("\n- ")[0].strip()
        state = re.search(r"^- State: (.+(?:\n  (?! ).+)*)", body, re.M)
        yield Entry(
            code, rule, " ".join(state[1].split()) if state else "", _list(body, "Modules"), _list(body, "Tests")
        )


def _list(body: str, name: str) -> list[str]:
    found = re.search(rf"^- {name}:\n((?:    - .+\n?)+)", body, re.M)
    return re.findall(r"- `(.+)`", found[1]) if found else []


ENTRIES = list(_entries())


def test_every_code_is_there_once_and_in_order() -> None:
    assert [entry.code for entry in ENTRIES] == IDS
    assert [entry.code for entry in ENTRIES if not entry.rule or not STATE.fullmatch(entry.state)] == []
    assert re.findall(r"^### (I\d+)$", ADMISSION, re.M) == INVARIANTS


def test_modules_and_tests_that_are_named_exist() -> None:
    assert [(entry.code, module) for entry in ENTRIES for module in entry.modules if not (ROOT / module).exists()] == []
    assert [(entry.code, test) for entry in ENTRIES for test in entry.tests if not _is_test(test)] == []


def test_every_served_clause_names_a_module() -> None:
    assert [entry.code for entry in ENTRIES if entry.state.startswith("done") and not entry.modules] == []


def test_every_code_that_is_cited_has_a_heading() -> None:
    known = {*IDS, *INVARIANTS}
    assert [(path, code) for path, text in _texts() for code in CODE.findall(text) if code not in known] == []


def test_every_clause_that_is_cited_is_of_a_standard_that_is_named() -> None:
    assert [path for path, text in _texts() if "§" in text and not STANDARD.search(text)] == []


def _texts() -> Iterator[tuple[str, str]]:
    """Yield what people wrote in the tree: code, data and documents."""
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*")):
            within = file.relative_to(ROOT)
            skipped = {"node_modules", "vendor", "corpus"} & set(within.parts) or within.name == "test_regulation.py"
            if file.suffix in {".py", ".js", ".c", ".h", ".yaml", ".md"} and not skipped:
                yield str(within), file.read_text("utf-8")


def _is_test(named: str) -> bool:
    path, _, function = named.partition("::")
    file = ROOT / path
    if not file.is_file():
        return False
    return not function or re.search(rf"^(async )?def {function}\(", file.read_text("utf-8"), re.M) is not None
