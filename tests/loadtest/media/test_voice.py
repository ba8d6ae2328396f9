"""Voices, decoded by FFmpeg: syllables and a pause, in a pitch of one's own."""

import av
import numpy as np

from loadtest.endpoint.decoder import mono
from loadtest.media.tone import LOOP_PACKETS, RATE_HZ
from loadtest.media.voice import AMPLITUDE, LOOP_S, SYLLABLES, encode_voice, loudness, voice


def test_syllables_are_loud_and_pauses_silent() -> None:
    decoder = av.CodecContext.create("libopus", "r")
    packets = encode_voice(3)
    heard = np.concatenate([mono(frame) for data in packets for frame in decoder.decode(av.Packet(data))])
    assert len(packets) == LOOP_PACKETS
    middles = [round((begin + end) / 2 * RATE_HZ) for begin, end in SYLLABLES]
    assert min(np.abs(heard[at - 2400 : at + 2400]).max() for at in middles) > 2000
    assert np.abs(heard[round(1.85 * RATE_HZ) : round(1.95 * RATE_HZ)]).max() < 200


def test_it_is_as_loud_as_intended_and_never_clipped() -> None:
    assert abs(np.abs(voice(0)).max() - AMPLITUDE) < 1e-9


def test_loudness_repeats_and_stays_between_nothing_and_all() -> None:
    moments = np.linspace(0, LOOP_S, 500, endpoint=False)
    assert np.allclose(loudness(moments), loudness(moments + LOOP_S), atol=1e-9)
    assert (loudness(moments).min(), loudness(moments).max() > 0.99, loudness(moments).max() <= 1) == (0, True, True)


def test_neighbours_differ_in_pitch() -> None:
    assert len({encode_voice(number) for number in range(8)}) == 8
