"""The drill `drain`: empties a media worker while its meetings go on, and measures what people notice."""

import asyncio
import logging
import time
from itertools import pairwise
from typing import Any

import aiohttp

from loadtest.drills.drill import Drill, percentiles
from loadtest.drills.page_endpoint import RETRY_S, TEMPORARY, PageParticipant
from loadtest.drills.recording import composed_parts
from loadtest.endpoint.participant import Rejected
from loadtest.endpoint.transport import TransportFailed
from loadtest.server import accounts
from loadtest.server.rest_client import Client
from loadtest.time_limit import within
from signaling.app.admin_cli import NewAccount

log = logging.getLogger(__name__)

ADMINISTRATOR = NewAccount("loadtest-administrator", "Quản trị viên", ("administrator", "technician"))
EMPTY_S = 120.0
"""Longest seconds until a drained worker has no room."""
JOIN_S = 10.0
"""A point that is not in after so long counts as refused."""
JOIN_ATTEMPTS = 6
"""Times that a point which is refused tries until it is in, so that its session is whole afterwards."""
POLL_S = 0.1
URL = "/api/v1/capacity/workers"


async def drain(drill: Drill[Any]) -> dict[str, Any]:
    """Drain the worker of the recorded session until it is empty, while one point after the other leaves and joins."""
    (login,) = await accounts.create_accounts(drill.server.environ, [ADMINISTRATOR])
    async with Client(drill.server.url) as client:
        await client.login(*login)
        worker = await recording_worker(client)
        began, empty = time.monotonic(), asyncio.Event()
        await client.post(f"{URL}/drain", {"worker": worker})
        joining = asyncio.create_task(leave_and_join(drill, empty))
        async with within(EMPTY_S, "a drained worker without rooms"):
            while (await rooms_of_workers(client))[worker]:  # noqa: ASYNC110 - no event says so
                await asyncio.sleep(POLL_S)
        emptied = time.monotonic()
        empty.set()
        refused = await joining
        gaps = [watcher.sound_gap_s for each in drill.meetings for watcher in each.watchers[:-1]]
        await client.post(f"{URL}/undrain", {"worker": worker})
    return {
        "emptied_s": [emptied - began],
        "refused_joins": refused,
        "sound_gap_s": gaps,
        "obeys_s": await drill.obeyed(time.monotonic()),
    }


async def recording_worker(client: Client) -> str:
    """Return the worker of the recorded session: it was opened first, on the first one, and moves with all others."""
    return min(name for name, rooms in (await rooms_of_workers(client)).items() if rooms)


async def rooms_of_workers(client: Client) -> dict[str, int]:
    """Return the number of rooms of each worker."""
    return {worker["name"]: worker["rooms"] for machine in await client.get(URL) for worker in machine["workers"]}


async def leave_and_join(drill: Drill[Any], ended: asyncio.Event) -> int:
    """Let the last point of each session leave and join until an event is set; return how many were refused."""
    refused = 0
    while not ended.is_set():
        for meeting in drill.meetings:
            for _ in range(JOIN_ATTEMPTS):
                if await _comes_back(meeting.participants[-1], meeting.session["code"]):
                    break
                refused += 1
        await asyncio.sleep(POLL_S)
    return refused


async def _comes_back(participant: PageParticipant, code: str) -> bool:
    """Let a point leave and join; return False if it is refused."""
    await participant.leave()
    try:
        await _join(participant, code)
    except (Rejected, TransportFailed, ConnectionError, TimeoutError) as error:
        log.warning("x a point cannot join: %r", error)
        return False
    return True


async def _join(participant: PageParticipant, code: str) -> None:
    """Join; try again, as the page does, while the server that leads changes."""
    async with within(JOIN_S, "a point that joins"):
        while True:
            try:
                await participant.join(code)
                return
            except Rejected as refusal:
                if refusal.word not in TEMPORARY:
                    raise
            except (aiohttp.ClientError, ConnectionError) as error:
                log.info("x a point cannot join yet: %r", error)
            await participant.drop()
            await asyncio.sleep(RETRY_S)


async def outcome(drill: Drill[Any]) -> dict[str, Any]:
    """Stop the recording; return whether it is whole, and the seconds missing between one part and the next."""
    whole, parts = await composed_parts(drill)
    gaps = sorted(max(0.0, begin - end) for (_, end), (begin, _) in pairwise(parts)) or [0.0]
    return {"recordings_whole": whole and len(parts) > 1, "parts": len(parts), "lost_s": percentiles(gaps)}
