"""A scheduler on either database, with the 169 points of Khánh Hòa in it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scheduler import database, profiles, seed
from scheduler.model import Amount
from scheduler.service import Scheduler
from tests.conftest import PostgresServer
from tests.scheduler.world import VAULT

PROFILES = profiles.load()


async def _seed(url: str) -> None:
    engine = database.connect(url)
    scheduler = Scheduler(engine, PROFILES)
    await scheduler.migrate()
    await scheduler.import_units(seed.khanh_hoa_2023())
    await engine.dispose()


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with tables and units, to be copied."""
    path = tmp_path_factory.mktemp("seed") / "seed.db"
    asyncio.run(_seed(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def seeded_database(postgres_server: PostgresServer) -> str:
    """Name of a PostgreSQL database with tables and units, to be copied."""
    name = postgres_server.create_database()
    asyncio.run(_seed(postgres_server.url(name)))
    return name


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def seeded_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a fresh database with tables and units, once for each kind of database."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return server.url(server.create_database(request.getfixturevalue("seeded_database")))
    shutil.copy(request.getfixturevalue("seeded_file"), tmp_path / "diemcau.db")
    return f"sqlite:///{tmp_path / 'diemcau.db'}"


@pytest.fixture
async def scheduler(seeded_url: str) -> AsyncIterator[Scheduler]:
    """A scheduler with what the regulation's examples may use: 16 sessions and, beside the test room, 200 points."""
    engine = database.connect(seeded_url, VAULT)
    yield Scheduler(engine, PROFILES, Amount(20, 255))
    await engine.dispose()
