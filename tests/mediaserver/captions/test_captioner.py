"""A worker's captions with the real process and a script: what is heard, a process that is killed, one that starves,
one that hangs."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from mediaserver.api import Caption, CaptionsState
from mediaserver.captions import captioner as module
from mediaserver.captions.captioner import MAX_SPEAKERS, Captioner
from tests.mediaserver.captions.scripts import TONE, children, written

PATIENCE_S = 30.0


class Room:
    """A room whose speakers are heard tick by tick, as fast as the test wants."""

    def __init__(self, captions: Captioner, name: str = "r") -> None:
        self._captions = captions
        self._name = name
        self.ticks = 0

    def sound(self, seconds: float, *seats: str) -> None:
        """Let seats speak for some seconds."""
        for _ in range(round(seconds * 50)):
            self.ticks += 1
            self._captions.hear(self._name, dict.fromkeys(seats, TONE), self.ticks / 50)


class Events(list[Caption | CaptionsState]):
    """The events, which a test can wait for."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = asyncio.Event()

    def add(self, event: Caption | CaptionsState) -> None:
        self.append(event)
        self._changed.set()

    @property
    def words(self) -> list[str]:
        """The words that were told of the captions."""
        return [each.word for each in self if isinstance(each, CaptionsState)]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
async def captions(events: Events, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Captioner]:
    monkeypatch.setattr(module, "BACKOFF_S", (0.0,))
    made = Captioner(events.add)
    yield made
    await made.close()
    assert children() == []


async def test_what_is_heard_is_told_by_seat_with_its_times(
    captions: Captioner, events: Events, tmp_path: Path
) -> None:
    captions.start("r", str(written(tmp_path)))
    await events.until(lambda: events.words == ["away", "on"])
    room = Room(captions)
    room.sound(2.0)
    room.sound(0.6, "a")
    room.sound(1.0, "b")
    await events.until(lambda: sum(isinstance(each, Caption) and each.final for each in events) == 2)
    assert [each for each in events if isinstance(each, Caption)] == [
        Caption("r", "a", "0-0", "Kính", 2.32, 2.32, final=False),
        Caption("r", "a", "0-0", "Kính thưa", 2.32, 2.52, final=True),
        Caption("r", "b", "1-0", "Tôi", 2.82, 2.82, final=False),
        Caption("r", "b", "1-0", "Tôi đồng", 2.82, 3.02, final=False),
        Caption("r", "b", "1-0", "Tôi đồng ý", 2.82, 3.22, final=True),
    ]
    assert captions.stats["caption_dropped_s"] == 0


async def test_a_process_that_is_killed_comes_back(captions: Captioner, events: Events, tmp_path: Path) -> None:
    captions.start("r", str(written(tmp_path)))
    await events.until(lambda: events.words == ["away", "on"])
    (first,) = children()
    os.kill(first, signal.SIGKILL)
    await events.until(lambda: events.words == ["away", "on", "away", "on"])
    assert children() != [first]
    Room(captions).sound(0.6, "a")
    await events.until(lambda: isinstance(events[-1], Caption) and events[-1].text == "Kính thưa")


async def test_a_process_that_reads_nothing_is_started_again(
    captions: Captioner, events: Events, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ_S", 0.05)
    captions.start("r", str(written(tmp_path)))
    await events.until(lambda: events.words == ["away", "on"])
    (first,) = children()
    os.kill(first, signal.SIGSTOP)
    Room(captions).sound(1.5, "a")  # more than a pipe holds
    await events.until(lambda: events.words == ["away", "on", "away", "on"])
    assert first not in children()


async def test_a_process_that_never_loads_its_model_is_started_again(
    events: Events, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKOFF_S", (0.0,))
    monkeypatch.setattr(module, "LOAD_S", 0.05)
    captions = Captioner(events.add, [sys.executable, "-c", "import time; time.sleep(1000)"])
    captions.start("r", str(tmp_path))
    await events.until(lambda: events.words == ["away", "away", "away"])
    await captions.close()


async def test_a_process_that_gets_no_time_loses_the_oldest_sound_and_that_is_told(
    captions: Captioner, events: Events, tmp_path: Path
) -> None:
    captions.start("r", str(written(tmp_path)))
    await events.until(lambda: events.words == ["away", "on"])
    (process,) = children()
    os.kill(process, signal.SIGSTOP)
    room, began = Room(captions), time.monotonic()
    for _ in range(40):
        room.sound(0.5, "a")
        await asyncio.sleep(0)
    assert time.monotonic() - began < PATIENCE_S
    assert events.words == ["away", "on", "behind"]
    dropped = captions.stats["caption_dropped_s"]
    assert 20 - 8 - 2 <= dropped <= 20 - 8
    os.kill(process, signal.SIGCONT)
    await events.until(lambda: isinstance(events[-1], Caption))
    room.sound(6.0)
    assert events.words[-1] == "on"


async def test_no_more_than_so_many_speakers_are_recognized_at_once(
    captions: Captioner, events: Events, tmp_path: Path
) -> None:
    captions.start("r", str(written(tmp_path)))
    await events.until(lambda: events.words == ["away", "on"])
    seats = [f"s{number}" for number in range(MAX_SPEAKERS + 1)]
    Room(captions).sound(0.2, *seats)
    assert captions.stats["caption_speakers"] == MAX_SPEAKERS
    assert captions.stats["caption_dropped_s"] == pytest.approx(0.2)
    assert events.words == ["away", "on", "behind"]


async def test_the_process_runs_while_a_room_has_captions(captions: Captioner, events: Events, tmp_path: Path) -> None:
    model = str(written(tmp_path))
    captions.start("r", model)
    captions.start("q", model)
    await events.until(lambda: events.words == ["away", "away", "on", "on"])
    captions.stop("r")
    Room(captions, "r").sound(1.0, "a")
    assert captions.stats["caption_speakers"] == 0
    assert len(children()) == 1
    captions.stop("q")
    async with asyncio.timeout(PATIENCE_S):
        while children():
            await asyncio.sleep(0.01)


async def test_without_a_model_captions_stay_away(captions: Captioner, events: Events, tmp_path: Path) -> None:
    captions.start("r", str(tmp_path))
    await events.until(lambda: len(events.words) == 3)
    assert set(events.words) == {"away"}
