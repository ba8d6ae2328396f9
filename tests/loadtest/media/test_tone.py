"""Tones, decoded by FFmpeg."""

import av
import numpy as np

from loadtest.endpoint.decoder import loudest_hz, mono
from loadtest.media.tone import LOOP_PACKETS, RATE_HZ, encode_tone, tone_hz


def heard(packets: tuple[bytes, ...]) -> np.ndarray:
    decoder = av.CodecContext.create("libopus", "r")
    return np.concatenate([mono(frame) for data in packets for frame in decoder.decode(av.Packet(data))])


def test_a_tone_sounds_as_named() -> None:
    packets = encode_tone(440)
    assert len(packets) == LOOP_PACKETS
    samples = heard(packets)[RATE_HZ // 2 : RATE_HZ * 3 // 2]
    assert abs((loudest_hz(samples) or 0) - 440) <= 1
    assert 5000 < np.abs(samples).max() < 12000


def test_the_loop_has_no_seam() -> None:
    samples = heard(encode_tone(500) * 2).astype(np.int64)
    seam = LOOP_PACKETS * 960
    steps = np.abs(np.diff(samples))
    assert steps[seam - 2000 : seam + 2000].max() <= steps[RATE_HZ // 2 : RATE_HZ].max() * 2


def test_silence_has_no_tone() -> None:
    assert loudest_hz(np.zeros(RATE_HZ, np.int16)) is None


def test_36_points_send_different_notes() -> None:
    notes = [tone_hz(index) for index in range(36)]
    assert len(set(notes)) == 36
    assert (min(notes), tone_hz(36)) == (220, 220)
