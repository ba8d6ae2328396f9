"""The data directory is accessible to its owner alone, whatever umask or copy made its files."""

import asyncio
import os
import shutil
import stat
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from signaling.app.private_files import restrict, restrict_folder
from tests.signaling.server_environment import server_environ
from tests.signaling.world import make_settings


@asynccontextmanager
async def running(*arguments: str, data: Path) -> AsyncIterator[Process]:
    """Run a program of ours that creates files for everybody, unless it asks for another umask."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=server_environ(data), umask=0, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


def loose(data: Path, prepared: Path) -> None:
    """Return a data directory as `cp -r` under a umask of 0 leaves it."""
    for name in ("code.key", "ticket.key"):
        (data / name).write_bytes(os.urandom(32))
    for name in ("tls/old.pem", "run/old.sock", "recordings/s/1.mp4", "recordings/s/1.jpg", "documents/a"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(b"x")
    shutil.copy(prepared.with_name("code.key"), data / "code.key")
    shutil.copy(prepared, data / "diemcau.sqlite3")
    for path in (data, *data.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)


def modes(data: Path) -> dict[str, int]:
    """Return the modes of files that are not private: not 0700 for directories and sockets, not 0600 for files."""
    found = {}
    for path in (data, *data.rglob("*")):
        with suppress(FileNotFoundError):  # a server that runs removes some
            found[str(path.relative_to(data))] = path.lstat().st_mode
    return {
        name: stat.S_IMODE(mode)
        for name, mode in found.items()
        if stat.S_IMODE(mode) != (0o600 if stat.S_ISREG(mode) else 0o700)
    }


def umask(pid: int) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("Umask:"))


async def test_a_server_closes_its_data_directory_to_others(tmp_path: Path, prepared: Path) -> None:
    loose(tmp_path, prepared)
    async with running("-m", "signaling", "serve", data=tmp_path) as server:
        assert server.stdout is not None
        async with asyncio.timeout(40):
            while b"Ctrl-C" not in await server.stdout.readline():
                pass
        assert (modes(tmp_path), (tmp_path / "tls" / "key.pem").exists()) == ({}, True)
        assert (tmp_path / "run" / "valkey.sock").is_socket()
        children = [int(pid) for task in Path(f"/proc/{server.pid}/task").iterdir() for pid in _children(task)]
        assert [umask(pid) for pid in children] == ["0077"] * 2


def _children(task: Path) -> list[str]:
    return (task / "children").read_text().split()


async def test_an_admin_command_closes_the_data_directory_to_others(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running("-m", "signaling", "admin", "seed", data=data) as command:
        assert await command.wait() == 0
    assert (modes(data), (data / "code.key").exists()) == ({}, True)


async def test_a_media_worker_makes_files_for_its_own_user(tmp_path: Path) -> None:
    path = tmp_path / "media.sock"
    arguments = ("-m", "mediaserver", "--socket", str(path), "--port", "0", "--address", "127.0.0.1")
    async with running(*arguments, data=tmp_path) as worker, asyncio.timeout(40):
        while not path.exists():
            await asyncio.sleep(0.01)
        assert (umask(worker.pid), stat.S_IMODE(path.stat().st_mode)) == ("0077", 0o700)


def test_files_of_others_keep_their_mode(tmp_path: Path) -> None:
    """A data directory that was there before us, with a key beside it that another program reads, too."""
    data, other = tmp_path / "data", tmp_path / "key.pem"
    (data / "tls").mkdir(parents=True)
    for path in (other, data / "notes.txt"):
        path.write_text("x")
        path.chmod(0o640)
    (data / "tls" / "key.pem").symlink_to(other)
    restrict(make_settings(data, None))
    assert [stat.S_IMODE(path.stat().st_mode) for path in (data, other, data / "notes.txt")] == [0o700, 0o640, 0o640]


def test_a_key_that_may_not_be_written_stays_so_and_a_linked_folder_is_closed(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir(mode=0o755)
    (tmp_path / "disk" / "1.mp4").write_bytes(b"x")
    (tmp_path / "disk" / "1.mp4").chmod(0o444)
    (tmp_path / "recordings").symlink_to(tmp_path / "disk")
    restrict_folder(tmp_path / "recordings")
    found = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("disk", "disk/1.mp4")]
    assert found == [0o700, 0o400]


def test_a_file_that_cannot_be_made_private_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As when somebody ran a command as root; root itself may change every mode."""

    def refused(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    (tmp_path / "1.mp4").touch()
    (tmp_path / "1.mp4").chmod(0o644)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(Path, "chmod", refused)
    restrict_folder(tmp_path)
    log_lines = [record.getMessage() for record in caplog.records]
    assert log_lines == [f"x other users may access {tmp_path}/1.mp4 (mode 644), and its permissions cannot be changed"]
