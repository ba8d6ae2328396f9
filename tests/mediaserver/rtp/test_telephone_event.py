"""Tests of DTMF digits in RTP (RFC 4733): one digit for each key, whatever is lost, repeated or late."""

from struct import pack

from mediaserver.rtp.telephone_event import BURST, LATE_S, DigitReceiver

SSRC = 0x5EED


def event(digit: str, duration: int, *, end: bool = False) -> bytes:
    return pack("!BBH", "0123456789*#ABCD".index(digit), 0x8A if end else 0x0A, duration)


def pressed(digit: str, timestamp: int) -> list[tuple[int, bytes]]:
    """Return the packets of a key that is held for 100 ms: timestamp and payload; the end comes three times."""
    held = [(timestamp, event(digit, duration)) for duration in range(160, 801, 160)]
    return [*held, *[(timestamp, event(digit, 800, end=True))] * 3]


def digits(packets: list[tuple[int, bytes]], receiver: DigitReceiver | None = None, *, every: float = 0.02) -> str:
    receiver = receiver or DigitReceiver()
    found = (receiver.receive(SSRC, *each, every * number) for number, each in enumerate(packets))
    return "".join(digit for digit in found if digit is not None)


def test_each_key_is_one_digit() -> None:
    packets = [each for number, digit in enumerate("19*#D11") for each in pressed(digit, 0xFFFFF000 + 1600 * number)]
    packets = [(timestamp & 0xFFFFFFFF, payload) for timestamp, payload in packets]
    assert digits(packets) == "19*#D11"


def test_lost_beginnings_and_ends_cost_no_digit_and_make_none() -> None:
    one, again = pressed("1", 1000), pressed("1", 2600)
    for kept in (one[:1], one[-1:], one[2:4]):
        assert digits([*kept, *again]) == "11"


def test_late_and_repeated_packets_make_no_digit() -> None:
    one, two = pressed("1", 1000), pressed("2", 2600)
    assert digits([*one, *two[:2], one[-1], one[0], *two[2:], one[-1]]) == "12"


def test_a_key_that_is_held_for_long_is_one_digit() -> None:
    first = [(1000, event("5", duration)) for duration in (160, 0xFFFF)]
    second = [(1000 + 0xFFFF, event("5", 160)), (1000 + 2 * 0xFFFF, event("5", 800, end=True))]
    assert digits([*first, *second], every=1.0) == "5"
    assert digits([first[0], *second], every=1.0) == "5", "the end of the first segment is lost"


def test_a_sender_that_moves_the_timestamp_on_is_understood() -> None:
    assert digits([(1000 + 160 * tick, event("7", 160 * (tick + 1))) for tick in range(8)]) == "7"


def test_a_sender_that_counts_anew_is_heard() -> None:
    receiver = DigitReceiver()
    assert receiver.receive(SSRC, 90_000, event("1", 160), 0.0) == "1"
    assert receiver.receive(SSRC, 1000, event("2", 160), LATE_S / 2) is None
    assert receiver.receive(SSRC, 1000, event("2", 160), LATE_S + 0.1) == "2"
    assert receiver.receive(SSRC + 1, 10, event("3", 160), LATE_S + 0.2) == "3"


def test_what_is_no_digit_is_left_out() -> None:
    assert digits([(0, b""), (1, b"\x01\x0a\x00"), (2, pack("!BBH", 16, 10, 160)), (3, b"\xff" * 4)]) == ""


def test_a_flood_is_cut_off_and_a_fast_dialler_is_not() -> None:
    assert digits([(2 * tick, event("1", 1, end=True)) for tick in range(1000)], every=0.001) == "1" * (int(BURST) + 9)
    assert digits([(2 * tick, event("1", 1, end=True)) for tick in range(200)], every=0.1) == "1" * 200
