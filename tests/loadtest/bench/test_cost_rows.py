"""The table of the benchmark."""

from typing import Any

from loadtest.bench.cost_rows import report

FIGURES: dict[str, Any] = {
    "forward_us_per_packet": {"10": 9.0, "30": 6.0, "60": 4.5},
    "forward_limit_us_per_packet": {"10": 2.0, "30": 2.1, "60": 2.2},
    "forward_paced_limit_us_per_packet": {"10": 4.0, "30": 4.1, "60": 4.2},
    "temporal_layers_us_per_packet": {"all": 1.4, "half": 1.5, "quarter": 1.6, "quarter_of_sent": 0.4},
    "compose_core_pct": 22.5,
    "compose_floor_core_pct": 17.5,
    "compose_paced_floor_core_pct": 20.0,
    "mix30_core_pct": 11.0,
    "mix30_limit_core_pct": 4.0,
    "mix30_paced_limit_core_pct": 6.0,
    "session_core_pct": {"points": 12, "forwarded": 2.4, "composed": 21.0},
    "receivers": {
        "count": 1000,
        "forwarded": {
            "core_pct": 60.0, "us_per_packet": 3.0, "sending_limit_core_pct": 50.1, "missing_pct": 0.099,
            "endpoints_pct": 30.2,
        },
        "composed": {
            "core_pct": 59.0, "us_per_packet": 3.4, "sending_limit_core_pct": 40.5, "missing_pct": 0.1,
            "endpoints_pct": 31.0,
        },
    },
    "join_cpu_ms": 4.5,
    "memory_per_receiver_kb": 147,
    "memory_per_receiver_of_tiles_kb": 401,
    "conditions": {
        "cpu": "AMD EPYC", "cores": 2, "python": "3.11.7", "kernel": "6.18", "seconds": 20.0, "rounds": 3,
        "load_average": 0.5, "date": "2026-11-25",
    },
}  # fmt: skip


def test_the_table_sets_each_figure_beside_its_limit_and_its_reach() -> None:
    head, line, *lines, empty, note = report(FIGURES).splitlines()
    assert (line.count("|"), empty) == (head.count("|"), "")
    assert [[cell.strip() for cell in line.strip("|").split("|")] for line in lines] == [
        ["forward, 1 to 10", "9.0 µs per packet", "≤ 7", "no", "plain limit 2.0, in rhythm 4.0"],
        ["forward, 1 to 30", "6.0 µs per packet", "≤ 5", "no", "plain limit 2.1, in rhythm 4.1"],
        ["forward, 1 to 60", "4.5 µs per packet", "≤ 4.5", "yes", "plain limit 2.2, in rhythm 4.2"],
        [
            "forward the lowest of three temporal layers, 1 to 60",
            *("0.4 µs per packet of the camera", "≤ 1.4", "yes", "1.6 per packet that is sent; with all layers 1.4"),
        ],
        [
            "16 × H.264 640x360@25 composed to 720p25",
            *("1.12 × the limit in rhythm", "≤ 1.2", "yes", "22.5 core-%; plain limit 17.5, in rhythm 20.0"),
        ],
        ["mix of 30 senders", "11.0 core-%", "≤ 10", "no", "plain limit 4.0, in rhythm 6.0"],
        ["a session of 12 points, each forwarded the others at 180 lines", "2.4 core-%", "≤ 2.5", "yes", "–"],
        ["a session of 12 points, composed for all", "21.0 core-%", "–", "–", "–"],
        [
            "one meeting, 1000 receivers that count: one camera",
            *("60.0 core-%, 0.099 % missing", "≤ 60, < 0.1 %", "yes"),
            "3.0 µs per packet; limit of sending alone 50.1 core-%; endpoints 30.2 core-%",
        ],
        [
            "one meeting, 1000 receivers that count: 16 cameras composed",
            *("59.0 core-%, 0.1 % missing", "≤ 60, < 0.1 %", "no"),
            "3.4 µs per packet; limit of sending alone 40.5 core-%; endpoints 31.0 core-%",
        ],
        ["join (seat, SDP, ICE, DTLS)", "4.5 ms", "≤ 4", "no", "–"],
        ["memory per receiver", "147 KiB", "≤ 150", "yes", "–"],
        ["memory per receiver with 16 m-lines for tiles", "401 KiB", "≤ 400", "no", "–"],
    ]
    assert note == "AMD EPYC, 2 cores, Python 3.11.7, Linux 6.18; 20 s each, median of 3, load 0.5, 2026-11-25."


def test_what_recording_adds_is_a_row_where_it_was_measured() -> None:
    session = FIGURES["session_core_pct"] | {"recorded": 2.1}
    assert "| a session of 12 points: recording its tracks, more | 2.1 core-% | ≤ 3 | yes | – |" in report(
        FIGURES | {"session_core_pct": session}
    )


def test_receivers_that_were_not_carried_are_a_row() -> None:
    many = FIGURES["receivers"] | {"composed": {"failure": "a receiver gets 2.0 pictures/s only"}}
    assert "composed | not carried: a receiver gets 2.0 pictures/s only | ≤ 60, < 0.1 % | no | – |" in report(
        FIGURES | {"receivers": many}
    )
