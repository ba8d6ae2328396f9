"""The drills `leader` and `stopped-leader`: the server that leads is killed, or hangs; the other one leads on."""

import signal
import time
from typing import Any

from loadtest.drills.drill import Drill
from loadtest.drills.meeting_record import Telling
from loadtest.drills.secret_vote import SecretVote
from loadtest.drills.several_servers import SeveralServers
from loadtest.server.postgresql import PostgreSql
from loadtest.server.process import ServerFailed

SUCCEEDED_STATUS = 1
"""Exit status of a server that another one has succeeded."""


async def kill(drill: Drill[SeveralServers[PostgreSql]]) -> dict[str, Any]:
    """Kill the server that leads (kill -9), in a secret vote; the other one succeeds it. The dead one is started, and
    stands by."""
    servers, telling, vote = drill.server, Telling(drill), SecretVote(drill.meetings[0])
    await vote.begin()
    await telling.tell()
    dead, began = servers.leading, time.monotonic()
    dead.signal(signal.SIGKILL)
    await dead.ended()
    leads = await servers.succeed()
    obeys = await drill.obeyed(began)
    voted = await vote.finish(began)
    await telling.tell()
    await dead.start()
    await dead.until(b"Standing by")
    return {"leads_s": [leads - began], "obeys_s": obeys, **voted, **await telling.kept()}


async def hang(drill: Drill[SeveralServers[PostgreSql]]) -> dict[str, Any]:
    """Stop the server that leads (SIGSTOP) until another one does; then let it go on: it ends, and is started again.

    Each host takes a floor meanwhile, which the server that hangs would still do. Raises ServerFailed.
    """
    servers = drill.server
    hung, began = servers.leading, time.monotonic()
    hung.signal(signal.SIGSTOP)
    asked = [(meeting, meeting.participants[1].seat) for meeting in drill.meetings]  # of whom nothing else is asked
    before = [meeting.host.seats[seat]["floor"] for meeting, seat in asked]
    for (meeting, seat), is_open in zip(asked, before, strict=True):
        await meeting.host.send("floor", seat=seat, open=not is_open)
    leads = await servers.succeed()
    obeys = await drill.obeyed(began)
    hung.signal(signal.SIGCONT)
    goes_on = time.monotonic()
    if (status := await hung.ended()) != SUCCEEDED_STATUS:
        raise ServerFailed(f"a server that was succeeded ended with {status}")
    ended = time.monotonic() - goes_on
    await hung.start()
    await hung.until(b"Standing by")
    await drill.obeyed(time.monotonic())
    after = [meeting.host.seats[seat]["floor"] for meeting, seat in asked]
    return {
        "leads_s": [leads - began],
        "obeys_s": obeys,
        "ended_s": [ended],
        "stale_commands": sum(now != then for now, then in zip(after, before, strict=True)),
    }
