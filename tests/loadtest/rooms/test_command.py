"""A room system calls a whole server: seen and heard on both sides, held, resumed, hung up."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loadtest.rooms import placing
from loadtest.rooms.command import RoomsPlan, parse, run
from loadtest.rooms.crowd import CrowdPlan
from loadtest.rooms.kinds.kind import CallKind
from loadtest.rooms.kinds.table import KINDS
from loadtest.rooms.lane import Lane
from loadtest.rooms.leg_cost import LegCost
from loadtest.rooms.outcomes import CallOutcome, Outcomes
from loadtest.rooms.placing import Placing
from loadtest.rooms.room import RoomFailed


async def test_calls_go_on_from_a_file_are_held_counted_and_kept_when_they_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_lane: Lane) -> None:
        raise RoomFailed("nothing happens")

    monkeypatch.setitem(KINDS, "udp", replace(KINDS["udp"], within=fail))
    output = tmp_path / "rooms.jsonl"
    kept = [{"kind": kind, "setup_ms": 10.0, "picture_ms": 20.0, "failure": ""} for kind in ("hold", "udp")]
    output.write_text("".join(json.dumps(each) + "\n" for each in kept))
    outcomes = await run(RoomsPlan(2, ("hold", "udp"), 1, output, None, times=True), print)
    rows = outcomes.report()["kinds"]
    counts = {kind: (row["tried"], row["passed"], row["failures"]) for kind, row in rows.items()}
    assert counts == {"hold": (2, 2, []), "udp": (2, 1, ["nothing happens"])}
    *first, held, failed = map(json.loads, output.read_text().splitlines())
    assert first == kept
    assert 0 < held["setup_ms"] < held["picture_ms"]
    assert held["latency_ms"] > 0 < held["room_keyframe_ms"]
    assert 0 < held["cpu_pct_per_leg"] < 200
    assert (failed["failure"], failed["cpu_pct_per_leg"]) == ("nothing happens", None)
    host, _, said = failed["detail"].partition("\n")
    tone = re.search(r"'tone_hz': (\d+)", host)
    assert tone is not None and abs(int(tone[1]) - 880) <= 3  # a jitter buffer shortens or lengthens it a little
    assert "'state': 'connected'" in host
    assert "INVITE sip:" in said and "SIP/2.0 200 OK" in said


def test_no_more_lanes_are_opened_than_there_are_calls() -> None:
    assert parse(["udp", "tcp", "--calls", "3", "--json"]) == (RoomsPlan(3, ("udp", "tcp"), 3, None, None), True)
    assert parse(["udp", "--times"])[0] == RoomsPlan(8, ("udp",), 8, None, None, times=True)
    alone = RoomsPlan(8, (), 8, None, CrowdPlan(4, 6))
    assert parse(["udp", "tcp", "--calls", "1", "--at-once", "4"])[0] == RoomsPlan(1, ("udp", "tcp"), 2, None, None)
    assert parse(["crowd", "--counted", "4"]) == (alone, False)
    assert parse(["flood", "--seconds", "5"])[0] == RoomsPlan(8, (), 8, None, None, flood_s=5.0)
    with pytest.raises(SystemExit):
        parse(["smoke-signals"])


async def test_a_run_that_is_ended_counts_no_call_as_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def closing_badly(*_: object) -> AsyncIterator[None]:
        try:
            await asyncio.sleep(60)
            yield
        finally:
            raise OSError("the server ends, too")

    monkeypatch.setattr(placing, "open_lane", closing_badly)
    outcomes: Any = Outcomes(tmp_path / "rooms.jsonl")
    nothing: Any = None
    run = asyncio.create_task(Placing(nothing, outcomes, nothing, ["udp"], 3, print).in_lane(nothing))
    await asyncio.sleep(0)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert outcomes.tried("udp") == 0


async def test_a_lane_goes_on_to_the_next_kind_while_another_one_places_the_last_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    placed, said, ending = list[str](), list[str](), asyncio.Event()

    @asynccontextmanager
    async def opening(_context: object, seats: Any, _setup: object) -> AsyncIterator[Any]:
        yield seats

    async def placing_one(kind: CallKind, seats: Any, _times: bool) -> CallOutcome:
        (name,) = (each for each in ("udp", "tcp", "tls") if KINDS[each] is kind)
        placed.append(f"{name} in {seats}")
        if name == "udp":
            await ending.wait()
        elif name == "tls":
            ending.set()
        return CallOutcome()

    monkeypatch.setattr(placing, "open_lane", opening)
    monkeypatch.setattr(placing, "place", placing_one)
    nothing: Any = None
    run = Placing(nothing, Outcomes(), LegCost(lambda: 0.0), ["udp", "tcp", "tls"], 1, said.append)
    lanes: Any = ("one", "other")
    await asyncio.gather(*(run.in_lane(seats) for seats in lanes))
    assert placed == ["udp in one", "tcp in other", "tls in other"]
    assert said == ["tcp: 1 of 1", "tls: 1 of 1", "udp: 1 of 1"]
