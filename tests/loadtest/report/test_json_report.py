"""The arithmetic of the report."""

import json
from dataclasses import replace

from loadtest.endpoint.receive_counters import Tally
from loadtest.load.procfs import Usage
from loadtest.report.json_report import Conditions, Outcome, PointResult, render, report

CONDITIONS = Conditions(2, 1, 2, "H264", 3, True, 2, "Linux", "3.11")
HOST = PointResult("UBND", "host", True, Tally(100, 1000, 100, 1), Tally(500, 5000, 50, 2))
COMPONENT = PointResult("Xa", "component", True, Tally(100, 1000, 100, 0), Tally(400, 4000, 46, 3))
OUTCOME = Outcome(2, 2.0, (HOST, COMPONENT), Usage(0.5, 100_500_000), CONDITIONS)


def test_sums_and_means() -> None:
    result = report(OUTCOME, detail=False)
    assert {key: result[key] for key in result if key != "conditions"} == {
        "joined": 2,
        "expected": 2,
        "received": 1100,
        "fps": 24.0,
        "server_cpu_s": 0.5,
        "server_rss_mb": 100.5,
        "lost": 6,
        "seconds": 2.0,
    }
    assert result["conditions"]["codec"] == "H264"


def test_a_point_that_lost_its_connection_does_not_count_as_joined() -> None:
    gone = replace(COMPONENT, connected=False, ended="lost")
    result = report(replace(OUTCOME, points=(HOST, gone), server=None), detail=True)
    assert (result["joined"], result["fps"], result["server_cpu_s"]) == (1, 25.0, None)
    assert result["points"][1]["ended"] == "lost"


def test_without_points_all_figures_are_zero() -> None:
    result = report(replace(OUTCOME, points=(), seconds=0.0, failures=("x: full",)), detail=True)
    assert (result["joined"], result["received"], result["fps"], result["failures"]) == (0, 0, 0.0, ["x: full"])


def test_detail_has_a_row_for_each_point_and_is_json() -> None:
    result = json.loads(json.dumps(report(OUTCOME, detail=True)))
    assert [row["name"] for row in result["points"]] == ["UBND", "Xa"]
    assert result["points"][0]["picture"] == {"packets": 500, "bytes": 5000, "frames": 50, "lost": 2}


def test_the_text_has_a_line_for_each_figure() -> None:
    assert render(report(OUTCOME, detail=True)).splitlines()[0] == "        joined  2"
