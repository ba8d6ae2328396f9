"""What the drill of the units asks of systemd, by a systemctl that writes down how it is called."""

from itertools import islice
from pathlib import Path

import pytest

from loadtest.drills.units import SystemdServer, systemctl
from loadtest.server.process import ServerFailed


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file it writes to; it knows every unit but one."""
    calls, program = tmp_path / "calls", tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >>{calls}\ncase "$*" in *missing) exit 5 ;; esac\necho 4711\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return calls


async def test_the_workers_are_those_that_systemd_runs(called: Path) -> None:
    found = SystemdServer(2)
    await found.read_worker_pids()
    assert found.workers() == [4711, 4711]
    asked = [f"show --property MainPID --value diemcau-worker@{index}" for index in range(2)]
    assert called.read_text().splitlines() == asked


async def test_what_systemd_refuses_ends_the_drill(called: Path) -> None:
    with pytest.raises(ServerFailed, match="systemctl restart missing: 5"):
        await systemctl("restart", "missing")
    assert called.read_text() == "restart missing\n"


def test_the_server_is_restarted_reloaded_killed_and_hangs_in_turn() -> None:
    assert [words[-1] for words in islice(SystemdServer(1).actions, 5)] == [
        "restart",
        "reload",
        "KILL",
        "STOP",
        "restart",
    ]
