"""The costs of a session: read from a load test's report, recorded with the capacity, shown to who may see all."""

import json
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from signaling.app import admin_cli
from signaling.app.settings import Settings
from signaling.booking.session_costs import SessionCosts, read
from signaling.core.errors import BadInput
from tests.signaling.world import World

REPORT: dict[str, Any] = {
    "proposal": {"sessions": 20, "points": 256},
    "costs": {"points": 12, "forwarded_pct": 2.5, "composed_pct": 21, "recorded_pct": 0.0},
    "conditions": {"date": "2026-11-28T22:14:05Z", "machine": "Linux 6.1 x86_64", "cores": 2},
}
COSTS = SessionCosts(datetime(2026, 11, 28, 22, 14, 5, tzinfo=UTC), "Linux 6.1 x86_64", 2, 12, 2.5, 21.0, 0.0)


def changed(part: str, name: str, value: object) -> str:
    return json.dumps(REPORT | {part: REPORT[part] | {name: value}})


def test_costs_are_read_from_a_report_that_has_some() -> None:
    assert read(json.dumps(REPORT)) == COSTS
    assert read('{"proposal": {"sessions": 7, "points": 238}}') is None


@pytest.mark.parametrize(
    "report",
    [
        "",
        "[]",
        '{"costs": 7}',
        '{"costs": {}}',
        "[" * 100_000,
        changed("costs", "points", 0),
        changed("costs", "points", True),
        changed("costs", "composed_pct", -1),
        changed("costs", "composed_pct", "2.5"),
        changed("costs", "recorded_pct", float("nan")),
        changed("costs", "forwarded_pct", 10**400),
        changed("conditions", "cores", 1.5),
        changed("conditions", "date", "yesterday"),
    ],
)
def test_costs_that_cannot_be_read_are_refused(report: str) -> None:
    with pytest.raises(BadInput):
        read(report)


async def test_costs_recorded_with_the_capacity_are_shown(world: World, settings: Settings, tmp_path: Path) -> None:
    central = await world.signed_in("central")

    async def shown() -> Any:
        async with central.get("/api/v1/capacity/costs") as response:
            return await response.json()

    assert await shown() == {"session": None, "recordings": "afterwards"}
    report = tmp_path / "province.json"
    for text in (changed("costs", "recorded_pct", 9), json.dumps(REPORT)):  # the newest counts
        report.write_text(text)
        await admin_cli.run(settings, Namespace(admin="capacity", report=report))
    fields = {"machine": "Linux 6.1 x86_64", "cores": 2, "points": 12, "forwarded": 2.5, "composed": 21.0}
    session = {"measured": "2026-11-28T22:14:05Z", **fields, "recorded": 0.0}
    assert await shown() == {"session": session, "recordings": "afterwards"}
