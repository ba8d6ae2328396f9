"""Reads the order of migrations from their files, which Alembic would tell by importing each of them."""

import re
from pathlib import Path

_REVISION = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)
_BEFORE = re.compile(r'^down_revision = "(\w+)"$', re.MULTILINE)


def versions(folder: Path) -> tuple[str, ...]:
    """Return the ids of the migrations in a folder, oldest first: each follows the one it names."""
    after: dict[str, str] = {}
    for file in folder.glob("[0-9]*.py"):
        text = file.read_text("utf-8")
        revision, before = _REVISION.search(text), _BEFORE.search(text)
        assert revision is not None, file
        after["" if before is None else before[1]] = revision[1]
    found = [after[""]]
    while found[-1] in after:
        found.append(after[found[-1]])
    return tuple(found)
