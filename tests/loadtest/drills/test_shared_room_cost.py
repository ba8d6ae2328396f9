"""The drill `shared-room-cost`: what workers say of themselves, what is reckoned to 1,000 points, and its verdict."""

from typing import Any

import pytest

from loadtest.drills.shared_room_cost import COUNTERS, Measured, holds, parse, report, since

METRICS = """# TYPE diemcau_media_cpu_seconds counter
diemcau_media_cpu_seconds_total{worker="media-0"} 12.5
diemcau_media_cpu_seconds_total{worker="media-1"} 3.0
# TYPE diemcau_media_peers gauge
diemcau_media_peers{worker="media-0"} 10
"""


def measured(cpu_s: list[float], pictures: list[int], cameras: int = 0, lost: int = 0) -> Measured:
    """Return ten seconds of 40 points on some workers, of which the first composes for 2 s of CPU and encodes for 1 s,
    and each mixes for 0.1 s."""
    names = [f"media-{number}" for number in range(len(cpu_s))]

    def each(values: list[float]) -> dict[str, float]:
        return dict(zip(names, values, strict=True))

    others = [0.0] * (len(names) - 1)
    counted = {
        "cpu_s": each(cpu_s),
        "compose_s": each([2.0, *others]),
        "encode_s": each([1.0, *others]),
        "mix_s": each([0.1] * len(names)),
        "pictures": each([*map(float, pictures)]),
    }
    gauges = {
        "peers": each([40 / len(names)] * len(names)),
        "cameras": each([float(cameras), *others]),
        "renditions": each([float(len(others)), *others]),
    }
    return Measured(10.0, 40, counted, gauges, 10_000 - lost, lost)


def test_counters_of_each_worker_are_read_and_only_their_growth_counts() -> None:
    before = parse(METRICS, COUNTERS)
    assert before["cpu_s"] == {"media-0": 12.5, "media-1": 3.0}
    assert before["pictures"] == {}
    after = parse(METRICS.replace("12.5", "14.0"), COUNTERS)
    assert since(before, after)["cpu_s"] == {"media-0": 1.5, "media-1": 0.0}


def test_what_a_point_costs_is_reckoned_to_a_thousand_and_what_pipes_cost_is_not() -> None:
    found = report(measured([7.1], [250]), measured([4.0, 1.2, 1.2, 1.4], [250, 0, 0, 0], cameras=27))
    assert found["reckoned"] == {
        "points": 1000,
        "workers": 4,
        "point_pct": 1.0,
        "pipes_pct": 4.0,
        "on_one_pct": 1031.0,
        "on_all_pct": 1038.0,
        "cpu_ratio": 1.007,
    }
    assert (found["cpu_ratio"], found["encoded_ratio"], found["cameras_most"]) == (1.099, 1.0, 27)
    assert found["shared"]["points_at_each"] == [10, 10, 10, 10]
    assert holds({"rounds": [found]})


@pytest.mark.parametrize(
    "shared",
    [
        measured([5.0, 2.0, 2.0, 2.0], [250, 250, 0, 0]),  # two workers encode
        measured([5.0, 1.2, 1.2, 1.4], [280, 0, 0, 0]),  # one encodes something twice
        measured([4.0, 1.2, 1.2, 1.4], [250, 0, 0, 0], cameras=28),  # a camera goes twice to a worker
        measured([4.0, 1.2, 1.2, 1.4], [250, 0, 0, 0], lost=10),
        measured([20.0, 1.2, 1.2, 1.4], [250, 0, 0, 0]),  # dear
    ],
)
def test_the_drill_fails_where_something_goes_twice_is_lost_or_costs_more(shared: Measured) -> None:
    found: dict[str, Any] = report(measured([7.1], [250]), shared)
    assert not holds({"rounds": [found]})
