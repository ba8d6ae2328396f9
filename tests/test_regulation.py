"""docs/regulation.md: every row of the regulation is there once, and what it names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split("|")]
    for line in (ROOT / "docs/regulation.md").read_text("utf-8").splitlines()
    if re.match(r"\| (R-|I-|A)\d", line)
]
IDS = [f"R-{n:03}" for n in range(1, 126)] + [f"I-{n:02}" for n in range(1, 16)] + [f"A{n}" for n in range(1, 41)]
STATE = re.compile(r"done(: .+)?|part: .+|người làm: .+|not yet(: .+)?")


def test_every_row_is_there_once_and_in_order() -> None:
    assert [row[0] for row in ROWS] == IDS
    assert [row for row in ROWS if len(row) != 5 or not STATE.fullmatch(row[4])] == []


def test_modules_and_tests_that_are_named_exist() -> None:
    assert [(row[0], module) for row in ROWS for module in _names(row[2]) if not (ROOT / module).exists()] == []
    assert [(row[0], test) for row in ROWS for test in _names(row[3]) if not _is_test(test)] == []


def test_who_claims_to_serve_names_a_module() -> None:
    assert [row[0] for row in ROWS if row[4].startswith("done") and not _names(row[2])] == []


def _names(cell: str) -> list[str]:
    return [] if cell == "–" else cell.split(", ")


def _is_test(named: str) -> bool:
    path, _, function = named.partition("::")
    file = ROOT / path
    if not file.is_file():
        return False
    return not function or re.search(rf"^(async )?def {function}\(", file.read_text("utf-8"), re.M) is not None
