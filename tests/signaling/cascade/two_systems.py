"""Two served systems: one above, and one below that takes part in its sessions as one point."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from scheduler.core.model import Session
from signaling.app.settings import Settings
from signaling.cascade.model import Neighbour
from signaling.mail.config import Mail
from tests.signaling.world import HOST, NHA_TRANG, NOW, World, open_world

ABOVE, BELOW = "chinh-phu", "tinh"
OUR_POINT = NHA_TRANG
"""The point of the system below that sits in sessions of the one above."""


@dataclass
class TwoSystems:
    """The point of the province stands for the system above in the one below, Nha Trang for that in the one above."""

    above: World
    below: World

    async def tell(self) -> None:
        """Have the system above tell the one below what changed."""
        await self.above.server.cascade_booking.work(self.above.clock.now)

    async def reserved(self, session: Session, account: str = "host") -> list[tuple[str, str, str]]:
        """Return what an account is shown of a session: state, number below, detail."""
        client = await self.above.signed_in(account)
        async with client.get(f"/api/v1/sessions/{session.id}/cascade") as response:
            assert response.status == 200, await response.text()
            return [(each["state"], each["number"], each["detail"]) for each in await response.json()]

    async def held(self) -> list[Session]:
        """Return the sessions of the system below."""
        return await self.below.services.scheduler.sessions(NOW, NOW + timedelta(days=300))


@asynccontextmanager
async def two_systems(
    settings: Settings, prepared: Path, folder: Path, mail: Mail | None = None
) -> AsyncIterator[TwoSystems]:
    """Serve both, and let them know each other; the one above sends letters by `mail`."""
    folder.mkdir()
    shutil.copy(prepared, folder / "diemcau.sqlite3")
    url = f"sqlite:///{folder / 'diemcau.sqlite3'}"
    lower = replace(settings, data=folder, database_url=url, redis_url=None)
    async with open_world(replace(settings, mail=mail)) as above, open_world(lower) as below:
        await know_each_other(above, below)
        yield TwoSystems(above, below)


async def know_each_other(above: World, below: World) -> None:
    """Register each system at the other, as an administrator does by `diemcau admin neighbour`."""
    key = await below.services.neighbours.add_above(Neighbour(ABOVE, HOST, our_point=OUR_POINT), NOW)
    url = str(below.http.make_url("")).rstrip("/")
    await above.services.neighbours.add_below(Neighbour(BELOW, NHA_TRANG, url=url), key, NOW)


async def asked(world: World, path: str, body: Any, key: str) -> int:
    """Return the status of a request of a system above to one below."""
    headers = {"Authorization": f"Bearer {key}"}
    async with world.client().post(f"/api/v1/cascade/{path}", json=body, headers=headers) as response:
        return response.status
