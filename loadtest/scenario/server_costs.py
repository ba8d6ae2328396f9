"""Measures what one session costs the server: its cameras forwarded, composed for everyone, and recorded.

The figures are CPU in percent of a core, less what the server takes with nobody in it; `recorded_pct` comes on top of
`forwarded_pct`, with the picture composed when the profile says.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from loadtest.load.cases import Case, Load, Text
from loadtest.load.meter import measure
from loadtest.load.runner import Attendee, LoadRunner
from loadtest.media.library import MediaLibrary
from loadtest.progress import PrintLine
from loadtest.server.process import Server
from loadtest.server.rest_client import Client

POINTS = 12
SESSION = Case("costs", Text("Chi phí một phiên", "Cost of a session"), (POINTS,))
SETTLE_S = 5.0
"""Seconds until m-lines, the composer and the recorder have settled after a change; not longer than what is measured,
since the short run of a test is no figure."""


async def run(
    server: Server,
    library: MediaLibrary,
    attendees: Sequence[Attendee],
    centre: Client,
    seconds: float,
    progress: PrintLine,
) -> dict[str, Any]:
    """Hold a session of twelve points and measure it in each way for so many seconds; return the costs."""
    runner = LoadRunner(SESSION, library, Load(1), centre)

    async def cpu_pct() -> float:
        await asyncio.sleep(min(SETTLE_S, seconds))
        return (await measure(runner, server.pid, seconds)).cpu.server_pct

    progress(f"(costs) a session of {POINTS} points: forwarded, composed, recorded")
    idle = await cpu_pct()
    try:
        await runner.join(attendees)
        forwarded = await cpu_pct()
        await runner.command("one-picture-all", on=True)
        composed = await cpu_pct()
        await runner.command("one-picture-all", on=False)
        await runner.command("record", on=True)
        recorded = await cpu_pct()
        await runner.command("record", on=False)
    finally:
        await runner.leave()
    return {
        "points": POINTS,
        "forwarded_pct": round(max(0.0, forwarded - idle), 1),
        "composed_pct": round(max(0.0, composed - idle), 1),
        "recorded_pct": round(max(0.0, recorded - forwarded), 1),
    }
