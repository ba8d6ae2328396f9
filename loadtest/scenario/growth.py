"""`python -m loadtest growth`: measures the CPU of the server with more and more points in one meeting.

Every point sends its lowest camera layer and its sound, and receives the same composed picture of sixteen tiles.
"""

from collections.abc import Sequence
from typing import Any

from loadtest.load.cases import Case, Text
from loadtest.report.svg_charts import Series, line_chart, svg_file

POINTS = (16, 40, 80, 120, 169)
HEADINGS = ("points", "cameras", "pictures/s", "CPU of the server", "µs per packet to a point", "memory", "join p95")


def cases(counts: Sequence[int]) -> tuple[Case, ...]:
    """Return one case for each number of points, of one meeting."""
    return tuple(Case(str(count), Text(f"{count} điểm cầu", f"{count} points"), (count,)) for count in counts)


def table(report: dict[str, Any]) -> str:
    """Return a table in Markdown."""
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(_row(case) for case in report["cases"])]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _row(case: dict[str, Any]) -> tuple[str, ...]:
    cpu, server = case["server"]["cpu_pct"], case["server"]
    per_packet = 1e4 * cpu * case["seconds"] / max(1, case["received"])
    return (
        str(case["joined"]),
        str(case["reached"]["cameras"]),
        f"{case['pictures_per_s']['median']:g}",
        f"{cpu:g} % of a core",
        f"{per_packet:.1f}",
        f"{server['memory_mb']:.0f} MB",
        f"{case['join_s']['p95']:g} s",
    )


def chart(report: dict[str, Any]) -> str:
    """Draw the server's CPU over the points as an SVG file."""
    line = [(float(case["joined"]), case["server"]["cpu_pct"]) for case in report["cases"]]
    return svg_file(line_chart("CPU of the server", [Series("CPU", line)], "points in one meeting", "% of a core"))
