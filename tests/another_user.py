"""Processes of other users than ours, as systemd starts them: only root can."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

NOBODY, DAEMON = 65534, 1
"""Users and groups that every machine has."""


@cache
def others_may_run_us() -> bool:
    """Return whether tests may run processes as `nobody`, which also needs read access to the code."""
    if os.getuid() != 0:
        return False
    command = [sys.executable, "-c", "import mediaserver.__main__"]
    return subprocess.run(command, user=NOBODY, group=NOBODY, extra_groups=[], check=False).returncode == 0


@contextmanager
def shared_directory() -> Iterator[Path]:
    """Yield a directory that other users may enter; pytest's own directories are closed to them."""
    with TemporaryDirectory(prefix="diemcau-") as directory:
        place = Path(directory)
        place.chmod(0o711)
        yield place
