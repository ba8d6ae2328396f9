"""A session with its desk, on either database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler import database
from scheduler.conduct.desk import Desk
from scheduler.model import Amount, Session
from scheduler.service import Scheduler
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import NOW, REQUEST


@dataclass
class Office:
    """A scheduler and what is kept beside it; `session` is 05/04/2023 08:00–09:00, hosted by so.tttt."""

    engine: AsyncEngine
    scheduler: Scheduler
    desk: Desk
    session: Session


@pytest.fixture
async def office(seeded_url: str) -> AsyncIterator[Office]:
    """An office with one session."""
    engine = database.connect(seeded_url)
    scheduler = Scheduler(engine, PROFILES, Amount(20, 250))
    yield Office(engine, scheduler, Desk(engine), await scheduler.submit(REQUEST, NOW))
    await engine.dispose()
