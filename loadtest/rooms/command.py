"""`python -m loadtest rooms` has room systems call a whole server, or be called, and checks both sides of each call.

Eight lanes at once by default, each with a meeting of its own and a host that receives what a browser does. With
`--output` outcomes are kept in a file, and a run that was interrupted goes on where it ended.
"""

import argparse
import asyncio
import logging
import socket
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from loadtest.endpoint.reconnecting import JOIN_ERRORS
from loadtest.load import procfs
from loadtest.media.library import MediaLibrary
from loadtest.progress import PrintLine
from loadtest.rooms import baresip, crowd
from loadtest.rooms.crowd import CrowdPlan
from loadtest.rooms.kinds import FAILURES, KINDS, CallKind, place
from loadtest.rooms.lane import CODECS, LOOPBACK, OFFERED, CallContext, Lane, Seats, SipPorts, assign, open_lane
from loadtest.rooms.leg_cost import LegCost
from loadtest.rooms.outcomes import CallOutcome, Outcomes
from loadtest.server.accounts import create_point_accounts, points
from loadtest.server.process import free_port, temporary_server
from loadtest.server.rest_client import Refused
from signaling.app import tls
from signaling.app.services import utc_now

CROWD = "crowd"
LANE_ERRORS = (*FAILURES, *JOIN_ERRORS, Refused)
"""Errors of a lane that cannot be opened or closed."""
FILM_S = 60
"""Length of the film that each call begins anew: longer than a call that passes."""


@dataclass(frozen=True, slots=True)
class RoomsPlan:
    """Number of calls of each kind, of calls at once, the file of outcomes, and rooms in one meeting at once."""

    calls: int
    kinds: tuple[str, ...]
    at_once: int
    output: Path | None
    crowd: CrowdPlan | None


def parse(words: Sequence[str]) -> tuple[RoomsPlan, bool]:
    """Parse the command's arguments: the plan, and whether JSON is wanted."""
    parser = argparse.ArgumentParser(prog="python -m loadtest rooms", description=__doc__)
    kinds_help = f"some of {', '.join(KINDS)} (default all of these), and {CROWD}: many rooms in one meeting at once"
    parser.add_argument("kinds", nargs="*", metavar="kind", help=kinds_help)
    parser.add_argument("--calls", type=int, default=8, help="of each kind (default 8)")
    parser.add_argument("--at-once", type=int, default=8, help="calls at the same time (default 8)")
    parser.add_argument("--counted", type=int, default=30, help=f"rooms of a {CROWD} that are counted (default 30)")
    parser.add_argument("--seen", type=int, default=6, help="and those that see and hear and are seen (default 6)")
    parser.add_argument("--output", type=Path, help="file of outcomes, JSON lines: a later run goes on from there")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    arguments = parser.parse_args(words)
    if unknown := set(arguments.kinds) - {*KINDS, CROWD}:
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    if min(arguments.calls, arguments.at_once, arguments.counted, arguments.seen) < 1:
        parser.error("--calls, --at-once, --counted and --seen are 1 at least")
    kinds = tuple(each for each in arguments.kinds or KINDS if each != CROWD)
    many = CrowdPlan(arguments.counted, arguments.seen) if CROWD in arguments.kinds else None
    at_once = min(arguments.calls, arguments.at_once)
    return RoomsPlan(arguments.calls, kinds, at_once, arguments.output, many), arguments.json


async def run(plan: RoomsPlan, progress: PrintLine) -> Outcomes:
    """Start a server and place the calls that are still to be placed; return all outcomes."""
    outcomes, library = Outcomes(plan.output), MediaLibrary()
    await library.prepare_shared(CODECS, OFFERED.layers)
    ports = SipPorts(free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM))
    with tempfile.TemporaryDirectory(prefix="diemcau-rooms-") as directory:
        folder = Path(directory)
        film, certificate = await baresip.film(folder / "room.mp4", seconds=FILM_S), _certify(folder)
        settings = {
            "DIEMCAU_SIP_HOST": LOOPBACK,
            "DIEMCAU_SIP_PORT": str(ports.port),
            "DIEMCAU_SIP_TLS": directory,
            "DIEMCAU_SIP_TLS_PORT": str(ports.tls_port),
            "DIEMCAU_H323_PORT": str(ports.h323_port),
        }
        rated = 2 * max(plan.at_once, plan.crowd.counted + plan.crowd.seen if plan.crowd else 0)
        async with temporary_server(rated, logging.getLogger(__name__).debug, **settings) as server:
            context = CallContext(server, ports, library, folder, film, certificate)
            cost = LegCost(lambda: procfs.usage(server.pid).cpu_s)
            logins = await create_point_accounts(server.environ, 2 * plan.at_once)
            lanes = assign(await points(server.environ), logins, plan.at_once)
            for name in plan.kinds:
                todo = iter(range(plan.calls - outcomes.tried(name)))
                await asyncio.gather(*(_place_calls(context, seats, name, todo, outcomes, cost) for seats in lanes))
                progress(f"{name}: {outcomes.tried(name) - outcomes.failed(name)} of {outcomes.tried(name)}")
            if plan.crowd is not None:
                rooms = plan.crowd.counted + plan.crowd.seen
                seats = assign(await points(server.environ), logins[:1] * 2 * rooms, rooms)
                outcomes.crowd = await crowd.run(context, seats, plan.crowd)
    return outcomes


def _certify(folder: Path) -> Path:
    """Write a certificate of the gateway and of the room systems into a folder; return it with its key in one file, as
    baresip reads it. Raises OSError."""
    tls.context(folder, [LOOPBACK], utc_now())
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both


async def _place_calls(
    context: CallContext, seats: Seats, name: str, todo: Iterator[int], outcomes: Outcomes, cost: LegCost
) -> None:
    """Place calls in one lane while there are any; after a failure the lane is opened anew.

    A lane that cannot be opened counts as a call that failed.
    """
    kind = KINDS[name]
    while next(todo, None) is not None:
        try:
            async with open_lane(context, seats, kind.setup) as lane:
                await _place_until_failure(kind, lane, name, todo, outcomes, cost)
        except LANE_ERRORS as error:
            if (task := asyncio.current_task()) is not None and task.cancelling():  # the run ends: no call failed
                raise asyncio.CancelledError from error
            first, _, rest = (str(error) or type(error).__name__).partition("\n")
            outcomes.add(name, CallOutcome(failure=f"no meeting: {first}", detail=rest))


async def _place_until_failure(
    kind: CallKind, lane: Lane, name: str, todo: Iterator[int], outcomes: Outcomes, cost: LegCost
) -> None:
    """Place the call that is due, and all further ones until one fails."""
    while True:
        with cost.call() as percent:
            outcome = await place(kind, lane)
            outcomes.add(name, outcome if outcome.failure else replace(outcome, cpu_pct_per_leg=percent()))
        if outcome.failure or next(todo, None) is None:
            return
