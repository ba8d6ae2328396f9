"""Programs of Debian that tests need: `make packages` installs them, for root."""

import os
import shutil
from typing import NoReturn

import pytest


def unmet(why: str, *, root: bool | None = None) -> NoReturn:
    """Fail a test that cannot run as things are; skip it where a developer who is not root cannot change that."""
    if os.geteuid() == 0 if root is None else root:
        pytest.fail(why)
    pytest.skip(why)


def demand(program: str, *, root: bool | None = None) -> str:
    """Return the path of a program, without which the test is failed or skipped."""
    return shutil.which(program) or unmet(f"{program} is not installed: make packages", root=root)
