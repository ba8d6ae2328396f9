"""Tests of DTMF digits that we send (RFC 4733)."""

from mediaserver.audio.playback import DigitPlayback, EventStream
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.rtp.telephone_event import DIGITS, GAP_TICKS, PAUSE_TICKS, TONE_TICKS, DigitReceiver, read

DIGIT_TICKS = TONE_TICKS + GAP_TICKS


class Recorder:
    """A sink that keeps packets."""

    stream = None

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def send(self, source: Source, packets: list[Packet], now: float) -> None:
        self.packets += packets


def played(digits: str, first: int = 1000, clock: int = 8000, event_clock: int = 8000) -> tuple[list[Packet], int]:
    """Return the packets of digits, and the ticks that they took."""
    queue, recorder, tick = FlushQueue(), Recorder(), first
    playback = DigitPlayback(digits, lambda: EventStream(1, clock, event_clock), queue)
    while True:
        if playback.source is not None:
            playback.source.attach(recorder)
        if not playback.push(tick):
            break
        queue.flush(0.02 * tick)
        tick += 1
    return recorder.packets, tick - first


def test_digits_are_sent_as_the_receiver_reads_them() -> None:
    packets, ticks = played(f"{DIGITS},11")
    receiver = DigitReceiver()
    found = [receiver.receive(1, each.timestamp, each.payload, 0.02 * number) for number, each in enumerate(packets)]
    assert "".join(filter(None, found)) == f"{DIGITS}11"
    assert ticks == 18 * (TONE_TICKS + GAP_TICKS) + PAUSE_TICKS


def test_a_digit_has_one_timestamp_one_marker_and_three_ends() -> None:
    packets, _ = played("5#")
    first, second = packets[: len(packets) // 2], packets[len(packets) // 2 :]
    for begun, digit in ((first, 5), (second, 11)):
        events = [event for event in (read(each.payload) for each in begun) if event is not None]
        assert {each.timestamp for each in begun} == {begun[0].timestamp}
        assert [each.marker for each in begun] == [True] + [False] * (TONE_TICKS + 1)
        assert [event.ended for event in events] == [False] * (TONE_TICKS - 1) + [True] * 3
        assert [event.duration for event in events] == [160 * min(n, TONE_TICKS) for n in range(1, TONE_TICKS + 3)]
        assert {event.code for event in events} == {digit}
    assert (first[0].timestamp, second[0].timestamp) == (160_000, 160_000 + 160 * (TONE_TICKS + GAP_TICKS))
    assert [each.sequence for each in packets] == list(range(len(packets)))


def test_beside_opus_digits_have_its_timestamps_and_durations_by_the_clock_of_their_own() -> None:
    for event_clock, units in ((8000, 160), (48_000, 960)):
        packets, _ = played("7", clock=48_000, event_clock=event_clock)
        events = [event for event in (read(each.payload) for each in packets) if event is not None]
        assert {each.timestamp for each in packets} == {960_000}
        assert [event.duration for event in events] == [units * min(n, TONE_TICKS) for n in range(1, TONE_TICKS + 3)]


def test_a_digit_that_is_being_sent_goes_on_in_its_stream_alone_and_one_that_waits_begins_in_another() -> None:
    first, other = EventStream(1, 8000, 8000), EventStream(2, 48_000, 8000)
    queue, recorder, streams = FlushQueue(), Recorder(), [first]
    playback = DigitPlayback("12", lambda: streams[0], queue)

    def run(ticks: range) -> list[tuple[int, int]]:
        """Return the codes and timestamps of the packets of some ticks."""
        recorder.packets.clear()
        for tick in ticks:
            if playback.source is not None:
                playback.source.attach(recorder)
            playback.push(tick)
            queue.flush(0.02 * tick)
        return [(event.code, each.timestamp) for each in recorder.packets if (event := read(each.payload)) is not None]

    assert run(range(3)) == [(1, 0)] * 3
    assert playback.renegotiated()
    assert run(range(3, DIGIT_TICKS)) == [(1, 0)] * (TONE_TICKS + 2 - 3)
    streams[0] = other
    assert playback.renegotiated()  # nothing of the second was sent
    begun = DIGIT_TICKS + GAP_TICKS
    assert run(range(DIGIT_TICKS, begun + 3)) == [(2, 960 * begun)] * 3
    streams[0] = first
    assert playback.renegotiated()
    assert run(range(begun + 3, begun + 40)) == []
    assert not playback.push(begun + 40)
