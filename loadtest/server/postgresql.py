"""Runs a PostgreSQL server of Debian's package on a machine."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from loadtest.server.machines import HERE, NETWORK, Machine

USER = "postgres"
"""PostgreSQL refuses to run as root."""


class PostgreSql:
    """A server with an empty database, which writes as safely as in earnest."""

    def __init__(self, machine: Machine, directory: Path) -> None:
        self.machine = machine
        self._directory = directory
        self.url = f"postgresql://{USER}@{machine.address}/diemcau"
        """That of its database; on this machine by a socket in its directory, for many may run here."""
        if machine == HERE:
            self.url = f"postgresql://{USER}@/diemcau?host={directory}"

    async def initialise(self) -> None:
        """Make its files. Raises OSError."""
        data = self._directory / "data"
        await self._run("initdb", "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale")
        with (data / "pg_hba.conf").open("a") as file:
            file.write(f"host all all {NETWORK}.0/24 trust\n")

    async def start(self) -> None:
        """Start it, and wait until it accepts connections. Raises OSError."""
        listens = "''" if self.machine == HERE else self.machine.address
        options = f"-k {self._directory} -c listen_addresses={listens}"
        where = ("-D", str(self._directory / "data"), "-l", str(self._directory / "log"))
        await self._run("pg_ctl", "start", *where, "-w", "-o", options)

    async def create_database(self) -> None:
        """Create the database. Raises OSError."""
        await self._run("createdb", "-h", str(self._directory), "-U", USER, "diemcau")

    async def stop(self) -> None:
        """Stop it at once: what it was doing is lost, and what it has acknowledged is on the disk. Raises OSError."""
        await self._run("pg_ctl", "stop", "-D", str(self._directory / "data"), "-m", "immediate", "-w")

    def processes(self) -> list[int]:
        """Return the ids of its processes, the first one before its children."""
        return processes(self._directory)

    async def _run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs. Raises OSError."""
        words = self.machine.command(str(binaries() / program), *arguments, user=USER)

        def run() -> int:
            return subprocess.run(  # noqa: S603 - of the package
                words, cwd="/", check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            ).returncode

        if await asyncio.to_thread(run):
            raise OSError(f"{program} failed")


@asynccontextmanager
async def postgresql(machine: Machine) -> AsyncIterator[PostgreSql]:
    """Yield a started server on a machine. Raises OSError."""
    directory = Path(tempfile.mkdtemp(prefix="diemcau-pg-"))
    made = PostgreSql(machine, directory)
    try:
        shutil.chown(directory, USER, USER)
        await made.initialise()
        await made.start()
        try:
            await made.create_database()
            yield made
        finally:
            await made.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def processes(directory: Path) -> list[int]:
    """Return the ids of the processes of a server by its directory, the first one before its children."""
    first = (directory / "data" / "postmaster.pid").read_text().split()[0]
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return [int(each) for each in (first, *children)]


def binaries() -> Path:
    """Return the folder of the newest PostgreSQL's programs. Raises OSError."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        raise OSError("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent
