"""`make demo`: runs the server as `make run` does, with a meeting in progress and a finished recording to download.

Twelve simulated points sit in a session: faces that blink and move, and whoever has the floor speaks with mouth and
voice. Accounts for a visitor are printed. The simulated host gives the floor to whoever is first in the queue, every
ten seconds, so a visitor who raises a hand will be heard. A point that loses its connection joins again, and no point
ends the demonstration for the others. At the end, or at the next start if this one was killed, the sessions are
cancelled, the recording is deleted and the accounts are disabled.
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
from loadtest.scenario.demo_cleanup import VISITOR, remove, remove_former
from loadtest.server.accounts import Login, create_accounts, points
from loadtest.server.booking import book, cancel
from loadtest.server.process import Server, ServerFailed, serve
from loadtest.server.rest_client import Client, Refused
from mediaserver.transport.dtls import make_certificate
from scheduler.core.model import COMMUNE, DISTRICT, PROVINCE, Point
from signaling.app.admin_cli import FIRST, NewAccount

log = logging.getLogger(__name__)

SIMULATED = 12
RECORDED_TITLE = "Họp giao ban (đã ghi hình)"
RECORDED = 4
"""Points in the short recorded session."""
TURN_S = 10.0
RECORDING_S = 12
RECORDING_STARTS_S = 30.0
RECORDING_READY_S = 60
"""Longest time for closing the file on a busy machine."""
KEPT_PASSWORD = (
    f"  {FIRST:13}  account {FIRST} keeps the password of its first sign-in;"
    f" `diemcau admin set-password {FIRST}` sets another"
)
DURATION = timedelta(hours=8)
SHORT = timedelta(minutes=10)
"""Length of the recorded session: enough for a busy machine to join and record."""
OFFERED = OfferOptions(("H264",), layers=2)
"""One codec alone, whose pictures are encoded beforehand, so that no join has to wait for the encoder."""
STEPS = 6
NEW_SESSION_S = 10.0
"""Seconds between two attempts to begin another session."""
FLOOR_POLL_S = 0.2
"""Seconds between two looks at who has the floor."""
FIRST_SIGN_IN = "First sign-in: "
"""Begin of the line in which a server prints the one-time password of its first account."""
DYING_S = 2.0
"""Seconds from the first failure without a server to the end of its process."""


async def run(print_line: PrintLine) -> None:
    """Serve and hold meetings until cancelled, then remove what they created. Raises ServerFailed, Refused."""
    environ = {"DIEMCAU_LOG": "ERROR"} | os.environ  # what an operator has to know would only alarm a visitor
    steps = Steps(STEPS, print_line)
    waiting = asyncio.ensure_future(steps.tell_of_waiting())
    served = False
    try:
        steps.begin("What a former demonstration left is removed")
        await remove_former(environ, print_line)
        steps.begin("The server starts")
        greeting: list[str] = []
        async with serve(environ, greeting.append) as server:
            served = True
            first_password = [line for line in greeting if line.startswith(FIRST_SIGN_IN)]
            await _until_either_ends(_prepare_and_run(server, first_password, steps, print_line), server)
    except ServerFailed:
        if served:
            await _end_workers(environ, print_line)
        raise
    finally:
        waiting.cancel()
        if served:
            print_line(
                "The sessions of the demonstration are cancelled, its recording is deleted, its accounts are shut."
            )
            await remove(environ)


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


async def _prepare_and_run(server: Server, first_password: list[str], steps: Steps, print_line: PrintLine) -> None:
    demo_points = _choose_points(await points(server.environ))
    accounts = _accounts(demo_points)
    steps.begin("Accounts are made")
    logins = await create_accounts(server.environ, accounts, lambda count: steps.reached(count, len(accounts)))
    steps.begin("Faces are drawn and encoded, once for all demonstrations")
    library = MediaLibrary()
    for index in range(len(demo_points)):
        await library.prepare_person(index, "H264", OFFERED.layers)
        steps.reached(index + 1, len(demo_points))
    await Demo(server.url, demo_points, logins, library, steps, first_password, print_line).run()


def _choose_points(registered: Sequence[Point]) -> list[Point]:
    """Return the provincial committee as host, a district, communes, and last another district for the visitor."""
    levels = {level: [p for p in registered if p.level == level] for level in (PROVINCE, DISTRICT, COMMUNE)}
    communes = levels[COMMUNE]
    wanted = SIMULATED + 1 - 3
    step = max(1, len(communes) // wanted)
    return [*levels[PROVINCE][:1], *levels[DISTRICT][:1], *communes[::step][:wanted], *levels[DISTRICT][1:2]]


def _accounts(demo_points: Sequence[Point]) -> list[NewAccount]:
    """Return one account for each point, the visitor's last, then a central technician and an administrator."""
    roles, visited = ("site", "registrant"), demo_points[-1].id
    sites = [NewAccount(f"{VISITOR}-{p.id}"[:64], p.label, roles, point=p.id) for p in demo_points[:-1]]
    visitor = NewAccount(VISITOR, "Khách xem thử", roles, point=visited)
    technician = NewAccount(f"{VISITOR}-technician", "Kỹ thuật trung tâm", ("technician",))
    administrator = NewAccount(f"{VISITOR}-admin", "Quản trị viên (trình diễn)", ("administrator",))
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
        first_password: list[str],
        print_line: PrintLine,
    ) -> None:
        self._url = url
        self._demo_points = demo_points
        self._logins = logins
        self._library = library
        self._steps = steps
        self._first_password = first_password
        self._print_line = print_line
        self._certificate = make_certificate()
        self._clients: list[Client] = []
        self._session = ""
        self._participants: list[ReconnectingParticipant] = []

    async def run(self) -> None:
        """Hold meetings one after the other, and beside the first record a short session. Raises Refused."""
        beside: list[asyncio.Task[None]] = []
        try:
            for login in self._logins[: SIMULATED + 1]:
                client = Client(self._url)
                self._clients.append(client)
                await client.login(*login)
            self._steps.begin("Points take their seats")
            code = await self._begin_session(lambda count: self._steps.reached(count, SIMULATED))
            self._steps.begin("A short session is recorded")
            beside = [asyncio.ensure_future(self._record()), asyncio.ensure_future(self._let_speak())]
            while True:
                self._invite(code)
                await self._hold()
                self._print_line("Somebody ended the session, so another one begins.")
                code = await self._begin_another()
        finally:
            for each in beside:
                each.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await asyncio.gather(*(point.leave() for point in self._participants), return_exceptions=True)
            await asyncio.gather(*(client.close() for client in self._clients))

    # The meeting.

    async def _begin_session(self, seated: Callable[[int], None] = lambda _count: None) -> str:
        """Register a session and seat everybody; return its code. `seated` is called after each with the number."""
        title, invited = "Hội nghị trực tuyến (trình diễn)", [point.id for point in self._demo_points[1:]]
        session = await book(self._clients[0], self._demo_points[0].id, invited, title, duration=DURATION)
        self._session = session["id"]
        self._participants = [self._reconnecting(index) for index in range(SIMULATED)]
        for count, point in enumerate(self._participants, 1):
            await point.sit(session["code"])
            seated(count)
        return str(session["code"])

    async def _begin_another(self) -> str:
        """Cancel the session that ended early, and begin another once it is admitted; return its code."""
        while True:
            try:
                with suppress(Refused):  # it is over or cancelled already
                    await cancel(self._clients[0], self._session)
                await asyncio.gather(*(point.leave() for point in self._participants), return_exceptions=True)
                return await self._begin_session()
            except (Refused, *JOIN_ERRORS) as error:
                self._print_line(f"No other session can begin yet ({error or type(error).__name__}) …")
                await asyncio.sleep(NEW_SESSION_S)

    def _reconnecting(self, index: int) -> ReconnectingParticipant:
        return ReconnectingParticipant(
            self._demo_points[index].label,
            lambda: self._participant(index),
            self._print_line,
            lambda: self._seat_taken(index),
        )

    def _participant(self, index: int) -> Participant:
        def endpoint() -> Endpoint:
            made = Endpoint(self._certificate, self._library.person(index), OFFERED)
            made.speak(False)
            return made

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

    async def _let_speak(self) -> None:
        """Let who has the floor speak, the host only while nobody else has it; runs until cancelled."""
        while True:
            for index, point in enumerate(self._participants):
                with suppress(ConnectionError):
                    if point.participant is not None:
                        await self._speak_or_listen(index, point.participant)
            await asyncio.sleep(FLOOR_POLL_S)

    async def _speak_or_listen(self, index: int, participant: Participant) -> None:
        floors = {seat for seat, each in participant.seats.items() if each["floor"]}
        speaks = participant.seat in floors and (index > 0 or len(floors) == 1)
        if participant.endpoint is not None and speaks != participant.endpoint.sending.mic:
            await self._set_speaking(index, participant, speaks)

    async def _set_speaking(self, index: int, participant: Participant, on: bool) -> None:
        """Let a person speak or listen. Raises ConnectionError."""
        await self._library.prepare_speaking(index, "H264", OFFERED.layers)
        if participant.endpoint is not None:
            participant.endpoint.speak(on)
            await participant.send("media", mic=on, camera=True)

    # The recording.

    async def _record(self) -> None:
        """Record a short session that the visitor's unit may download; if that fails the meeting goes on."""
        try:
            await self._make_recording()
        except (*JOIN_ERRORS, Refused, KeyError) as error:
            self._print_line(f"There is no recording: {error!r}")
        else:
            self._print_line(f"The recording “{RECORDED_TITLE}” is ready: account {VISITOR}, page Bản ghi.")
        self._steps.end()

    async def _make_recording(self) -> None:
        visitor, others = self._clients[SIMULATED], [point.id for point in self._demo_points[:RECORDED]]
        session = await book(visitor, self._demo_points[-1].id, others, RECORDED_TITLE, duration=SHORT)
        everyone = [self._participant(index) for index in (SIMULATED, *range(RECORDED))]
        try:
            for participant in everyone:
                await participant.join(session["code"])
            await everyone[0].send("record", on=True, composed="live")  # a visitor shall find the file at once
            async with asyncio.timeout(RECORDING_STARTS_S):
                await everyone[0].recorded.wait()
            await self._set_speaking(SIMULATED, everyone[0], True)
            await asyncio.sleep(RECORDING_S)
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
        shown = f"{code[:3]} {code[3:6]} {code[6:]}"
        lines = ["", f"{SIMULATED} points are in a meeting. Open {self._url}/ and sign in as"]
        for role, index, hint in (
            ("point", SIMULATED, "is invited to the meeting, and has a recording"),
            ("host", 0, "takes the host's seat, and gives it back by leaving"),
            ("technician", SIMULATED + 1, "controls the meeting from the centre"),
            ("administrator", SIMULATED + 2, "accounts, units, rules"),
        ):
            account, password = self._logins[index]
            lines.append(f"  {role:13}  account {account}, password {password}  ({hint})")
        lines += [
            *(f"  {FIRST:13}  {line.removeprefix(FIRST_SIGN_IN)}  (shown once)" for line in self._first_password),
            *([] if self._first_password else [KEPT_PASSWORD]),
            f"Session code: {shown}",
            "Three things to try:",
            "  1. As the point, join by the code and raise your hand: you have the floor when your turn comes.",
            "  2. As the technician, join by the code, change the layout, give somebody the floor or mute them.",
            f"  3. As the point, open Bản ghi (recordings) in half a minute, and play “{RECORDED_TITLE}”.",
            "Ctrl-C ends the demonstration and takes back what it began.",
        ]
        for line in lines:
            self._print_line(line)


async def _give_floor(host: Participant, speaker: str) -> str:
    """Give the floor to the first in the queue, from `speaker`; return the new speaker. Raises ConnectionError."""
    queue = [seat for seat in host.seats.values() if seat["hand"] == 1]
    if not queue:
        return speaker
    if speaker in host.seats:
        await host.send("floor", seat=speaker, open=False)
    await host.send("floor", seat=str(queue[0]["seat"]), open=True)
    return str(queue[0]["seat"])
