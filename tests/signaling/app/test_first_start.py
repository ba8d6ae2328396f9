"""Processes that start together on an empty data directory take turns.

Also tests `services.py`.
"""

import asyncio
from pathlib import Path

import pytest

from scheduler.core import database
from signaling.app.admin_cli import first_start
from signaling.app.services import open_services
from tests.signaling.world import NOW, make_settings


async def test_servers_and_commands_that_start_at_once_all_find_one_whole_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 100)
    settings = make_settings(tmp_path / "data", None)

    async def starts() -> tuple[int, bytes]:
        async with open_services(settings) as services:
            return len(await services.scheduler.units()), (settings.data / "code.key").read_bytes()

    found = await asyncio.gather(*(starts() for _ in range(6)))
    assert found == [found[0]] * 6
    async with open_services(settings) as services:
        assert await first_start(services, NOW) is not None
        assert await first_start(services, NOW) is None
