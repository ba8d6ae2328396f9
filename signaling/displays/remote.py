"""Carries commands to room displays, and what they report back; both are in memory alone.

A display asks for commands all the time: a request is held until there is one, or for a while. Each response is a
turn; commands are sent again until the display has seen their turn, for it may have given up its request meanwhile. A
command that no display fetches soon is dropped, so that nothing old happens when a display comes back.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

HELD_SECONDS = 15.0
"""Longest time that a request is held. Proxies cut connections that say nothing for a minute or less."""
OFFLINE_AFTER = timedelta(seconds=40)
"""A display that did not ask for so long is not there: two requests that were held, and ten seconds."""
FRESH = timedelta(seconds=30)
"""Commands that were not fetched after this time are dropped. A display whose response was lost gives its request up
after 25 s (`web/display/display-client.js`), and then asks for them again."""
MOST = 10
"""Commands that wait for one display."""

Report = TypeVar("Report")
Command = TypeVar("Command")


@dataclass(slots=True)
class _Contact(Generic[Report, Command]):
    """State of one display. `turn` is the id of its newest request, which alone gets commands; `sent` are those."""

    report: Report | None = None
    heard: datetime | None = None
    turn: str = ""
    sent: list[tuple[datetime, Command]] = field(default_factory=list)
    waiting: deque[tuple[datetime, Command]] = field(default_factory=lambda: deque(maxlen=MOST))
    came: asyncio.Event = field(default_factory=asyncio.Event)


class RemoteControl(Generic[Report, Command]):
    """Commands for room displays and their reports, by device."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._contacts: dict[str, _Contact[Report, Command]] = {}
        self._stopped = False

    def give(self, device: str, command: Command) -> None:
        """Give a display a command."""
        contact = self._contact(device)
        contact.waiting.append((self._clock(), command))
        contact.came.set()

    def reported(self, device: str) -> Report | None:
        """Return the last report of a display; None if it is not there."""
        contact = self._contacts.get(device)
        there = contact is not None and contact.heard is not None and self._clock() - contact.heard < OFFLINE_AFTER
        return contact.report if contact is not None and there else None

    async def next(self, device: str, report: Report, hold: bool, seen: str | None = None) -> tuple[str, list[Command]]:
        """Store a display's report; return the id of this turn and the commands.

        `seen` is the id of the last turn that the display has got; None of one that does not say so. With `hold` wait
        for a command, or for some time.
        """
        contact = self._contact(device)
        if seen is not None and seen != contact.turn:  # what was sent then has not arrived
            contact.waiting = deque([*contact.sent, *contact.waiting], maxlen=MOST)
        turn = secrets.token_urlsafe(9)
        contact.report, contact.heard, contact.turn, contact.sent = report, self._clock(), turn, []
        contact.came.set()  # an earlier request of the same display goes away with nothing
        came = contact.came = asyncio.Event()
        if hold and not contact.waiting and not self._stopped:
            try:
                async with asyncio.timeout(HELD_SECONDS):
                    await came.wait()
            except TimeoutError:
                return turn, []
        if turn != contact.turn:
            return turn, []
        now = self._clock()
        contact.sent = [(given, command) for given, command in contact.waiting if now - given < FRESH]
        contact.waiting.clear()
        return turn, [command for _, command in contact.sent]

    def forget(self, device: str) -> None:
        """Forget a display that was revoked; its request ends."""
        contact = self._contacts.pop(device, None)
        if contact is not None:
            contact.turn = ""
            contact.came.set()

    def stop(self) -> None:
        """Let every request end."""
        self._stopped = True
        for contact in self._contacts.values():
            contact.came.set()

    def _contact(self, device: str) -> _Contact[Report, Command]:
        return self._contacts.setdefault(device, _Contact())
