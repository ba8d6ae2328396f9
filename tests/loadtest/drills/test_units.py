"""The drill of the units, with a systemctl that notes its calls."""

from itertools import islice
from pathlib import Path

import pytest

from loadtest.drills.units import SystemdServer, systemctl
from loadtest.server.process import ServerFailed


@pytest.fixture
def systemctl_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a systemctl in PATH that knows every unit but one; return the file of its calls."""
    calls, program = tmp_path / "calls", tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >>{calls}\ncase "$*" in *missing) exit 5 ;; esac\necho 4711\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return calls


async def test_the_workers_are_those_that_systemd_runs(systemctl_calls: Path) -> None:
    server = SystemdServer(2)
    await server.read_worker_pids()
    assert server.workers() == [4711, 4711]
    expected = [f"show --property MainPID --value diemcau-worker@{index}" for index in range(2)]
    assert systemctl_calls.read_text().splitlines() == expected


async def test_a_failure_of_systemctl_ends_the_drill(systemctl_calls: Path) -> None:
    with pytest.raises(ServerFailed, match="systemctl restart missing: 5"):
        await systemctl("restart", "missing")
    assert systemctl_calls.read_text() == "restart missing\n"


def test_the_server_is_restarted_reloaded_killed_and_hangs_in_turn() -> None:
    assert [words[-1] for words in islice(SystemdServer(1).actions, 5)] == [
        "restart",
        "reload",
        "KILL",
        "STOP",
        "restart",
    ]
