"""Machines as network namespaces, of which nothing is left."""

import os
import subprocess
import sys

from tests.debian import demand, unmet


def test_a_machine_is_cut_off_one_way_and_nothing_is_left_of_any() -> None:
    if os.geteuid() != 0:
        unmet("machines need root")
    demand("nft")
    before = _network()
    words = (sys.executable, "-m", "tests.loadtest.server.two_machines")
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    expected = ["True True", "False True", "True False", "True True"]
    assert (done.stdout.splitlines(), done.stderr) == (expected, "")
    assert _network() == before


def _network() -> list[str]:
    """Return the names of namespaces and devices of the machine that tests run on."""
    found = [subprocess.check_output(("ip", *words), text=True) for words in (("netns",), ("-brief", "link"))]
    return [line.split()[0] for each in found for line in each.splitlines()]
