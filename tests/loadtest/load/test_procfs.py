"""Reading /proc: the real one, and one in a temporary directory."""

import os
import subprocess
import sys
import time
from pathlib import Path

from loadtest.load.procfs import (
    TICKS_PER_S,
    Memory,
    Usage,
    command,
    idle_seconds,
    memory,
    processes,
    running_seconds,
    tree,
    usage,
)

MAPPINGS = (
    ("5565e8000000-5565e8100000 r-xp 00000000 fe:00 15969                      /usr/bin/python3.11", 3000, 1000),
    ("5565f8f0c000-5565f9f0c000 rw-p 00000000 00:00 0                          [heap]", 200, 200),
    ("7f2014000000-7f2014a21000 rw-p 00000000 00:00 0 ", 70, 70),
    ("7f2014a21000-7f2018000000 ---p 00000000 00:00 0 ", 0, 0),
    ("7f2019cf0000-7f2019d30000 rw-p 00000000 00:00 0 ", 9, 9),
    ("7f2019d30000-7f2019d31000 rw-s 00000000 00:01 77                         /dev/zero (deleted)", 4, 2),
    ("7ffd6a5e1000-7ffd6a602000 rw-p 00000000 00:00 0                          [stack]", 5, 5),
)


def write_process(root: Path, pid: int, parent: int, ticks: tuple[int, int, int, int], kilobytes: int) -> None:
    folder = root / str(pid)
    folder.mkdir()
    fields = ["S", str(parent), *["0"] * 9, *map(str, ticks), *["0"] * 30]
    (folder / "stat").write_text(f"{pid} (a) b) {' '.join(fields)}\n")
    (folder / "status").write_text(f"Name:\tx\nVmRSS:\t{kilobytes} kB\n")


def test_a_tree_is_summed_and_neighbours_are_not(tmp_path: Path) -> None:
    write_process(tmp_path, 10, 1, (100, 20, 30, 0), 1000)
    write_process(tmp_path, 11, 10, (10, 0, 0, 0), 500)
    write_process(tmp_path, 12, 11, (1, 0, 0, 0), 50)
    write_process(tmp_path, 13, 1, (999, 0, 0, 0), 999)
    assert sorted(tree(10, tmp_path)) == [10, 11, 12]
    assert usage(10, tmp_path) == Usage(161 / TICKS_PER_S, 1550 * 1024)


def test_a_process_that_ended_costs_nothing(tmp_path: Path) -> None:
    assert usage(10, tmp_path) == Usage(0.0, 0)


def test_our_own_child_is_found() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in tree(os.getpid())
        child.communicate(b"\n")
    assert usage(os.getpid()).rss_bytes > 10_000_000


def test_each_process_on_its_own_and_what_it_was_started_with(tmp_path: Path) -> None:
    write_process(tmp_path, 10, 1, (100, 20, 30, 0), 1000)
    write_process(tmp_path, 11, 10, (10, 0, 0, 0), 500)
    (tmp_path / "10" / "cmdline").write_text("python\0-m\0signaling\0serve\0")
    assert processes(10, tmp_path) == {10: Usage(150 / TICKS_PER_S, 1024000), 11: Usage(10 / TICKS_PER_S, 512000)}
    assert command(10, tmp_path) == ["python", "-m", "signaling", "serve"]
    assert command(99, tmp_path) == []


def test_idle_time_is_that_of_all_cores(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu  11 12 13 1400 100 16 17 18 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
    assert idle_seconds(tmp_path) == 1500 / TICKS_PER_S


def test_threads_are_summed_to_the_nanosecond(tmp_path: Path) -> None:
    for thread, nanoseconds in ((10, 1_500_000_001), (14, 500_000_000)):
        folder = tmp_path / "10" / "task" / str(thread)
        folder.mkdir(parents=True)
        (folder / "schedstat").write_text(f"{nanoseconds} 77 5\n")
    assert running_seconds(10, tmp_path) == 2.000000001


def test_our_own_running_grows_with_what_we_do() -> None:
    before, until = running_seconds(os.getpid()), time.monotonic() + 20
    while running_seconds(os.getpid()) == before:  # the kernel counts at its ticks
        assert time.monotonic() < until
    assert running_seconds(os.getpid()) > before


def test_memory_by_kinds_of_mappings(tmp_path: Path) -> None:
    (tmp_path / "10").mkdir()
    (tmp_path / "10" / "smaps").write_text(
        "".join(
            f"{head}\nSize: 999999 kB\nRss: {resident:8} kB\nPss: {share:8} kB\nPss_Dirty: 7 kB\nVmFlags: rd wr mr\n"
            for head, resident, share in MAPPINGS
        )
    )
    kinds = {"heap": 200 << 10, "arenas": 70 << 10, "mapped": 14 << 10, "files": 3004 << 10}
    assert memory(10, tmp_path) == Memory(3288 << 10, 1286 << 10, kinds)


def test_our_own_memory_has_all_kinds() -> None:
    found = memory(os.getpid())
    assert found.kinds["heap"] > 1_000_000 and found.kinds["mapped"] > 1_000_000 and found.kinds["files"] > 1_000_000
    assert abs(found.rss_bytes - usage(os.getpid()).rss_bytes) < 20_000_000 and found.pss_bytes <= found.rss_bytes
