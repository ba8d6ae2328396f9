"""`make demo`: the server as `make run` starts it, with a conference going on and a finished recording to download.

Twelve simulated points sit in a session; their pictures move and carry their names, and whoever has the floor hums its
own tone. A visitor is invited with an account of its own. The simulated host gives the floor to whoever is first in the
queue, every ten seconds, so a visitor who raises a hand will be heard.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import cycle

from loadtest.accounts import Login, points, provide
from loadtest.booking import book, cancel
from loadtest.caller import Caller
from loadtest.client import Client
from loadtest.offer import Wish
from loadtest.participant import Participant
from loadtest.server import Server, serve
from loadtest.studio import Studio
from mediaserver.transport.dtls import make_certificate
from scheduler.model import Point
from signaling.admin import NewAccount

SIMULATED = 12
RECORDED = 4
"""So many of them sit in the short recorded session."""
TURN_S = 10.0
RECORDING_S = 12.0
RECORDING_STARTS_S = 30.0
DURATION = timedelta(hours=8)
SHORT = timedelta(minutes=10)
"""Of the recorded session: enough for a busy machine to join and record."""
WISH = Wish()

Say = Callable[[str], None]


async def run(say: Say) -> None:
    """Serve and play until cancelled."""
    async with serve(os.environ, say) as server:
        say("")
        say("Preparing the demonstration …")
        cast = _cast(await points(server.environ))
        logins = await _accounts(server.environ, cast)
        studio = Studio()
        for index, point in enumerate(cast):
            await studio.prepare(index, point.label, "H264", WISH.layers)
        await Demo(server, cast, logins, studio, say).play()


def _cast(known: Sequence[Point]) -> list[Point]:
    """The provincial committee as host, a district, communes from all over; last the visitor's, which controls too."""
    levels = {level: [p for p in known if p.level == level] for level in ("ubt", "huyen", "xa")}
    communes = levels["xa"]
    wanted = SIMULATED + 1 - 3
    step = max(1, len(communes) // wanted)
    return [*levels["ubt"][:1], *levels["huyen"][:1], *communes[::step][:wanted], *levels["huyen"][1:2]]


async def _accounts(environ: Mapping[str, str], cast: Sequence[Point]) -> list[Login]:
    """One account for each point, the visitor's among them, then one for a central technician."""
    sites = [NewAccount(f"demo-{p.id}"[:64], p.label, ("site", "registrant"), point=p.id) for p in cast[:-1]]
    visitor = NewAccount("demo", "Khách xem thử", ("site", "registrant"), point=cast[-1].id)
    technician = NewAccount("demo-technician", "Kỹ thuật trung tâm", ("technician",))
    return await provide(environ, [*sites, visitor, technician])


class Demo:
    """The play."""

    def __init__(self, server: Server, cast: list[Point], logins: list[Login], studio: Studio, say: Say) -> None:
        # given
        self._server = server
        self._cast = cast
        self._logins = logins
        self._studio = studio
        self._say = say
        # owned
        self._certificate = make_certificate()
        self._clients: list[Client] = []

    async def play(self) -> None:
        """Hold the conference, and beside it record a short session."""
        try:
            for login in self._logins:
                client = Client(self._server.url)
                self._clients.append(client)
                await client.login(*login)
            await asyncio.gather(self._hold(), self._make_recording())
        finally:
            await asyncio.gather(*(client.close() for client in self._clients))

    @property
    def _visitor(self) -> Client:
        return self._clients[SIMULATED]

    async def _make_recording(self) -> None:
        """A finished recording that the visitor's unit may download, unless an earlier demonstration left one."""
        if await self._visitor.get("/api/v1/recordings"):
            return
        others = [point.id for point in self._cast[:RECORDED]]
        title = "Họp giao ban (đã ghi hình)"
        session = await book(self._visitor, self._cast[-1].id, others, title, recording=True, duration=SHORT)
        everyone = [await self._join(SIMULATED, session["code"])]
        everyone += [await self._join(index, session["code"]) for index in range(RECORDED)]
        try:
            async with asyncio.timeout(RECORDING_STARTS_S):
                await everyone[0].recorded.wait()
            await asyncio.sleep(RECORDING_S)
            await everyone[0].send("record", on=False)
            self._say("A finished recording is ready to download.")
        finally:
            await asyncio.gather(*(person.leave() for person in everyone), return_exceptions=True)

    async def _hold(self) -> None:
        host = self._clients[0]
        invited = [point.id for point in self._cast[1:]]
        session = await book(host, self._cast[0].id, invited, "Hội nghị trực tuyến (trình diễn)", duration=DURATION)
        everyone: list[Participant] = []
        try:
            for index in range(SIMULATED):
                everyone.append(await self._join(index, session["code"]))
            self._invite(session["code"])
            await self._chair(everyone[0], everyone[1:])
        finally:
            await asyncio.gather(*(person.leave() for person in everyone), return_exceptions=True)
            await cancel(host, session["id"])

    async def _join(self, index: int, code: str) -> Participant:
        point = self._cast[index]

        def caller() -> Caller:
            return Caller(self._certificate, self._studio.material(index, point.label), WISH)

        person = Participant(self._clients[index], caller)
        await person.join(code)
        return person

    async def _chair(self, host: Participant, others: Sequence[Participant]) -> None:
        """Give the floor to the first in the queue, in turns; somebody simulated always has a hand up."""
        speaker: str | None = None
        for volunteer in cycle(others):
            await volunteer.send("hand", raised=True)
            await asyncio.sleep(TURN_S)
            queue = [seat for seat in host.seats.values() if seat["hand"] == 1]
            if not queue:
                continue
            if speaker is not None and speaker in host.seats:
                await host.send("floor", seat=speaker, open=False)
            speaker = str(queue[0]["seat"])
            await host.send("floor", seat=speaker, open=True)

    def _invite(self, code: str) -> None:
        visitor, technician = self._logins[SIMULATED], self._logins[SIMULATED + 1]
        self._say(f"{SIMULATED} points are in a conference. Open {self._server.url}/ and sign in as")
        self._say(f"  a point     account {visitor[0]}, password {visitor[1]}")
        self._say(f"  technician  account {technician[0]}, password {technician[1]} (controls the conference)")
        self._say(f"Session code: {code[:4]} {code[4:7]} {code[7:]}")
