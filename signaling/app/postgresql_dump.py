"""Dumps a PostgreSQL database by pg_dump and restores it by pg_restore, which must not be older than the server."""

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote

from signaling.core.environment import environment
from signaling.core.errors import BadBackup

PROGRAMS = "pg_dump", "pg_restore", "psql"
LOCK_TIMEOUT = "30s"
_EMPTY = """
DO $$ DECLARE command text; BEGIN
FOR command IN
    WITH extensions AS (SELECT objid FROM pg_depend WHERE deptype = 'e'),
    ours AS (SELECT current_schema()::regnamespace)
    SELECT format('DROP TABLE %s CASCADE', oid::regclass) FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = (TABLE ours) AND oid NOT IN (TABLE extensions)
    UNION ALL
    SELECT format('DROP FUNCTION %s CASCADE', oid::regprocedure) FROM pg_proc
    WHERE prokind = 'f' AND pronamespace = (TABLE ours) AND oid NOT IN (TABLE extensions)
LOOP EXECUTE command; END LOOP; END $$
"""
"""Drops the tables and functions of a database but those of extensions."""


def check(url: str) -> None:
    """Check that a database can be dumped and put back by what is installed here. Raises BadBackup."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            raise BadBackup(_missing(program))
    _run(url, "pg_dump", "--schema-only", "--file=/dev/null")


def dump(url: str, file: Path) -> None:
    """Write a database as of one moment into a new file, while others write. Raises BadBackup."""
    _run(url, "pg_dump", "--format=custom", f"--file={file}")


def restore(url: str, file: Path) -> None:
    """Restore a dump into an empty database, whole or not at all. Raises BadBackup."""
    _run(url, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", str(file))


def replace(url: str, file: Path) -> None:
    """Replace all tables and functions of a database by those of a dump, whole or not at all. Raises BadBackup."""
    script = file.with_suffix(".sql")
    try:
        script.touch(mode=0o600)
        _run(None, "pg_restore", "--no-owner", f"--file={script}", str(file))
        whole = "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction"
        _run(url, "psql", *whole, f"--command={_EMPTY}", f"--file={script}")
    finally:
        script.unlink(missing_ok=True)


def _run(url: str | None, program: str, *arguments: str) -> None:
    """Run a program on the one of a database's servers that takes writes, or on none. Raises BadBackup."""
    environ = environment(os.environ) | {
        "PGTARGETSESSIONATTRS": "read-write",
        "PGOPTIONS": f"-c lock_timeout={LOCK_TIMEOUT} -c client_min_messages=warning",
    }
    if url is not None:
        address, password = without_password(url)
        arguments = (f"--dbname={address}", *arguments)
        environ |= {"PGPASSWORD": password} if password else {}
    try:
        done = subprocess.run(  # noqa: S603 - no shell reads the arguments
            [program, *arguments],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise BadBackup(_missing(program)) from None
    if done.returncode:
        raise BadBackup(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"{program} failed")


def _missing(program: str) -> str:
    return f"{program} is not installed: apt-get install postgresql-client"


def without_password(url: str) -> tuple[str, str]:
    """Split a URL into one without its password, which other users of the machine may read, and the password."""
    scheme, _, rest = url.partition("://")
    account, at, place = rest.rpartition("@")
    user, _, password = account.partition(":")
    return f"{scheme}://{user}{at}{place}", unquote(password)
