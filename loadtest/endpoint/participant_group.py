"""The endpoints of one session: they join, get the floor, and leave."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from loadtest.endpoint.endpoint import Endpoint, Watcher
from loadtest.endpoint.participant import Participant
from loadtest.server.rest_client import Client

JOINING_AT_ONCE = 8
"""Joins at once: more handshakes would only wait for each other, and people do not press Join in the same second."""

WatcherT = TypeVar("WatcherT", bound=Watcher | None)


@dataclass(frozen=True, slots=True)
class SeatedParticipant(Generic[WatcherT]):
    """A seated participant, the watcher of its media, and the seconds from its turn to connected media."""

    participant: Participant
    watcher: WatcherT
    join_s: float


class ParticipantGroup(Generic[WatcherT]):
    """One session; `make_watcher` and `make_endpoint` equip the participant of an index, the latter again on
    renewal."""

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
        """Have the controller give the floor to so many, those counted that have it."""
        controller = next((p for p in self.participants if p.controller), None)
        if controller is None:
            return
        silent = [p for p in self.participants if not controller.seats.get(p.seat, {}).get("floor")]
        held = len(self.seated) - len(silent)
        for participant in silent[: max(0, speakers - held)]:
            await controller.send("floor", seat=participant.seat, open=True)

    async def leave(self) -> None:
        """All participants leave."""
        await asyncio.gather(*(p.leave() for p in self.participants), return_exceptions=True)
