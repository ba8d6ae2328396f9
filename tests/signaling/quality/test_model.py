"""Samples in bytes, and what a stored series may be."""

import random
import zlib
from datetime import UTC, datetime, timedelta

import pytest

from signaling.quality.model import (
    ABSENT,
    FIELDS,
    HOUR,
    LONGEST,
    STEP,
    UNKNOWN,
    Identity,
    Series,
    joined,
    of_amount,
    of_height,
    of_share,
    of_steps,
    unpacked,
    value,
)

NINE = datetime(2026, 4, 6, 2, 0, tzinfo=UTC)
OF = Identity("s1", "nt", "UBND.Nha Trang", "system", "TE20")


def some(count: int, begin: datetime = NINE, seed: int = 1) -> Series:
    series, draw = Series(OF, begin), random.Random(seed)
    for _ in range(count):
        series.append(bytes(draw.randrange(120) for _ in FIELDS))
    return series


def test_a_byte_keeps_what_people_need() -> None:
    assert [value("up", of_share(share)) for share in (-0.1, 0.0, 0.004, 0.081, 1.0, 7.0)] == [0, 0, 0.5, 8, 100, 100]
    assert [value("camera", of_height(pixels)) for pixels in (0, 180, 360, 720, 1080, 9999)] == [
        0.0, 176.0, 360.0, 720.0, 1080.0, 2000.0,
    ]  # fmt: skip
    for amount in (0.0, 0.4, 7.0, 30.0, 440.0, 2_600.0, 45_000.0):
        kept = value("round_trip", of_amount(amount))
        assert kept is not None and kept + 1 == pytest.approx(amount + 1, rel=0.045)
    assert (value("picture", of_steps(-1, 3)), value("picture", of_steps(2, 3))) == (0.0, 3.0)
    assert value("decode", UNKNOWN) is None


def test_a_series_comes_back_as_it_was_stored() -> None:
    series = some(HOUR)
    assert unpacked(OF, NINE, series.packed()) == series
    assert series.end == NINE + timedelta(hours=1)


@pytest.mark.parametrize(
    "stored",
    [b"", b"\x00", zlib.compress(bytes(HOUR * len(FIELDS) + 15)), zlib.compress(b"12345"), zlib.compress(bytes(10**7))],
)
def test_what_is_no_series_is_refused(stored: bytes) -> None:
    with pytest.raises(ValueError):
        unpacked(OF, NINE, stored)


def test_parts_are_joined_with_their_gaps_and_without_what_they_share() -> None:
    one, two = some(6), some(4, NINE + 9 * STEP, 2)
    whole = joined([two, one])
    assert whole is not None and len(whole) == 13
    assert bytes(column[7] for column in whole.columns) == ABSENT
    assert [column[9:] for column in whole.columns] == list(two.columns)
    over = joined([one, some(4, NINE + 4 * STEP, 2)])
    assert over is not None and len(over) == 8
    assert joined([]) is None


def test_no_series_is_longer_than_a_day() -> None:
    whole = joined([some(3), some(9, NINE + timedelta(days=400))])
    assert whole is not None and len(whole) == LONGEST
