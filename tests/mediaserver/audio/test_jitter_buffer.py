"""Tests of the jitter buffer: sound in its order and time.

The oracle is the plain connection itself: a packet is there or not when its turn comes, and time goes on either way.
"""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.audio.jitter_buffer import FRAME, LATE_RUN, MAX_HELD, STARVED, JitterBuffer, Step, packet_samples
from mediaserver.audio.opus import OpusDecoder
from mediaserver.audio.playout_delay import MAX_DELAY, SAMPLE_RATE, STRANGE
from mediaserver.rtp.packet import Packet

TICK_S = 0.02
U16, U32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
CODES = {480: b"\x40", 960: b"\x48", 1920: b"\x50", 2880: b"\x58"}
"""First byte of a SILK packet by its length (RFC 6716 §3.1)."""


class PacketStream:
    """A sender of packets of `samples` each and its jitter buffer; timestamps and sequence numbers start anywhere."""

    def __init__(self, samples: int = FRAME, sequence: int = 0, timestamp: int = 0, ssrc: int = 1) -> None:
        self.jitter = JitterBuffer()
        self.samples = samples
        self.sequence, self.timestamp, self.ssrc = sequence, timestamp, ssrc

    def packet(self, number: int) -> Packet:
        payload = CODES[self.samples] + b"%d" % number
        timestamp = (self.timestamp + number * self.samples) & 0xFFFFFFFF
        return Packet(111, (self.sequence + number) & 0xFFFF, timestamp, self.ssrc, False, payload)

    def arrive(self, number: int, now: float) -> None:
        self.jitter.add(self.packet(number), now)

    def tick(self, now: float) -> list[Step]:
        """Return the steps of the next 20 ms, or fewer when the stream pauses."""
        steps: list[Step] = []
        while sum(step.samples for step in steps) < FRAME and (step := self.jitter.pull(now)) is not None:
            steps.append(step)
        return steps


def number(step: Step) -> int:
    return int(step.payload[1:])


def played(steps: list[Step]) -> list[int]:
    return [number(step) for step in steps if step.kind == "play"]


@given(U16, U32, st.sets(st.integers(1, 99)), st.floats(0, 0.019))
def test_each_packet_is_played_in_its_turn_a_single_loss_is_mended_and_more_are_hidden(
    sequence: int, timestamp: int, lost: set[int], phase: float
) -> None:
    stream = PacketStream(sequence=sequence, timestamp=timestamp)
    lost = {n for n in lost if not all(n - k in lost for k in range(1, 6))}  # six in a row would pause the stream
    steps: list[Step] = []
    for n in range(106):
        if n not in lost and n < 100:
            stream.arrive(n, n * TICK_S + phase)
        steps += stream.tick(n * TICK_S + phase + 0.003)  # the packet that just came is not due, the one before is
    expected: list[tuple[str, int | None]] = []
    for n in range(100):
        if n not in lost:
            expected.append(("play", n))
        elif n + 1 < 100 and n + 1 not in lost:
            expected.append(("mend", n + 1))
        else:
            expected.append(("hide", None))
    outcomes = [(step.kind, number(step) if step.payload else None) for step in steps]
    assert outcomes[: len(expected)] == expected
    assert stream.jitter.late == 0
    assert {step.samples for step in steps} == {FRAME}


@given(st.sampled_from(sorted(CODES)), U32, st.floats(0, 0.019))
def test_packets_of_every_length_are_played_whole(samples: int, timestamp: int, phase: float) -> None:
    stream = PacketStream(samples, timestamp=timestamp)
    sent = 0
    steps: list[Step] = []
    owed = 0
    for tick in range(200):
        now = tick * TICK_S
        while sent * samples / SAMPLE_RATE + phase <= now:
            stream.arrive(sent, sent * samples / SAMPLE_RATE + phase)
            sent += 1
        owed -= FRAME if owed > 0 else 0
        while owed <= 0 and (step := stream.jitter.pull(now)) is not None:
            steps.append(step)
            owed += step.samples
            if owed >= FRAME:
                break
    numbers = played(steps)
    assert numbers == sorted(set(numbers))
    assert len(numbers) * samples > 180 * FRAME


@given(st.integers(0, 2**32), st.integers(0, 45), st.sampled_from([0.0, 0.05, 0.3]))
def test_whatever_the_link_does_nothing_is_played_twice_or_backwards_and_each_packet_is_accounted_for(
    seed: int, jitter_ms: int, loss: float
) -> None:
    chance = random.Random(seed)
    stream = PacketStream(sequence=chance.getrandbits(16), timestamp=chance.getrandbits(32))
    arrivals = sorted(
        (n * TICK_S + chance.random() * jitter_ms / 1000, n) for n in range(300) if chance.random() >= loss
    )
    steps: list[Step] = []
    at = 0
    for tick in range(400):
        now = tick * TICK_S
        while at < len(arrivals) and arrivals[at][0] <= now:
            stream.arrive(arrivals[at][1], arrivals[at][0])
            at += 1
        if stream.jitter.shortage(now, 0) <= 0:
            steps += stream.tick(now)
    numbers = played(steps)
    assert numbers == sorted(set(numbers))
    assert len(numbers) + stream.jitter.late + stream.jitter.dropped == len(arrivals)
    assert stream.jitter.late + stream.jitter.dropped < 30


@pytest.mark.parametrize("ppm", [-200, 0, 200])
def test_a_sender_whose_clock_drifts_is_followed_with_no_more_delay(ppm: int) -> None:
    """Ten minutes: 120 ms of drift, caught up 20 ms at a time."""
    stream = PacketStream()
    rate = 1 + ppm / 1e6
    n, delays, skipped = 0, [], 0
    for tick in range(30_000):
        now = tick * TICK_S
        while n * TICK_S / rate <= now:
            stream.arrive(n, n * TICK_S / rate)
            n += 1
        shortage = stream.jitter.shortage(now, 0)
        if shortage > 0:
            skipped -= 1
            continue
        steps = stream.tick(now)
        if shortage < -FRAME - 240:
            skipped += 1
            steps += stream.tick(now)
        delays += [now - number(step) * TICK_S / rate for step in steps if step.kind == "play"]
    assert max(delays) < 0.05
    assert skipped == pytest.approx(ppm * 600 / 20_000, abs=1.5)
    assert stream.jitter.late + stream.jitter.lost <= 2


def steady(stream: PacketStream, first: int, count: int, start: float, delay: float = 0.0) -> list[Step]:
    """Let `count` packets arrive at a steady rate and play them; return the steps."""
    steps = []
    for k in range(count):
        now = start + k * TICK_S
        stream.arrive(first + k, now + delay - 0.001)
        steps += stream.tick(now)
    return steps


def test_a_late_packet_is_counted_and_not_played() -> None:
    stream = PacketStream()
    steady(stream, 0, 10, 0.0)
    stream.tick(0.2)
    stream.tick(0.22)
    stream.arrive(10, 0.23)
    assert (stream.jitter.late, stream.jitter.waiting) == (1, 0)


def test_a_pause_without_lost_numbers_is_hidden_but_no_loss() -> None:
    stream = PacketStream()
    steady(stream, 0, 10, 0.0)
    stream.timestamp += 3 * FRAME  # DTX: the numbers go on, the time was silent
    steps = [step for tick in range(3) for step in stream.tick(0.2 + tick * TICK_S)]
    steps += steady(stream, 10, 2, 0.26)
    assert [step.kind for step in steps] == ["play", "hide", "hide", "hide", "play"]
    assert stream.jitter.lost == 0


def test_after_a_long_pause_the_stream_starts_anew_in_time() -> None:
    stream = PacketStream()
    steady(stream, 0, 10, 0.0)
    hidden = 0
    for tick in range(10, 60):
        hidden += len(stream.tick(tick * TICK_S))
    assert hidden <= STARVED // FRAME + 2
    assert played(steady(stream, 60, 10, 1.2))[0] == 60


@pytest.mark.parametrize("jump", [10 * STRANGE, -10 * STRANGE, 0x7FFFFFFF])
def test_timestamps_that_jump_are_another_stream(jump: int) -> None:
    stream = PacketStream()
    steady(stream, 0, 50, 0.0)
    stream.timestamp += jump
    assert played(steady(stream, 50, 20, 1.0))[-1] >= 68


def test_timestamps_a_little_back_are_another_stream_after_some_late_packets() -> None:
    stream = PacketStream()
    steady(stream, 0, 50, 0.0)
    stream.timestamp -= SAMPLE_RATE
    steps = steady(stream, 50, 30, 1.0)
    assert stream.jitter.late == LATE_RUN
    assert played(steps)[-1] >= 78


def test_another_ssrc_is_another_stream() -> None:
    stream = PacketStream()
    steady(stream, 0, 50, 0.0)
    stream.ssrc, stream.timestamp, stream.sequence = 2, 12345, 999
    assert played(steady(stream, 50, 20, 1.0))[-1] >= 68


def test_a_link_that_becomes_slower_is_followed_and_shortened_when_it_recovers() -> None:
    stream = PacketStream()
    steady(stream, 0, 100, 0.0)
    for k in range(100, 200):  # 100 ms later than before
        stream.arrive(k, k * TICK_S + 0.1)
        if stream.jitter.shortage(k * TICK_S + 0.1, 0) <= 0:
            stream.tick(k * TICK_S + 0.1)
    assert stream.jitter.shortage(200 * TICK_S + 0.1, 0) <= 0
    for k in range(200, 800):
        stream.arrive(k, k * TICK_S)
        stream.tick(k * TICK_S + 0.1)
    assert stream.jitter.shortage(800 * TICK_S + 0.1, 0) < -3 * FRAME


def test_a_burst_after_a_stall_does_not_stay_as_delay() -> None:
    stream = PacketStream()
    steady(stream, 0, 50, 0.0)
    for tick in range(50, 75):
        stream.tick(tick * TICK_S)
    for n in range(50, 75):
        stream.arrive(n, 1.5)
    steps = [step for tick in range(75, 80) for step in stream.tick(tick * TICK_S)]
    assert played(steps)[0] * TICK_S >= 1.5 - MAX_DELAY / SAMPLE_RATE - 2 * TICK_S


def test_held_packets_are_bounded() -> None:
    stream = PacketStream()
    for n in range(10 * MAX_HELD):
        stream.arrive(n, n / 1e5)
        assert stream.jitter.waiting <= MAX_HELD


@given(st.lists(st.tuples(U16, U32, st.integers(1, 3), st.binary(max_size=4), st.floats(0, 0.2)), max_size=120))
def test_any_packets_at_any_time_are_taken(packets: list[tuple[int, int, int, bytes, float]]) -> None:
    jitter, now = JitterBuffer(), 0.0
    for sequence, timestamp, ssrc, payload, later in packets:
        now += later
        jitter.add(Packet(111, sequence, timestamp, ssrc, False, payload), now)
        jitter.shortage(now, 0)
        step = jitter.pull(now)
        assert step is None or 0 < step.samples <= 5760
        assert jitter.waiting <= MAX_HELD


def test_a_skimmed_stream_can_be_played_at_any_moment() -> None:
    stream = PacketStream()
    assert not stream.jitter.skim(0.0)
    for n in range(50):
        stream.arrive(n, n * TICK_S)
        assert stream.jitter.skim(n * TICK_S + 0.01)
        assert stream.jitter.waiting <= 4
    assert played(stream.tick(50 * TICK_S))[0] >= 48
    assert not any(stream.jitter.skim(5.0) for _ in range(2))


@given(st.binary(min_size=1, max_size=40))
def test_the_length_of_a_packet_is_what_the_decoder_makes_of_it(payload: bytes) -> None:
    try:
        samples = OpusDecoder().decode(payload)
    except ValueError:
        return
    assert packet_samples(payload) == len(samples)


def test_no_bytes_and_too_many_frames_have_no_length() -> None:
    assert packet_samples(b"") == packet_samples(b"\x03") == packet_samples(b"\x1b\x0a") == 0
