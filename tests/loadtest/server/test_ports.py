"""The blocks of port numbers that processes take."""

import subprocess
import sys


def test_a_process_closes_what_keeps_its_block_when_it_ends() -> None:
    """Else Python warns of it, after the last test or before a command's prompt."""
    taking = "from loadtest.server.ports import free_port; free_port()"
    done = subprocess.run([sys.executable, "-W", "error", "-c", taking], capture_output=True, text=True, check=True)
    assert done.stderr == ""
