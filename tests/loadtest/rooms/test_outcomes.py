"""Outcomes of calls: counted by kind, kept in a file, resumed."""

from pathlib import Path

from loadtest.rooms.outcomes import CallOutcome, Outcomes, spread


def test_calls_are_counted_by_kind_with_the_spread_of_their_times(tmp_path: Path) -> None:
    outcomes = Outcomes()
    assert not outcomes.passed
    outcomes.add("udp", CallOutcome(40, 900, cpu_pct_per_leg=4.25))
    outcomes.add("udp", CallOutcome(60, 700, latency_ms=90, keyframe_ms=7, room_keyframe_ms=35, cpu_pct_per_leg=6.5))
    outcomes.add("udp", CallOutcome(200, 800, fps_up=29.96, fps_down=24.5))
    assert outcomes.passed
    outcomes.add("tcp", CallOutcome(50, failure="the room is not seen"))
    assert outcomes.report() == {
        "kinds": {
            "udp": {
                "tried": 3,
                "passed": 3,
                "setup_ms": {"median": 60, "p95": 200, "max": 200},
                "picture_ms": {"median": 800, "p95": 900, "max": 900},
                "latency_ms": {"median": 90, "p95": 90, "max": 90},
                "keyframe_ms": {"median": 7, "p95": 7, "max": 7},
                "room_keyframe_ms": {"median": 35, "p95": 35, "max": 35},
                "cpu_pct_per_leg": {"median": 5.4, "p95": 6.5, "max": 6.5},
                "fps_up": {"median": 30.0, "p95": 30.0, "max": 30.0},
                "fps_down": {"median": 24.5, "p95": 24.5, "max": 24.5},
                "failures": [],
            },
            "tcp": {
                "tried": 1,
                "passed": 0,
                "setup_ms": {"median": 50, "p95": 50, "max": 50},
                "picture_ms": None,
                "latency_ms": None,
                "keyframe_ms": None,
                "room_keyframe_ms": None,
                "cpu_pct_per_leg": None,
                "fps_up": None,
                "fps_down": None,
                "failures": ["the room is not seen"],
            },
        }
    }
    assert not outcomes.passed
    assert outcomes.table().splitlines()[2:] == [
        "| udp | 3 | 3 | 60 (95 % 200, max 200) | 800 (95 % 900, max 900) | 90 (95 % 90, max 90) "
        "| 7 (95 % 7, max 7) | 35 (95 % 35, max 35) | 5.4 (95 % 6.5, max 6.5) | 30.0 (95 % 30.0, max 30.0) "
        "| 24.5 (95 % 24.5, max 24.5) |",
        "| tcp | 1 | 0 | 50 (95 % 50, max 50) | – | – | – | – | – | – | – |",
    ]


def test_the_95th_percentile_is_not_the_greatest_of_many() -> None:
    times = [*range(1, 101)]
    assert (spread(times), spread([]), spread([7.25], 1)) == (
        {"median": 50, "p95": 95, "max": 100},
        None,
        {"median": 7.2, "p95": 7.2, "max": 7.2},
    )


def test_a_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "rooms.jsonl"
    first = Outcomes(path)
    first.add("hold", CallOutcome(40, 900))
    first.add("hold", CallOutcome(failure="Không nghe thấy", detail="BYE\n503"))
    again = Outcomes(path)
    assert (again.tried("hold"), again.failed("hold"), again.tried("udp")) == (2, 1, 0)
    assert again.report() == first.report()


def test_a_crowd_passes_whole() -> None:
    outcomes = Outcomes()
    outcomes.crowd = {"counted": {"tried": 30, "passed": 30}, "seen": {"tried": 6, "passed": 6}}
    assert outcomes.passed and outcomes.report() == {"kinds": {}, "crowd": outcomes.crowd}
    assert outcomes.table().endswith('"seen": {"tried": 6, "passed": 6}}')
    outcomes.crowd = {"counted": {"tried": 30, "passed": 30}, "seen": {"tried": 6, "passed": 5}}
    assert not outcomes.passed


def test_a_flood_holds_or_does_not() -> None:
    outcomes = Outcomes()
    outcomes.flood = {"passed": True, "sound_hz": 50.0}
    assert outcomes.passed and outcomes.report() == {"kinds": {}, "flood": outcomes.flood}
    assert outcomes.table().splitlines()[-1] == 'flood: {"passed": true, "sound_hz": 50.0}'
    outcomes.flood = {"passed": False}
    assert not outcomes.passed
