"""Tests of the mix encoder: packets of sound, silence and pauses."""

from itertools import pairwise

import numpy as np

from mediaserver.audio.mix_encoder import HUSH_TICKS, REFRESH_TICKS, MixEncoder
from mediaserver.audio.mix_minus import FRAME_SAMPLES, Samples, Sums
from mediaserver.audio.opus import OpusDecoder, OpusEncoder, silence
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue, Source
from tests.mediaserver.pictures import pitch, tone


class PacketSink:
    """A sink that keeps the packets it is sent."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    stream = None

    def send(self, _source: Source, packets: list[Packet], _now: float) -> None:
        self.packets += packets


def heard(frames: list[Sums | None], *, pauses: bool = False) -> list[Packet]:
    flush_queue, sink = FlushQueue(), PacketSink()
    encoder = MixEncoder("mix", flush_queue, pauses=pauses)
    encoder.source.attach(sink)
    for tick, frame in enumerate(frames):
        encoder.push(frame, tick)
        flush_queue.flush(0.0)
    return sink.packets


def sums(tick: int) -> Sums:
    return tone(440, tick).astype(np.int32)


def test_silence_is_continuous_and_the_same_packet_for_everyone() -> None:
    packets = heard([None] * 5)
    assert [packet.payload for packet in packets] == [silence()] * 5
    assert [(packet.sequence, packet.timestamp) for packet in packets] == [(n, n * FRAME_SAMPLES) for n in range(5)]


def test_numbers_wrap_as_rtp_does_and_the_clock_goes_on() -> None:
    flush_queue, sink = FlushQueue(), PacketSink()
    encoder = MixEncoder("mix", flush_queue)
    encoder.source.attach(sink)
    first = 2**32 // FRAME_SAMPLES
    for tick in range(0x10002):
        encoder.push(None, first + tick)
        flush_queue.flush(0.0)
    last = [(p.sequence, p.timestamp) for p in sink.packets[-2:]]
    assert last == [(0, (first + 0x10000) * FRAME_SAMPLES), (1, (first + 0x10001) * FRAME_SAMPLES)]


def test_a_tick_left_out_is_a_pause_and_no_loss() -> None:
    flush_queue, sink = FlushQueue(), PacketSink()
    encoder = MixEncoder("mix", flush_queue)
    encoder.source.attach(sink)
    for tick in (7, 8, 30):
        encoder.push(None, tick)
        flush_queue.flush(0.0)
    assert [(p.sequence, p.timestamp // FRAME_SAMPLES) for p in sink.packets] == [(0, 7), (1, 8), (2, 30)]


def test_a_listener_that_comes_in_a_pause_is_sent_silence_at_once() -> None:
    flush_queue, sink = FlushQueue(), PacketSink()
    encoder = MixEncoder("mix", flush_queue, pauses=True)
    encoder.source.attach(sink)
    for tick in range(HUSH_TICKS + 5):
        encoder.push(None, tick)
    encoder.source.detach(sink)
    encoder.push(None, HUSH_TICKS + 5)
    flush_queue.flush(0.0)
    sink.packets.clear()
    encoder.source.attach(sink)
    encoder.push(None, HUSH_TICKS + 6)
    flush_queue.flush(0.0)
    assert [(p.timestamp // FRAME_SAMPLES, p.payload) for p in sink.packets] == [(HUSH_TICKS + 6, silence())]


def test_a_long_silence_is_not_sent_until_somebody_is_heard() -> None:
    frames = [*[None] * (HUSH_TICKS + 2 * REFRESH_TICKS), sums(0), sums(1), *[None] * (HUSH_TICKS + 1)]
    packets = heard(frames, pauses=True)
    begins = HUSH_TICKS + 2 * REFRESH_TICKS
    summaries = [(packet.timestamp // FRAME_SAMPLES, len(packet.payload), packet.marker) for packet in packets]
    assert summaries[: HUSH_TICKS + 2] == [
        *[(tick, len(silence()), False) for tick in range(HUSH_TICKS)],
        *[(HUSH_TICKS + tick, 1, False) for tick in (0, REFRESH_TICKS)],
    ]
    assert [(tick, marker) for tick, _, marker in summaries[HUSH_TICKS + 2 : HUSH_TICKS + 4]] == [
        (begins, True),
        (begins + 1, False),
    ]
    assert [(tick - begins - 2, size) for tick, size, _ in summaries[-3:]] == [
        (HUSH_TICKS - 2, len(silence())),
        (HUSH_TICKS - 1, len(silence())),
        (HUSH_TICKS, 1),
    ]
    assert [packet.sequence for packet in packets] == list(range(len(packets)))


def test_a_pause_is_silent_and_sound_after_it_is_whole() -> None:
    frames = [*(sums(n) for n in range(20)), *[None] * 70, *(sums(n) for n in range(90, 140))]
    decoder, sound = OpusDecoder(), list[Samples]()
    for before, packet in pairwise(heard(frames, pauses=True)):
        sound.append(decoder.decode(before.payload))
        missing = (packet.timestamp - before.timestamp) // FRAME_SAMPLES - 1
        sound += [decoder.conceal(FRAME_SAMPLES) for _ in range(missing)]
    samples = np.concatenate(sound)
    assert np.abs(samples[25 * FRAME_SAMPLES : 90 * FRAME_SAMPLES]).max() < 10
    assert abs((pitch(samples[95 * FRAME_SAMPLES :]) or 0) - 440) <= 2


def test_a_stream_that_must_go_on_does_so_from_the_next_tick() -> None:
    flush_queue, sink = FlushQueue(), PacketSink()
    encoder = MixEncoder("mix", flush_queue, pauses=True)
    encoder.source.attach(sink)
    for tick in range(HUSH_TICKS + 10):
        encoder.pauses = tick < HUSH_TICKS + 5
        encoder.push(None, tick)
        flush_queue.flush(0.0)
    assert [packet.timestamp // FRAME_SAMPLES for packet in sink.packets[HUSH_TICKS + 1 :]] == [
        HUSH_TICKS + tick for tick in range(5, 10)
    ]


def test_after_silence_sound_begins_afresh() -> None:
    packets = heard([*(sums(n) for n in range(20)), *[None] * 5, sums(25)])
    assert packets[-1].payload == OpusEncoder().encode(tone(440, 25))


def test_sound_is_heard_through_a_silence() -> None:
    packets = heard([*(sums(n) for n in range(20)), *[None] * 5, *(sums(n) for n in range(25, 75))])
    decoder = OpusDecoder()
    sound = np.concatenate([decoder.decode(packet.payload) for packet in packets])
    assert abs((pitch(sound[30 * FRAME_SAMPLES :]) or 0) - 440) <= 2
    assert np.abs(sound[: 20 * FRAME_SAMPLES]).max() < 12_000
    assert np.abs(sound[25 * FRAME_SAMPLES :]).max() < 12_000


def test_nobody_listening_costs_nothing() -> None:
    encoder = MixEncoder("mix", FlushQueue())
    encoder.push(sums(0), 0)
    assert encoder._encoder is None
