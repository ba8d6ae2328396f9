"""The tests that `make quick` runs for changed files."""

from pathlib import Path

import pytest

from tests.changed import mirrored


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "tests/scheduler/files/test_spreadsheet.py",
        "tests/scheduler/files/bombs.py",
        "tests/soak/test_rooms.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        (["scheduler/files/spreadsheet.py"], ["tests/scheduler/files/test_spreadsheet.py"]),
        (["scheduler/files/safe_zip.py"], ["tests/scheduler/files"]),
        (["scheduler/files/deep/er.py"], ["tests/scheduler/files"]),
        (["scheduler/files/spreadsheet.py", "scheduler/files/safe_zip.py"], ["tests/scheduler/files"]),
        (["tests/scheduler/files/test_spreadsheet.py"], ["tests/scheduler/files/test_spreadsheet.py"]),
        (["tests/scheduler/files/bombs.py"], ["tests/scheduler/files"]),
        (["tests/scheduler/files/test_gone.py", "tests/conftest.py", "tests/soak/test_rooms.py"], []),
        (["scheduler/api.py", "docs/regulation.md", "setup.py", "web/core/api.js"], []),
    ],
)
def test_a_file_is_tested_where_its_folder_is_mirrored(tree: Path, changed: list[str], tests: list[str]) -> None:
    assert mirrored(changed, tree) == tests
