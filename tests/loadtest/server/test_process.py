"""The server that a command starts ends with the command, however that ended."""

import os
import select
import signal
import subprocess
import sys

import pytest

PARENT = """
import subprocess, time
from loadtest.server.process import end_with_parent
child = subprocess.Popen(["sleep", "60"], preexec_fn=end_with_parent)
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="no pidfd_open(2)")
def test_a_command_that_is_killed_takes_its_server_with_it() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = os.pidfd_open(int(parent.stdout.readline()))
    try:
        parent.kill()
        assert parent.wait(20) == -signal.SIGKILL
        assert select.select([child], [], [], 20)[0] == [child]  # it has ended
    finally:
        os.close(child)
        parent.stdout.close()
