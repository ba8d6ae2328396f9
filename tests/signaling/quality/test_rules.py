"""The rules that find causes in samples, against an oracle that looks at one sample after the other."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from signaling.quality import rules
from signaling.quality.model import ABSENT, FIELDS, PLACE, STEP, UNKNOWN, Field, Flag, Identity, Series, of_amount
from signaling.quality.rules import Cause, Finding, findings, means

NINE = datetime(2026, 4, 6, 2, 0, tzinfo=UTC)
OF = Identity("s1", "nt", "UBND.Nha Trang", "browser")
GOOD: dict[Field, int] = {
    "flags": 0, "up": 0, "down": 0, "missing": 0, "jitter": of_amount(4), "round_trip": of_amount(30),
    "received": of_amount(1500), "sent": of_amount(2000), "camera": 90, "picture": 0x33, "late": 0,
    "frozen": 0, "decode": of_amount(4), "dropped": 0, "fps": 25,
}  # fmt: skip


def made(*runs: tuple[int, dict[Field, int]]) -> Series:
    """Return a series of runs: so many samples, good but for some values."""
    series = Series(OF, NINE)
    for times, changed in runs:
        series.append(bytes((GOOD | changed)[name] for name in FIELDS), times)
    return series


def told(series: Series) -> list[tuple[Cause, int, int]]:
    """Return the causes with the first and the last sample of each, the latter exclusive."""
    return [
        (each.cause, round((each.start - NINE) / STEP), round((each.end - NINE) / STEP)) for each in findings(series)
    ]


# The oracle: the conditions in percent and milliseconds, and runs by walking.


def percent(byte: int) -> float:
    return -1.0 if byte == UNKNOWN else byte / 2


def amount(byte: int) -> float:
    return -1.0 if byte == UNKNOWN else 2.0 ** (byte / 8) - 1


def conditions(sample: dict[Field, int]) -> set[Cause]:
    """Return which causes a sample shows, hidden ones included."""
    flags, picture = sample["flags"], sample["picture"]
    if flags >= 128:
        seen = {"disconnected"}
        flags = 0
    else:
        seen = set()
    slack = 2.0 ** (1 / 16)  # a threshold between two bytes goes to the nearer one
    late, decode, frozen = amount(sample["late"]), amount(sample["decode"]), amount(sample["frozen"])
    wanted = {
        "server": (late + 1) * slack >= 21,
        "up": percent(sample["up"]) >= 3,
        "down": percent(sample["down"]) >= 3,
        "tcp": bool(flags & 3),
        "delay": (amount(sample["round_trip"]) + 1) * slack >= 401,
        "jitter": (amount(sample["jitter"]) + 1) * slack >= 41,
        "narrow-down": picture != UNKNOWN and picture // 16 < picture % 16,
        "narrow-up": bool(flags & 16),
        "device": bool(flags & 8) or percent(sample["dropped"]) >= 20 or (decode + 1) * slack >= 41,
        "camera": bool(flags & 4) and sample["camera"] == 0,
        "frozen": (frozen + 1) * slack >= 1001,
        "limited": bool(flags & 32),
    }
    seen |= {cause for cause, holds in wanted.items() if holds}
    return seen  # type: ignore[return-value]


def unexplained(seen: set[Cause]) -> set[Cause]:
    """Return the causes without those that another one explains."""
    left = set(seen)
    if "server" in seen:
        left -= {"up", "down", "delay", "jitter", "narrow-down", "narrow-up", "device", "camera", "frozen"}
    if "up" in seen:
        left -= {"delay", "jitter", "narrow-up"}
    if "down" in seen:
        left -= {"delay", "jitter", "narrow-down", "frozen"}
    if "delay" in seen:
        left -= {"jitter", "frozen"}
    if seen & {"jitter", "narrow-down", "device"}:
        left -= {"frozen"}
    return left


def walked(series: Series) -> set[tuple[Cause, int, int]]:
    samples = [{name: series.columns[place][at] for name, place in PLACE.items()} for at in range(len(series))]
    shown = [unexplained(conditions(sample)) for sample in samples]
    found: set[tuple[Cause, int, int]] = set()
    for cause in rules.CONDITIONS:
        places = [at for at, seen in enumerate(shown) if cause in seen]
        groups: list[list[int]] = [places[:1]] if places else []
        for before, at in pairwise(places):
            if at - before <= 4:
                groups[-1].append(at)
            else:
                groups.append([at])
        for group in groups:
            left = cause == "disconnected" and group[-1] == len(series) - 1
            if len(group) >= 2 and not left:
                found.add((cause, group[0], group[-1] + 1))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_the_rules_find_what_one_sees_sample_by_sample(seed: int) -> None:
    draw = random.Random(seed)
    series = Series(OF, NINE)
    for _ in range(draw.randrange(1, 25)):
        changed: dict[Field, int] = {}
        for name in draw.sample(FIELDS, draw.randrange(4)):
            changed[name] = draw.choice([0, 1, 5, 6, 7, 34, 35, 36, 42, 43, 44, 68, 69, 70, 79, 80, 81, 250, UNKNOWN])
        if changed.get("flags", 0) >= 128:
            series.append(ABSENT, draw.randrange(1, 6))
        else:
            series.append(bytes((GOOD | changed)[name] for name in FIELDS), draw.randrange(1, 6))
    assert set(told(series)) == walked(series)
    assert len(told(series)) == len(walked(series))


def test_a_series_in_order_has_no_causes() -> None:
    assert findings(made((360, {}))) == []
    assert findings(Series(OF, NINE)) == []
    assert means(made((9, {}))) == rules.Means(0.0, 0.0, 4.2, 31.0, 1447.2, 2047.0)
    assert means(Series(OF, NINE)) == rules.Means(None, None, None, None, None, None)


def test_a_line_that_loses_packets_for_a_while_is_told_with_its_measure() -> None:
    series = made((6, {}), (10, {"up": 16}), (2, {}), (20, {"up": 20}), (9, {}))
    assert findings(series) == [
        Finding("up", NINE + timedelta(minutes=1), NINE + timedelta(seconds=380), 30 / 32, 9.3, 10.0)
    ]


def test_one_sample_says_nothing_and_four_good_ones_end_a_time() -> None:
    assert told(made((5, {}), (1, {"down": 40}), (5, {}))) == []
    assert told(made((2, {"down": 40}), (3, {}), (2, {"down": 40}))) == [("down", 0, 7)]
    assert told(made((2, {"down": 40}), (4, {}), (2, {"down": 40}))) == [("down", 0, 2), ("down", 6, 8)]


@pytest.mark.parametrize(
    ("changed", "causes"),
    [
        ({"late": of_amount(60), "up": 30, "down": 30, "frozen": 200, "decode": 200}, ["server"]),
        ({"flags": Flag.TCP, "round_trip": of_amount(900), "jitter": of_amount(90)}, ["tcp", "delay"]),
        ({"flags": Flag.RELAY}, ["tcp"]),
        ({"down": 20, "frozen": of_amount(3000)}, ["down"]),
        ({"jitter": of_amount(60), "frozen": of_amount(3000)}, ["jitter"]),
        ({"picture": 0x23}, ["narrow-down"]),
        ({"picture": 0x03, "down": 60}, ["down"]),
        ({"flags": Flag.BANDWIDTH}, ["narrow-up"]),
        ({"flags": Flag.CPU}, ["device"]),
        ({"dropped": 60}, ["device"]),
        ({"flags": Flag.CAMERA, "camera": 0}, ["camera"]),
        ({"flags": Flag(0), "camera": 0}, []),
        ({"frozen": of_amount(2000)}, ["frozen"]),
        ({"flags": Flag.LIMITED, "frozen": UNKNOWN, "decode": UNKNOWN, "dropped": UNKNOWN}, ["limited"]),
    ],
)
def test_each_cause_stands_for_what_it_explains(changed: dict[Field, int], causes: list[Cause]) -> None:
    assert [each.cause for each in findings(made((3, {}), (6, changed), (6, {})))] == causes


def test_who_comes_back_was_disconnected_and_who_does_not_has_left() -> None:
    series = made((6, {}))
    series.append(ABSENT, 5)
    assert findings(series) == []
    series.append(bytes(GOOD[name] for name in FIELDS))
    assert told(series) == [("disconnected", 6, 11)]
