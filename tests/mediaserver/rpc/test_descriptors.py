"""Tests of passed descriptors: a worker that may open no file records into files that the server passes to it."""

import asyncio
import errno
import logging
import os
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediaserver.api import EngineLost, RoomOptions
from mediaserver.recording.files import all_paths, delete_empty
from mediaserver.recording.remux_job import RecordingPart
from mediaserver.recording.remuxer import remux
from mediaserver.rpc import descriptors as module
from mediaserver.rpc.client import RemoteEngine
from mediaserver.rpc.descriptors import DescriptorSender, ReceivedFiles, ReceivedFolder
from mediaserver.rpc.unix_socket import MAX_DESCRIPTORS, SocketLink, close_descriptors
from tests.another_user import NOBODY, others_may_run_us, shared_directory
from tests.film import CIPHER, Camera
from tests.mediaserver.meeting import ROOM, Meeting
from tests.mediaserver.recording.tracks import heard, talk, tones
from tests.mediaserver.worker_process import ended, worker

JSON = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.text())


@pytest.fixture
def folders() -> Iterator[tuple[Path, Path]]:
    """Make the folder of the worker's socket, owned by the user nobody, and that of the recordings, which is ours."""
    with shared_directory() as place:
        run, recordings = place / "run", place / "recordings"
        run.mkdir(mode=0o750)
        recordings.mkdir(mode=0o700)
        os.chown(run, NOBODY, NOBODY)
        yield run, recordings


@pytest.mark.skipif(not others_may_run_us(), reason="needs root, and a tree that others can read")
async def test_a_worker_of_another_user_records_what_it_could_never_open(folders: tuple[Path, Path]) -> None:
    run, recordings = folders
    path = recordings / "session" / "1.mp4"
    async with worker(run, "ours", NOBODY) as (process, first):
        assert Path(f"/proc/{process.pid}").stat().st_uid == NOBODY
        meeting = Meeting(first)
        await meeting.open()
        a = await meeting.join("a", "red", 440, floor=True)
        await meeting.join("b", "green", 660)
        await meeting.all_seen()
        await first.start_recording(ROOM, str(path))
        await first.record_voices(ROOM, True)
        await a.watch.more(30)
        await first.close()
        await a.watch.more(30)  # while no server is there
        second = await RemoteEngine.dial(str(run / "media.sock"), "ours")
        assert (await second.room_state(ROOM)).recording == str(path)
        await second.set_floor(ROOM, "b", True)  # who speaks now for the first time has a file as well
        await a.watch.more(30)
        meeting.follow(second)
        await second.stop_recording(ROOM)
        ending = await meeting.recorded()
        assert (ending.path, ending.error) == (str(path), None)
        await meeting.close()
    assert sorted(path.parent.iterdir()) == sorted(all_paths(path))
    assert {(each.stat().st_uid, stat.S_IMODE(each.stat().st_mode)) for each in all_paths(path)} == {(0, 0o600)}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    delete_empty(path)
    made = remux(path, [RecordingPart(path)], CIPHER)
    assert made.seconds == pytest.approx(ending.seconds, abs=0.2)
    assert {solo.name: tones(heard(Path(solo.path)), ending.seconds - 0.5) for solo in made.solos} == {
        "Điểm cầu a": [pytest.approx(440, abs=10)],
        "Điểm cầu b": [pytest.approx(660, abs=10)],
    }


@pytest.mark.skipif(not others_may_run_us(), reason="needs root, and a tree that others can read")
async def test_a_worker_takes_no_server_of_an_unknown_user(folders: tuple[Path, Path]) -> None:
    run, _ = folders
    async with worker(run, "ours", NOBODY) as (_, engine):
        os.chmod(run, 0o755)
        os.chmod(run / "media.sock", 0o777)
        say = f"""
import socket
with socket.socket(socket.AF_UNIX) as asking:
    asking.connect({str(run / "media.sock")!r})
    print(asking.recv(1))
"""
        command = [sys.executable, "-c", say]
        output = await asyncio.to_thread(subprocess.check_output, command, user=1, group=1, extra_groups=[], timeout=20)
        assert output == b"b''\n"
        assert (await engine.stats())["rooms"] == 0


async def test_a_server_takes_no_worker_but_of_the_user_whose_the_directory_is(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        if os.getuid() == 0:
            os.chown(tmp_path, NOBODY, NOBODY)
            with pytest.raises(PermissionError, match="does not own its directory"):
                await RemoteEngine.dial(str(tmp_path / "s"))


def made(path: Path) -> list[int]:
    return module._create_all(path)


def leads(path: Path) -> list[str]:
    """Return the descriptors of this process that lead into a directory."""
    fds = Path("/proc/self/fd")
    return [os.readlink(each) for each in fds.iterdir() if each.is_symlink() and str(path) in os.readlink(each)]


def test_packets_that_come_before_their_files_wait_for_them(tmp_path: Path) -> None:
    files = ReceivedFiles(tmp_path / "1.mp4")
    camera = Camera(files.path, files)
    talk(camera, 1, a=440)
    files.give(made(files.path), 0)
    talk(camera, 1, b=660)
    camera.close()
    assert (camera.failed, leads(tmp_path)) == ([], [])
    delete_empty(files.path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["1.1.m4a", "1.2.m4a", "1.mp4"]
    assert remux(files.path, [RecordingPart(files.path)], CIPHER).seconds == pytest.approx(2, abs=0.1)


def test_files_that_cannot_be_made_end_the_recording(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = ReceivedFiles(tmp_path / "1.mp4")
    camera = Camera(files.path, files)
    talk(camera, 0.1)
    files.give([], errno.ENOSPC)
    camera.close()
    assert (camera.failed, camera.recorder.error) == (["disk-full"], "disk-full")
    caplog.clear()


def test_files_that_never_come_end_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.01)
    files = ReceivedFiles(tmp_path / "1.mp4")
    camera = Camera(files.path, files)
    talk(camera, 0.1)
    camera.close()
    assert camera.failed == ["disk-error"]
    files.give(made(files.path), 0)  # too late: nothing stays open
    assert leads(tmp_path) == []
    caplog.clear()


def test_a_recording_that_is_stopped_before_its_first_picture_keeps_nothing_open(tmp_path: Path) -> None:
    folder = ReceivedFolder()
    files = folder.of(tmp_path / "1.mp4")
    folder.take({"files": str(files.path), "descriptors": made(files.path)})
    folder.take({"files": str(files.path), "descriptors": made(files.path)})  # a second time: nobody waits for them
    files.close()
    assert leads(tmp_path) == []


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {"files": JSON | st.sampled_from(["../2.mp4", "/etc/passwd", "1.mp4"])}, optional={"errno": JSON}
    )
)
def test_descriptors_of_no_recording_of_its_own_are_closed(message: dict[str, object]) -> None:
    folder = ReceivedFolder()
    files = folder.of(Path("/recordings/s/1.mp4"))
    read, write = os.pipe()
    folder.take({**message, "descriptors": [write]})
    assert (os.read(read, 1), files._received.done()) == (b"", False)
    os.close(read)


@given(JSON)
def test_a_fault_of_whatever_number_ends_the_waiting(fault: object) -> None:
    folder = ReceivedFolder()
    files = folder.of(Path("/recordings/s/1.mp4"))
    folder.take({"files": str(files.path), "errno": fault})
    with pytest.raises(OSError, match=r"\w"):
        files.open(0)


def test_one_message_takes_the_files_of_a_recording() -> None:
    assert len(all_paths(Path("1.mp4"))) <= MAX_DESCRIPTORS


@pytest.fixture
async def link() -> AsyncIterator[tuple[DescriptorSender, SocketLink]]:
    """Return a sender of descriptors, and the link from which the worker reads."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    server, reader = SocketLink(ours), SocketLink(theirs, accepts_descriptors=True)
    descriptor_sender = DescriptorSender(server)
    yield descriptor_sender, reader
    descriptor_sender.close()
    server.close()
    reader.close()


async def test_all_files_of_a_recording_are_given(link: tuple[DescriptorSender, SocketLink], tmp_path: Path) -> None:
    descriptor_sender, reader = link
    descriptor_sender.give(str(tmp_path / "s" / "1.mp4"))
    message = await reader.read()
    assert message is not None
    names = [os.readlink(f"/proc/self/fd/{each}") for each in message["descriptors"]]
    assert (message["files"], names) == (str(tmp_path / "s" / "1.mp4"), list(map(str, all_paths(Path(names[0])))))
    close_descriptors(message["descriptors"])


async def test_a_worker_learns_why_files_cannot_be_opened(
    link: tuple[DescriptorSender, SocketLink], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    descriptor_sender, reader = link
    (tmp_path / "1.1.m4a").mkdir()
    descriptor_sender.give(str(tmp_path / "1.mp4"))
    assert await reader.read() == {"files": str(tmp_path / "1.mp4"), "errno": errno.EISDIR}
    assert leads(tmp_path) == []
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    caplog.clear()


async def test_a_recording_that_does_not_begin_makes_no_files(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    async with worker(tmp_path / "run") as (process, engine):
        with pytest.raises(Exception, match="no room"):
            await engine.start_recording("x", str(tmp_path / "1.mp4"))
        await engine.open_room("r", RoomOptions())
        process.kill()
        await ended(process)
        assert [event async for event in engine.events()] == [EngineLost()]
    assert [each.name for each in tmp_path.iterdir()] == ["run"]
