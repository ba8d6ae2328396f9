"""Stores which media workers are drained, and how far: administrators ask here, and the server that leads follows."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, insert, select, update

from signaling.core.sql_rows import SqlRows
from signaling.workers.schema import WORKER_DRAINS

DrainState = Literal["asked", "draining", "unknown", "worker", "recorder"]
"""The last three are refusals: no such worker, or one without which nothing takes rooms, or records."""


@dataclass(frozen=True, slots=True)
class Drain:
    """Progress of emptying a media worker or a machine; `rooms` and `seats` are those that are left."""

    state: DrainState
    rooms: int = 0
    seats: int = 0


class WorkerDrains(SqlRows):
    """The media workers that administrators want empty, by name of a worker or a machine."""

    async def all(self) -> dict[str, Drain]:
        """Return how far each is."""
        rows = await self._all(select(WORKER_DRAINS).order_by(WORKER_DRAINS.c.name))
        return {row["name"]: Drain(row["state"], row["rooms"], row["seats"]) for row in rows}

    async def ask(self, name: str) -> None:
        """Ask for one to be emptied; one that is asked for already is decided on anew."""
        async with self._writer.begin() as connection:
            await connection.execute(delete(WORKER_DRAINS).where(WORKER_DRAINS.c.name == name))
            await connection.execute(insert(WORKER_DRAINS).values(name=name, state="asked", rooms=0, seats=0))

    async def note(self, name: str, drain: Drain) -> None:
        """Note how far one is; nothing happens if it was taken back meanwhile."""
        values = {"state": drain.state, "rooms": drain.rooms, "seats": drain.seats}
        await self._write(update(WORKER_DRAINS).where(WORKER_DRAINS.c.name == name).values(values))

    async def end(self, name: str) -> bool:
        """Take one back; return False for one that was not drained."""
        async with self._writer.begin() as connection:
            ended = await connection.execute(delete(WORKER_DRAINS).where(WORKER_DRAINS.c.name == name))
            return bool(ended.rowcount)
