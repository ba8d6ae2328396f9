"""Runs a scenario of sipp, a scripted room system."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from loadtest.server.ports import free_port
from tests.signaling.sip.agents import soon

HOST = "127.0.0.1"
SCENARIOS = Path(__file__).parent / "scenarios"
TIME_S = 40


@asynccontextmanager
async def sipp(folder: Path, scenario: str, transport: str, *more: str) -> AsyncIterator[int]:
    """Run a scenario from a free port, which is given; it must have gone well at the end of the block."""
    port = free_port()
    mode = "t1" if transport == "tcp" else "u1"
    with (folder / "screen").open("wb") as screen:
        process = await asyncio.create_subprocess_exec(
            *("sipp", "-sf", str(SCENARIOS / scenario), "-i", HOST, "-p", str(port), "-t", mode),
            *("-nostdin", "-trace_err", "-timeout", str(TIME_S), "-timeout_error", *more),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=screen,
            stderr=screen,
            cwd=folder,
        )
        try:
            yield port
            status = await soon(process.wait(), TIME_S + 5)
        except TimeoutError:
            if process.returncode is None:
                raise
            status = process.returncode
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    errors = "".join(path.read_text() for path in folder.glob("*_errors.log"))
    assert status == 0, errors + (folder / "screen").read_text("utf-8", "replace")[-3000:]
