"""The preparation of sessions on either database, with a mail server and one group to tell."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler import database
from scheduler.model import Amount, ClassId, Session
from scheduler.notices import Channels
from scheduler.outbox import Waiting
from scheduler.post import Post
from scheduler.preparation.service import Preparation
from scheduler.service import Scheduler
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import NOW, REQUEST, URGENT, ZONE, on

NHA_TRANG = "568"
"""The unit of the city."""
CHANNELS = Channels(mail=True, groups=("zalo",))


@dataclass
class Office:
    """A scheduler, the preparation of its sessions, and its post."""

    engine: AsyncEngine
    scheduler: Scheduler
    preparation: Preparation
    post: Post

    async def session(
        self,
        host: str,
        *points: str,
        rehearsal: bool = True,
        klass: ClassId = "thuong",
        day: str = "05/04/2023",
        purpose: str = "khac",
    ) -> Session:
        """Register a session of the morning, with a rehearsal the afternoon before."""
        request = replace(
            REQUEST,
            host_point=host,
            points=points,
            official=on(day, "08:00", "11:00"),
            rehearsal=on("04/04/2023", "14:00", "15:00") if rehearsal else None,
            klass=klass,
            **(URGENT if klass == "khan_cap" else {}),
            purpose=purpose,
        )
        return await self.scheduler.submit(request, NOW)

    async def told(self, now: datetime, *kinds: str) -> list[tuple[str, str | None, str]]:
        """Return kind, unit and words of the letters of some kinds."""
        found: list[Waiting] = [each for each in await self.post.due(now, 500) if each.kind in kinds]
        return sorted((each.kind, each.unit, each.facts.reason) for each in found if each.channel == "mail")


@pytest.fixture
async def office(seeded_url: str) -> AsyncIterator[Office]:
    """An office with the mailboxes of the operating unit and one district."""
    engine = database.connect(seeded_url)
    post = Post(engine, ZONE)
    for unit in ("so.tttt", NHA_TRANG):
        await post.set_mailbox(unit, f"{unit}@khanhhoa.gov.vn")
    scheduler = Scheduler(engine, PROFILES, Amount(20, 250), CHANNELS)
    yield Office(engine, scheduler, Preparation.over(engine, PROFILES, CHANNELS), post)
    await engine.dispose()
