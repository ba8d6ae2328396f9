"""Closes the sockets of sign-ins that end: signed out, password changed or account shut, here or by another process.

A sign-in that merely expires closes no socket: :mod:`signaling.meeting.join` lets its client back to its seat alone.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from scheduler.directory.equipment.displays import RoomDisplays
from signaling.accounts.store import AccountStore
from signaling.meeting.client import Client
from signaling.meeting.manager import MeetingManager
from signaling.messages.words import Farewell

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""Interval of checks for sign-ins that another process ended, as the command line does."""


class SignOutMonitor:
    """Closes the sockets of sign-ins that have ended."""

    def __init__(
        self,
        meetings: MeetingManager,
        accounts: AccountStore,
        displays: RoomDisplays,
        clock: Callable[[], datetime],
    ) -> None:
        self._meetings = meetings
        self._accounts = accounts
        self._displays = displays
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start to check for sign-ins that another process ended."""
        self._task = asyncio.create_task(self._look_forever())

    async def stop(self) -> None:
        """Stop checking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def ended(self, account: str, login: str | None = None, reason: Farewell = "signed-out") -> None:
        """Close the sockets of one sign-in, or of all sign-ins of an account."""
        for client in list(self._meetings.clients):
            if client.account.account == account and login in (None, client.login.id):
                await self._dismiss(client, reason)

    def connected(self, login: str) -> bool:
        """Return whether a sign-in has a socket."""
        return any(client.login.id == login for client in self._meetings.clients)

    async def look(self) -> None:
        """Close sockets whose sign-in was ended before it expires."""
        now = self._clock()
        clients = [client for client in self._meetings.clients if client.login.holds(now)]
        ids = {client.login.id for client in clients}
        valid = await self._accounts.logins(ids) | await self._displays.keys(ids) if clients else set()
        for client in clients:
            if client.login.id not in valid:
                await self._dismiss(client, "signed-out")

    async def _look_forever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except (SQLAlchemyError, OSError):
                log.exception("x ended sign-ins could not be checked, they are checked again")

    async def _dismiss(self, client: Client, reason: Farewell) -> None:
        """Free the seat of a client, or its entry in the waiting room, and say bye."""
        meeting = self._meetings.of(client)
        try:
            if meeting is not None and meeting.state.roster.of(client.id) is not None:
                await meeting.apply(meeting.state.leave(client.id, reason))
            else:
                await self._meetings.disconnected(client, self._clock())
        except Exception:
            log.exception("x the seat of %s could not be freed", client.account.account)
        client.hang_up(reason)
