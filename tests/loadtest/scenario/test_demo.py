"""The demonstration: its end, its invitation of a visitor, and its floor control."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from loadtest.endpoint.participant import Participant
from loadtest.endpoint.reconnecting import ReconnectingParticipant
from loadtest.media.library import MediaLibrary
from loadtest.progress import Steps
from loadtest.scenario import demo
from loadtest.scenario.demo import SIMULATED, STEPS, Demo, _accounts, _choose_points, _give_floor, _until_either_ends
from loadtest.scenario.demo_cleanup import Traces
from loadtest.server.accounts import Login
from loadtest.server.process import Server, ServerFailed
from loadtest.server.rest_client import Refused
from scheduler.policy.profile_files import load
from scheduler.units.seed import khanh_hoa_2023
from scheduler.units.units_file import parse

POINTS = [each.point for each in parse(khanh_hoa_2023(), load(), ())]


class Play:
    """A play that goes on until it is cancelled."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.began = asyncio.Event()
        self.cancelled = False
        self._fault = fault

    async def go(self) -> None:
        self.began.set()
        if self._fault is not None:
            raise self._fault
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


def server(ends: "asyncio.Event", code: int = -9) -> Server:
    async def process() -> int:
        await ends.wait()
        return code

    return Server("http://localhost:1", 1, {}, asyncio.ensure_future(process()))


async def test_the_play_ends_with_the_server() -> None:
    ends, play = asyncio.Event(), Play()
    whole = asyncio.ensure_future(_until_either_ends(play.go(), server(ends)))
    await play.began.wait()
    ends.set()
    with pytest.raises(ServerFailed, match="-9"):
        await whole
    assert play.cancelled


async def test_what_fails_since_the_server_died_is_its_death() -> None:
    ends, play = asyncio.Event(), Play(ConnectionError("the socket closed"))
    whole = asyncio.ensure_future(_until_either_ends(play.go(), server(ends, 1)))
    await play.began.wait()
    ends.set()
    with pytest.raises(ServerFailed, match="ended with 1"):
        await whole


async def test_a_fault_of_the_play_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "DYING_S", 0.01)
    running = server(asyncio.Event())
    with pytest.raises(Refused):
        await _until_either_ends(Play(Refused("x", 403, {})).go(), running)
    assert not running.ended.done()
    running.ended.cancel()


async def test_ctrl_c_ends_the_play_and_not_the_server() -> None:
    play, running = Play(), server(asyncio.Event())
    whole = asyncio.ensure_future(_until_either_ends(play.go(), running))
    await play.began.wait()
    whole.cancel()
    with pytest.raises(asyncio.CancelledError):
        await whole
    assert play.cancelled and not running.ended.done()
    running.ended.cancel()


class Stage:
    """Where the demonstration runs: servers that nobody starts, and a play that has made an account already."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        self.plays, self.dies = asyncio.Event(), asyncio.Event()
        for name, scripted in (("serve", self._serve), ("remove", self._remove), ("_prepare_and_run", self._play)):
            monkeypatch.setattr(demo, name, scripted)

    @asynccontextmanager
    async def _serve(self, *_: object) -> AsyncIterator[Server]:
        running = server(self.dies)
        self.done.append("server")
        try:
            yield running
        finally:
            self.done.append("end")
            running.ended.cancel()

    async def _play(self, _server: Server, _steps: Steps, traces: Traces, _print_line: object) -> None:
        traces.accounts = ["demo"]
        self.plays.set()
        await asyncio.Event().wait()

    async def _remove(self, _environ: object, traces: Traces) -> None:
        self.done.append(f"remove {' '.join(traces.accounts)}")


async def test_ctrl_c_takes_back_what_was_begun_once_the_server_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    whole = asyncio.ensure_future(demo.run(lambda _: None))
    await stage.plays.wait()
    whole.cancel()
    with pytest.raises(asyncio.CancelledError):
        await whole
    assert stage.done == ["server", "end", "remove demo"]


async def test_after_a_server_that_died_another_one_ends_its_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    whole = asyncio.ensure_future(demo.run(lambda _: None))
    await stage.plays.wait()
    stage.dies.set()
    with pytest.raises(ServerFailed, match="-9"):
        await whole
    assert stage.done == ["server", "end", "server", "end", "remove demo"]


async def test_one_point_that_stays_away_ends_no_session_for_the_others() -> None:
    class Point:
        participant = None

        def __init__(self) -> None:
            self.over = asyncio.Event()

        async def stay(self) -> str:
            await self.over.wait()
            return "removed"

    first, second = Point(), Point()
    whole = Demo("http://localhost:1", [], [], MediaLibrary(), Steps(STEPS, print), Traces(), print)
    whole._participants = cast("list[ReconnectingParticipant]", [first, second])
    holding = asyncio.ensure_future(whole._hold())
    first.over.set()
    done, _ = await asyncio.wait({holding}, timeout=0.1)
    assert done == set()
    second.over.set()
    await holding


async def test_points_that_lost_their_lines_end_no_turn_of_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "TURN_S", 0.0)
    turns, enough = Counter[str](), asyncio.Event()

    class Person:
        def __init__(self, name: str) -> None:
            self.name = name
            self.seats = {"a": {"seat": "a", "hand": 1}}

        async def send(self, kind: str, **_: Any) -> None:
            turns[f"{self.name} {kind}"] += 1
            if min(turns["host floor"], turns["point hand"]) > 2:
                enough.set()
            raise ConnectionError("the server let this point go")

    class Point:
        def __init__(self, name: str | None) -> None:
            self.participant = None if name is None else Person(name)

    whole = Demo("http://localhost:1", [], [], MediaLibrary(), Steps(STEPS, print), Traces(), print)
    whole._participants = cast("list[ReconnectingParticipant]", [Point("host"), Point("point"), Point(None)])
    chairing = asyncio.ensure_future(whole._chair())
    waiting = asyncio.ensure_future(enough.wait())
    await asyncio.wait({chairing, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    assert (waiting.done(), chairing.done()) == (True, False)
    chairing.cancel()
    await asyncio.gather(chairing, return_exceptions=True)


def test_a_visitor_is_told_four_accounts_and_three_things_to_try() -> None:
    cast_ = _choose_points(POINTS)
    logins: list[Login] = [(new.account, f"secret-{at}") for at, new in enumerate(_accounts(cast_))]
    said: list[str] = []
    whole = Demo("http://localhost:1", cast_, logins, MediaLibrary(), Steps(STEPS, said.append), Traces(), said.append)
    whole._invite("1234567890")
    told = [line.split()[:5] for line in said if "account" in line]
    assert told == [
        ["administrator", "account", "demo-admin,", "password", f"secret-{SIMULATED + 2}"],
        ["host", "account", "demo-ubnd.khanh-hoa,", "password", "secret-0"],
        ["technician", "account", "demo-technician,", "password", f"secret-{SIMULATED + 1}"],
        ["point", "account", "demo,", "password", f"secret-{SIMULATED}"],
    ]
    assert "Session code: 1234 567 890" in said
    assert [line.strip()[:2] for line in said if line.startswith("  ") and line.strip()[1] == "."] == ["1.", "2.", "3."]


@pytest.mark.parametrize(
    ("hands", "speaker", "given", "sent"),
    [
        ({"a": 0, "b": 0}, "a", "a", []),
        ({"a": 0, "b": 1}, "", "b", [("b", True)]),
        ({"a": 0, "b": 1}, "a", "b", [("a", False), ("b", True)]),
        ({"b": 1}, "gone", "b", [("b", True)]),
    ],
)
async def test_the_first_in_the_queue_gets_the_floor_from_who_has_it(
    hands: dict[str, int], speaker: str, given: str, sent: list[tuple[str, bool]]
) -> None:
    told: list[tuple[str, bool]] = []

    class Host:
        def __init__(self) -> None:
            self.seats = {seat: {"seat": seat, "hand": hand} for seat, hand in hands.items()}

        async def send(self, kind: str, **fields: Any) -> None:
            assert kind == "floor"
            told.append((fields["seat"], fields["open"]))

    assert await _give_floor(cast("Participant", Host()), speaker) == given
    assert told == sent
