"""Places calls of several kinds in lanes, each of which goes on to the next kind once one has no calls left."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace

from loadtest.endpoint.reconnecting import JOIN_ERRORS
from loadtest.progress import PrintLine
from loadtest.rooms.call import place
from loadtest.rooms.kinds.table import KINDS
from loadtest.rooms.lane import CallContext, Lane, Seats, open_lane
from loadtest.rooms.leg_cost import LegCost
from loadtest.rooms.outcomes import CallOutcome, Outcomes
from loadtest.rooms.room import FAILURES
from loadtest.server.rest_client import Refused

LANE_ERRORS = (*FAILURES, *JOIN_ERRORS, Refused)
"""Errors of a lane that cannot be opened or closed."""


class Placing:
    """Places so many calls of each kind, less those that there are outcomes of."""

    def __init__(
        self,
        context: CallContext,
        outcomes: Outcomes,
        cost: LegCost,
        kinds: Sequence[str],
        calls: int,
        progress: PrintLine,
        times: bool = False,
    ) -> None:
        self._context = context
        self._outcomes = outcomes
        self._cost = cost
        self._calls = calls
        self._todo = {name: iter(range(calls - outcomes.tried(name))) for name in kinds}
        """Calls that are still to be placed, by kind."""
        self._lone = asyncio.Lock()
        """Held by a lane whose calls are placed one after the other."""
        self._told: set[str] = set()
        """Kinds whose counts were printed."""
        self._progress = progress
        self._times = times
        """Whether delays and key frames are measured."""

    async def in_lane(self, seats: Seats) -> None:
        """Place calls in one lane, kind by kind, while there are any."""
        for name, todo in self._todo.items():
            async with self._lone if KINDS[name].lone else nullcontext():
                await self._place(seats, name, todo)
            self._tell(name)

    def _tell(self, name: str) -> None:
        """Print the counts of a kind, once no call of it goes on in another lane."""
        tried = self._outcomes.tried(name)
        if tried >= self._calls and name not in self._told:
            self._told.add(name)
            self._progress(f"{name}: {tried - self._outcomes.failed(name)} of {tried}")

    async def _place(self, seats: Seats, name: str, todo: Iterator[int]) -> None:
        """Place calls of a kind in one lane while there are any; after a failure the lane is opened anew.

        A lane that cannot be opened counts as a call that failed.
        """
        while next(todo, None) is not None:
            try:
                async with open_lane(self._context, seats, KINDS[name].setup) as lane:
                    await self._place_until_failure(lane, name, todo)
            except LANE_ERRORS as error:
                if (task := asyncio.current_task()) is not None and task.cancelling():  # the run ends: no call failed
                    raise asyncio.CancelledError from error
                first, _, rest = (str(error) or type(error).__name__).partition("\n")
                self._outcomes.add(name, CallOutcome(failure=f"no meeting: {first}", detail=rest))

    async def _place_until_failure(self, lane: Lane, name: str, todo: Iterator[int]) -> None:
        """Place the call that is due, and all further ones until one fails."""
        while True:
            with self._cost.call() as percent:
                outcome = await place(KINDS[name], lane, self._times)
                self._outcomes.add(name, outcome if outcome.failure else replace(outcome, cpu_pct_per_leg=percent()))
            if outcome.failure or next(todo, None) is None:
                return
