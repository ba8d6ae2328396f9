"""Holds a secret vote while the server that leads is lost: each ballot that was taken counts once, and whoever has not
voted still may (decision 130)."""

import asyncio
import time
from collections import Counter
from typing import Any

from loadtest.drills.drill import POLL_S, DrillMeeting
from loadtest.drills.page_endpoint import TEMPORARY, PageParticipant
from loadtest.endpoint.participant import Rejected
from loadtest.time_limit import within

CHOICES = 3
BALLOT_S = 40.0
"""Longest seconds until a ballot is taken: media workers may bring the key of a vote for half a minute."""


class SecretVote:
    """A vote in one meeting, whose points choose in turns what they may choose."""

    def __init__(self, meeting: DrillMeeting) -> None:
        self._meeting = meeting
        self._id = ""
        self._cast: Counter[int] = Counter()

    async def begin(self) -> None:
        """Ask all points; all but the last one vote."""
        opened = await self._meeting.host.ask("vote-open", question="Thông qua nghị quyết?", secret=True)
        self._id = opened["id"]
        for index in range(len(self._meeting.participants) - 1):
            await self._votes(index)

    async def finish(self, began: float) -> dict[str, Any]:
        """Let the last point vote, and close; return after how many seconds it could, from `began` by the monotonic
        clock, and whether all ballots were counted, and one of somebody who had voted was not."""
        await self._votes(len(self._meeting.participants) - 1)
        ballot_s = time.monotonic() - began
        again = await self._is_taken(self._meeting.participants[0], 0)
        closed = await self._meeting.host.ask("vote-close", vote=self._id, announce=False)
        counted = closed["counts"] == [self._cast[choice] for choice in range(CHOICES)]
        return {"ballot_s": [ballot_s], "ballots_kept": counted and not again}

    async def _votes(self, index: int) -> None:
        choice, point = index % CHOICES, self._meeting.participants[index]
        async with within(BALLOT_S, lambda: f"a ballot that is taken; {point.hindrance}"):
            while True:
                await point.back.wait()
                try:
                    await self._is_taken(point, choice)  # a ballot whose answer was lost is refused the second time
                except (Rejected, ConnectionError, TimeoutError) as refusal:
                    point.hindrance = str(refusal)
                    if isinstance(refusal, Rejected) and refusal.word not in TEMPORARY:
                        raise
                    await asyncio.sleep(POLL_S)
                else:
                    self._cast[choice] += 1
                    return

    async def _is_taken(self, point: PageParticipant, choice: int) -> bool:
        """Return whether a ballot is taken now, not before. Raises Rejected, ConnectionError, TimeoutError."""
        try:
            await point.ask("vote", vote=self._id, choice=choice)
        except Rejected as refusal:
            if refusal.word == "already-voted":
                return False
            raise
        return True
