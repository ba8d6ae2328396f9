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
    programs = binaries()
    directory = Path(tempfile.mkdtemp(prefix="diemcau-pg-"))
    try:
        if os.getuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        data = str(directory / "data")
        await _run(programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale")
        await start(directory)
        try:
            await _run(programs / "createdb", "-h", str(directory), "-U", "postgres", "diemcau")
            yield f"postgresql://postgres@/diemcau?host={directory}"
        finally:
            await stop(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def directory_of(url: str) -> Path:
    """Return the directory of a server by the URL of its database."""
    return Path(url.partition("?host=")[2])


async def start(directory: Path) -> None:
    """Start the server of a directory, and wait until it accepts connections. Raises OSError."""
    options, log = f"-k {directory} -c listen_addresses=''", str(directory / "log")
    await _run(binaries() / "pg_ctl", "start", "-D", str(directory / "data"), "-l", log, "-w", "-o", options)


async def stop(directory: Path) -> None:
    """Stop it at once: what it was doing is lost, and what it has acknowledged is on the disk. Raises OSError."""
    await _run(binaries() / "pg_ctl", "stop", "-D", str(directory / "data"), "-m", "immediate", "-w")


def processes(directory: Path) -> list[int]:
    """Return the ids of its processes, the first one before its children."""
    first = (directory / "data" / "postmaster.pid").read_text().split()[0]
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return [int(each) for each in (first, *children)]


def binaries() -> Path:
    """Return the folder of the newest PostgreSQL's programs. Raises OSError."""
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
