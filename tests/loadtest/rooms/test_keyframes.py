"""The key frame that answers a request is told from those that an encoder sends by itself.

Also tests `host_decoder.py`.
"""

import pytest

from loadtest.rooms import keyframes
from loadtest.rooms.host_decoder import HostDecoder
from loadtest.rooms.keyframes import KeyframeTimes, time_to_keyframe
from mediaserver.rtp.packet import HEADER

PERIOD, TICK_S = 10, 0.04
INTRA, INTER = b"\x65\x88", b"\x41\x9a"
"""First bytes of NAL units: a slice of a key frame, and one of another picture."""


class Encoder:
    """Sends a picture of two packets each tick: every tenth one is a key frame, and the one that is due when asked."""

    def __init__(self, times: KeyframeTimes, answers_after: int) -> None:
        self._times = times
        self._answers_after = answers_after
        self._next = 0
        self._due: int | None = None
        self.now = 100.0

    def ask(self) -> bool:
        """Take a request."""
        self._due = self._answers_after
        return True

    def send(self) -> None:
        """Send the next picture."""
        self._due = None if self._due is None else self._due - 1
        key = self._next % PERIOD == 0 or self._due == 0
        if key:
            self._next, self._due = 0, None if self._due == 0 else self._due
        self._next += 1
        self.now += TICK_S
        timestamp = round(self.now * 90_000)
        self._times.picture(timestamp, self.now, keyframe=key)
        self._times.picture(timestamp, self.now + 0.001, keyframe=False)


def test_a_key_frame_that_comes_early_in_a_period_answers_the_request() -> None:
    times = KeyframeTimes(PERIOD)
    encoder = Encoder(times, answers_after=3)
    for _ in range(4):
        encoder.send()
    times.request(encoder.now, encoder.ask)
    for _ in range(3):
        assert times.answered_after is None
        encoder.send()
    assert times.answered_after == pytest.approx(3 * TICK_S)


def test_the_encoders_own_key_frame_answers_nothing() -> None:
    times = KeyframeTimes(PERIOD)
    encoder = Encoder(times, answers_after=8)
    for _ in range(5):
        encoder.send()
    times.request(encoder.now, encoder.ask)
    for _ in range(6):
        encoder.send()  # the sixth is its own
    assert times.answered_after is None
    for _ in range(2):
        encoder.send()  # that of the request, after which no time is taken any more
    assert times.answered_after is None


def test_no_request_is_sent_late_in_a_period_and_one_that_begins_it_is_not_timed() -> None:
    asked: list[float] = []

    def ask() -> bool:
        asked.append(times_now)
        return True

    times, times_now = KeyframeTimes(PERIOD), 100.0
    times.request(times_now, ask)  # no key frame has come
    for number in range(8):
        times.picture(number, times_now, keyframe=number == 0)
    assert (len(asked), times.answered_after) == (1, None)
    times.request(times_now + 1.9, ask)
    assert len(asked) == 1
    times.request(times_now + 2.0, ask)  # none has come for two seconds
    times.picture(8, times_now + 2.1, keyframe=True)
    assert (len(asked), times.answered_after) == (2, None)


def test_a_request_is_repeated_and_timed_from_its_beginning() -> None:
    times = KeyframeTimes(PERIOD)
    times.picture(0, 100.0, keyframe=True)
    times.request(100.0, lambda: False)  # sent nothing
    times.request(100.1, lambda: True)
    times.request(101.1, lambda: True)
    times.picture(1, 101.2, keyframe=True)
    assert times.answered_after == pytest.approx(1.1)


def test_a_request_of_another_at_the_same_time_spoils_it() -> None:
    times = KeyframeTimes(PERIOD)
    times.picture(0, 100.0, keyframe=True)
    times.request(100.1, lambda: True)
    times.disturb(100.15)
    times.picture(1, 100.2, keyframe=True)
    assert times.answered_after is None


async def test_a_stream_that_answers_no_request_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyframes, "PATIENCE_S", 0.05)
    assert await time_to_keyframe(KeyframeTimes(PERIOD), lambda: True) is None


def test_what_a_host_gets_is_told_with_its_key_frames_and_its_own_need_of_one_spoils_the_time() -> None:
    decoder = HostDecoder()
    told: list[tuple[int, bool] | None] = []

    class Times(KeyframeTimes):
        def picture(self, timestamp: int, now: float, *, keyframe: bool) -> None:
            told.append((timestamp, keyframe))

        def disturb(self, now: float) -> None:
            told.append(None)

    def take(codec: str, number: int, payload: bytes) -> bool:
        data = HEADER.pack(0x80, 102, number, 3000 * number, 5) + payload
        return decoder.packet(codec, memoryview(data), len(data), 0.0)

    assert take("H264", 1, INTER)  # nobody measures
    decoder.keyframes = Times(PERIOD)
    assert take("H264", 2, INTER)
    assert not take("H264", 3, INTRA)
    take("opus", 4, b"x")
    assert told == [(6000, False), None, (9000, True)]
