"""A wheel has all that the packages read beside their modules."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
DATA: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
PACKAGES = ("loadtest", "mediaserver", "scheduler", "signaling", "web")
NOT_SHIPPED = (
    "mediaserver/native/",
    "web/node_modules/",
    "web/tests/",
    "web/package",
    "web/jsconfig.json",
    "web/types.d.ts",
    "web/vendor.",
)
"""What is compiled, and what only developers need."""


def shipped(name: str) -> bool:
    """Tell whether a pattern of a package covers a file; `*` of setuptools does not match a slash."""
    parts = PurePosixPath(name).parts
    for depth in range(1, len(parts)):
        rest = parts[depth:]
        for pattern in DATA.get(".".join(parts[:depth]), []):
            wanted = pattern.split("/")
            if len(wanted) == len(rest) and all(map(fnmatch, rest, wanted)):
                return True
    return False


def test_every_file_beside_the_modules_is_shipped() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()]
    names = [str(path.relative_to(ROOT)) for path in files if path.suffix not in {".py", ".pyi", ".pyc", ".so"}]
    beside = [name for name in names if not name.startswith(NOT_SHIPPED)]
    assert "scheduler/data/KH-2023.yaml" in beside
    assert [name for name in beside if not shipped(name)] == []
