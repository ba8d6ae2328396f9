"""The command as a person runs it: a server of its own, a session, four points with picture and sound.

Also tests `loadtest/load/runner.py`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loadtest.__main__ import _arguments, _running_target
from loadtest.media.tone import tone_hz


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    environ = os.environ | {"PYTHONWARNINGS": "default"}
    words = ["--points", "4", "--speakers", "2", "--seconds", "4", "--layers", "1", "--decode", "--json", "--detail"]
    command = [sys.executable, "-m", "loadtest", *words]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "4 of 4 joined" in done.stderr
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def test_everybody_joins_through_the_public_signaling(result: dict[str, Any]) -> None:
    assert (result["joined"], result["expected"]) == (4, 4)
    assert [point["role"] for point in result["points"]].count("host") == 1
    assert "failures" not in result


def test_the_server_is_measured(result: dict[str, Any]) -> None:
    assert result["server_cpu_s"] > 0
    assert result["server_rss_mb"] > 50


def test_everybody_sees_the_same_composed_picture(result: dict[str, Any]) -> None:
    decoded = [point["decoded"] for point in result["points"]]
    assert [d["size"] for d in decoded] == [[1280, 720]] * 4
    assert [d["faults"] for d in decoded] == [0] * 4
    assert all(point["picture"]["frames"] > 0 for point in result["points"])


def test_everybody_hears_who_has_the_floor_and_the_host_not_itself(result: dict[str, Any]) -> None:
    notes = {tone_hz(index) for index in range(4)}
    for point in result["points"]:
        audible = notes - {tone_hz(0)} if point["role"] == "host" else notes
        assert [note for note in audible if abs(note - point["decoded"]["tone_hz"]) <= 3]
        assert point["audio"]["packets"] > 0


def test_a_running_server_needs_an_account(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--accounts"):
        _running_target(_arguments(["--url", "https://localhost:1"]))
    file = tmp_path / "a.csv"
    file.write_text("a,b\n")
    target = _running_target(
        _arguments(["--url", "https://localhost:1/", "--accounts", str(file), "--code", "1234567890"])
    )
    assert (target.base, target.accounts, target.code) == ("https://localhost:1", (("a", "b"),), "1234567890")


def test_an_error_is_one_line() -> None:
    command = [sys.executable, "-m", "loadtest", "--url", "http://127.0.0.1:1", "--account", "a", "--password", "b"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("loadtest: ")
    assert "Traceback" not in done.stderr
