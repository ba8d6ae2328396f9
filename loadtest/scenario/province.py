"""`python -m loadtest province`: runs the five cases of a province on a server that it starts, and proposes a capacity.

The endpoints share the machine with the server, so the server's CPU is taken from /proc, process by process, and the
load is made lighter until the machine has some CPU left; the report says what was left out.
"""

import asyncio
import json
import logging
import platform
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loadtest.load.cases import CASES, Case, Load
from loadtest.load.meter import CORES, Measurement, measure
from loadtest.load.runner import OFFERED, Attendee, LoadRunner
from loadtest.load.worker_kill import kill
from loadtest.media.library import MediaLibrary
from loadtest.progress import PrintLine
from loadtest.report.capacity_proposal import propose
from loadtest.report.case_result import cost_sample, counts_for_proposal, machine, result, running_load
from loadtest.report.html_page import page
from loadtest.scenario import server_costs
from loadtest.server import accounts
from loadtest.server.booking import is_guest
from loadtest.server.process import Server, temporary_server
from loadtest.server.rest_client import Client
from scheduler.core.model import OTHER_AGENCY
from signaling.app.admin_cli import NewAccount

TECHNICIAN = NewAccount("loadtest-technician", "Kỹ thuật trung tâm", ("technician",))
GUESTS = 71
"""Other agencies beside the 169 points (docs/admission.md, Capacity of a province): case (e) seats 240."""
SETTLE_S = 5.0
"""Seconds until layers and m-lines have settled after joins, or after a lighter load."""
TRIAL_S = 3.0
FULL_PCT = 95.0
"""Percent of all cores used by server and endpoints, or of the endpoints' one core, above which the machine is full."""
LEAST_RATE = 24.0
"""Median of received pictures a second, below which the machine is full."""
NEED = (16, 204)
"""Meetings and points that a province has at once: 80 % of a maximum of 20 and 256 (docs/admission.md)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProvinceSettings:
    """Cases to run, media workers, measured seconds of each case, and the `share` of the cores the server may use."""

    cases: tuple[Case, ...] = CASES
    workers: int = 3
    seconds: float = 15.0
    share: float = 0.8
    layers: int = OFFERED.layers
    """Camera layers with which the first case begins."""
    costs: bool = True
    """Whether to measure what a session costs, too."""


async def run(
    settings: ProvinceSettings, progress: PrintLine, save: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Run all cases on one server, then measure the costs of a session; return the report.

    `save` receives the report so far after each case.
    """
    library = MediaLibrary()
    await library.prepare_shared(("H264",), OFFERED.layers)
    progress(f"starting a server with {settings.workers} media workers")
    most = max([server_costs.POINTS, *(sum(case.sizes) for case in settings.cases)])
    async with (
        temporary_server(1000, log.debug, DIEMCAU_WORKERS=str(settings.workers), DIEMCAU_MAX_SESSIONS="100") as server,
        signed_in_attendees(server, most, progress) as (centre, attendees),
    ):
        runner = CaseRun(settings, server, library, attendees, centre, progress)
        for case in settings.cases:
            await runner.run(case)
            save(runner.report())
        if not settings.costs:
            return runner.report()
        costs = await server_costs.run(server, library, attendees, centre, settings.seconds, progress)
    return runner.report() | {"costs": costs}


@asynccontextmanager
async def signed_in_attendees(
    server: Server, count: int, progress: PrintLine
) -> AsyncIterator[tuple[Client, list[Attendee]]]:
    """Yield a central technician and `count` signed-in accounts, one for each point of the province and of guests."""
    await accounts.add_units(server.environ, _guests())
    logins = await accounts.create_point_accounts(server.environ, count)
    (technician,) = await accounts.create_accounts(server.environ, [TECHNICIAN])
    async with AsyncExitStack() as stack:
        centre = await stack.enter_async_context(Client(server.url))
        await centre.login(*technician)
        attendees = []
        for login in logins:
            client = await stack.enter_async_context(Client(server.url))
            point = (await client.login(*login))["point"]["id"]
            attendees.append(Attendee(client, point, await is_guest(centre, point)))
        progress(f"{len(attendees)} accounts signed in")
        yield centre, attendees


def _guests() -> str:
    """Return a units file of guests: agencies that are no province's, district's or commune's (level `khac`)."""
    units = [
        {"id": f"tai.{at:02}", "name": f"Đơn vị mời {at}", "level": OTHER_AGENCY, "point": f"DonViMoi{at:02}"}
        for at in range(1, GUESTS + 1)
    ]
    return json.dumps({"units": units}, ensure_ascii=False)


class CaseRun:
    """Runs one case after the other; each begins with the load to which an earlier one was lightened."""

    def __init__(
        self,
        settings: ProvinceSettings,
        server: Server,
        library: MediaLibrary,
        attendees: Sequence[Attendee],
        centre: Client,
        progress: PrintLine,
    ) -> None:
        self._settings = settings
        self._server = server
        self._library = library
        self._attendees = attendees
        self._centre = centre
        self._progress = progress
        self._loads: dict[tuple[int, ...], Load] = {}
        self._results: list[dict[str, Any]] = []

    def report(self) -> dict[str, Any]:
        """Return the report of all cases run so far."""
        proposed = proposal(self._results, self._settings.share)
        return {"cases": self._results, "proposal": proposed, "conditions": conditions(self._settings)}

    async def run(self, case: Case) -> None:
        """Run a case: join, lighten the load until the machine keeps up, measure, kill a worker if asked for, leave."""
        runner = LoadRunner(case, self._library, self._beginning(case), self._centre)
        self._progress(f"({case.name}) {case.title.en}: {sum(case.sizes)} points join")
        try:
            await runner.join(self._attendees)
            joins = [each.join_s for each in runner.seated]
            self._progress(f"({case.name}) {len(joins)} of {sum(case.sizes)} joined")
            await asyncio.sleep(SETTLE_S)
            steps = await _lighten_until_it_fits(runner, case, self._server, self._progress)
            self._loads[case.sizes] = runner.load
            measured = await measure(runner, self._server.pid, self._settings.seconds)
            lost = await kill(runner, measured, self._server.pid, self._progress) if case.kill else None
            self._results.append(result(case, runner, measured, joins, steps, lost))
        finally:
            await runner.leave()

    def _beginning(self, case: Case) -> Load:
        if case.sizes in self._loads:
            return self._loads[case.sizes]
        layers = min((load.layers for load in self._loads.values()), default=self._settings.layers)
        return Load(len(case.sizes), layers)


async def _lighten_until_it_fits(
    runner: LoadRunner, case: Case, server: Server, progress: PrintLine
) -> list[dict[str, Any]]:
    """Make the load lighter until the machine has some CPU left; return the figures of each step."""
    steps = []
    while True:
        trial = await measure(runner, server.pid, TRIAL_S)
        lighter = runner.load.lighter(case.shrink)
        steps.append({**running_load(runner), "pictures_per_s": round(trial.median_rate, 1), **machine(trial)})
        if not _full(trial) or lighter is None:
            return steps
        progress(f"({case.name}) the machine is full at {trial.median_rate:.1f} pictures/s: {_describe(lighter)}")
        await runner.apply(lighter)
        await asyncio.sleep(SETTLE_S)


def _full(measured: Measurement) -> bool:
    """Return True if the machine or the endpoints' one core had no CPU left, or pictures came too slowly."""
    spent = measured.cpu
    taken = max((spent.server_pct + spent.endpoints_pct) / CORES, spent.endpoints_pct)
    return taken > FULL_PCT or measured.median_rate < LEAST_RATE


def _describe(load: Load) -> str:
    return f"{load.meetings} meetings, {load.layers} layers, {load.share:.0%} of the unseen cameras"


def proposal(cases: Sequence[dict[str, Any]], share: float) -> dict[str, Any] | None:
    """Return the capacity to propose, and the cores a whole province would need; None if no case ran in full.

    A case that missed a criterion, or ran lightened or on a smaller scale, does not count: media that did not come cost
    nothing.
    """
    counted = [case for case in cases if counts_for_proposal(case)]
    if not counted:
        return None
    found = propose([cost_sample(case) for case in counted], CORES, share)
    figures = {name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(found).items()}
    cores = found.cores_for(*NEED, share)
    need = {"sessions": NEED[0], "points": NEED[1], "cores": cores and round(cores, 1)}
    made_of = {"share": share, "cases": [case["word"] for case in counted]}
    return {"sessions": found.max_sessions, "points": found.max_points, **made_of, "why": figures, "need": need}


def conditions(settings: ProvinceSettings) -> dict[str, Any]:
    """Return the conditions that the figures hold for."""
    return {
        "cores": CORES,
        "workers": settings.workers,
        "machine": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "seconds": settings.seconds,
        "scale": min(case.scale for case in settings.cases),
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def write(report: dict[str, Any], folder: Path, name: str = "province") -> None:
    """Write the report as JSON and as a page."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, indent=1, ensure_ascii=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    (folder / f"{name}.html").write_text(page(report), encoding="utf-8")
