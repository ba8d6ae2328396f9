"""Makes the table that `python -m loadtest province` prints. Pure."""

from typing import Any

from loadtest.report.verdict import passed
from loadtest.table import Row, table

SERVER_PCT = {"a": 45, "c": 90, "e": 100}
"""The most percent of a core that the server should take in a case, all points with all cameras and layers."""
SESSIONS, POINTS = 20, 250
"""The least maximum that should be proposed on a machine of two cores, shared with the endpoints."""
RECORDED_PCT = 3


def summary(report: dict[str, Any]) -> str:
    """Return the table of a report: each case, the proposal, and what a session costs."""
    rows = [*map(_case, report["cases"]), _proposal(report["proposal"])]
    return table(rows + (_costs(report["costs"]) if report.get("costs") else []))


def _case(case: dict[str, Any]) -> Row:
    reached, pictures, cpu = case["reached"], case["pictures_per_s"], case["server"]["cpu_pct"]
    failed = [verdict["word"] for verdict in case["verdicts"] if not verdict["passed"]]
    beside = (
        f"{reached['cameras']} cameras of {reached['layers']} layers; {pictures['median']} pictures/s, poorest 5 % "
        f"{pictures['p5']}; {case['loss_pct']} % lost; endpoints {case['machine']['endpoints_pct']}, others "
        f"{case['machine']['others_pct']} % of a core"
    )
    if failed:
        beside += f"; not met: {', '.join(failed)}"
    most = SERVER_PCT.get(case["word"])
    figure = f"{case['joined']} of {case['expected']} points joined, "
    figure += f"{len(reached['sizes'])} of {len(case['asked']['sizes'])} meetings ran, {cpu} % of a core"
    reach = "all" if most is None else f"all, ≤ {most} % of a core"
    return Row(_title(case), figure, reach, _whole(case) and cpu <= (most or cpu), beside)


def _title(case: dict[str, Any]) -> str:
    return f"({case['word']}) {case['title']['en']}"


def _whole(case: dict[str, Any]) -> bool:
    """Return whether a case ran in full and met all criteria."""
    return bool(case["whole"]) and passed(case)


def _proposal(proposed: dict[str, Any] | None) -> Row:
    work, reach = "proposed capacity", f"≥ {SESSIONS} sessions, ≥ {POINTS} points"
    if proposed is None:
        return Row(work, "none: no case met everything with all points, cameras and layers", reach, reached=False)
    sessions, points = proposed["sessions"], proposed["points"]
    cases = ", ".join(f"({word})" for word in proposed["cases"])
    reached = sessions >= SESSIONS and points >= POINTS
    return Row(work, f"{sessions} sessions, {points} points", reach, reached, f"cases {cases}")


def _costs(costs: dict[str, Any]) -> list[Row]:
    held, recorded = f"a session of {costs['points']} points", costs["recorded_pct"]
    return [
        Row(f"{held}, forwarded", f"{costs['forwarded_pct']} % of a core"),
        Row(f"{held}, composed for all", f"{costs['composed_pct']} % of a core"),
        Row(f"{held}: recorded, more", f"{recorded} % of a core", f"≤ {RECORDED_PCT}", recorded <= RECORDED_PCT),
    ]
