"""Pairing codes are taken once, in time, however they are typed, and there are never too many."""

from datetime import timedelta

from signaling.core.account import digest
from signaling.displays.pairing import LASTS, LENGTH, LETTERS, MOST, PairingCodes
from tests.signaling.world import NOW


def test_a_code_is_taken_once_however_it_is_typed() -> None:
    codes = PairingCodes()
    token, pairing = codes.ask("192.0.2.1", NOW)
    assert (len(pairing.code), set(pairing.code) <= set(LETTERS)) == (LENGTH, True)
    assert pairing.key == digest(token)
    spelled = f" {pairing.code[:4].lower()} - {pairing.code[4:]}"
    assert (codes.take(spelled, NOW), codes.take(spelled, NOW)) == (pairing, None)


def test_a_code_ends_after_ten_minutes() -> None:
    codes = PairingCodes()
    _, pairing = codes.ask("192.0.2.1", NOW)
    _, later = codes.ask("192.0.2.1", NOW + timedelta(minutes=5))
    assert codes.take(pairing.code, NOW + LASTS) is None
    assert codes.take(later.code, NOW + LASTS) == later


def test_the_oldest_code_is_forgotten_when_there_are_too_many() -> None:
    codes = PairingCodes()
    first, second = codes.ask("192.0.2.1", NOW)[1], codes.ask("192.0.2.1", NOW)[1]
    for _ in range(MOST - 1):
        codes.ask("192.0.2.2", NOW)
    assert (codes.take(first.code, NOW), codes.take(second.code, NOW)) == (None, second)
