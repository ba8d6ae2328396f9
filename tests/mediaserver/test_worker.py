"""The worker process: begins, serves, ends."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from mediaserver.api import PeerUp, RoomOptions
from mediaserver.engine import LocalEngine
from mediaserver.remote import RemoteEngine
from mediaserver.worker import Worker, _tell
from tests.mediaserver.worker import ended, start, worker

STOP_S = 2.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_told_to_stop_it_ends_at_once_and_well(tmp_path: Path, number: signal.Signals) -> None:
    async with worker(tmp_path) as (process, engine):
        await engine.open_room("r", RoomOptions())
        process.send_signal(number)
        async with asyncio.timeout(STOP_S):
            assert await ended(process) == (0, b"")


async def test_without_its_client_it_ends(tmp_path: Path) -> None:
    async with worker(tmp_path) as (process, engine):
        await engine.open_room("r", RoomOptions())
        await engine.close()
        assert await ended(process) == (0, b"")


async def test_its_socket_is_there_when_it_listens_and_can_be_taken_over(tmp_path: Path) -> None:
    process, first = await start(tmp_path / "media.sock")
    assert [path.name for path in tmp_path.iterdir()] == ["media.sock"]
    process.kill()
    await ended(process)
    await first.close()
    async with worker(tmp_path) as (_, engine):  # the socket of the killed one is in the way of nobody
        assert (await engine.stats())["rooms"] == 0


async def test_a_port_in_use_ends_it_with_an_error(tmp_path: Path) -> None:
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()
    ((_, port),) = engine._mux.addresses
    arguments = ["--socket", str(tmp_path / "s"), "--port", str(port), "--address", "127.0.0.1"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mediaserver", *arguments, stderr=asyncio.subprocess.PIPE
    )
    _, err = await process.communicate()
    await engine.close()
    assert process.returncode != 0
    assert b"Address already in use" in err


async def test_an_event_that_cannot_be_told_keeps_no_other_back(caplog: pytest.LogCaptureFixture) -> None:
    class Picky:
        """A link that cannot write everything."""

        def __init__(self) -> None:
            self.told: list[str] = []

        def write(self, message: dict[str, Any]) -> None:
            if message["fields"]["seat"] == "bad":
                raise ZeroDivisionError
            self.told.append(message["fields"]["seat"])

    engine, link = LocalEngine(["127.0.0.1"], 0), Picky()
    for seat in ("a", "bad", "b"):
        engine._emit(PeerUp("r", seat))
    telling = asyncio.ensure_future(_tell(engine, link))  # type: ignore[arg-type]
    while engine._events:
        await asyncio.sleep(0)
    telling.cancel()
    assert link.told == ["a", "b"]
    assert [record.getMessage() for record in caplog.records] == ["x telling PeerUp"]


async def test_an_unforeseen_error_is_logged_and_answered(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(LocalEngine):
        async def stats(self) -> dict[str, object]:
            raise ZeroDivisionError("secret")

    serving = Worker(Broken(["127.0.0.1"], 0), str(tmp_path / "s"))
    running = asyncio.ensure_future(serving.run())
    while not (tmp_path / "s").exists():
        await asyncio.sleep(0)
    engine = await RemoteEngine.dial(str(tmp_path / "s"))
    with pytest.raises(Exception, match=r"^ZeroDivisionError in the media worker$"):
        await engine.stats()
    await engine.open_room("r", RoomOptions())
    await engine.close()
    await running
    assert [record.getMessage() for record in caplog.records] == ["x stats"]
