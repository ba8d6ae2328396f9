"""Joins the participants of one session, gives them the floor, and lets them leave."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from loadtest.endpoint.endpoint import Endpoint, Watcher
from loadtest.endpoint.participant import Participant
from loadtest.server.rest_client import Client

JOINING_AT_ONCE = 8
"""Joins at the same time: more handshakes would only wait for each other."""

WatcherT = TypeVar("WatcherT", bound=Watcher | None)


@dataclass(frozen=True, slots=True)
class SeatedParticipant(Generic[WatcherT]):
    """A participant in the meeting, the watcher of its media, and the seconds it took to join."""

    participant: Participant
    watcher: WatcherT
    join_s: float


class ParticipantGroup(Generic[WatcherT]):
    """The participants of one session.

    `make_watcher` makes a watcher for each, `make_endpoint` the endpoint of an index, again when media is renewed;
    `gate` limits joins at the same time.
    """

    def __init__(
        self,
        make_watcher: Callable[[], WatcherT],
        make_endpoint: Callable[[int, WatcherT], Endpoint],
        gate: asyncio.Semaphore | None = None,
    ) -> None:
        self._make_watcher = make_watcher
        self._make_endpoint = make_endpoint
        self._gate = gate or asyncio.Semaphore(JOINING_AT_ONCE)
        self.seated: list[SeatedParticipant[WatcherT]] = []
        self.failures: list[str] = []

    @property
    def participants(self) -> list[Participant]:
        """All seated participants."""
        return [seated.participant for seated in self.seated]

    async def join(self, clients: Iterable[Client], code: str, first: int = 0) -> None:
        """Seat one participant per client, the host first and alone; failed joins are named in `failures`."""
        indexed = list(enumerate(clients, first))
        await self._seat(*indexed[0], code)
        await asyncio.gather(*(self._seat(index, client, code) for index, client in indexed[1:]))

    async def _seat(self, index: int, client: Client, code: str) -> None:
        watcher = self._make_watcher()
        participant = Participant(client, lambda: self._make_endpoint(index, watcher))
        async with self._gate:
            began = time.monotonic()
            try:
                await participant.join(code)
            except Exception as exc:
                self.failures.append(f"endpoint {index + 1}: {type(exc).__name__}: {exc}")
                await participant.leave()
                return
        self.seated.append(SeatedParticipant(participant, watcher, time.monotonic() - began))

    async def give_floors(self, speakers: int) -> None:
        """Have the controller give the floor until `speakers` participants have it."""
        controller = next((p for p in self.participants if p.controller), None)
        if controller is None:
            return
        silent = [p for p in self.participants if not controller.seats.get(p.seat, {}).get("floor")]
        held = len(self.seated) - len(silent)
        for participant in silent[: max(0, speakers - held)]:
            await controller.send("floor", seat=participant.seat, open=True)

    async def leave(self) -> None:
        """Let all participants leave."""
        await asyncio.gather(*(p.leave() for p in self.participants), return_exceptions=True)
