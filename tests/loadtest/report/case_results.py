"""Results of load test cases, as reports are written from them."""

from typing import Any

from loadtest.report.verdict import judge


def figures(**changed: Any) -> dict[str, Any]:
    """Return a case as :func:`loadtest.report.case_result.result` does, with some figures changed."""
    case: dict[str, Any] = {
        "word": "d",
        "title": {"vi": "Mất một máy", "en": "A loss"},
        "scale": 1.0,
        "asked": {"sizes": [145, 15], "cameras": 160, "layers": 3},
        "reached": {"sizes": [145, 15], "points": 160, "cameras": 80, "layers": 1},
        "steps": [],
        "expected": 160,
        "joined": 160,
        "failures": [],
        "join_s": {"median": 0.2, "p95": 1.0, "max": 2.0},
        "joins_s": [0.1, 0.2],
        "pictures_per_s": {"median": 25.0, "p5": 24.9, "least": 24.0},
        "lines": {"wanted": 720, "points": 160, "of": 160, "least": 720},
        "rates": [24.0, 25.0],
        "received": 1000,
        "lost": 0,
        "loss_pct": 0.0,
        "sound": {"gaps": 0, "points_with_gaps": 0, "longest_ms": 40},
        "server": {
            "cpu_pct": 90,
            "memory_mb": 600,
            "processes": [{"name": "media-0", "cpu_pct": 90, "memory_mb": 600}],
        },
        "machine": {"server_pct": 90, "endpoints_pct": 50, "others_pct": 1, "idle_pct": 59},
        "kill": {
            "worker": "media-0",
            "expected": 160,
            "hit": 2,
            "back": 160,
            "back_s": {"median": 1.5, "p95": 2.0, "max": 2.0},
            "times_s": [1.5, 2.0],
        },
    } | changed
    return {"whole": False} | case | {"verdicts": judge(case)}


def report(*cases: dict[str, Any], proposal: dict[str, Any] | None = None) -> dict[str, Any]:
    machine = {"cores": 2, "workers": 3, "machine": "Linux", "python": "3.12", "seconds": 5.0, "date": "2026-11-25"}
    machine["scale"] = 1.0
    return {"cases": list(cases), "proposal": proposal, "conditions": machine}
