"""A room system calls a whole server: seen and heard on both sides, held, resumed, hung up."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.rooms.command import RoomsPlan, parse, run
from loadtest.rooms.crowd import CrowdPlan
from loadtest.rooms.kinds import KINDS
from loadtest.rooms.lane import Lane
from loadtest.rooms.room import RoomFailed


def test_a_call_is_placed_held_and_counted(tmp_path: Path) -> None:
    """Run the command as a process, with one call that is resumed from a file that has another."""
    output = tmp_path / "rooms.jsonl"
    kept = {"kind": "hold", "setup_ms": 10.0, "picture_ms": 20.0, "failure": ""}
    output.write_text(json.dumps(kept) + "\n")
    command = (sys.executable, "-m", "loadtest", "rooms", "hold", "--calls", "2", "--at-once", "1", "--json")
    done = subprocess.run([*command, "--output", str(output)], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)["kinds"]["hold"]
    assert (row["tried"], row["passed"], row["failures"]) == (2, 2, [])
    first, second = map(json.loads, output.read_text().splitlines())
    assert first == kept
    assert 0 < second["setup_ms"] < second["picture_ms"]
    assert 0 < second["cpu_pct_per_leg"] < 200


async def test_what_was_said_and_seen_in_a_call_that_failed_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_lane: Lane) -> None:
        raise RoomFailed("nothing happens")

    monkeypatch.setitem(KINDS, "udp", replace(KINDS["udp"], within=fail))
    output = tmp_path / "rooms.jsonl"
    await run(RoomsPlan(1, ("udp",), 1, output, None), print)
    row = json.loads(output.read_text())
    assert (row["failure"], row["cpu_pct_per_leg"]) == ("nothing happens", None)
    host, _, said = row["detail"].partition("\n")
    assert "'tone_hz': 880" in host and "'state': 'connected'" in host
    assert "INVITE sip:" in said and "SIP/2.0 200 OK" in said


def test_no_more_lanes_are_opened_than_there_are_calls() -> None:
    assert parse(["udp", "tcp", "--calls", "3", "--json"]) == (RoomsPlan(3, ("udp", "tcp"), 3, None, None), True)
    alone = RoomsPlan(8, (), 8, None, CrowdPlan(4, 6))
    assert parse(["crowd", "--counted", "4"]) == (alone, False)
    with pytest.raises(SystemExit):
        parse(["smoke-signals"])
