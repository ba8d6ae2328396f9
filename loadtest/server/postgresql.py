"""Runs a PostgreSQL server of Debian's package on a socket of its own."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def postgresql() -> AsyncIterator[str]:
    """Yield the URL of an empty database, which is written as safely as in earnest. Raises OSError."""
    binaries = _binaries()
    directory = Path(tempfile.mkdtemp(prefix="diemcau-pg-"))
    try:
        if os.getuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        data, log = str(directory / "data"), str(directory / "log")
        await _run(binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale")
        options = f"-k {directory} -c listen_addresses=''"
        await _run(binaries / "pg_ctl", "start", "-D", data, "-l", log, "-w", "-o", options)
        try:
            await _run(binaries / "createdb", "-h", str(directory), "-U", "postgres", "diemcau")
            yield f"postgresql://postgres@/diemcau?host={directory}"
        finally:
            await _run(binaries / "pg_ctl", "stop", "-D", data, "-m", "immediate", "-w")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        raise OSError("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


async def _run(program: Path, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, which refuse to run as root. Raises OSError."""
    user = "postgres" if os.getuid() == 0 else None

    def run() -> int:
        return subprocess.run(  # noqa: S603 - of the package
            [program, *arguments],
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            cwd="/",
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        ).returncode

    if await asyncio.to_thread(run):
        raise OSError(f"{program.name} failed")
