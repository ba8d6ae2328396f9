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


class Line:
    """A sender of `samples` a packet; its timestamps and numbers start anywhere and wrap."""

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
        """20 ms of steps, or fewer when the stream pauses."""
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
    line = Line(sequence=sequence, timestamp=timestamp)
    lost = {n for n in lost if not all(n - k in lost for k in range(1, 6))}  # six in a row would pause the stream
    steps: list[Step] = []
    for n in range(106):
        if n not in lost and n < 100:
            line.arrive(n, n * TICK_S + phase)
        steps += line.tick(n * TICK_S + phase + 0.003)  # the packet that just came is not due, the one before is
    expected: list[tuple[str, int | None]] = []
    for n in range(100):
        if n not in lost:
            expected.append(("play", n))
        elif n + 1 < 100 and n + 1 not in lost:
            expected.append(("mend", n + 1))
        else:
            expected.append(("hide", None))
    told = [(step.kind, number(step) if step.payload else None) for step in steps]
    assert told[: len(expected)] == expected
    assert line.jitter.late == 0
    assert {step.samples for step in steps} == {FRAME}


@given(st.sampled_from(sorted(CODES)), U32, st.floats(0, 0.019))
def test_packets_of_every_length_are_played_whole(samples: int, timestamp: int, phase: float) -> None:
    line = Line(samples, timestamp=timestamp)
    sent = 0
    steps: list[Step] = []
    owed = 0
    for tick in range(200):
        now = tick * TICK_S
        while sent * samples / SAMPLE_RATE + phase <= now:
            line.arrive(sent, sent * samples / SAMPLE_RATE + phase)
            sent += 1
        owed -= FRAME if owed > 0 else 0
        while owed <= 0 and (step := line.jitter.pull(now)) is not None:
            steps.append(step)
            owed += step.samples
            if owed >= FRAME:
                break
    numbers = played(steps)
    assert numbers == sorted(set(numbers))
    assert len(numbers) * samples > 180 * FRAME


@given(st.integers(0, 2**32), st.integers(0, 45), st.sampled_from([0.0, 0.05, 0.3]))
def test_whatever_the_line_does_nothing_is_played_twice_or_backwards_and_each_packet_is_accounted_for(
    seed: int, jitter_ms: int, loss: float
) -> None:
    chance = random.Random(seed)
    line = Line(sequence=chance.getrandbits(16), timestamp=chance.getrandbits(32))
    arrivals = sorted(
        (n * TICK_S + chance.random() * jitter_ms / 1000, n) for n in range(300) if chance.random() >= loss
    )
    steps: list[Step] = []
    at = 0
    for tick in range(400):
        now = tick * TICK_S
        while at < len(arrivals) and arrivals[at][0] <= now:
            line.arrive(arrivals[at][1], arrivals[at][0])
            at += 1
        if line.jitter.shortage(now, 0) <= 0:
            steps += line.tick(now)
    numbers = played(steps)
    assert numbers == sorted(set(numbers))
    assert len(numbers) + line.jitter.late + line.jitter.dropped == len(arrivals)
    assert line.jitter.late + line.jitter.dropped < 30


@pytest.mark.parametrize("ppm", [-200, 0, 200])
def test_a_sender_whose_clock_drifts_is_followed_with_no_more_delay(ppm: int) -> None:
    """Ten minutes: 120 ms of drift, caught up 20 ms at a time."""
    line = Line()
    rate = 1 + ppm / 1e6
    n, delays, skipped = 0, [], 0
    for tick in range(30_000):
        now = tick * TICK_S
        while n * TICK_S / rate <= now:
            line.arrive(n, n * TICK_S / rate)
            n += 1
        shortage = line.jitter.shortage(now, 0)
        if shortage > 0:
            skipped -= 1
            continue
        steps = line.tick(now)
        if shortage < -FRAME - 240:
            skipped += 1
            steps += line.tick(now)
        delays += [now - number(step) * TICK_S / rate for step in steps if step.kind == "play"]
    assert max(delays) < 0.05
    assert skipped == pytest.approx(ppm * 600 / 20_000, abs=1.5)
    assert line.jitter.late + line.jitter.lost <= 2


def steady(line: Line, first: int, count: int, start: float, delay: float = 0.0) -> list[Step]:
    """Packets in time."""
    steps = []
    for k in range(count):
        now = start + k * TICK_S
        line.arrive(first + k, now + delay - 0.001)
        steps += line.tick(now)
    return steps


def test_a_late_packet_is_counted_and_not_played() -> None:
    line = Line()
    steady(line, 0, 10, 0.0)
    line.tick(0.2)
    line.tick(0.22)
    line.arrive(10, 0.23)
    assert (line.jitter.late, line.jitter.waiting) == (1, 0)


def test_a_pause_without_lost_numbers_is_hidden_but_no_loss() -> None:
    line = Line()
    steady(line, 0, 10, 0.0)
    line.timestamp += 3 * FRAME  # DTX: the numbers go on, the time was silent
    steps = [step for tick in range(3) for step in line.tick(0.2 + tick * TICK_S)]
    steps += steady(line, 10, 2, 0.26)
    assert [step.kind for step in steps] == ["play", "hide", "hide", "hide", "play"]
    assert line.jitter.lost == 0


def test_after_a_long_pause_the_stream_starts_anew_in_time() -> None:
    line = Line()
    steady(line, 0, 10, 0.0)
    hidden = 0
    for tick in range(10, 60):
        hidden += len(line.tick(tick * TICK_S))
    assert hidden <= STARVED // FRAME + 2
    assert played(steady(line, 60, 10, 1.2))[0] == 60


@pytest.mark.parametrize("jump", [10 * STRANGE, -10 * STRANGE, 0x7FFFFFFF])
def test_timestamps_that_jump_are_another_stream(jump: int) -> None:
    line = Line()
    steady(line, 0, 50, 0.0)
    line.timestamp += jump
    assert played(steady(line, 50, 20, 1.0))[-1] >= 68


def test_timestamps_a_little_back_are_another_stream_after_some_late_packets() -> None:
    line = Line()
    steady(line, 0, 50, 0.0)
    line.timestamp -= SAMPLE_RATE
    steps = steady(line, 50, 30, 1.0)
    assert line.jitter.late == LATE_RUN
    assert played(steps)[-1] >= 78


def test_another_ssrc_is_another_stream() -> None:
    line = Line()
    steady(line, 0, 50, 0.0)
    line.ssrc, line.timestamp, line.sequence = 2, 12345, 999
    assert played(steady(line, 50, 20, 1.0))[-1] >= 68


def test_a_line_that_becomes_slower_is_followed_and_shortened_when_it_recovers() -> None:
    line = Line()
    steady(line, 0, 100, 0.0)
    for k in range(100, 200):  # 100 ms later than before
        line.arrive(k, k * TICK_S + 0.1)
        if line.jitter.shortage(k * TICK_S + 0.1, 0) <= 0:
            line.tick(k * TICK_S + 0.1)
    assert line.jitter.shortage(200 * TICK_S + 0.1, 0) <= 0
    for k in range(200, 800):
        line.arrive(k, k * TICK_S)
        line.tick(k * TICK_S + 0.1)
    assert line.jitter.shortage(800 * TICK_S + 0.1, 0) < -3 * FRAME


def test_a_burst_after_a_stall_does_not_stay_as_delay() -> None:
    line = Line()
    steady(line, 0, 50, 0.0)
    for tick in range(50, 75):
        line.tick(tick * TICK_S)
    for n in range(50, 75):
        line.arrive(n, 1.5)
    steps = [step for tick in range(75, 80) for step in line.tick(tick * TICK_S)]
    assert played(steps)[0] * TICK_S >= 1.5 - MAX_DELAY / SAMPLE_RATE - 2 * TICK_S


def test_what_is_held_is_bounded() -> None:
    line = Line()
    for n in range(10 * MAX_HELD):
        line.arrive(n, n / 1e5)
        assert line.jitter.waiting <= MAX_HELD


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
    line = Line()
    assert not line.jitter.skim(0.0)
    for n in range(50):
        line.arrive(n, n * TICK_S)
        assert line.jitter.skim(n * TICK_S + 0.01)
        assert line.jitter.waiting <= 4
    assert played(line.tick(50 * TICK_S))[0] >= 48
    assert not any(line.jitter.skim(5.0) for _ in range(2))


@given(st.binary(min_size=1, max_size=40))
def test_the_length_of_a_packet_is_what_the_decoder_makes_of_it(payload: bytes) -> None:
    try:
        samples = OpusDecoder().decode(payload)
    except ValueError:
        return
    assert packet_samples(payload) == len(samples)


def test_no_bytes_and_too_many_frames_have_no_length() -> None:
    assert packet_samples(b"") == packet_samples(b"\x03") == packet_samples(b"\x1b\x0a") == 0
