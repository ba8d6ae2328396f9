"""Exchanges what goes on in meetings that two systems hold together: who is there, has the floor, speaks; recording.

The system above tells of its meeting every two seconds and is answered with that below, over HTTPS beside the link,
which carries picture and sound alone. Each shows the other's meeting for ten seconds after it was last heard of.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import cast, get_args

from signaling.cascade.client import BelowClient, Refused, Unanswered
from signaling.cascade.model import Neighbour, Reservation
from signaling.cascade.rounds import Rounds
from signaling.cascade.store import Neighbours, Reservations
from signaling.cascade.wire import Told
from signaling.meeting.manager import MeetingManager
from signaling.meeting.runner import MeetingRunner
from signaling.messages.effects import Effect
from signaling.messages.neighbours import NeighbourMeeting, NotHeld

ROUND_SECONDS = 2.0
HOLDS = timedelta(seconds=10)
"""So long what a neighbour told is shown."""
ANSWER_SECONDS = 5.0
"""So long a system below may take to answer: one that hangs must not keep the others from being heard of in time."""
AT_ONCE = 32
"""Most systems below that are told at the same time."""


class CascadeChannel(Rounds):
    """Tells systems below of our meetings, and those above of the ones that they reserved here.

    `warn_before` is how long before the end of a meeting those below are warned of it.
    """

    def __init__(
        self,
        meetings: MeetingManager,
        neighbours: Neighbours,
        reservations: Reservations,
        client: BelowClient,
        warn_before: Callable[[datetime], timedelta],
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(ROUND_SECONDS, "meetings of neighbouring systems are not told of each other", clock)
        self._meetings = meetings
        self._neighbours = neighbours
        self._reservations = reservations
        self._client = client
        self._warn_before = warn_before
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._heard: dict[tuple[str, str], datetime] = {}
        """When a neighbour was last heard of, by meeting and the point that stands for it."""

    async def stop(self) -> None:
        """End the rounds and the connections; the next server goes on."""
        await super().stop()
        await self._client.close()

    async def work(self, now: datetime) -> None:
        """Exchange with all systems below, and forget those that nothing was heard of."""
        await self._forget(now)
        below = {each.name: each for each in await self._neighbours.all() if each.below} if self._live else {}
        known = await self._reservations.current(now) if below else []
        for running in self._live.values():
            reasons = {
                below[each.neighbour].point: each.state
                for each in known
                if each.session == running.id and each.neighbour in below and each.state in get_args(NotHeld)
            }
            await _apply(running, running.state.not_held(cast("dict[str, NotHeld]", reasons)))
        await self._ask(
            self._exchange(below[each.neighbour], each, meeting, now)
            for each in known
            if each.code and each.neighbour in below and (meeting := self._live.get(each.session)) is not None
        )

    @property
    def _live(self) -> dict[str, MeetingRunner]:
        return self._meetings.meetings

    async def _exchange(self, neighbour: Neighbour, known: Reservation, meeting: MeetingRunner, now: datetime) -> None:
        state = meeting.state
        told = Told(
            session=known.session,
            meeting=state.as_told(neighbour.point),
            messages=state.chat.of_chair(neighbour.point),
            began=state.chat.began,
            warnings=state.warnings(now, self._warn_before(now)),
        )
        with suppress(Refused, Unanswered, TimeoutError):  # it is told again in the next round
            async with self._turns, asyncio.timeout(ANSWER_SECONDS):
                key = await self._neighbours.key(neighbour.name)
                exchanged = await self._client.exchange(neighbour, key, told)
            if exchanged.meeting is not None:
                self._heard[meeting.id, neighbour.point] = now
                await _apply(meeting, state.below(neighbour.point, exchanged.meeting, now))

    async def heard(self, neighbour: Neighbour, told: Told, now: datetime) -> NeighbourMeeting | None:
        """Show what a system above tells of its session, and return our meeting of it; None while there is none."""
        known = await self._reservations.one(neighbour.name, told.session)
        meeting = None if known is None else self._live.get(known.ours)
        if meeting is None:
            return None
        self._heard[meeting.id, neighbour.point] = now
        effects = meeting.state.neighbour(neighbour.point, told.meeting, told.warnings)
        heard = meeting.state.hear_chair(neighbour.point, told.began, told.messages, now)
        await _apply(meeting, [*effects, *heard])
        return meeting.state.as_told(neighbour.point)

    async def _forget(self, now: datetime) -> None:
        for (session, point), at in list(self._heard.items()):
            if now - at > HOLDS:
                del self._heard[session, point]
                if (meeting := self._live.get(session)) is not None:
                    await _apply(meeting, meeting.state.neighbour(point, None))


async def _apply(meeting: MeetingRunner, effects: Sequence[Effect]) -> None:
    if effects:
        await meeting.apply(effects)
