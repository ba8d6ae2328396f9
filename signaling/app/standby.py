"""Stands by for the server that leads: passes connections on to it until its lease can be taken."""

import asyncio
import logging
import socket

from sqlalchemy.exc import SQLAlchemyError

from scheduler.core import database
from signaling.app.lease import Leader, leader, server_id
from signaling.app.settings import Settings
from signaling.core.errors import DatabaseInUse
from signaling.core.server_id import owner_of
from signaling.http.relay import Relay

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
"""Interval of looks at the lease."""
LOOK_AT_MOST_SECONDS = 2.0
"""Longest time of one look."""


async def stand_by(settings: Settings, listening: socket.socket, ended: asyncio.Event) -> None:
    """Relay the connections of a listening socket until the lease can be taken, or `ended` is set.

    While the database does not answer, the server that led last is believed to lead. Raises DatabaseInUse when a server
    of another system leads.
    """
    relay, engine = Relay(listening), database.connect(settings.database_url)
    system, own = owner_of(settings.data), server_id(settings.data)
    last: Leader | None = None
    relay.start()
    try:
        while not ended.is_set():
            try:
                async with asyncio.timeout(LOOK_AT_MOST_SECONDS):
                    found = await leader(engine)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("x the lease on the database cannot be read: %s", error)
                await asyncio.sleep(1.0)
                continue
            if found is None or found.server == own:
                return
            if found.system != system or found.address is None:
                raise DatabaseInUse(found.holder)
            if last is None or last.server != found.server:
                log.warning("= standing by for %s", found.holder)
                print(f"Standing by for {found.holder}", flush=True)
            last, relay.target = found, found.address
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await relay.stop()
        await engine.dispose()
