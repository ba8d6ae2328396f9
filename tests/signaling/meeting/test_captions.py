"""Live captions over WebSocket: to whom they are told, under which name, and while nobody or no model is there.

Also tests `state/live_captions.py`.
"""

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mediaserver.api import Caption, CaptionsState, EngineLost, EngineReady
from mediaserver.captions.scripted import FILE
from signaling.app.settings import Settings
from tests.signaling.world import CAM_RANH, NHA_TRANG, World, open_world, wait_until


@pytest.fixture
def asr_model(tmp_path: Path) -> Path:
    """Return the folder of a script, which is a model."""
    folder = tmp_path / "asr"
    folder.mkdir()
    (folder / FILE).write_text(json.dumps([]))
    return folder


@pytest.fixture
async def world(settings: Settings, asr_model: Path) -> AsyncIterator[World]:
    """Yield a served server with a model."""
    async with open_world(replace(settings, asr_model=asr_model)) as opened:
        yield opened


def set_captions(world: World) -> list[object]:
    """Return the models with which captions were switched on, and None for each time they were switched off."""
    return [call[2] for call in world.engine.calls if call[0] == "set_captions"]


async def test_who_switched_captions_on_reads_them_under_the_speakers_name(world: World, asr_model: Path) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)
    city, joined = await world.join("nhatrang", session)
    other, _ = await world.join("camranh", session)
    assert joined["captions"] is True
    await host.send(type="captions", on=True)
    await host.ask(type="ping")
    await city.send(type="captions", on=True)
    assert await city.type("captions") == {"type": "captions", "state": "away"}
    assert set_captions(world) == [str(asr_model)]
    world.engine.emit(CaptionsState(session.id, "on"))
    for each in (host, city):
        assert await each.type("captions") == {"type": "captions", "state": "on"}
    said: dict[str, Any] = {"utterance": "3-0", "text": "Kính thưa", "start": 1.5, "end": 2.25, "final": True}
    world.engine.emit(Caption(session.id, joined["seat"], **said))
    for each in (host, city):
        told = {"type": "caption", "seat": joined["seat"], "name": "UBND.Nha Trang", **said}
        assert await each.type("caption") == told
    world.engine.emit(Caption(session.id, "nobody", **said))
    await other.ask(type="ping")
    assert not [message for message in other.seen if message["type"].startswith("caption")]


async def test_speech_is_recognized_while_somebody_reads_captions(world: World, asr_model: Path) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    city, _ = await world.join("nhatrang", session)
    for each in (host, city):
        await each.send(type="captions", on=True)
        await each.ask(type="ping")
    await host.send(type="captions", on=False)
    await host.ask(type="ping")
    assert set_captions(world) == [str(asr_model)]
    await city.socket.close()
    await wait_until(lambda: len(world.server.meetings.clients) == 1)
    await world.tick(1)
    assert set_captions(world) == [str(asr_model), None]


async def test_a_worker_that_is_replaced_recognizes_speech_again(world: World, asr_model: Path) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await host.send(type="captions", on=True)
    await host.ask(type="ping")
    world.engine.emit(CaptionsState(session.id, "on"))
    await host.type("captions")
    world.engine.emit(EngineLost())
    assert (await host.type("captions"))["state"] == "away"
    world.engine.emit(EngineReady())
    await host.type("renew")
    assert set_captions(world) == [str(asr_model), str(asr_model)]


async def test_without_a_model_there_are_no_captions(settings: Settings, tmp_path: Path) -> None:
    async with open_world(settings) as world:
        session = await world.session(NHA_TRANG)
        host, joined = await world.join("host", session)
        assert joined["captions"] is False
        assert (await host.ask(type="captions", on=True))["error"] == "no-captions"
        await host.send(type="captions", on=False)
        assert set_captions(world) == []


async def test_a_folder_without_a_model_is_said_in_the_log(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with open_world(replace(settings, asr_model=tmp_path)) as world:
            _, joined = await world.join("host", await world.session(NHA_TRANG))
    assert joined["captions"] is False
    assert "x there are no captions: " in caplog.text


async def test_what_captions_cost_is_told_with_the_worker(world: World) -> None:
    client = await world.signed_in("central")

    async def told() -> Any:
        async with client.get("/api/v1/capacity/workers") as response:
            return [each["caption_pct"] for each in (await response.json())[0]["workers"]]

    assert await told() == [None]
    world.engine.numbers = {"caption_cpu_s": 1.5, "caption_sound_s": 10.0}
    assert await told() == [15.0]
