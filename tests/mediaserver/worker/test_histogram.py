"""The histogram of a worker's lateness."""

from mediaserver.worker.histogram import Histogram


def test_a_value_counts_at_the_lowest_bound_that_it_does_not_exceed() -> None:
    histogram = Histogram((0.1, 0.5))
    for value in (0.0, 0.1, 0.2, 0.5, 0.6, 9.0):
        histogram.observe(value)
    assert histogram.stats == {"bounds": [0.1, 0.5], "counts": [2, 2, 2], "sum": 10.4}
