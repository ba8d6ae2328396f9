"""Stands by for the server that leads: passes connections on to it until its lease can be taken.

A lease runs out as well while the database is away, and its holder lives: it gets some seconds to renew it before
another server takes it, so that an outage of the database changes no leader.
"""

import asyncio
import logging
import math
import socket

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.core import database
from scheduler.operations.votes import store as votes_store
from scheduler.operations.votes.ballot_keys import BallotKeys
from signaling.app.lease import NO_ANSWER, Leader, leader, server_id
from signaling.app.settings import Settings
from signaling.core.errors import DatabaseInUse
from signaling.core.server_id import owner_of
from signaling.http.relay import Relay

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
"""Interval of looks at the lease."""
KEYS_SECONDS = 60.0
"""Interval of looks at which secret votes go on."""
LOOK_AT_MOST_SECONDS = 2.0
"""Longest time of one look."""
LATE_SECONDS = 0.5
"""A database that answers a look so late was away."""
RENEWAL_SECONDS = 4.0
"""Time for the server that leads to renew its lease once the database is back; it tries each half second."""


class Steadiness:
    """Remembers since when the database has answered without a break; times are in seconds of one clock."""

    def __init__(self) -> None:
        self._since = -math.inf

    def answered(self, asked: float, now: float) -> None:
        """Note an answer to what was asked at a time."""
        if now - asked > LATE_SECONDS or self._since == math.inf:
            self._since = now

    def failed(self) -> None:
        """Note that the database did not answer."""
        self._since = math.inf

    def suffices(self, now: float) -> bool:
        """Return whether a server that lives could have renewed its lease since the last break."""
        return now - self._since >= RENEWAL_SECONDS


async def stand_by(settings: Settings, listening: socket.socket, ended: asyncio.Event) -> None:
    """Relay the connections of a listening socket until the lease can be taken, or `ended` is set.

    While the database does not answer, the server that led last is believed to lead. Raises DatabaseInUse when a server
    of another system leads.
    """
    relay, engine = Relay(listening), database.connect(settings.database_url)
    steadiness, clock = Steadiness(), asyncio.get_running_loop().time
    system, own = owner_of(settings.data), server_id(settings.data)
    last: Leader | None = None
    look_at_keys = clock()
    relay.start()
    try:
        while not ended.is_set():
            asked = clock()
            try:
                async with asyncio.timeout(LOOK_AT_MOST_SECONDS):
                    found = await leader(engine)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("x the lease on the database cannot be read: %s", str(error) or NO_ANSWER)
                steadiness.failed()
                await asyncio.sleep(1.0)
                continue
            steadiness.answered(asked, clock())
            if found is None or found.server == own or (found.expired and steadiness.suffices(clock())):
                return
            if found.system != system or found.address is None:
                raise DatabaseInUse(found.holder)
            if clock() >= look_at_keys:
                look_at_keys = clock() + KEYS_SECONDS
                await destroy_keys(settings, engine)
            if last is None or last.server != found.server:
                log.warning("= standing by for %s", found.holder)
                print(f"Standing by for {found.holder}", flush=True)
            last, relay.target = found, found.address
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await relay.stop()
        await database.dispose(engine)


async def destroy_keys(settings: Settings, engine: AsyncEngine) -> None:
    """Destroy the keys of secret votes that we opened and the server that leads has closed (decision 130)."""
    try:
        async with engine.begin() as db:
            running = {vote.id for vote in await votes_store.in_progress(db)}
        await asyncio.to_thread(BallotKeys(settings.data / "ballots").destroy_others, running)
    except (SQLAlchemyError, OSError) as error:
        log.warning("x keys of secret votes cannot be destroyed yet: %s", error)
