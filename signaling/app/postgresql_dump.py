"""Dumps a PostgreSQL database by pg_dump and restores it by pg_restore, which must not be older than the server."""

import os
import subprocess
from pathlib import Path
from urllib.parse import unquote

from signaling.core.environment import environment
from signaling.core.errors import BadBackup


def dump(url: str, file: Path) -> None:
    """Write a database as of one moment into a new file, while others write. Raises BadBackup."""
    _run(url, "pg_dump", "--format=custom", f"--file={file}")


def restore(url: str, file: Path) -> None:
    """Restore a dump into an empty database, whole or not at all. Raises BadBackup."""
    _run(url, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", str(file))


def _run(url: str, program: str, *arguments: str) -> None:
    address, password = without_password(url)
    environ = environment(os.environ) | ({"PGPASSWORD": password} if password else {})
    try:
        done = subprocess.run(  # noqa: S603 - no shell reads the arguments
            [program, f"--dbname={address}", *arguments],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise BadBackup(f"{program} is not installed: apt-get install postgresql-client") from None
    if done.returncode:
        raise BadBackup(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"{program} failed")


def without_password(url: str) -> tuple[str, str]:
    """Split a URL into one without its password, which other users of the machine may read, and the password."""
    scheme, _, rest = url.partition("://")
    account, at, place = rest.rpartition("@")
    user, _, password = account.partition(":")
    return f"{scheme}://{user}{at}{place}", unquote(password)
