"""The drill `nation`: packets that are known again by their payload, what is reckoned to the whole, and its verdict."""

from typing import Any

import pytest

from loadtest.drills import nation
from loadtest.drills.nation import FlashTimes, Measured, SpeakerLoops, costs_of, holds, hops, whole
from loadtest.drills.payload_times import Arrivals, Hop, PayloadTimes
from loadtest.endpoint.receive_counters import Tally


def every(step: float, payloads: str, begin: float = 0.0) -> Arrivals:
    return [(begin + number * step, ord(payload)) for number, payload in enumerate(payloads)]


def test_a_payload_that_came_to_both_places_gives_the_delay_of_its_packet() -> None:
    hop = Hop()
    hop.add(every(0.25, "abcdefgh"), every(0.25, "abcdefgh", 0.125))
    assert hop.delays == [0.125] * 3, "the first and the last half second are left out"
    assert (hop.unknown, hop.missing, hop.untouched, hop.lost) == (0, 0, 1.0, 0.0)


def test_payloads_that_were_encoded_anew_are_unknown_and_those_before_missing() -> None:
    hop = Hop()
    hop.add(every(0.25, "abcdefgh"), every(0.25, "ABCDEFGH", 0.125))
    assert (hop.delays, hop.unknown, hop.missing, hop.untouched) == ([], 3, 4, 0.0)


def test_nothing_came_where_nothing_was_sent() -> None:
    hop = Hop()
    hop.add([], every(0.25, "abc"))
    assert (hop.unknown, hop.untouched, hop.lost) == (3, 0.0, 1.0)


def test_payloads_of_a_pause_that_are_all_the_same_say_nothing() -> None:
    hop = Hop()
    hop.add(every(0.25, "abcppfgh"), every(0.25, "abcppfgh", 0.125))
    assert (hop.delays, hop.unknown) == ([0.125], 0)


def test_a_loop_gives_each_round_its_own_time() -> None:
    hop = Hop()
    hop.add(every(0.25, "abcdabcdabcd"), every(0.25, "abcdabcdabcd", 0.125))
    assert hop.delays == [0.125] * 7


def test_arrivals_are_noted_by_kind_and_padding_is_not() -> None:
    times = PayloadTimes()
    for at, (codec, payload) in enumerate((("opus", b"voice"), ("H264", b"picture"), ("H264", b"")), 1):
        data = bytes([0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7]) + payload
        times.packet(codec, memoryview(bytearray(data)), len(data), float(at))
    assert (times.sound, times.picture) == ([(1.0, hash(b"voice"))], [(2.0, hash(b"picture"))])


def test_what_a_loop_sent_between_two_times_follows_from_its_beginning() -> None:
    loops = SpeakerLoops()
    loops.begun["sound"] = [10.0, 10.04]
    assert loops.sent((b"a", b"b"), 10.02, 10.05) == [(10.02, hash(b"b")), (10.04, hash(b"a"))]


def test_a_flash_is_seen_when_the_picture_turns_white_and_belongs_to_the_one_sent_before() -> None:
    seen = FlashTimes()
    for at, brightness in enumerate((20, 220, 220, 20, 220)):
        seen.light(brightness, at / 4)
    assert seen.flashes == [0.25, 1.0]
    assert seen.after([0.125, 0.375, 0.75]) == [0.125, 0.25], "the second one was never seen"


def test_figures_of_this_scale_are_reckoned_to_the_whole() -> None:
    found = Measured(seconds=10.0, cpu=[{"government": 30.0, "a": 24.0, "b": 28.0}])
    found.received = [Tally(packets=1000, bytes=100_000), Tally(packets=1000, bytes=100_000)]
    costs = costs_of(found, {"government": 30.0, "a": 14.0, "b": 16.0}, 20.0, 5)
    assert costs == {
        "government_pct": 20.0,
        "link_pct": 5.0,
        "province_pct": 15.0,
        "commune_pct": 2.2,
        "commune_bps": 102_400.0,
    }
    reckoned = whole(costs)
    assert {name: reckoned[name] for name in reckoned if name.startswith("government")} == {
        "government_pct": 190.0,
        "government_cores": 3,
        "government_mbps": 3.5,
    }
    assert (reckoned["province_pct"], reckoned["province_cores"], reckoned["province_mbps"]) == (230.6, 3, 10.0)


HELD: dict[str, Any] = {
    "government_ms": {"picture_composed": {"p95": 100.0}, "sound": {"p95": 50.0}},
    "province_ms": {"picture": {"p95": 40.0}, "sound": {"p95": 40.0}},
    "untouched": {"picture": 0.99, "sound": 0.99},
    "lost": {"counted": 0.001, "picture": 0.001},
}


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("province_ms", "picture", {"p95": 40.1}),
        ("province_ms", "sound", {"p95": 40.1}),
        ("province_ms", "picture", None),
        ("untouched", "picture", 0.98),
        ("untouched", "sound", 0.98),
        ("lost", "counted", 0.0011),
        ("lost", "picture", 0.0011),
    ],
)
def test_the_row_holds_while_every_hop_forwards_in_time_untouched_and_without_loss(
    part: str, name: str, value: object
) -> None:
    assert holds(HELD)
    assert not holds({**HELD, part: {**HELD[part], name: value}})


def test_hops_that_carried_nothing_have_no_delays() -> None:
    found = hops(Measured())
    assert found["province_ms"] == {"picture": None, "sound": None}
    assert not holds(found)


def test_the_flash_lights_the_first_second_of_two() -> None:
    (clip,) = nation.material().cameras("H264", 1)
    assert (len(clip.frames), [at for at, frame in enumerate(clip.frames) if frame.key]) == (50, [0])
