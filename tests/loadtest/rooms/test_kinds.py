"""Kinds of calls: each stands in the documents, with what happens in it and with its figures."""

import re
from pathlib import Path

from loadtest.rooms.kinds.table import KINDS

DOCS = Path(__file__).parents[3] / "docs"


def _kinds(section: str) -> list[str]:
    """Return the kinds with which rows of the tables in a section of docs/rooms.md begin."""
    text = (DOCS / "rooms.md").read_text("utf-8").split(f"### {section}\n", 1)[1].split("\n#", 1)[0]
    firsts = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return sorted(kind for first in firsts for kind in re.findall("`([^`]+)`", first))


def test_each_kind_is_described_once_and_has_its_figures() -> None:
    assert _kinds("Kinds of calls") == sorted(KINDS)
    assert _kinds("Figures by kind") == sorted(KINDS)


def test_their_number_is_told() -> None:
    text = (DOCS / "testing.md").read_text("utf-8").replace("[", "")
    assert f" {len(KINDS)} kinds of calls" in " ".join(text.split())
