"""Tests that processes which make files lower what the kernel shares out by: themselves, and a session of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

AUTOGROUP = Path("/proc/self/autogroup")
SESSIONS_COUNT = AUTOGROUP.exists()
"""Whether this kernel can share out by sessions."""


def priorities(call: str, *prefix: str) -> list[str]:
    """Return policy, niceness, and niceness of the session of a process that leads one, or is in one of another's."""
    code = (
        f"import os; from mediaserver.recording import priority; priority.{call}();"
        "print(os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0));"
        f"print(open('{AUTOGROUP}').read().split()[-1] if {SESSIONS_COUNT} else '')"
    )
    command = [*prefix, sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, start_new_session=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("call", "policy", "nice"), [("lower", os.SCHED_OTHER, "10"), ("lower_to_idle", os.SCHED_IDLE, "19")]
)
def test_a_process_lowers_itself_and_the_session_that_it_leads(call: str, policy: int, nice: str) -> None:
    assert priorities(call) == [str(policy), nice, *([nice] if SESSIONS_COUNT else [])]


def test_the_session_of_another_process_keeps_its_priority() -> None:
    found = priorities("lower_to_idle", "sh", "-c", '"$@"; true', "")
    assert found == [str(os.SCHED_IDLE), "19", *(["0"] if SESSIONS_COUNT else [])]
