"""`python -m loadtest rooms` has room systems call a whole server, or be called, and checks both sides of each call.

Eight lanes at once by default, each with a meeting of its own and a host that receives what a browser does. With
`--output` outcomes are kept in a file, and a run that was interrupted goes on where it ended.
"""

import argparse
import asyncio
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from loadtest.load import procfs
from loadtest.media.library import MediaLibrary
from loadtest.progress import PrintLine
from loadtest.rooms import baresip, crowd, flood
from loadtest.rooms.call import OTHER_COLOUR
from loadtest.rooms.certificates import RoomCertificates, by_authority, in_one_file
from loadtest.rooms.crowd import CrowdPlan
from loadtest.rooms.kinds.table import KINDS
from loadtest.rooms.lane import (
    CODECS,
    ELSEWHERE,
    LOOPBACK,
    OFFERED,
    PATIENCE_S,
    ROOM_COLOUR,
    CallContext,
    SipPorts,
    assign,
)
from loadtest.rooms.leg_cost import LegCost
from loadtest.rooms.outcomes import Outcomes
from loadtest.rooms.placing import Placing
from loadtest.server.accounts import create_point_accounts, points
from loadtest.server.ports import free_port
from loadtest.server.process import temporary_server
from mediaserver.transport.dscp import Dscp
from signaling.app import tls
from signaling.app.services import utc_now
from signaling.app.settings import own_addresses

CROWD, FLOOD = "crowd", "flood"
MARKS, OTHER_MARKS = Dscp(46, 34, 24), Dscp(40, 26, 32)
"""The marks of packets that are due without a setting (EF, AF41, CS3), and those of the second server."""
AT_ONCE = 8
FILM_S = 60
"""Length of the film that each call begins anew: longer than a call that passes."""
FULL_HD_FILM_S = 90
"""The same with 1080 lines."""


@dataclass(frozen=True, slots=True)
class RoomsPlan:
    """Number of calls of each kind, of calls at once, the file of outcomes, and rooms in one meeting at once.

    With `times`, delays and key frames are measured in each call. `flood_s`: seconds of a flood of INVITEs, 0 for none.
    """

    calls: int
    kinds: tuple[str, ...]
    at_once: int
    output: Path | None
    crowd: CrowdPlan | None
    times: bool = False
    flood_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ServerSetup:
    """A server: the folder of its certificate for SIP over TLS, those of room systems, and the marks of its packets."""

    tls: Path
    certificates: RoomCertificates
    marks: Dscp


def parse(words: Sequence[str]) -> tuple[RoomsPlan, bool]:
    """Parse the command's arguments: the plan, and whether JSON is wanted."""
    parser = argparse.ArgumentParser(prog="python -m loadtest rooms", description=__doc__)
    others = f"{CROWD}: many rooms in one meeting at once, {FLOOD}: {flood.FLOOD_HZ} INVITEs a second"
    kinds_help = f"some of {', '.join(KINDS)} (default all of these), and {others}"
    parser.add_argument("kinds", nargs="*", metavar="kind", help=kinds_help)
    parser.add_argument("--calls", type=int, default=8, help="of each kind (default 8)")
    at_once_help = "calls at the same time, of several kinds where one has fewer (default 8, but no more than --calls)"
    parser.add_argument("--at-once", type=int, help=at_once_help)
    times_help = "measure the delay of pictures and the time to key frames, too: some seconds of each call"
    parser.add_argument("--times", action="store_true", help=times_help)
    parser.add_argument("--counted", type=int, default=30, help=f"rooms of a {CROWD} that are counted (default 30)")
    parser.add_argument("--seen", type=int, default=6, help="and those that see and hear and are seen (default 6)")
    parser.add_argument("--seconds", type=float, default=60.0, help=f"of a {FLOOD} (default 60)")
    parser.add_argument("--output", type=Path, help="file of outcomes, JSON lines: a later run goes on from there")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    arguments = parser.parse_args(words)
    if unknown := set(arguments.kinds) - {*KINDS, CROWD, FLOOD}:
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    at_once = min(arguments.calls, AT_ONCE) if arguments.at_once is None else arguments.at_once
    if min(arguments.calls, at_once, arguments.counted, arguments.seen, arguments.seconds) < 1:
        parser.error("--calls, --at-once, --counted, --seen and --seconds are 1 at least")
    kinds = tuple(each for each in arguments.kinds or KINDS if each in KINDS)
    many = CrowdPlan(arguments.counted, arguments.seen) if CROWD in arguments.kinds else None
    lanes = min(at_once, arguments.calls * max(1, len(kinds)))
    flood_s = arguments.seconds if FLOOD in arguments.kinds else 0.0
    plan = RoomsPlan(arguments.calls, kinds, lanes, arguments.output, many, arguments.times, flood_s)
    return plan, arguments.json


async def run(plan: RoomsPlan, progress: PrintLine) -> Outcomes:
    """Place the calls that are still to be placed, first with one server, then with a second; return all outcomes."""
    outcomes, library = Outcomes(plan.output), MediaLibrary()
    await library.prepare_shared(CODECS, OFFERED.layers)
    with tempfile.TemporaryDirectory(prefix="diemcau-rooms-") as directory:
        folder = Path(directory)
        films = {
            ROOM_COLOUR: await baresip.film(folder / "room.mp4", seconds=FILM_S),
            OTHER_COLOUR: await baresip.film(folder / "other.mp4", baresip.YELLOW, PATIENCE_S),
        }
        needed = any(KINDS[each].full_hd for each in plan.kinds)
        full_hd = await baresip.film(folder / "full-hd.mp4", baresip.FULL_HD, FULL_HD_FILM_S) if needed else None
        media = partial(CallContext, library=library, folder=folder, films=films, full_hd=full_hd)
        first, second = (tuple(each for each in plan.kinds if KINDS[each].second is at) for at in (False, True))
        if first or plan.crowd is not None or plan.flood_s:
            usual = ServerSetup(folder / "first", _certify(folder / "first"), MARKS)
            await _on_a_server(usual, replace(plan, kinds=first), media, outcomes, progress)
        if second:
            other = ServerSetup(folder / "second", by_authority(folder / "second", LOOPBACK, ELSEWHERE), OTHER_MARKS)
            await _on_a_server(other, replace(plan, kinds=second, crowd=None, flood_s=0.0), media, outcomes, progress)
    return outcomes


async def _on_a_server(
    setup: ServerSetup, plan: RoomsPlan, media: "partial[CallContext]", outcomes: Outcomes, progress: PrintLine
) -> None:
    """Start a server, and place calls with it."""
    ports = SipPorts(free_port(), free_port(), free_port())
    settings = {
        "DIEMCAU_MEDIA_ADDRESS": ",".join(dict.fromkeys((LOOPBACK, *own_addresses()))),  # others for whip-client
        "DIEMCAU_SIP_HOST": LOOPBACK,
        "DIEMCAU_SIP_PORT": str(ports.port),
        "DIEMCAU_SIP_TLS": str(setup.tls),
        "DIEMCAU_SIP_TLS_PORT": str(ports.tls_port),
        "DIEMCAU_H323_PORT": str(ports.h323_port),
    }
    if setup.marks != MARKS:
        settings["DIEMCAU_DSCP"] = f"{setup.marks.audio},{setup.marks.video},{setup.marks.signalling}"
    rated = 2 * max(plan.at_once, plan.crowd.counted + plan.crowd.seen if plan.crowd else 0, 2)
    async with temporary_server(rated, logging.getLogger(__name__).debug, **settings) as server:
        context = media(server, ports, certificates=setup.certificates, marks=setup.marks)
        cost = LegCost(lambda: procfs.usage(server.pid).cpu_s)
        logins = await create_point_accounts(server.environ, 2 * plan.at_once)
        lanes = assign(await points(server.environ), logins, plan.at_once)
        placing = Placing(context, outcomes, cost, plan.kinds, plan.calls, progress, plan.times)
        await asyncio.gather(*(placing.in_lane(seats) for seats in lanes))
        if plan.crowd is not None:
            rooms = plan.crowd.counted + plan.crowd.seen
            seats = assign(await points(server.environ), logins[:1] * 2 * rooms, rooms)
            outcomes.crowd = await crowd.run(context, seats, plan.crowd)
        if plan.flood_s:
            seats = assign(await points(server.environ), logins[:1] * 4, 2)
            outcomes.flood = await flood.run(context, seats, plan.flood_s)


def _certify(folder: Path) -> RoomCertificates:
    """Write a certificate of the gateway into a folder, which is that of the room systems, too. Raises OSError."""
    tls.context(folder, [LOOPBACK], utc_now())
    return RoomCertificates({"accepted": in_one_file(folder)}, None)
