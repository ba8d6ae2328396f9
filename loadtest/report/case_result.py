"""Collects the figures of one case for the report."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from loadtest.load.cases import COMPOSED_HEIGHT, Case
from loadtest.load.meter import Measured, quantile, spread
from loadtest.load.runner import WISH, LoadRunner
from loadtest.report.capacity_proposal import Sample
from loadtest.report.verdict import judge, passed


def result(
    case: Case,
    runner: LoadRunner,
    measured: Measured,
    joins: Sequence[float],
    steps: list[dict[str, Any]],
    kill: dict[str, Any] | None,
) -> dict[str, Any]:
    """Return all figures of a case, verdicts included; `joins` are seconds, `kill` the outcome of a killed worker."""
    got, processes = measured.got, measured.spent.processes
    rates = sorted(each.pictures_per_s for each in got)
    received, lost = sum(each.received for each in got), sum(each.lost for each in got)
    figures: dict[str, Any] = {
        "word": case.word,
        "title": asdict(case.title),
        "scale": case.scale,
        "asked": {"sizes": list(case.sizes), "cameras": sum(case.sizes), "layers": WISH.layers},
        "reached": running(runner),
        "steps": steps,
        "expected": sum(case.sizes),
        "joined": len(joins),
        "failures": runner.failures,
        "join_s": spread(joins),
        "joins_s": [round(each, 2) for each in sorted(joins)],
        "seconds": round(measured.seconds, 1),
        "connected": sum(each.connected for each in got),
        "pictures_per_s": {
            "median": round(quantile(rates, 0.5), 1),
            "p5": round(quantile(rates, 0.05), 1),
            "least": round(min(rates, default=0.0), 1),
        },
        "lines": {
            "wanted": COMPOSED_HEIGHT,
            "points": sum(each.fewest_lines >= COMPOSED_HEIGHT for each in got),
            "of": len(got),
            "least": min((each.fewest_lines for each in got), default=0),
        },
        "rates": [round(each, 1) for each in rates],
        "received": received,
        "lost": lost,
        "loss_pct": round(100 * lost / max(1, received + lost), 3),
        "sound": {
            "gaps": sum(each.sound_gaps for each in got),
            "points_with_gaps": sum(each.sound_gaps > 0 for each in got),
            "longest_ms": round(1000 * max((each.sound_pause_s for each in got), default=0.0)),
        },
        "picture_pause_s": round(max((each.picture_pause_s for each in got), default=0.0), 2),
        "server": {
            "cpu_pct": round(measured.spent.server_pct, 1),
            "memory_mb": round(sum(p.memory_mb for p in processes), 1),
            "processes": [
                {"name": p.name, "cpu_pct": round(p.cpu_pct, 1), "memory_mb": round(p.memory_mb, 1)} for p in processes
            ],
        },
        "machine": machine(measured),
        "kill": kill,
    }
    return figures | {"verdicts": judge(figures), "whole": whole(figures)}


def whole(figures: dict[str, Any]) -> bool:
    """Return True if all of a case ran."""
    asked, reached = figures["asked"], figures["reached"]
    return ({name: reached[name] for name in asked}, figures["scale"]) == (asked, 1)


def counts(figures: dict[str, Any]) -> bool:
    """Return True if a case may be used for costs: it met everything, and all cameras sent all layers."""
    asked, reached = figures["asked"], figures["reached"]
    full = (reached["cameras"], reached["layers"], figures["scale"]) == (reached["points"], asked["layers"], 1)
    return full and passed(figures)


def sample(figures: dict[str, Any]) -> Sample:
    """Return the case as a sample for the costs of meetings and points."""
    reached = figures["reached"]
    return Sample(len(reached["sizes"]), reached["points"], figures["server"]["cpu_pct"])


def running(runner: LoadRunner) -> dict[str, Any]:
    """Return the running load."""
    return {
        "sizes": runner.sizes,
        "points": len(runner.seated),
        "cameras": runner.cameras,
        "layers": runner.load.layers,
    }


def machine(measured: Measured) -> dict[str, Any]:
    """Return the CPU of each group of processes, in percent of a core."""
    spent = measured.spent
    return {
        "server_pct": round(spent.server_pct, 1),
        "endpoints_pct": round(spent.endpoints_pct, 1),
        "others_pct": round(spent.others_pct, 1),
        "idle_pct": round(spent.idle_pct, 1),
    }


def summary(report: dict[str, Any]) -> str:
    """A few lines for the terminal."""
    lines = []
    for case in report["cases"]:
        failed = [verdict["word"] for verdict in case["verdicts"] if not verdict["passed"]]
        reached = case["reached"]
        lines.append(
            f"({case['word']}) {case['joined']}/{case['expected']} joined, {reached['cameras']} cameras of "
            f"{reached['layers']} layers in {len(reached['sizes'])} conferences, "
            f"{case['pictures_per_s']['median']} pictures/s, server {case['server']['cpu_pct']} % of a core: "
            + (f"not met: {', '.join(failed)}" if failed else "passed" if case["whole"] else "passed as far as it went")
        )
    if proposed := report["proposal"]:
        lines.append(f"proposed capacity: {proposed['sessions']} sessions, {proposed['points']} points")
    else:
        lines.append("proposed capacity: none, for no case met everything with all points, cameras and layers")
    return "\n".join(lines)
