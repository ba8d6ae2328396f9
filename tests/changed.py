"""`python -m tests.changed`: prints the tests of what differs from a commit, for `make quick`.

Tests mirror the folders: the test of `scheduler/files/spreadsheet.py` is `tests/scheduler/files/test_spreadsheet.py`.
A file without a test of its name is tested by its folder; helpers of tests, by the tests beside them.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
PACKAGES = {"loadtest", "mediaserver", "scheduler", "signaling"}
SLOW = ("tests/e2e", "tests/soak")
"""Browsers and endurance are not for every save."""


def mirrored(changed: Iterable[str], root: Path = ROOT) -> list[str]:
    """Return test files and folders for changed files, by their paths below `root`, without one inside another."""
    found = {path for name in changed for path in _mirrored(PurePosixPath(name), root)}
    wanted = {path for path in found if not str(path).startswith(SLOW)}
    return sorted(str(path) for path in wanted if not wanted & set(path.parents))


def _mirrored(path: PurePosixPath, root: Path) -> list[PurePosixPath]:
    """Return the tests of a changed file: its own test, or the nearest mirrored folder; none for other files."""
    if path.suffix != ".py":
        return []
    if path.parts[0] == "tests":
        here = path if path.name.startswith("test_") else path.parent
        return [here] if (root / here).exists() and here != PurePosixPath("tests") else []
    if path.parts[0] not in PACKAGES:
        return []
    folder = PurePosixPath("tests") / path.parent
    own = folder / f"test_{path.name}"
    if (root / own).exists():
        return [own]
    while not (root / folder).is_dir():
        folder = folder.parent
    return [folder] if len(folder.parts) > 2 else []


def changed_since(commit: str) -> list[str]:
    """Return the paths of files that differ from a commit, with those that git does not know yet."""
    differing = _git("diff", "--name-only", "--diff-filter=d", commit)
    return differing + _git("ls-files", "--others", "--exclude-standard")


def _git(*arguments: str) -> list[str]:
    ended = subprocess.run(("git", *arguments), cwd=ROOT, capture_output=True, text=True, check=True)
    return ended.stdout.splitlines()


def main() -> int:
    """Print one path a line."""
    parser = argparse.ArgumentParser(prog="python -m tests.changed", description=__doc__)
    parser.add_argument("commit", nargs="?", default="HEAD", help="what to compare with (default %(default)s)")
    print("\n".join(mirrored(changed_since(parser.parse_args().commit))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
