"""Simulates a point that joins again when its connection drops, as the page of a point does."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain, islice, repeat

import aiohttp

from loadtest.endpoint.participant import Participant, Rejected
from loadtest.endpoint.sdp_answer import BadAnswer
from loadtest.endpoint.transport import TransportFailed
from loadtest.progress import PrintLine
from mediaserver.transport.dtls import DtlsFailed

logger = logging.getLogger(__name__)

FINAL_REASONS = frozenset({"ended", "cancelled", "revoked", "code-unknown"})
"""Reasons of a ``bye`` or of a refused ``join`` after which the session is over for this point."""
REMOVED_REASONS = frozenset({"removed", "turned-away"})
"""Reasons of a ``bye`` after which the point may not join again."""
JOIN_ERRORS = (Rejected, BadAnswer, TransportFailed, DtlsFailed, aiohttp.ClientError, OSError, TimeoutError)
FIRST_TRIES = 4
"""Tries of the first join."""
SEAT_POLL_S = 5.0
"""Seconds between two checks whether a visitor who took the seat has left."""


def delays() -> Iterator[float]:
    """Yield the seconds before each try: 1, 2, 4, then 8 for ever."""
    return chain((1.0, 2.0, 4.0), repeat(8.0))


class ReconnectingParticipant:
    """Keeps one point in one session.

    `make_participant` makes a participant for each try, `seat_taken` returns whether another client sits at the point,
    `pause` waits for so many seconds.
    """

    def __init__(
        self,
        name: str,
        make_participant: Callable[[], Participant],
        print_line: PrintLine,
        seat_taken: Callable[[], bool] = lambda: False,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.name = name
        self._make_participant = make_participant
        self._print_line = print_line
        self._seat_taken = seat_taken
        self._pause = pause
        self.participant: Participant | None = None
        """The seated participant, or None."""
        self._code = ""
        self._resume = ""

    async def sit(self, code: str) -> None:
        """Take the seat in at most four tries; after that `stay` goes on trying."""
        self._code = code
        for delay in islice(delays(), FIRST_TRIES):
            try:
                await self._join()
            except JOIN_ERRORS as error:
                self._print_line(f"{self.name} cannot take its seat yet ({error or type(error).__name__}) …")
                await self._pause(delay)
            else:
                return

    async def stay(self) -> str:
        """Take the seat again whenever it is lost; return the final word, of `FINAL_REASONS` or `REMOVED_REASONS`."""
        if self.participant is None and (refused := await self._come_back()):
            return refused
        while True:
            reason = await self._wait_until_lost()
            if reason in FINAL_REASONS or reason in REMOVED_REASONS:
                return reason
            if reason == "replaced":
                self._print_line(f"{self.name} makes room for a visitor who signed in as this point.")
                await self._wait_until_free()
            else:
                self._print_line(f"{self.name} lost its line ({reason}) and comes back …")
            refused = await self._come_back()
            if refused:
                return refused
            self._print_line(f"{self.name} is back.")

    async def leave(self) -> None:
        """Leave for good."""
        if self.participant is not None:
            await self.participant.leave()

    async def _wait_until_lost(self) -> str:
        """Wait until the seat is lost; return the reason."""
        assert self.participant is not None
        participant = self.participant
        reason = await participant.wait_until_lost()
        self.participant = None
        self._resume = "" if reason == "replaced" else participant.resume
        await participant.drop()
        return reason

    async def _wait_until_free(self) -> None:
        await self._pause(SEAT_POLL_S)
        while self._seat_taken():
            await self._pause(SEAT_POLL_S)

    async def _come_back(self) -> str:
        """Try until the seat is taken; return the word that ends all tries, or nothing."""
        for delay in delays():
            await self._pause(delay)
            try:
                await self._join()
            except Rejected as refusal:
                if refusal.word in FINAL_REASONS:
                    return refusal.word
                logger.info("x %s cannot come back: %s", self.name, refusal)
            except Exception as error:  # whatever it is, others go on
                logger.info("x %s cannot come back: %r", self.name, error)
            else:
                return ""
        raise AssertionError("there is always another delay")

    async def _join(self) -> None:
        participant = self._make_participant()
        try:
            await participant.join(self._code, self._resume)
        except BaseException:
            await participant.drop()
            raise
        self.participant = participant
