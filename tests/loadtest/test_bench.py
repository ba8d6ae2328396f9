"""The figures beside their limits."""

import time

from loadtest import limits
from loadtest.bench import table
from loadtest.paced import beats

FIGURES = {
    "forward_us_per_packet": {"10": 9.0, "30": 6.0, "60": 5.0},
    "forward_limit_us_per_packet": {"10": 2.0, "30": 2.1, "60": 2.2},
    "forward_paced_limit_us_per_packet": {"10": 4.0, "30": 4.1, "60": 4.2},
    "compose_core_pct": 22.5,
    "compose_floor_core_pct": 17.5,
    "compose_paced_floor_core_pct": 21.5,
    "mix30_core_pct": 11.0,
    "mix30_limit_core_pct": 4.0,
    "mix30_paced_limit_core_pct": 6.0,
    "join_cpu_ms": 4.5,
    "memory_per_receiver_kb": 147,
    "conditions": {
        "cpu": "AMD EPYC", "cores": 2, "python": "3.11.7", "kernel": "6.18", "seconds": 20.0, "rounds": 3,
        "load_average": 0.5, "date": "2026-11-25",
    },
}  # fmt: skip


def test_the_table_sets_each_figure_beside_its_limit_and_its_reach() -> None:
    head, line, *lines = table(FIGURES).splitlines()[:9]
    assert line.count("|") == head.count("|")
    rows = [[cell.strip() for cell in line.strip("|").split("|")][:5] for line in lines]
    assert rows == [
        ["forward, 1 to 10: µs per packet", "9.0", "2.0", "4.0", "≤ 7"],
        ["forward, 1 to 30: µs per packet", "6.0", "2.1", "4.1", "≤ 5"],
        ["forward, 1 to 60: µs per packet", "5.0", "2.2", "4.2", "≤ 4.5"],
        ["16 × H.264 640x360@25 composed to 720p25, core-%", "22.5", "17.5", "21.5", "≤ 25"],
        ["mix of 30 senders, core-%", "11.0", "4.0", "6.0", "≤ 10"],
        ["join (seat, SDP, ICE, DTLS), ms", "4.5", "–", "–", "≤ 4"],
        ["memory per receiver, KiB", "147", "–", "–", "≤ 150"],
    ]


def test_the_plain_limits_are_measured() -> None:
    assert limits.forward_us(2) > 0
    assert limits.mix_pct(6, 1) > 0


def test_what_is_paced_comes_at_its_multiples_and_not_before() -> None:
    began = time.monotonic()
    came = [(number, time.monotonic() - began) for number in beats(3, 0.05)]
    assert [number for number, _ in came] == [0, 1, 2]
    assert all(at >= number * 0.05 for number, at in came)
