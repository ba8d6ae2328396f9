"""Reading /proc, the real one and one of paper."""

import os
import subprocess
import sys
from pathlib import Path

from loadtest.probe import TICKS_PER_S, Usage, tree, usage


def paper(root: Path, pid: int, parent: int, ticks: tuple[int, int, int, int], kilobytes: int) -> None:
    folder = root / str(pid)
    folder.mkdir()
    fields = ["S", str(parent), *["0"] * 9, *map(str, ticks), *["0"] * 30]
    (folder / "stat").write_text(f"{pid} (a) b) {' '.join(fields)}\n")
    (folder / "status").write_text(f"Name:\tx\nVmRSS:\t{kilobytes} kB\n")


def test_a_tree_is_summed_and_neighbours_are_not(tmp_path: Path) -> None:
    paper(tmp_path, 10, 1, (100, 20, 30, 0), 1000)
    paper(tmp_path, 11, 10, (10, 0, 0, 0), 500)
    paper(tmp_path, 12, 11, (1, 0, 0, 0), 50)
    paper(tmp_path, 13, 1, (999, 0, 0, 0), 999)
    assert sorted(tree(10, tmp_path)) == [10, 11, 12]
    assert usage(10, tmp_path) == Usage(161 / TICKS_PER_S, 1550 * 1024)


def test_a_process_that_ended_costs_nothing(tmp_path: Path) -> None:
    assert usage(10, tmp_path) == Usage(0.0, 0)


def test_our_own_child_is_found() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in tree(os.getpid())
        child.communicate(b"\n")
    assert usage(os.getpid()).rss_bytes > 10_000_000
