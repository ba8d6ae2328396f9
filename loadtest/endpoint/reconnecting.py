"""A simulated point that comes back to its seat when its line drops, as the page of a point does."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain, islice, repeat

import aiohttp

from loadtest.endpoint.participant import Participant, Rejected
from loadtest.endpoint.sdp_answer import BadAnswer
from loadtest.endpoint.transport import LinkFailed
from loadtest.progress import Say
from mediaserver.transport.dtls import DtlsFailed

logger = logging.getLogger(__name__)

OVER = frozenset({"ended", "cancelled", "revoked", "code-unknown"})
"""Why nobody sits in the session any longer: reasons of a ``bye``, and words that refuse a ``join``."""
SENT_AWAY = frozenset({"removed", "turned-away"})
"""Somebody wants the point out of the meeting, so it stays away."""
FAULTS = (Rejected, BadAnswer, LinkFailed, DtlsFailed, aiohttp.ClientError, OSError, TimeoutError)
FIRST_TRIES = 4
"""Who does not get a seat by then never will."""
LOOK_S = 5.0
"""Between two looks whether a visitor who took the seat has left it."""


def delays() -> Iterator[float]:
    """Seconds before each try to come back: 1, 2, 4, then 8 for ever."""
    return chain((1.0, 2.0, 4.0), repeat(8.0))


class Returning:
    """One point in one session.

    `make` gives a participant for each try; `taken` tells whether somebody else sits at the point now; `pause` waits.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Participant],
        say: Say,
        taken: Callable[[], bool] = lambda: False,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        # given
        self.name = name
        self._make = make
        self._say = say
        self._taken = taken
        self._pause = pause
        # owned
        self.participant: Participant | None = None
        """Who sits, None while nobody does."""
        self._code = ""
        self._resume = ""

    async def sit(self, code: str) -> None:
        """Take the seat, in a few tries. Raises what Participant.join raises."""
        self._code = code
        for delay in islice(delays(), FIRST_TRIES - 1):
            try:
                return await self._join()
            except FAULTS as fault:
                self._say(f"{self.name} cannot take its seat yet ({fault or type(fault).__name__}) …")
                await self._pause(delay)
        return await self._join()

    async def stay(self) -> str:
        """Take the seat again whenever it is lost; return why not any longer, a word of `OVER` or `SENT_AWAY`."""
        while True:
            reason = await self._lose()
            if reason in OVER or reason in SENT_AWAY:
                return reason
            if reason == "replaced":
                self._say(f"{self.name} makes room for a visitor who signed in as this point.")
                await self._free()
            else:
                self._say(f"{self.name} lost its line ({reason}) and comes back …")
            refused = await self._come_back()
            if refused:
                return refused
            self._say(f"{self.name} is back.")

    async def leave(self) -> None:
        """Leave for good."""
        if self.participant is not None:
            await self.participant.leave()

    async def _lose(self) -> str:
        """Wait until the seat is lost; return why."""
        assert self.participant is not None
        person = self.participant
        reason = await person.lost()
        self.participant = None
        self._resume = "" if reason == "replaced" else person.resume
        await person.drop()
        return reason

    async def _free(self) -> None:
        await self._pause(LOOK_S)
        while self._taken():
            await self._pause(LOOK_S)

    async def _come_back(self) -> str:
        """Try until the seat is taken; return the word that ends all tries, else nothing."""
        for delay in delays():
            await self._pause(delay)
            try:
                await self._join()
            except Rejected as refusal:
                if refusal.word in OVER:
                    return refusal.word
                logger.info("x %s cannot come back: %s", self.name, refusal)
            except FAULTS as fault:
                logger.info("x %s cannot come back: %r", self.name, fault)
            else:
                return ""
        raise AssertionError("there is always another delay")

    async def _join(self) -> None:
        person = self._make()
        try:
            await person.join(self._code, self._resume)
        except BaseException:
            await person.drop()
            raise
        self.participant = person
