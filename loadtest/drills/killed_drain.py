"""The drill `killed-drain`: the server dies while it empties a media worker, in the moment in which a room moves."""

import asyncio
import time
from typing import Any

from loadtest.drills.drain import ADMINISTRATOR, EMPTY_S, POLL_S, URL, recording_worker, rooms_of_workers
from loadtest.drills.drill import Drill, until
from loadtest.drills.server import RestartedServer
from loadtest.server import accounts
from loadtest.server.rest_client import Client
from loadtest.time_limit import within


async def kill(drill: Drill[RestartedServer]) -> dict[str, Any]:
    """Kill the server (kill -9) while the first room moves, and start it by hand; the next one goes on draining."""
    (login,) = await accounts.create_accounts(drill.server.environ, [ADMINISTRATOR])
    async with Client(drill.server.url) as client:
        await client.login(*login)
        worker = await recording_worker(client)
        await client.post(f"{URL}/drain", {"worker": worker})
        async with within(EMPTY_S, "the first room of a drained worker that moves"):
            while await _count(client) == len(drill.meetings):  # noqa: ASYNC110 - no event says so
                await asyncio.sleep(0)
        await drill.server.kill()
        listening = await drill.server.start()
        obeys = await drill.obeyed(listening)
        async with within(EMPTY_S, "a drained worker without rooms after the restart"):
            while (await rooms_of_workers(client))[worker]:  # noqa: ASYNC110 - as above
                await asyncio.sleep(POLL_S)
        emptied = time.monotonic()
        connected = "media of all points after the restart"
        await until(lambda: all(participant.connected for participant in drill.participants), EMPTY_S, connected)
        single = await _count(client) == len(drill.meetings)
        await client.post(f"{URL}/undrain", {"worker": worker})
    return {"emptied_s": [emptied - listening], "rooms_single": single, "obeys_s": obeys}


async def _count(client: Client) -> int:
    """Return the number of rooms of all workers."""
    return sum((await rooms_of_workers(client)).values())
