"""Does in meetings what their records keep, while the database or the server that leads is lost, and asks afterwards
whether everything is there, and once (decision 137)."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from loadtest.drills.drill import SCRIPT, Drill, DrillMeeting
from loadtest.drills.record_facts import RecordFact, compare, differing
from signaling.app.services import Services, open_services
from signaling.app.settings import read
from signaling.audit.log import EntryFilter

log = logging.getLogger(__name__)

ROUND_S = 2.5
"""Seconds between two rounds: a chair may write 30 chat messages a minute."""
KEPT_S = 60.0
"""Longest seconds until all is there that waited for the database."""
POLL_S = 0.1
AUDITED = frozenset({"floor", "floor-end", "step"})


class Telling:
    """Has each meeting give a floor and take it, step on in its script, and write a chat message, round by round."""

    def __init__(self, drill: Drill[Any]) -> None:
        self._drill = drill
        self.obeys: list[float] = []
        """The seconds after which each meeting obeyed its host, in all rounds."""

    async def tell(self, began: float | None = None) -> None:
        """Tell each record a round of facts, of which the last is answered once all were carried out. The seconds until
        a meeting obeys are from `began`, by the monotonic clock, else from now."""
        self.obeys += await self._drill.obeyed(time.monotonic() if began is None else began)
        await asyncio.gather(*map(_step_and_write, self._drill.meetings))

    @asynccontextmanager
    async def throughout(self) -> AsyncIterator[None]:
        """Tell rounds one after the other, until the block ends and its last round has."""
        ended = asyncio.Event()

        async def go_on() -> None:
            while not ended.is_set():
                await self.tell()
                with suppress(TimeoutError):
                    async with asyncio.timeout(ROUND_S):
                        await ended.wait()

        telling = asyncio.create_task(go_on())
        try:
            yield
        finally:
            ended.set()
            await telling

    async def kept(self) -> dict[str, Any]:
        """Wait until the database holds all that was told; return what is lost or doubled, and how long it took."""
        began = time.monotonic()
        async with open_services(read(self._drill.server.environ), migrating=False) as services:
            while True:
                sides = [(each.told, await _held(services, each), each.unanswered) for each in self._drill.meetings]
                found = [compare(*each) for each in sides]
                if not any(each["facts_lost"] for each in found) or time.monotonic() > began + KEPT_S:
                    break
                await asyncio.sleep(POLL_S)
        if differences := [each for side in sides for each in differing(*side)]:
            log.warning("x facts of meetings, how often they were told and are there: %s", "; ".join(differences))
        summed = {name: sum(each[name] for each in found) for name in ("facts", "facts_lost", "facts_doubled")}
        return {**summed, "kept_s": [time.monotonic() - began], "misdated_s": [each["misdated_s"] for each in found]}


async def _step_and_write(meeting: DrillMeeting) -> None:
    counted = Counter(each.kind for each in (*meeting.told, *meeting.unanswered))
    current = [each.what for each in meeting.told if each.kind == "item"][-1:]
    item = SCRIPT[counted["item"] % len(SCRIPT)]
    at, title = datetime.now(UTC), str(item["title"])
    stepped = [RecordFact("item-end", ended, at) for ended in current]
    stepped += [RecordFact("item", title, at), RecordFact("audit", f"step {title}", at)]
    await _tell(meeting, stepped, "step", to=str(item["id"]))
    at, text = datetime.now(UTC), f"Thử {counted['chat']}"
    await _tell(meeting, [RecordFact("chat", text, at)], "chat", text=text)


async def _tell(meeting: DrillMeeting, facts: list[RecordFact], kind: str, **fields: str) -> None:
    """Ask the meeting for something that its record is told, and note the facts."""
    try:
        await meeting.host.ask(kind, **fields)
    except (ConnectionError, TimeoutError):  # a page that loses its socket, which the drill counts
        meeting.unanswered += facts
    else:
        meeting.told += facts


async def _held(services: Services, meeting: DrillMeeting) -> list[RecordFact]:
    """Return the facts of a meeting that the database holds."""
    session, attendance = meeting.session["id"], services.attendance
    facts = [RecordFact("chat", each.text, each.at) for each in await attendance.chat(session)]
    for floor in await attendance.floor_times(session):
        facts.append(RecordFact("floor", floor.name, floor.start))
        facts += [RecordFact("floor-end", floor.name, floor.end)] if floor.end else []
    for item in await attendance.item_times(session):
        facts.append(RecordFact("item", item.title, item.start))
        facts += [RecordFact("item-end", item.title, item.end)] if item.end else []
    async for chained in services.audit.each(EntryFilter(subject=session)):
        entries = [each.entry for each in chained if each.entry.action in AUDITED]
        facts += [RecordFact("audit", f"{entry.action} {entry.detail}", entry.at) for entry in entries]
    return facts
