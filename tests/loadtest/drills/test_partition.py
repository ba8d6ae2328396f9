"""Tests of the parts of the drill `partition`; the drill itself runs in `make drills`."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from loadtest.drills.partition import FIT, FROM, TO, DatabaseLink, Ledger

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("way", [TO, FROM])
async def test_what_a_cut_link_would_carry_comes_when_it_is_mended(tmp_path: Path, way: str) -> None:
    path = tmp_path / "database"
    asked, answer = asyncio.Event(), asyncio.Event()

    async def database(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(3) == b"ask"
        asked.set()
        await answer.wait()
        writer.write(b"answer")
        writer.close()

    server = await asyncio.start_unix_server(database, path)
    link = DatabaseLink(path)
    async with asyncio.timeout(10), link.listening() as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        link.cut([way])
        writer.write(b"ask")
        answered = asyncio.create_task(reader.read())
        if way == FROM:
            await asked.wait()
        answer.set()
        assert (await asyncio.wait([answered], timeout=0.05))[0] == set()
        assert asked.is_set() is (way == FROM)
        link.mend()
        assert await answered == b"answer"
        writer.close()
    server.close()


def _held(number: int, hour: int, code: int | None = None) -> tuple[str, str, datetime]:
    return str(number), str(number if code is None else code), NOW + timedelta(hours=hour)


def test_a_ledger_finds_what_is_lost_too_much_and_twice() -> None:
    held = [_held(number, number // FIT) for number in range(2 * FIT)]
    ledger = Ledger({str(number): str(number) for number in range(FIT)})
    good = {"bookings_kept": True, "within_limit": True, "codes_unique": True}
    assert ledger.compare(held) == good
    assert ledger.compare(held[1:]) == good | {"bookings_kept": False}
    assert ledger.compare([*held[1:], _held(0, 0, 98)]) == good | {"bookings_kept": False}
    assert ledger.compare([*held, _held(99, 0)]) == good | {"within_limit": False}
    assert ledger.compare([*held, _held(99, 9, 1)]) == good | {"codes_unique": False}
