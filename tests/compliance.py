"""Makes docs/compliance.md of docs/compliance.yaml, and looks whether the evidence that it names exists.

python -m tests.compliance            # writes the page
python -m tests.compliance --count    # prints how many rows of TCVN 14423 are met with a test, and how many there are
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import yaml

ROOT = Path(__file__).parents[1]
DATA, PAGE = ROOT / "docs/compliance.yaml", ROOT / "docs/compliance.md"
State = Literal["met", "part", "not met", "site"]
STATES: tuple[State, ...] = get_args(State)
STANDARD = "TCVN"
HEAD = """\
# Compliance, row by row

Each row of TCVN 14423:2026 (clause 5, level 3) that concerns an application, and each point of Điều 7 of the
regulation: what the product does, which test or document shows it, and what the site itself has to do. The rows follow
a public toolkit that paraphrases the standard; the standard's own text and annex 3 of TT 03/2017/TT-BTTTT were not at
hand, and an auditor compares with them. Rows that are *not met* say so, and so does what is *part*.

Made of `docs/compliance.yaml` by `python -m tests.compliance`; `tests/test_compliance.py` fails where this page is not
up to date, or where a test or document that is named does not exist. The site's own checklist, with evidence and dates,
is the page *Kiểm soát an toàn* of the product (R-036).
"""
COLUMNS = ("row", "clause", "demand", "state", "the product", "shown by", "the site")


@dataclass(frozen=True, slots=True)
class Row:
    """A demand of a clause: its state, what the product does, what is missing, what shows it, what the site does."""

    id: str
    clause: str
    demand: str
    state: State
    product: str
    shown: tuple[str, ...]
    site: str
    missing: str = ""

    @property
    def tested(self) -> bool:
        """Return whether a test shows it."""
        return any(each.startswith("tests/") for each in self.shown)


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one text."""

    title: str
    rows: tuple[Row, ...]


def read() -> list[Section]:
    """Read the data. Raises TypeError for a row with a field too few or too many."""
    return [
        Section(each["section"], tuple(Row(**{**row, "shown": tuple(row["shown"])}) for row in each["rows"]))
        for each in yaml.safe_load(DATA.read_text("utf-8"))
    ]


def faults(rows: Iterable[Row]) -> Iterator[str]:
    """Yield what is wrong with rows: an id twice, a state without what belongs to it, evidence that does not exist."""
    for id_, count in Counter(row.id for row in rows).items():
        if count > 1:
            yield f"{id_}: {count} times"
    for row in rows:
        if row.state not in STATES:
            yield f"{row.id}: no such state: {row.state}"
        if bool(row.missing) != (row.state in ("part", "not met")):
            yield f"{row.id}: {row.state}, and missing: {row.missing or 'nothing'}"
        if row.state in ("met", "part") and not row.shown:
            yield f"{row.id}: {row.state}, and nothing shows it"
        if row.state == "site" and not row.site:
            yield f"{row.id}: the site does nothing"
        yield from (f"{row.id}: there is no {each}" for each in row.shown if not exists(each))


def exists(named: str) -> bool:
    """Return whether a file, a function of a test (`file::function`) or a heading of a page (`file#heading`) exists."""
    path = re.split("::|#", named)[0]
    if not (ROOT / path).is_file():
        return False
    text = (ROOT / path).read_text("utf-8")
    _, is_test, function = named.partition("::")
    if is_test:
        return re.search(rf"^(async )?def {re.escape(function)}\(", text, re.M) is not None
    _, is_heading, heading = named.partition("#")
    return not is_heading or heading in map(_slug, re.findall(r"^#+ (.+)$", text, re.M))


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def summary(sections: Iterable[Section]) -> dict[str, dict[str, object]]:
    """Return each row's state, whether it is of the standard, and whether a test shows it."""
    return {
        row.id: {"state": row.state, "standard": section.title.startswith(STANDARD), "tested": row.tested}
        for section in sections
        for row in section.rows
    }


def page(sections: Iterable[Section]) -> str:
    """Return the page in Markdown."""
    sections = list(sections)
    return "\n".join([HEAD, _summary(sections), *(_section(each) for each in sections)])


def _summary(sections: list[Section]) -> str:
    lines = ["| | " + " | ".join(STATES) + " |", "| --- |" + " --- |" * len(STATES)]
    for section in sections:
        found = Counter(row.state for row in section.rows)
        lines.append(f"| {section.title} | " + " | ".join(str(found[state]) for state in STATES) + " |")
    return "\n".join(lines) + "\n"


def _section(section: Section) -> str:
    head = ["| " + " | ".join(COLUMNS) + " |", "|" + " --- |" * len(COLUMNS)]
    return "\n".join([f"## {section.title}\n", *head, *map(_line, section.rows), ""])


def _line(row: Row) -> str:
    state = f"**{row.state}**" + (f": {row.missing}" if row.missing else "")
    shown = "<br>".join(map(_shown, row.shown)) or "–"
    cells = (row.id, row.clause, row.demand, state, row.product, shown, row.site or "–")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _shown(named: str) -> str:
    """Return a link to a page of docs/ beside this one, else what is named as code."""
    path, _, heading = named.partition("#")
    if not path.endswith(".md"):
        return f"`{named}`"
    link = path.removeprefix("docs/") if path.startswith("docs/") else f"../{path}"
    return f"[{path}{' ' + heading if heading else ''}]({link}{'#' + heading if heading else ''})"


if __name__ == "__main__":
    if sys.argv[1:] == ["--json"]:
        print(json.dumps(summary(read()), ensure_ascii=False))
    else:
        PAGE.write_text(page(read()), "utf-8")
