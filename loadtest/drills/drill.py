"""Runs meetings on a server while a fault happens, and measures the effects on people in them."""

import asyncio
import itertools
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

from loadtest.drills.continuity import Continuity
from loadtest.drills.page_endpoint import PageParticipant
from loadtest.drills.record_facts import RecordFact
from loadtest.drills.server import restarted_server
from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.clip import Material
from loadtest.media.library import MediaLibrary
from loadtest.progress import PrintLine
from loadtest.server.accounts import Login
from loadtest.server.booking import book
from loadtest.server.rest_client import Client
from loadtest.time_limit import within
from mediaserver.transport.dtls import make_certificate

POLL_S = 0.02
VIEWERS = 3
"""Viewers in each session that receive the host's camera forwarded instead of the composed picture."""
SPEAKERS = 2
"""The host and one more have the floor: a mix without a voice is sent rarely, and would show no loss."""
JOINING_AT_ONCE = 8
OBEY_S = 30.0
"""Longest seconds until a meeting obeys its host after a fault."""
RECORDED_S = 60.0
"""Longest seconds until a recording is remuxed."""

SCRIPT = tuple(
    {"id": str(number), "title": f"Mục {number}", "minutes": 5, "kind": "discussion"} for number in range(1, 11)
)
"""Items that change neither picture nor floors."""

KINDS = ("forwarded", "mix", "picture")
SUMMED = frozenset({"seconds", "media_made_anew"})


@dataclass(frozen=True, slots=True)
class DrillSize:
    """Size of a drill: `points` in `sessions`, on `workers`, `times` over; `rest_s` is measured without a fault."""

    points: int = 60
    sessions: int = 3
    workers: int = 3
    times: int = 1
    commit: str = ""
    """The release before, for the drill `upgrade`."""
    rest_s: float = 5.0
    settle_s: float = 4.0
    """Seconds after the last join, and after each fault, for key frames and first mixes."""


@dataclass(slots=True)
class DrillMeeting:
    """One running session with its participants, the host first, and the checks of what they receive."""

    client: Client
    session: dict[str, Any]
    recorded: bool
    participants: list[PageParticipant] = field(default_factory=list)
    watchers: list[Continuity] = field(default_factory=list)
    told: list[RecordFact] = field(default_factory=list)
    """What its record was told, so far as a drill compares it with the database."""
    unanswered: list[RecordFact] = field(default_factory=list)
    """What it may not have been told, since the socket was lost first."""

    @property
    def host(self) -> PageParticipant:
        """The participant that controls the meeting."""
        return self.participants[0]

    async def set_floor(self, participant: PageParticipant, *, opened: bool) -> None:
        """Have the host give or take a floor. Raises ConnectionError."""
        at = datetime.now(UTC)
        await self.host.send("floor", seat=participant.seat, open=opened)
        self.told.append(RecordFact("floor" if opened else "floor-end", participant.name, at))
        self.told.append(RecordFact("audit", f"{'floor' if opened else 'floor-end'} {participant.name}", at))


async def until(condition: Callable[[], bool], seconds: float, awaited: str) -> None:
    """Wait until a condition is true, at most so many seconds. Raises TimeoutError, which says what was `awaited`."""
    async with within(seconds, awaited):
        while not condition():  # noqa: ASYNC110 - it depends on many endpoints, which set no event
            await asyncio.sleep(POLL_S)


class DrilledServer(Protocol):
    """Any kind of server of a drill: its address, the environment of its commands, its media workers."""

    url: str
    environ: Mapping[str, str]

    async def point_accounts(self, count: int) -> list[Login]:
        """Return the accounts of so many points."""
        ...

    def workers(self) -> list[int]:
        """Return the process ids of its media workers."""
        ...


S = TypeVar("S", bound=DrilledServer)


class Drill(Generic[S]):
    """Holds all meetings on a server, and measures what their endpoints lose."""

    def __init__(self, size: DrillSize, library: MediaLibrary, server: S, progress: PrintLine) -> None:
        self.size = size
        self._library = library
        self.server = server
        self._progress = progress
        self.meetings: list[DrillMeeting] = []
        self.recorder_lost: list[float] = []
        """Times (seconds since 1970) at which the worker that recorded was killed, or hung."""
        self.visitor: Login = ("", "")
        """An account that is in no meeting."""
        self._certificate = make_certificate()
        self._floors = itertools.count(1)

    async def join(self, stack: AsyncExitStack) -> None:
        """Sign everyone in, register the sessions, and seat all participants.

        Raises ValueError where fewer points than wanted are registered.
        """
        logins = await self.server.point_accounts(self.size.points + 1)
        if len(logins) <= self.size.points:
            raise ValueError(f"--points is {len(logins) - 1} at most: one more point joins, and no more are registered")
        *logins, self.visitor = logins
        clients: list[Client] = []
        points: list[str] = []
        for login in logins:
            client = await stack.enter_async_context(Client(self.server.url))
            points.append((await client.login(*login))["point"]["id"])
            clients.append(client)
        for number in range(self.size.sessions):
            part = slice(number, None, self.size.sessions)  # hosts are the highest units, who control what they host
            await self._begin(clients[part], points[part], recorded=number == 0)
            self._progress(f"session {number + 1}: {len(points[part])} points joined")

    async def _begin(self, clients: Sequence[Client], points: Sequence[str], *, recorded: bool) -> None:
        host, *others = points
        session = await book(clients[0], host, others, "Thử khởi động lại", recording=recorded, script=SCRIPT)
        meeting = DrillMeeting(clients[0], session, recorded)
        self.meetings.append(meeting)
        material = self._library.shared_material(0)
        positions, keys = _payload_positions(material)
        gate = asyncio.Semaphore(JOINING_AT_ONCE)

        async def seat(index: int, client: Client) -> None:
            watcher = Continuity(time.monotonic, positions, keys)
            offered = OfferOptions(("H264",), 1, camera=index == 0)
            participant = PageParticipant(client, lambda: Endpoint(self._certificate, material, offered, watcher))
            meeting.participants.append(participant)
            meeting.watchers.append(watcher)
            async with gate:
                await participant.join(session["code"])

        await seat(0, clients[0])
        await asyncio.gather(*(seat(index, client) for index, client in enumerate(clients[1:], 1)))
        for participant in meeting.participants[1:SPEAKERS]:
            await meeting.set_floor(participant, opened=True)
        for participant in meeting.participants[1 : 1 + VIEWERS]:
            await participant.send("view", source=f"camera:{meeting.host.seat}", lines=0)

    async def leave(self) -> None:
        """Let all participants leave."""
        await asyncio.gather(*(participant.leave() for participant in self.participants), return_exceptions=True)

    @property
    def participants(self) -> list[PageParticipant]:
        """All participants."""
        return [participant for meeting in self.meetings for participant in meeting.participants]

    @property
    def watchers(self) -> list[Continuity]:
        """The checks of all endpoints."""
        return [watcher for meeting in self.meetings for watcher in meeting.watchers]

    def reset(self) -> None:
        """Reset the counters."""
        for watcher in self.watchers:
            watcher.reset()

    def noticed(self) -> dict[str, Any]:
        """Return the losses since the reset, over all endpoints by kind, and the longest pause of one."""
        return {
            "packets_lost": {kind: sum(watcher.lost[kind] for watcher in self.watchers) for kind in KINDS},
            "longest_gap_ms": round(1000 * max(watcher.gap_s for watcher in self.watchers)),
        }

    def renewal_count(self) -> int:
        """Return how often media was renewed, over all participants."""
        return sum(participant.unrequested_renewals + participant.renewals for participant in self.participants)

    async def obeyed(self, listening: float) -> list[float]:
        """Return, for each session, the seconds from `listening` until all are back and a change of floor is seen."""
        return list(await asyncio.gather(*(self._obeyed(each, listening) for each in self.meetings)))

    async def _obeyed(self, meeting: DrillMeeting, listening: float) -> float:
        async with within(OBEY_S, lambda: f"a meeting that obeys its host; {_absent(meeting)}"):
            await asyncio.gather(*(participant.back.wait() for participant in meeting.participants))
            turn = next(self._floors)
            participant = meeting.participants[SPEAKERS + turn % (len(meeting.participants) - SPEAKERS)]
            opened = not meeting.host.seats[participant.seat]["floor"]
            await meeting.set_floor(participant, opened=opened)
            await meeting.host.wait_for_state(participant.seat, floor=opened)
            await meeting.set_floor(participant, opened=not opened)
        return time.monotonic() - listening


def _absent(meeting: DrillMeeting) -> str:
    """Return how many participants are not back, and why the first is not."""
    absent = [participant for participant in meeting.participants if not participant.back.is_set()]
    return f"{len(absent)} points are not back" + (f", the first since {absent[0].hindrance}" if absent else "")


def _payload_positions(material: Material) -> tuple[dict[bytes, int], frozenset[int]]:
    """Return the positions of the payloads in the loop of a camera, and those at which the loop may be restarted.

    Parameter sets come more than once and have position −1.
    """
    (clip,) = material.cameras("H264", 1)
    counts = Counter(payload for frame in clip.frames for payload in frame.payloads)
    positions: dict[bytes, int] = {payload: -1 for payload, count in counts.items() if count > 1}
    unused, keys, fresh = itertools.count(), set(), False
    for frame in clip.frames:
        fresh = fresh or frame.key
        for payload in frame.payloads:
            if payload not in positions:
                positions[payload] = position = next(unused)
                if fresh:
                    keys.add(position)
                    fresh = False
    return positions, frozenset(keys)


async def one_part(drill: Drill[Any]) -> dict[str, Any]:
    """Stop the recording; return whether it is one whole part, remuxed or with tracks that wait to be composed."""
    recorded = [each for each in drill.meetings if each.recorded]
    for meeting in recorded:
        await meeting.host.send("record", on=False)
    return {"recordings_whole": all(await asyncio.gather(*map(_in_one_part, recorded)))}


async def _in_one_part(meeting: DrillMeeting) -> bool:
    async with within(RECORDED_S, "a recording that is remuxed"):
        while True:
            found = await meeting.client.get("/api/v1/recordings")
            parts = [each for each in found if each["session"] == meeting.session["id"]]
            if parts and all(each["state"] in ("ready", "broken") or each["composing"] for each in parts):
                (recording,) = parts
                return bool(recording["part"] == 1 and recording["state"] != "broken" and not recording["reason"])
            await asyncio.sleep(0.2)


ServerContext = AbstractAsyncContextManager[Any]
Fault = Callable[[Drill[Any]], Awaitable[dict[str, Any]]]
"""Causes a fault and returns its figures: lists of seconds, numbers, and booleans."""
Outcome = Callable[[Drill[Any]], Awaitable[dict[str, Any]]]
"""Ends the recording and returns the figures of its file, `recordings_whole` among them."""


async def run(
    size: DrillSize,
    fault: Fault,
    progress: PrintLine,
    server_context: Callable[..., ServerContext] = restarted_server,
    outcome: Outcome = one_part,
    **settings: str,
) -> dict[str, Any]:
    """Hold the meetings on a server, cause the fault, return the figures; `settings` are the server's ``DIEMCAU_…``."""
    library = MediaLibrary()
    await library.prepare_shared(("H264",), 1)
    progress(f"starting a server with {size.workers} media workers")
    async with server_context(size.workers, size.points, **settings) as server, AsyncExitStack() as stack:
        drill = Drill(size, library, server, progress)
        try:
            await drill.join(stack)
            await asyncio.sleep(size.settle_s)
            drill.reset()
            await asyncio.sleep(size.rest_s)
            rest = {**drill.noticed(), "seconds": size.rest_s}
            progress(f"at rest: {rest}")
            rounds = [await _round(drill, fault, progress) for _ in range(size.times)]
            recordings = await outcome(drill)
            return {**_figures(size, rounds), **recordings, "at_rest": rest, **_machine(size)}
        finally:
            await drill.leave()


async def _round(drill: Drill[Any], fault: Fault, progress: PrintLine) -> dict[str, Any]:
    before, made = drill.server.workers(), drill.renewal_count()
    drill.reset()
    began = time.monotonic()
    found = await fault(drill)
    await asyncio.sleep(drill.size.settle_s)
    found |= {
        **drill.noticed(),
        "workers_kept": drill.server.workers() == before,
        "media_made_anew": drill.renewal_count() - made,
        "seconds": round(time.monotonic() - began, 1),
    }
    progress(f"{found}")
    return found


def _figures(size: DrillSize, rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Combine all rounds: sums of losses, percentiles of lists, `and` of booleans, the largest of other numbers."""
    found: dict[str, Any] = {"times": size.times}
    for name, first in rounds[0].items():
        values = [each[name] for each in rounds]
        if isinstance(first, bool):
            found[name] = all(values)
        elif isinstance(first, dict):
            found[name] = {kind: sum(each[kind] for each in values) for kind in first}
        elif isinstance(first, list):
            found[name] = percentiles(sorted(seconds for each in values for seconds in each))
        else:
            found[name] = (sum if name in SUMMED else max)(values)
    return found


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Return median, 95th percentile and largest of sorted values."""

    def share(part: float) -> float:
        return round(values[min(len(values) - 1, int(part * len(values)))], 2)

    return {"p50": share(0.5), "p95": share(0.95), "max": share(1.0)}


def _machine(size: DrillSize) -> dict[str, Any]:
    return {
        "points": size.points,
        "sessions": size.sessions,
        "workers": size.workers,
        "cores": os.cpu_count() or 1,
        "load_average": round(os.getloadavg()[0], 2),
    }
