"""Memory of closed rooms is given back once no meeting goes on."""

import asyncio
import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from mediaserver.api import RoomOptions
from mediaserver.worker import engine as engine_module
from mediaserver.worker.engine import LocalEngine


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Keep the garbage collector from coming by itself."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
async def test_closed_rooms_are_collected_once_none_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "IDLE_S", 0.0)
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()
    for name in ("a", "b"):
        await engine.open_room(name, RoomOptions())
    closed = ref(engine._rooms["a"])
    await engine.close_room("a")
    await asyncio.sleep(0.01)
    assert closed() is not None, "what goes on is not stopped for it"
    await engine.close_room("b")
    await asyncio.sleep(0.01)
    assert closed() is None
    await engine.close()
