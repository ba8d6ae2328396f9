"""Colours and tones by which a call is judged."""

import wave
from pathlib import Path

import numpy as np
import pytest

from loadtest.media.perception import Lasting, heard_in, hears, loud_in, sees

BLUE = (0, 0, 255)
RATE_HZ = 16000


def tone(hertz: float, seconds: float, amplitude: int = 8000) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    moments = np.arange(int(RATE_HZ * seconds)) / RATE_HZ
    return (amplitude * np.sin(2 * np.pi * hertz * moments)).astype(np.int16)


def test_a_colour_is_seen_in_one_tile_of_many() -> None:
    picture = np.zeros((90, 160, 3), np.uint8)
    assert not sees(None, BLUE) and not sees(picture, BLUE)
    picture[:18, :16] = (20, 10, 250)
    assert sees(picture, BLUE)
    picture[:18, :16] = (90, 10, 250)
    assert not sees(picture, BLUE)


@pytest.mark.parametrize(
    ("sound", "heard"),
    [
        (tone(880, 0.5), True),
        (tone(440, 0.5), False),
        (tone(440, 0.5) + tone(880, 0.5), True),
        (tone(880, 0.5, amplitude=200), False),
        (tone(880, 0.4), False),
    ],
    ids=["alone", "another", "beside another", "too faint", "too short"],
)
def test_a_tone_is_heard(sound: "np.ndarray[tuple[int], np.dtype[np.int16]]", heard: bool) -> None:
    assert hears(sound, RATE_HZ, 880) is heard


def test_a_tone_is_heard_anywhere_in_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "dump.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(np.concatenate([tone(440, 1.0), tone(880, 1.0)]).tobytes())
    assert heard_in([path], 880) and heard_in([path], 440)
    assert not heard_in([path], 660) and not heard_in([], 440)
    assert loud_in([path]) and not loud_in([])


def test_silence_is_not_loud(tmp_path: Path) -> None:
    path = tmp_path / "dump.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(bytes(RATE_HZ))
    assert not loud_in([path])


def test_a_tone_is_heard_in_a_recording_that_is_still_written(tmp_path: Path) -> None:
    """Its header says nothing yet of the samples behind it, and the last one may not be whole."""
    path = tmp_path / "dump.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(b"")
    header = path.read_bytes()
    path.write_bytes(header + np.repeat(tone(880, 0.6), 2).tobytes() + b"\0")
    assert heard_in([path], 880)
    path.write_bytes(header[:20])
    assert not heard_in([path], 880)


def test_what_is_there_at_every_look_lasts_and_a_time_without_a_look_counts_little() -> None:
    lasting = Lasting()
    looks = [(True, 1.0), (True, 1.05), (False, 1.1), (True, 2.1), (True, 2.125)]
    assert [round(lasting.look(there, now), 3) for there, now in looks] == [0.1, 0.15, 0.0, 0.1, 0.125]
