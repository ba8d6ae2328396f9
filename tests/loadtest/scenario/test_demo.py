"""The demonstration: its end, the accounts that it prints for a visitor, and its floor control.

Also tests `loadtest/media/library.py`.
"""

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
        self.begun, self.server_ends = asyncio.Event(), asyncio.Event()
        for name, scripted in (
            ("serve", self._serve),
            ("remove", self._remove),
            ("_prepare_and_run", self._run_meetings),
        ):
            monkeypatch.setattr(demo, name, scripted)

    @asynccontextmanager
    async def _serve(self, *_: object) -> AsyncIterator[Server]:
        running = server(self.server_ends)
        self.steps.append("server")
        try:
            yield running
        finally:
            self.steps.append("end")
            running.ended.cancel()

    async def _run_meetings(self, _server: Server, _steps: Steps, traces: Traces, _print_line: object) -> None:
        traces.accounts = ["demo"]
        self.begun.set()
        await asyncio.Event().wait()

    async def _remove(self, _environ: object, traces: Traces) -> None:
        self.steps.append(f"remove {' '.join(traces.accounts)}")


async def test_ctrl_c_removes_accounts_once_the_server_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    fixture = DemoFixture(monkeypatch)
    running = asyncio.ensure_future(demo.run(lambda _: None))
    await fixture.begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert fixture.steps == ["server", "end", "remove demo"]


async def test_after_a_server_that_died_another_one_ends_its_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    fixture = DemoFixture(monkeypatch)
    running = asyncio.ensure_future(demo.run(lambda _: None))
    await fixture.begun.wait()
    fixture.server_ends.set()
    with pytest.raises(ServerFailed, match="-9"):
        await running
    assert fixture.steps == ["server", "end", "server", "end", "remove demo"]


async def test_one_point_that_stays_away_ends_no_session_for_the_others() -> None:
    class Point:
        participant = None

        def __init__(self) -> None:
            self.over = asyncio.Event()

        async def stay(self) -> str:
            await self.over.wait()
            return "removed"

    first, second = Point(), Point()
    demonstration = Demo("http://localhost:1", [], [], MediaLibrary(), Steps(STEPS, print), Traces(), print)
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

    demonstration = Demo("http://localhost:1", [], [], MediaLibrary(), Steps(STEPS, print), Traces(), print)
    demonstration._participants = cast("list[ReconnectingParticipant]", [Point("host"), Point("point"), Point(None)])
    chairing = asyncio.ensure_future(demonstration._chair())
    waiting = asyncio.ensure_future(enough.wait())
    await asyncio.wait({chairing, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    assert (waiting.done(), chairing.done()) == (True, False)
    chairing.cancel()
    await asyncio.gather(chairing, return_exceptions=True)


def test_four_accounts_and_three_things_to_try_are_printed() -> None:
    demo_points = _choose_points(POINTS)
    logins: list[Login] = [(new.account, f"secret-{at}") for at, new in enumerate(_accounts(demo_points))]
    printed: list[str] = []
    demonstration = Demo(
        "http://localhost:1",
        demo_points,
        logins,
        MediaLibrary(),
        Steps(STEPS, printed.append),
        Traces(),
        printed.append,
    )
    demonstration._invite("1234567890")
    accounts = [line.split()[:5] for line in printed if "account" in line]
    assert accounts == [
        ["administrator", "account", "demo-admin,", "password", f"secret-{SIMULATED + 2}"],
        ["host", "account", "demo-ubnd.khanh-hoa,", "password", "secret-0"],
        ["technician", "account", "demo-technician,", "password", f"secret-{SIMULATED + 1}"],
        ["point", "account", "demo,", "password", f"secret-{SIMULATED}"],
    ]
    assert "Session code: 1234 567 890" in printed
    assert [line.strip()[:2] for line in printed if line.startswith("  ") and line.strip()[1] == "."] == [
        "1.",
        "2.",
        "3.",
    ]


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
