"""Tests that a process which restricted itself opens nothing but what it named, and that the composer does so."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mediaserver.recording import file_access
from tests.mediaserver.recording.tracks_fixture import TracksFixture

TRIES = """
import json, os, socket, sys
from pathlib import Path
from mediaserver.recording import file_access
own, other = map(Path, sys.argv[1:])
restricted = file_access.restrict(file_access.programs(), [own])
def tried(act):
    try:
        act()
        return None
    except OSError as error:
        return type(error).__name__
tries = {
    "read": lambda: (own / "a").read_bytes(),
    "replace": lambda: ((own / "b").write_bytes(b"b"), (own / "b").rename(own / "a")),
    "read other": lambda: (other / "c").read_bytes(),
    "write other": lambda: (other / "d").write_bytes(b""),
    "truncate other": lambda: os.truncate(other / "c", 0),
    "list other": lambda: os.listdir(other),
    "environment of its parent": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    "import": lambda: __import__("wave"),
    "connect": lambda: socket.create_connection(("127.0.0.1", 9), 1),
}
print(json.dumps({"restricted": restricted} | {name: tried(act) for name, act in tries.items()}))
"""

VERSION = file_access._LIBC.syscall(444, None, 0, 1)
"""The version of Landlock that the kernel knows; from the fourth on it restricts TCP."""
needs_landlock = pytest.mark.skipif(VERSION < 1, reason="this kernel has no Landlock")


@needs_landlock
def test_files_outside_of_what_was_named_cannot_be_opened(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    for folder, name in ((own, "a"), (other, "c")):
        folder.mkdir()
        (folder / name).write_bytes(b"content")
    command = [sys.executable, "-c", TRIES, str(own), str(other)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    denied = "PermissionError"
    assert json.loads(done.stdout) == {
        "restricted": True,
        "read": None,
        "replace": None,
        "read other": denied,
        "write other": denied,
        "truncate other": denied,
        "list other": denied,
        "environment of its parent": denied,
        "import": None,
        "connect": denied if VERSION >= 4 else "ConnectionRefusedError",
    }
    assert ((own / "a").read_bytes(), (other / "c").read_bytes()) == (b"b", b"content")


@needs_landlock
def test_the_composer_opens_files_beside_its_target_alone(tmp_path: Path) -> None:
    code = (
        "import io, sys; from mediaserver.recording import track_composer as module;"
        "sys.stdin = io.StringIO(sys.argv[1]); print(module.main()); open(sys.argv[2])"
    )
    fixture = TracksFixture(tmp_path / "own" / "1.mp4")
    fixture.record(0.2)
    fixture.recorder.close()
    (tmp_path / "key").write_bytes(b"key")
    command = [sys.executable, "-c", code, fixture.job.text(), str(tmp_path / "key")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout.splitlines()[-1], fixture.path.is_file()) == (1, "0", True)
    assert done.stderr.splitlines()[-1].startswith("PermissionError")
