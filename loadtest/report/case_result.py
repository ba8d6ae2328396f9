"""Collects the figures of one case for the report."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from loadtest.load.cases import COMPOSED_HEIGHT, Case
from loadtest.load.meter import Measurement, quantile, spread
from loadtest.load.runner import OFFERED, LoadRunner
from loadtest.report.capacity_proposal import Sample
from loadtest.report.verdict import judge, passed


def result(
    case: Case,
    runner: LoadRunner,
    measured: Measurement,
    joins: Sequence[float],
    steps: list[dict[str, Any]],
    kill: dict[str, Any] | None,
) -> dict[str, Any]:
    """Return all figures of a case with its verdicts. `joins` are seconds to join, `steps` the loads that were tried,
    `kill` the outcome of a killed worker."""
    endpoints, processes = measured.endpoints, measured.cpu.processes
    rates = sorted(each.pictures_per_s for each in endpoints)
    received, lost = sum(each.received for each in endpoints), sum(each.lost for each in endpoints)
    figures: dict[str, Any] = {
        "word": case.name,
        "title": asdict(case.title),
        "scale": case.scale,
        "asked": {"sizes": list(case.sizes), "cameras": sum(case.sizes), "layers": OFFERED.layers},
        "reached": running_load(runner),
        "steps": steps,
        "expected": sum(case.sizes),
        "joined": len(joins),
        "failures": runner.failures,
        "join_s": spread(joins),
        "joins_s": [round(each, 2) for each in sorted(joins)],
        "seconds": round(measured.seconds, 1),
        "connected": sum(each.connected for each in endpoints),
        "pictures_per_s": {
            "median": round(quantile(rates, 0.5), 1),
            "p5": round(quantile(rates, 0.05), 1),
            "least": round(min(rates, default=0.0), 1),
        },
        "lines": {
            "wanted": COMPOSED_HEIGHT,
            "points": sum(each.whole for each in endpoints),
            "of": len(endpoints),
            "least": min((each.lowest_height for each in endpoints if not each.tiles), default=COMPOSED_HEIGHT),
        },
        "forwarded": sum(each.tiles > 0 for each in endpoints),
        "rates": [round(each, 1) for each in rates],
        "received": received,
        "lost": lost,
        "loss_pct": round(100 * lost / max(1, received + lost), 3),
        "sound": {
            "gaps": sum(each.sound_gaps for each in endpoints),
            "points_with_gaps": sum(each.sound_gaps > 0 for each in endpoints),
            "longest_ms": round(1000 * max((each.sound_pause_s for each in endpoints), default=0.0)),
        },
        "picture_pause_s": round(max((each.picture_pause_s for each in endpoints), default=0.0), 2),
        "server": {
            "cpu_pct": round(measured.cpu.server_pct, 1),
            "memory_mb": round(sum(p.memory_mb for p in processes), 1),
            "processes": [
                {"name": p.name, "cpu_pct": round(p.cpu_pct, 1), "memory_mb": round(p.memory_mb, 1)} for p in processes
            ],
        },
        "machine": machine(measured),
        "kill": kill,
    }
    return figures | {"verdicts": judge(figures), "whole": ran_in_full(figures)}


def ran_in_full(figures: dict[str, Any]) -> bool:
    """Return True if all points, cameras and layers of a case ran."""
    planned, reached = figures["asked"], figures["reached"]
    return ({name: reached[name] for name in planned}, figures["scale"]) == (planned, 1)


def counts_for_proposal(figures: dict[str, Any]) -> bool:
    """Return True if a case may be used for costs: it met all criteria, and all its cameras sent all layers."""
    planned, reached = figures["asked"], figures["reached"]
    full = (reached["cameras"], reached["layers"], figures["scale"]) == (reached["points"], planned["layers"], 1)
    return full and passed(figures)


def cost_sample(figures: dict[str, Any]) -> Sample:
    """Return the case as a sample for the costs of meetings and points."""
    reached = figures["reached"]
    return Sample(len(reached["sizes"]), reached["points"], figures["server"]["cpu_pct"])


def running_load(runner: LoadRunner) -> dict[str, Any]:
    """Return the size of each running meeting, and the points, cameras and layers of all."""
    return {
        "sizes": runner.sizes,
        "points": len(runner.seated),
        "cameras": runner.cameras,
        "layers": runner.load.layers,
    }


def machine(measured: Measurement) -> dict[str, Any]:
    """Return the CPU of each group of processes, in percent of a core."""
    spent = measured.cpu
    return {
        "server_pct": round(spent.server_pct, 1),
        "endpoints_pct": round(spent.endpoints_pct, 1),
        "others_pct": round(spent.others_pct, 1),
        "idle_pct": round(spent.idle_pct, 1),
    }
