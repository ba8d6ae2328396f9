"""Tests of the parts of the drill `partition`; the drill itself runs in `make drills`."""

from datetime import UTC, datetime, timedelta

from loadtest.drills.partition import FIT, Ledger

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)


def _held(number: int, hour: int, code: int | None = None) -> tuple[str, str, datetime]:
    return str(number), str(number if code is None else code), NOW + timedelta(hours=hour)


def test_a_ledger_finds_what_is_lost_too_much_and_twice() -> None:
    held = [_held(number, number // FIT) for number in range(2 * FIT)]
    ledger = Ledger({str(number): str(number) for number in range(FIT)})
    good = {"bookings_kept": True, "within_limit": True, "codes_unique": True}
    assert ledger.compare(held) == good
    assert ledger.compare(held[1:]) == good | {"bookings_kept": False}
    assert ledger.compare([*held[1:], _held(0, 0, 98)]) == good | {"bookings_kept": False}
    assert ledger.compare([*held, _held(99, 0)]) == good | {"within_limit": False}
    assert ledger.compare([*held, _held(99, 9, 1)]) == good | {"codes_unique": False}
