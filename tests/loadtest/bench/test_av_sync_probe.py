"""Moments of flashes and beeps, to the sample and the picture."""

from pathlib import Path

import numpy as np
import pytest

from loadtest.bench.av_sync_probe import (
    EVERY_S,
    AvSyncListener,
    AvSyncProbe,
    SoundOnsets,
    after,
    material,
    recorded,
    rises,
)
from loadtest.endpoint.sender import CameraLayer, VoiceStream, with_extension
from loadtest.media.clip import FPS
from mediaserver.transport.srtp import Outgoing
from tests.film import film

TICKS = 50 * EVERY_S


def feed(listener: AvSyncListener, codec: str, packet: Outgoing, received_at: float) -> None:
    whole = with_extension(packet, bytes.fromhex("bede0000"))
    listener.packet(codec, memoryview(whole), len(whole), received_at)


@pytest.mark.parametrize("codec", ["H264", "VP8"])
def test_flash_and_beep_of_each_loop_are_noted_when_they_come(codec: str) -> None:
    listener, media = AvSyncListener(), material()
    voice = VoiceStream(1, 111, media.voice)
    layer = CameraLayer(2, 97, media.cameras(codec, 1)[0], b"")  # type: ignore[arg-type]
    starts = []
    for tick in range(3 * TICKS):
        now = tick * 0.02
        starts += [now] if voice.begins and layer.begins else []
        feed(listener, "opus", voice.next(), now)
        for packet in layer.next()[0] if tick % 2 == 0 else ():
            feed(listener, codec, packet, now)
    assert starts == [0, EVERY_S, 2 * EVERY_S]
    assert listener.flashes == starts[1:]  # before the first nothing was dark
    assert listener.beeps == pytest.approx([at + 0.0065 for at in starts], abs=0.002)  # the encoder's look-ahead


def test_pictures_before_the_reset_are_forgotten() -> None:
    listener = AvSyncListener()
    layer = CameraLayer(2, 97, material().cameras("H264", 1)[0], b"")
    for number in range(EVERY_S * FPS + 1):
        for packet in layer.next()[0]:
            feed(listener, "H264", packet, number / FPS)
    assert listener.flashes == [EVERY_S]
    listener.reset()
    assert listener.flashes == []


def test_sound_begins_after_a_tenth_of_a_second_of_silence() -> None:
    sound = SoundOnsets()
    loud = np.full(960, 8000, np.int16)
    for at, first in ((1.0, 480), (1.02, 0), (1.08, 0), (1.3, 96)):
        sound.add(np.where(np.arange(960) >= first, loud, 0).astype(np.int16), at)
    assert sound.onsets == pytest.approx([1.01, 1.302])


def test_light_rises_through_the_middle_of_dark_and_bright() -> None:
    lights = [(0.0, 16.0), (0.1, 20.0), (0.2, 130.0), (0.3, 235.0), (0.4, 16.0), (0.5, 235.0)]
    assert (rises(lights), rises([])) == ([0.2, 0.5], [])


def test_each_moment_has_the_first_within_reach() -> None:
    assert after([0.0, 1.0, 2.0], [0.1, 0.2, 1.9, 2.5], 0, 0.4) == {0.0: 0.1}
    assert after([2.0], [0.1, 1.9], -0.4, 0.4) == {2.0: pytest.approx(-0.1)}


async def test_only_measured_spans_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 10.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr("loadtest.bench.av_sync_probe.time.monotonic", lambda: now)
    monkeypatch.setattr("loadtest.bench.av_sync_probe.asyncio.sleep", sleep)
    probe = AvSyncProbe()
    await probe.measure(2, 0.9)
    await probe.measure(1, 0.9)
    assert probe.measured([9.9, 10.0, 13.9, 14.0, 14.8, 14.9, 16.8, 16.9]) == [10.0, 13.9, 14.9, 16.8]
    assert now == pytest.approx(17.8)


def test_the_delay_of_beeps_is_that_of_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([1.0, 1.02, 3.01, 3.02, 5.0, 5.02])
    monkeypatch.setattr("loadtest.bench.av_sync_probe.time.monotonic", lambda: next(moments))
    probe = AvSyncProbe()
    for _ in range(3):
        probe.loop_started("picture")
        probe.loop_started("sound")
    assert (probe.flashes, probe.beeps) == ([1.0, 3.01, 5.0], [1.02, 3.02, 5.02])
    assert probe.beep_delay_s == pytest.approx(0.02)


def test_flash_and_beep_of_a_recording_are_found(tmp_path: Path) -> None:
    with film(tmp_path / "1.mp4", 1).open("rb") as file:  # from dark to light, with a tone all the time
        flashes, beeps = recorded(file)
    assert flashes == [0.52]
    assert beeps == [pytest.approx(0, abs=0.01)]
