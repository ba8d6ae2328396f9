"""Recordings are transcribed after the meeting, by a process that may be ended at any moment.

Also tests `store.py`, `schema.py`, `context.py` and `model.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mediaserver.recording.encrypted_file import is_encrypted
from mediaserver.recording.files import transcript_path
from mediaserver.transcript import whisper
from mediaserver.transcript.transcript_job import TranscriptJob
from signaling.app.settings import Settings
from signaling.recording.model import Recording
from signaling.recording.recording_queue import MAX_SILENT_ENDS
from signaling.transcript import queue as transcribing
from signaling.transcript.model import Wording
from signaling.transcript.queue import Tell, TranscriptQueue
from signaling.transcript.service import Standing
from tests.film import film
from tests.mediaserver.transcript.tones import COMMAND, Tone, record_tones
from tests.signaling.recording_calls import HOST, closed_part, made
from tests.signaling.world import NOW, World, open_world

CHAIR, GUEST = "UBND.Khanh Hoa · UBND tỉnh Khánh Hòa", "UBND.Nha Trang · UBND thành phố Nha Trang"
SAID: dict[str, list[Tone]] = {CHAIR: [(0.5, 1.0, 400), (4.0, 1.0, 600)], GUEST: [(2.0, 1.0, 800)]}
HEARD = [(CHAIR, "400 Hz"), (GUEST, "800 Hz"), (CHAIR, "600 Hz")]
TIMES = [0.5, 1.5, 2.0, 3.0, 4.0, 5.0]
NEAR_S = 0.05


@pytest.fixture(autouse=True)
def _tones(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process recognizes tones, and any folder is a model."""
    monkeypatch.setattr(transcribing, "COMMAND", COMMAND)
    monkeypatch.setattr(whisper, "missing", lambda model: None)


@pytest.fixture
def with_model(settings: Settings, tmp_path: Path) -> Settings:
    """Return settings with a model."""
    (tmp_path / "tones").mkdir()
    return replace(settings, transcript_model=tmp_path / "tones")


@pytest.fixture
async def world(with_model: Settings) -> AsyncIterator[World]:
    """Yield a served server with a model."""
    async with open_world(with_model) as opened:
        yield opened


async def spoken_part(world: World, session: str, solos: bool = True) -> Path:
    """Record a part in which two points speak."""
    path = Path(await world.server.recordings.begin(session, "Họp", HOST, world.clock(), "host"))

    def record() -> None:
        film(path, 6.0)
        for number, (name, tones) in enumerate(SAID.items() if solos else (), 1):
            record_tones(path, number, name, tones)

    await asyncio.to_thread(record)
    await world.server.recordings.ended(str(path), 6.0, None)
    return path


async def transcribed(world: World) -> None:
    """Wait until all recordings are made and transcribed."""
    await made(world)
    await world.server.transcript_queue.idle()


async def recording_of(world: World, session: str) -> Recording:
    return (await world.recording_store.parts(session))[0]


async def heard(world: World, session: str) -> list[tuple[str, str]]:
    found = await world.server.transcripts.of_session(session)
    return [(each.utterance.speaker, each.utterance.text) for each in found]


async def standing(world: World, session: str) -> Standing:
    files = await world.recording_store.parts(session)
    [found] = await world.server.transcripts.standings([files], world.clock())
    return found


async def state(world: World, session: str) -> str:
    return (await standing(world, session)).state


async def test_a_recording_gets_a_transcript_by_speaker(world: World) -> None:
    path = await spoken_part(world, "s")
    await transcribed(world)
    found = await world.server.transcripts.of_session("s")
    assert [(each.utterance.speaker, each.utterance.text) for each in found] == HEARD
    assert [each.utterance.point for each in found[:2]] == ["UBND tỉnh Khánh Hòa", "UBND thành phố Nha Trang"]
    assert [time for each in found for time in (each.start, each.end)] == pytest.approx(TIMES, abs=NEAR_S)
    assert is_encrypted(transcript_path(path))
    assert await state(world, "s") == "ready"


async def test_a_second_part_is_placed_where_it_is_played(world: World) -> None:
    await spoken_part(world, "s")
    world.clock.advance(600)
    await spoken_part(world, "s")
    await transcribed(world)
    found = await world.server.transcripts.of_session("s")
    parts = [part for part in await world.recording_store.parts("s") if part.part]
    begin = (parts[1].began - parts[0].began).total_seconds()
    assert [each.recording for each in found] == [parts[0].id] * 3 + [parts[1].id] * 3
    assert found[3].start == pytest.approx(max(begin, 6.0) + 0.5, abs=0.1)


async def test_without_isolated_tracks_the_mix_is_transcribed_by_who_spoke(world: World) -> None:
    await closed_part(world, "s", 2.0)
    await spoken_part(world, "t", solos=False)
    await transcribed(world)
    assert await heard(world, "s") == [("", "450 Hz")]  # the tone of its mix, which nobody is seen to speak
    assert await heard(world, "t") == [("", "450 Hz")]


async def test_a_server_that_was_ended_goes_on_where_it_was(with_model: Settings) -> None:
    noted = asyncio.Event()

    async def end_after_one(job: TranscriptJob, tell: Tell) -> str | None:
        async def once(fields: Mapping[str, Any]) -> None:
            await tell(fields)
            noted.set()
            await asyncio.Event().wait()

        return await transcribing.transcribe(job, once)

    async with open_world(with_model) as world:
        world.server.transcript_queue._work = end_after_one
        await spoken_part(world, "s")
        await made(world)
        await noted.wait()
        assert (await state(world, "s"), await heard(world, "s")) == ("waiting", [])
        store, [part] = world.server.transcripts._transcripts, await world.recording_store.parts("s")
        known = await store.read(part)
        await store.write(part, known.with_wording(0, Wording("is not heard again", "", NOW)))
    async with open_world(with_model) as world:
        await transcribed(world)
        assert await heard(world, "s") == [(CHAIR, "is not heard again"), *HEARD[1:]]


async def test_a_transcript_that_failed_is_made_anew_when_asked(world: World) -> None:
    results: list[str | None] = [transcribing.NO_RESULT] * MAX_SILENT_ENDS

    async def failing(job: TranscriptJob, tell: Tell) -> str | None:
        return results.pop() if results else await transcribing.transcribe(job, tell)

    world.server.transcript_queue._work = failing
    await spoken_part(world, "s")
    for _ in range(MAX_SILENT_ENDS):
        await transcribed(world)
        world.server.transcript_queue.wake()
    await transcribed(world)
    files = await world.recording_store.parts("s")
    found = await standing(world, "s")
    assert (found.state, found.reason) == ("failed", "no-result")
    await world.server.transcripts.make_anew(files)
    await transcribed(world)
    assert (await state(world, "s"), await heard(world, "s")) == ("ready", HEARD)


async def test_a_model_that_cannot_be_loaded_turns_transcripts_off(world: World) -> None:
    async def no_model(job: TranscriptJob, tell: Tell) -> str | None:
        return transcribing.NO_MODEL

    world.server.transcript_queue._work = no_model
    await spoken_part(world, "s")
    await transcribed(world)
    assert (await state(world, "s"), world.server.transcript_queue.on) == ("off", False)


async def test_without_a_model_nothing_is_transcribed(settings: Settings) -> None:
    async with open_world(settings) as world:
        await spoken_part(world, "s")
        await transcribed(world)
        assert (await state(world, "s"), await heard(world, "s")) == ("off", [])


async def test_a_folder_without_a_model_turns_transcripts_off(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(whisper, "missing", lambda model: "model.bin")
    store = world.server.transcripts._transcripts
    queue = TranscriptQueue(world.recording_store, store, world.services.cipher, world.clock, Path("/nowhere"))
    assert (queue.on, "model.bin is missing" in caplog.text) == (False, True)


async def test_sounds_that_are_gone_are_unreadable(world: World) -> None:
    await world.server.transcript_queue.stop()
    path = await spoken_part(world, "s")
    await made(world)
    path.with_name("1.1.m4a").unlink()
    world.server.transcript_queue.start()
    await transcribed(world)
    assert (await standing(world, "s")).reason == "unreadable"


async def test_a_recording_that_is_deleted_meanwhile_leaves_no_transcript(world: World) -> None:
    async def delete_first(job: TranscriptJob, tell: Tell) -> str | None:
        await world.recording_store.delete_recordings("s")
        return await transcribing.transcribe(job, tell)

    world.server.transcript_queue._work = delete_first
    path = await spoken_part(world, "s")
    await transcribed(world)
    assert list(path.parent.iterdir()) == []
    assert await world.server.transcripts.of_session("s") == []


async def test_progress_tells_how_much_is_done_and_when_the_rest_will_be(world: World) -> None:
    queue, seen = world.server.transcript_queue, []

    async def watching(job: TranscriptJob, tell: Tell) -> str | None:
        for seconds, left in ((1.5, 9.0), (3.0, 6.0)):
            passage = {"file": 0, "until": seconds, "point": "A", "speech": [], "seconds": seconds, "of": 6.0}
            await tell({**passage, "left": left})
            seen.append((await queue.expected(world.clock()))[recording.id])
        return None

    await queue.stop()
    await spoken_part(world, "s")
    await made(world)
    recording = await recording_of(world, "s")
    queue._work = watching
    queue.start()
    await transcribed(world)
    assert [(each.percent, each.ready and (each.ready - world.clock()).total_seconds()) for each in seen] == [
        (25, 9.0),
        (50, 6.0),
    ]
