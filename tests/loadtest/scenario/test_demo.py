"""The demonstration: its end, the accounts that it prints for a visitor, and its floor control.

Also tests `loadtest/media/library.py`.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar, cast

import pytest

from loadtest.endpoint.participant import Participant
from loadtest.endpoint.reconnecting import ReconnectingParticipant
from loadtest.media.library import MediaLibrary
from loadtest.progress import PrintLine, Steps
from loadtest.scenario import demo
from loadtest.scenario.demo import (
    RECORDED_TITLE,
    SIMULATED,
    STEPS,
    Demo,
    _accounts,
    _choose_points,
    _give_floor,
    _until_either_ends,
)
from loadtest.server.accounts import Login
from loadtest.server.process import Server, ServerFailed
from loadtest.server.rest_client import Client, Refused
from scheduler.policy.profile_files import load
from scheduler.units.seed import khanh_hoa_2023
from scheduler.units.units_file import parse

POINTS = [each.point for each in parse(khanh_hoa_2023(), load(), ())]


class FakeMeetings:
    """Meetings that go on until they are cancelled, or fail at once with `fault`."""

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


async def test_the_meetings_end_with_the_server() -> None:
    ends, meetings = asyncio.Event(), FakeMeetings()
    running = asyncio.ensure_future(_until_either_ends(meetings.go(), server(ends)))
    await meetings.began.wait()
    ends.set()
    with pytest.raises(ServerFailed, match="-9"):
        await running
    assert meetings.cancelled


async def test_a_failure_caused_by_the_death_of_the_server_is_reported_as_its_end() -> None:
    ends, meetings = asyncio.Event(), FakeMeetings(ConnectionError("the socket closed"))
    running = asyncio.ensure_future(_until_either_ends(meetings.go(), server(ends, 1)))
    await meetings.began.wait()
    ends.set()
    with pytest.raises(ServerFailed, match="ended with 1"):
        await running


async def test_a_failure_of_the_meetings_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "DYING_S", 0.01)
    running = server(asyncio.Event())
    with pytest.raises(Refused):
        await _until_either_ends(FakeMeetings(Refused("x", 403, {})).go(), running)
    assert not running.ended.done()
    running.ended.cancel()


async def test_ctrl_c_ends_the_meetings_and_not_the_server() -> None:
    meetings, live_server = FakeMeetings(), server(asyncio.Event())
    running = asyncio.ensure_future(_until_either_ends(meetings.go(), live_server))
    await meetings.began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert meetings.cancelled and not live_server.ended.done()
    live_server.ended.cancel()


class DemoFixture:
    """Replaces the server, the meetings and the clean-up of a demonstration; `steps` is what was done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps: list[str] = []
        self.first_passwords: list[str] = []
        self.log_levels: list[str | None] = []
        self.begun, self.server_ends = asyncio.Event(), asyncio.Event()
        for name, scripted in (
            ("serve", self._serve),
            ("remove", self._remove),
            ("remove_former", self._remove_former),
            ("_prepare_and_run", self._run_meetings),
        ):
            monkeypatch.setattr(demo, name, scripted)

    @asynccontextmanager
    async def _serve(self, environ: Mapping[str, str], print_line: PrintLine) -> AsyncIterator[Server]:
        print_line("Điểm cầu: https://localhost:1/")
        print_line("First sign-in: account admin, one-time password secret")
        self.log_levels.append(environ.get("DIEMCAU_LOG"))
        running = server(self.server_ends)
        self.steps.append("server")
        try:
            yield running
        finally:
            self.steps.append("end")
            running.ended.cancel()

    async def _run_meetings(self, _server: Server, first_password: list[str], *_: object) -> None:
        self.first_passwords += first_password
        self.begun.set()
        await asyncio.Event().wait()

    async def _remove(self, _environ: object) -> None:
        self.steps.append("remove")

    async def _remove_former(self, _environ: object, _print_line: object) -> None:
        self.steps.append("remove former")


async def test_ctrl_c_removes_accounts_once_the_server_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    fixture = DemoFixture(monkeypatch)
    running = asyncio.ensure_future(demo.run(lambda _: None))
    await fixture.begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert fixture.steps == ["remove former", "server", "end", "remove"]
    assert fixture.first_passwords == ["First sign-in: account admin, one-time password secret"]
    assert fixture.log_levels == [os.environ.get("DIEMCAU_LOG", "ERROR")]


async def test_after_a_server_that_died_another_one_ends_its_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    fixture = DemoFixture(monkeypatch)
    running = asyncio.ensure_future(demo.run(lambda _: None))
    await fixture.begun.wait()
    fixture.server_ends.set()
    with pytest.raises(ServerFailed, match="-9"):
        await running
    assert fixture.steps == ["remove former", "server", "end", "server", "end", "remove"]


async def test_ux_defect_06_one_point_that_stays_away_ends_no_session_for_the_others() -> None:
    class Point:
        participant = None

        def __init__(self) -> None:
            self.over = asyncio.Event()

        async def stay(self) -> str:
            await self.over.wait()
            return "removed"

    first, second = Point(), Point()
    demonstration = Demo("http://localhost:1", [], [], MediaLibrary(), Steps(STEPS, print), [], print)
    demonstration._participants = cast("list[ReconnectingParticipant]", [first, second])
    holding = asyncio.ensure_future(demonstration._hold())
    first.over.set()
    done, _ = await asyncio.wait({holding}, timeout=0.1)
    assert done == set()
    second.over.set()
    await holding


async def test_points_that_lost_their_connection_do_not_end_floor_control(monkeypatch: pytest.MonkeyPatch) -> None:
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

    demonstration = Demo("http://localhost:1", [], [], MediaLibrary(), Steps(STEPS, print), [], print)
    demonstration._participants = cast("list[ReconnectingParticipant]", [Point("host"), Point("point"), Point(None)])
    chairing = asyncio.ensure_future(demonstration._chair())
    waiting = asyncio.ensure_future(enough.wait())
    await asyncio.wait({chairing, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    assert (waiting.done(), chairing.done()) == (True, False)
    chairing.cancel()
    await asyncio.gather(chairing, return_exceptions=True)


@pytest.mark.parametrize("first_run", [True, False])
def test_all_accounts_and_three_things_to_try_are_printed_at_every_run(first_run: bool) -> None:
    demo_points = _choose_points(POINTS)
    logins: list[Login] = [(new.account, f"secret-{at}") for at, new in enumerate(_accounts(demo_points))]
    first = ["First sign-in: account admin, one-time password once"] if first_run else []
    printed: list[str] = []
    steps = Steps(STEPS, printed.append)
    Demo("http://localhost:1", demo_points, logins, MediaLibrary(), steps, first, printed.append)._invite("1234567890")
    accounts = [line.split()[:5] for line in printed if "password" in line][:-1]
    assert accounts == [
        ["point", "account", "demo,", "password", f"secret-{SIMULATED}"],
        ["host", "account", "demo-ubnd.khanh-hoa,", "password", "secret-0"],
        ["technician", "account", "demo-technician,", "password", f"secret-{SIMULATED + 1}"],
        ["administrator", "account", "demo-admin,", "password", f"secret-{SIMULATED + 2}"],
    ]
    (of_admin,) = (line for line in printed if line.startswith("  admin "))
    assert ("one-time password once" in of_admin, "set-password admin" in of_admin) == (first_run, not first_run)
    assert "Session code: 123 456 7890" in printed
    tries = [line.strip() for line in printed if line.startswith("  ") and line.strip()[1] == "."]
    assert [line[:2] for line in tries] == ["1.", "2.", "3."]
    assert RECORDED_TITLE in tries[2]


async def test_another_session_begins_once_the_server_admits_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "NEW_SESSION_S", 0.0)
    done: list[str] = []
    refusals = [Refused("POST", 409, {"title": "Full"}), ConnectionError("the server is busy")]

    class Meetings(Demo):
        async def _begin_session(self, _seated: object = None) -> str:
            done.append("begin")
            if refusals:
                raise refusals.pop()
            return "1234567890"

    async def cancelled(_client: object, session: str) -> None:
        done.append(f"cancel {session}")
        raise Refused("POST", 409, {})

    monkeypatch.setattr(demo, "cancel", cancelled)
    printed: list[str] = []
    meetings = Meetings("http://localhost:1", [], [], MediaLibrary(), Steps(STEPS, print), [], printed.append)
    meetings._clients, meetings._session = [cast("Client", None)], "s1"
    assert await meetings._begin_another() == "1234567890"
    assert done == ["cancel s1", "begin"] * 3
    assert [line[:32] for line in printed] == ["No other session can begin yet (", "No other session can begin yet ("]


@pytest.mark.parametrize(
    ("index", "floors", "speaks"),
    [
        (1, {"own": True, "s0": True}, True),
        (1, {"own": False, "s0": True}, False),
        (0, {"own": True}, True),
        (0, {"own": True, "s1": True}, False),
    ],
)
async def test_who_has_the_floor_speaks_and_the_host_only_while_nobody_else_has_it(
    index: int, floors: dict[str, bool], speaks: bool
) -> None:
    told: list[object] = []

    class Voice:
        class Sending:
            mic = not speaks

        sending = Sending()

        def speak(self, on: bool) -> None:
            told.append(on)

    class Person:
        seat, endpoint = "own", Voice()
        seats: ClassVar = {seat: {"floor": floor} for seat, floor in floors.items()}

        async def send(self, kind: str, **fields: object) -> None:
            told.append((kind, fields["mic"]))

    class Prepared(MediaLibrary):
        async def prepare_speaking(self, *_: object) -> None:
            told.append("prepared")

    meetings = Demo("http://localhost:1", [], [], Prepared(), Steps(STEPS, print), [], print)
    await meetings._speak_or_listen(index, cast("Participant", Person()))
    assert told == ["prepared", speaks, ("media", speaks)]
    Voice.Sending.mic = speaks
    await meetings._speak_or_listen(index, cast("Participant", Person()))
    assert len(told) == 3


@pytest.mark.parametrize(
    ("hands", "speaker", "expected", "sent"),
    [
        ({"a": 0, "b": 0}, "a", "a", []),
        ({"a": 0, "b": 1}, "", "b", [("b", True)]),
        ({"a": 0, "b": 1}, "a", "b", [("a", False), ("b", True)]),
        ({"b": 1}, "gone", "b", [("b", True)]),
    ],
)
async def test_the_first_in_the_queue_gets_the_floor_from_who_has_it(
    hands: dict[str, int], speaker: str, expected: str, sent: list[tuple[str, bool]]
) -> None:
    messages: list[tuple[str, bool]] = []

    class Host:
        def __init__(self) -> None:
            self.seats = {seat: {"seat": seat, "hand": hand} for seat, hand in hands.items()}

        async def send(self, kind: str, **fields: Any) -> None:
            assert kind == "floor"
            messages.append((fields["seat"], fields["open"]))

    assert await _give_floor(cast("Participant", Host()), speaker) == expected
    assert messages == sent
