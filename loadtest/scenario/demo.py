"""`make demo`: runs the server as `make run` does, with a meeting in progress and a finished recording to download.

Twelve simulated points sit in a session; their pictures move and carry their names, and whoever has the floor hums its
own tone. Accounts for a visitor are printed. The simulated host gives the floor to whoever is first in the queue, every
ten seconds, so a visitor who raises a hand will be heard. A point that loses its connection joins again. At the end the
sessions are cancelled, the recording is deleted and the accounts are disabled.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import cycle
from typing import Any

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.participant import Participant
from loadtest.endpoint.reconnecting import JOIN_ERRORS, ReconnectingParticipant
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.library import MediaLibrary
from loadtest.progress import PrintLine, Steps
from loadtest.scenario.demo_cleanup import Traces, remove
from loadtest.server.accounts import Login, create_accounts, points
from loadtest.server.booking import book
from loadtest.server.process import Server, ServerFailed, serve
from loadtest.server.rest_client import Client, Refused
from mediaserver.transport.dtls import make_certificate
from scheduler.core.model import COMMUNE, DISTRICT, PROVINCE, Point
from signaling.app.admin_cli import NewAccount

log = logging.getLogger(__name__)

SIMULATED = 12
RECORDED = 4
"""Points in the short recorded session."""
TURN_S = 10.0
RECORDING_S = 12
RECORDING_STARTS_S = 30.0
RECORDING_READY_S = 60
"""Longest time for closing the file on a busy machine."""
DURATION = timedelta(hours=8)
SHORT = timedelta(minutes=10)
"""Length of the recorded session: enough for a busy machine to join and record."""
OFFERED = OfferOptions(("H264",))
"""One codec alone, whose pictures are encoded beforehand, so that no join has to wait for the encoder."""
STEPS = 5
DYING_S = 2.0
"""Seconds from the first failure without a server to the end of its process."""


async def run(print_line: PrintLine) -> None:
    """Serve and hold meetings until cancelled, then remove what they created. Raises ServerFailed, Refused."""
    environ, traces = os.environ, Traces()
    steps = Steps(STEPS, print_line)
    try:
        steps.begin("The server starts")
        async with serve(environ, print_line) as server:
            await _until_either_ends(_prepare_and_run(server, steps, traces, print_line), server)
    except ServerFailed:
        if traces.accounts:
            await _end_workers(environ, print_line)
        raise
    finally:
        if traces.accounts:
            print_line(
                "The sessions of the demonstration are cancelled, its recording is deleted, its accounts are shut."
            )
            await remove(environ, traces)


async def _end_workers(environ: Mapping[str, str], print_line: PrintLine) -> None:
    """Start another server and stop it, which ends the media workers of a server that died."""
    print_line("The server died. Another one ends what it left running …")
    with suppress(ServerFailed, TimeoutError):
        async with serve(environ, log.debug):
            pass


async def _until_either_ends(meetings: Coroutine[None, None, None], server: Server) -> None:
    """Run the coroutine `meetings` while the server lives. Raises ServerFailed, and what the coroutine raises."""
    running = asyncio.ensure_future(meetings)
    try:
        await asyncio.wait({running, server.ended}, return_when=asyncio.FIRST_COMPLETED)
        if running.done() and running.exception() is not None:  # perhaps since the server is about to end
            await asyncio.wait({server.ended}, timeout=DYING_S)
        if server.ended.done():
            raise ServerFailed(f"the server ended with {server.ended.result()}")
        await running
    finally:
        running.cancel()
        await asyncio.wait({running})


async def _prepare_and_run(server: Server, steps: Steps, traces: Traces, print_line: PrintLine) -> None:
    demo_points = _choose_points(await points(server.environ))
    accounts = _accounts(demo_points)
    traces.accounts = [new.account for new in accounts]
    steps.begin("Accounts are made")
    logins = await create_accounts(server.environ, accounts, lambda count: steps.reached(count, len(accounts)))
    steps.begin("Pictures are drawn and encoded, once for all demonstrations")
    library = MediaLibrary()
    for index, point in enumerate(demo_points):
        await library.prepare(index, point.label, "H264", OFFERED.layers)
        steps.reached(index + 1, len(demo_points))
    await Demo(server.url, demo_points, logins, library, steps, traces, print_line).run()


def _choose_points(registered: Sequence[Point]) -> list[Point]:
    """Return the provincial committee as host, a district, communes, and last another district for the visitor."""
    levels = {level: [p for p in registered if p.level == level] for level in (PROVINCE, DISTRICT, COMMUNE)}
    communes = levels[COMMUNE]
    wanted = SIMULATED + 1 - 3
    step = max(1, len(communes) // wanted)
    return [*levels[PROVINCE][:1], *levels[DISTRICT][:1], *communes[::step][:wanted], *levels[DISTRICT][1:2]]


def _accounts(demo_points: Sequence[Point]) -> list[NewAccount]:
    """Return one account for each point, the visitor's last, then a central technician and an administrator."""
    sites = [NewAccount(f"demo-{p.id}"[:64], p.label, ("site", "registrant"), point=p.id) for p in demo_points[:-1]]
    visitor = NewAccount("demo", "Khách xem thử", ("site", "registrant"), point=demo_points[-1].id)
    technician = NewAccount("demo-technician", "Kỹ thuật trung tâm", ("technician",))
    administrator = NewAccount("demo-admin", "Quản trị viên (trình diễn)", ("administrator",))
    return [*sites, visitor, technician, administrator]


class Demo:
    """Holds the meetings of the demonstration."""

    def __init__(
        self,
        url: str,
        demo_points: list[Point],
        logins: list[Login],
        library: MediaLibrary,
        steps: Steps,
        traces: Traces,
        print_line: PrintLine,
    ) -> None:
        self._url = url
        self._demo_points = demo_points
        self._logins = logins
        self._library = library
        self._steps = steps
        self._traces = traces
        self._print_line = print_line
        self._certificate = make_certificate()
        self._clients: list[Client] = []
        self._participants: list[ReconnectingParticipant] = []

    async def run(self) -> None:
        """Hold meetings one after the other, and beside the first record a short session. Raises Refused."""
        recording: asyncio.Task[None] | None = None
        try:
            for login in self._logins[: SIMULATED + 1]:
                client = Client(self._url)
                self._clients.append(client)
                await client.login(*login)
            self._steps.begin("Points take their seats")
            code = await self._begin_session(lambda count: self._steps.reached(count, SIMULATED))
            self._steps.begin("A short session is recorded")
            recording = asyncio.ensure_future(self._record())
            while True:
                self._invite(code)
                await self._hold()
                self._print_line("Somebody ended the session, so another one begins.")
                code = await self._begin_session()
        finally:
            if recording is not None:
                recording.cancel()
                await asyncio.wait({recording})
            await asyncio.gather(*(point.leave() for point in self._participants), return_exceptions=True)
            await asyncio.gather(*(client.close() for client in self._clients))

    # The meeting.

    async def _begin_session(self, seated: Callable[[int], None] = lambda _count: None) -> str:
        """Register a session and seat everybody; return its code. `seated` is called after each with the number."""
        title, invited = "Hội nghị trực tuyến (trình diễn)", [point.id for point in self._demo_points[1:]]
        session = await book(self._clients[0], self._demo_points[0].id, invited, title, duration=DURATION)
        self._traces.sessions.append(session["id"])
        self._participants = [self._reconnecting(index) for index in range(SIMULATED)]
        for count, point in enumerate(self._participants, 1):
            await point.sit(session["code"])
            seated(count)
        return str(session["code"])

    def _reconnecting(self, index: int) -> ReconnectingParticipant:
        return ReconnectingParticipant(
            self._demo_points[index].label,
            lambda: self._participant(index),
            self._print_line,
            lambda: self._seat_taken(index),
        )

    def _participant(self, index: int) -> Participant:
        def endpoint() -> Endpoint:
            return Endpoint(self._certificate, self._library.material(index, self._demo_points[index].label), OFFERED)

        return Participant(self._clients[index], endpoint)

    def _seat_taken(self, index: int) -> bool:
        """Return True if another client sits at a point, as seen by another point."""
        for other in self._participants:
            if other.participant is not None:
                seats = other.participant.seats.values()
                return any(seat["point"] == self._demo_points[index].id and seat["here"] for seat in seats)
        return False

    async def _hold(self) -> None:
        """Keep all points in the meeting until the session is over."""
        staying = asyncio.gather(*(point.stay() for point in self._participants))
        chairing = asyncio.ensure_future(self._chair())
        both: set[asyncio.Future[Any]] = {staying, chairing}
        try:
            ended, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for each in ended:
                each.result()
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _chair(self) -> None:
        """Give the floor to the first in the queue, in turns; a simulated point always has its hand up."""
        speaker = ""
        for volunteer in cycle(self._participants[1:]):
            with suppress(ConnectionError):
                if volunteer.participant is not None:
                    await volunteer.participant.send("hand", raised=True)
            await asyncio.sleep(TURN_S)
            host = self._participants[0].participant
            with suppress(ConnectionError):
                speaker = speaker if host is None else await _give_floor(host, speaker)

    # The recording.

    async def _record(self) -> None:
        """Record a short session that the visitor's unit may download; if that fails the meeting goes on."""
        try:
            await self._make_recording()
        except (*JOIN_ERRORS, Refused, KeyError) as error:
            self._print_line(f"There is no recording: {error!r}")
        else:
            self._print_line("A finished recording is ready to download.")

    async def _make_recording(self) -> None:
        visitor, others = self._clients[SIMULATED], [point.id for point in self._demo_points[:RECORDED]]
        title = "Họp giao ban (đã ghi hình)"
        session = await book(visitor, self._demo_points[-1].id, others, title, duration=SHORT)
        self._traces.sessions.append(session["id"])
        everyone = [self._participant(index) for index in (SIMULATED, *range(RECORDED))]
        try:
            for participant in everyone:
                await participant.join(session["code"])
            await everyone[0].send("record", on=True, composed="live")  # a visitor shall find the file at once
            async with asyncio.timeout(RECORDING_STARTS_S):
                await everyone[0].recorded.wait()
            for second in range(RECORDING_S):
                await asyncio.sleep(1)
                self._steps.reached(second + 1, RECORDING_S)
            await everyone[0].send("record", on=False)
            await self._until_ready(session["id"])
        finally:
            await asyncio.gather(*(participant.leave() for participant in everyone), return_exceptions=True)

    async def _until_ready(self, session: str) -> None:
        """Wait until the file is closed. Raises TimeoutError."""
        async with asyncio.timeout(RECORDING_READY_S):
            while True:
                found = await self._clients[SIMULATED].get("/api/v1/recordings")
                if any(each["session"] == session and each["state"] == "ready" for each in found):
                    return
                await asyncio.sleep(1)

    # The visitor.

    def _invite(self, code: str) -> None:
        self._print_line("")
        self._print_line(f"{SIMULATED} points are in a meeting. Open {self._url}/ and sign in as")
        for role, index, hint in (
            ("administrator", SIMULATED + 2, "accounts, units, rules"),
            ("host", 0, "takes the host's seat, and gives it back by leaving"),
            ("technician", SIMULATED + 1, "controls the meeting from the centre"),
            ("point", SIMULATED, "is invited to the meeting"),
        ):
            account, password = self._logins[index]
            self._print_line(f"  {role:13}  account {account}, password {password}  ({hint})")
        self._print_line(f"Session code: {code[:4]} {code[4:7]} {code[7:]}")
        self._print_line("Three things to try:")
        self._print_line(
            "  1. As the point, join by the code and raise your hand: you have the floor when your turn comes."
        )
        self._print_line(
            "  2. As the technician, join by the code, change the layout, give somebody the floor or mute them."
        )
        self._print_line("  3. As the point, open Bản ghi (recordings) and play the recorded session, or download it.")
        self._print_line("Ctrl-C ends the demonstration and takes back what it began.")


async def _give_floor(host: Participant, speaker: str) -> str:
    """Give the floor to the first in the queue, from `speaker`; return the new speaker. Raises ConnectionError."""
    queue = [seat for seat in host.seats.values() if seat["hand"] == 1]
    if not queue:
        return speaker
    if speaker in host.seats:
        await host.send("floor", seat=speaker, open=False)
    await host.send("floor", seat=str(queue[0]["seat"]), open=True)
    return str(queue[0]["seat"])
