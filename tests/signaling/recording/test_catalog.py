"""Recordings from the first picture to the checked file: finished, joined, listed, fetched, verified.

Also tests `rest.py`, `access.py`, `manifest.py`, `remux_queue.py`, `store.py`, `verify.py` and
`signaling/http/byte_ranges.py`.
"""

import asyncio
import hashlib
import io
import os
from argparse import ArgumentParser
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from aiohttp import ClientPayloadError, ClientResponse

from mediaserver.api import EngineLost, EngineReady
from mediaserver.recording.chapters import Chapter
from mediaserver.recording.disk_space import BYTES_PER_HOUR, TRACKS_BYTES_PER_HOUR, VOICE_BYTES_PER_HOUR, Space, measure
from mediaserver.recording.encrypted_file import MARK, Damaged, FileCipher
from mediaserver.recording.files import all_paths, create
from mediaserver.recording.remux_job import RemuxJob
from scheduler.core.model import ScriptItem
from signaling.app import admin_cli
from signaling.app.backup import backup, restore
from signaling.app.services import open_services
from signaling.app.settings import Settings
from signaling.core import child_process
from signaling.core.errors import BadRecording, Forbidden, TicketExpired
from signaling.recording import remux_queue as finishing
from signaling.recording.catalog import RecordingCatalog, load_key
from signaling.recording.manifest import manifest
from signaling.recording.model import Recording
from signaling.recording.recording_queue import MAX_SILENT_ENDS, NO_OUTPUT, RemuxOutcome
from signaling.recording.remux_queue import RemuxQueue, remux
from signaling.recording.store import RecordingStore
from signaling.recording.verify import verify
from tests.film import Camera, film
from tests.signaling.world import CAM_RANH, DIEN_KHANH, NHA_TRANG, NOW, World, open_world, problem_of

HOST_IS = ("UBND.Khanh Hoa", "56")
OFF = {
    "type": "recording",
    "on": False,
    "paused": False,
    "since": None,
    "seconds": 0,
    "error": None,
    "voices": False,
    "composed": "afterwards",
}
HOUR_BYTES = BYTES_PER_HOUR + TRACKS_BYTES_PER_HOUR
"""An hour of a recording that is composed afterwards, with its tracks until then."""
PASSPHRASE = "mot cum mat khau that dai"
JUNK = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def film_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a file of two seconds as the recorder leaves it."""
    return film(tmp_path_factory.mktemp("film") / "1.mp4", 2).read_bytes()


def file_name(response: ClientResponse) -> str:
    """Return the name under which a browser keeps a file (RFC 8187)."""
    return unquote(response.headers["Content-Disposition"].removeprefix("attachment; filename*=UTF-8''"))


async def part(world: World, session: str, data: bytes, error: str | None = None) -> Path:
    """Record one part of a session; it is closed, and made good some time later."""
    path = Path(await world.server.recordings.begin(session, "Họp", HOST_IS, world.clock(), "host"))
    await asyncio.to_thread(path.write_bytes, data)
    await world.server.recordings.ended(str(path), 61.4, error)
    return path


async def recorded(world: World, data: bytes) -> str:
    """Record a session; return the id of its recording, which is ready."""
    await part(world, (await world.session(NHA_TRANG)).id, data)
    await world.server.remux_queue.idle()
    return (await world.recording_store.recordings())[0].id


def content(world: World, path: Path) -> bytes:
    """Return the plain content of an encrypted file."""
    with world.services.cipher.open(path, require_encrypted=True) as file:
        return file.read()


def sha(world: World, path: Path) -> str:
    """Return the SHA-256 of the plain content of an encrypted file."""
    return hashlib.sha256(content(world, path)).hexdigest()


async def listed_recordings(world: World, account: str = "host") -> Any:
    """Return the recordings that an account is shown."""
    async with (await world.signed_in(account)).get("/api/v1/recordings") as response:
        return await response.json()


async def test_recordings_are_listed_a_page_of_sessions_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    for hours in range(5):
        session = await world.session(NHA_TRANG, start=timedelta(hours=3 * hours))
        for _ in range(2):
            await part(world, session.id, JUNK)
            world.clock.advance(60)
        made.insert(0, session.id)
    other = await world.session(CAM_RANH, host=DIEN_KHANH)
    path = await world.server.recordings.begin(other.id, "Họp", ("UBND.Dien Khanh", "574"), world.clock())
    await world.server.recordings.ended(path, 1, None)
    host, read = await world.signed_in("host"), []
    read_sessions = RecordingStore.recordings_of

    async def noting(store: RecordingStore, wanted: Collection[str]) -> list[Recording]:
        found = await read_sessions(store, wanted)
        read.append(sorted({each.session for each in found}))
        return found

    async def sessions(query: str) -> list[str]:
        async with host.get(f"/api/v1/recordings{query}") as response:
            assert response.status == 200
            return [each["session"] for each in await response.json()]

    # The remux queue reads recordings meanwhile, by other methods of the store.
    monkeypatch.setattr(RecordingStore, "recordings_of", noting)
    assert await sessions("") == made
    assert await sessions("?limit=2") == made[:2]
    assert await sessions(f"?limit=2&after={made[1]}") == made[2:4]
    assert await sessions(f"?limit=2&after={made[4]}") == []
    assert read == [sorted(made), sorted(made[:2]), sorted(made[2:4]), []]
    for query in ("limit=0", "limit=201", f"after={other.id}", "after=nothing"):
        async with host.get(f"/api/v1/recordings?{query}") as response:
            assert await problem_of(response) == (422, "invalid")


async def test_a_closed_recording_is_made_good_and_shown(world: World, film_bytes: bytes) -> None:
    recording = await recorded(world, film_bytes)
    row = await world.recording_store.recording(recording)
    assert row is not None
    file = Path(row.path)
    [shown] = await listed_recordings(world)
    [only] = shown.pop("parts")
    about = {"session": row.session, "title": "Họp", "host": "UBND.Khanh Hoa", "access": "owner", "handover": None}
    assert shown == {**only, **about}
    assert only == {
        "id": recording,
        "part": 1,
        "started": "2026-04-06T01:00:00Z",
        "seconds": 2.0,
        "bytes": len(content(world, file)),
        "state": "ready",
        "reason": None,
        "failure": None,
        "recomposable": False,
        "sha256": sha(world, file),
        "thumbnail": f"/api/v1/recordings/{recording}/thumbnail",
        "composing": None,
        "wait": None,
        "chapters": [],
        "solos": [],
    }
    async with (await world.signed_in("host")).get(only["thumbnail"]) as response:
        assert (response.content_type, (await response.read())[:2]) == ("image/jpeg", b"\xff\xd8")
    assert (await listed_recordings(world, "admin"))[0]["thumbnail"] is None


@pytest.mark.parametrize("lost", [False, True])
async def test_files_of_points_that_never_spoke_are_deleted_with_the_end(
    world: World, film_bytes: bytes, lost: bool
) -> None:
    session = (await world.session(NHA_TRANG)).id
    path = Path(await world.server.recordings.begin(session, "Họp", HOST_IS, world.clock(), "host"))
    for each in all_paths(path):
        os.close(create(each))
    await asyncio.to_thread(path.write_bytes, film_bytes)
    if lost:
        await world.server.recordings.interrupted(world.clock(), session)
    else:
        await world.server.recordings.ended(str(path), 2.0, None)
    assert set(path.parent.glob("*.m4a")) == set()
    await world.server.remux_queue.idle()
    assert (await world.recording_store.recordings())[0].state == "ready"


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [(JUNK, None, "unreadable"), (b"", None, "empty"), (b"", "media-restarting", "media-restarting")],
)
async def test_a_recording_that_cannot_be_repaired_says_why(
    world: World, data: bytes, error: str | None, reason: str
) -> None:
    path = await part(world, "s", data, error)
    await world.server.remux_queue.idle()
    [row] = await world.recording_store.recordings()
    assert (row.state, row.reason, row.sha256, content(world, path) if data else b"") == (
        "broken",
        reason,
        None,
        data,
    )


async def test_a_recording_that_is_not_ready_cannot_be_fetched(world: World) -> None:
    await world.server.recordings.begin("s", "Họp", HOST_IS, NOW)
    [running] = await world.recording_store.recordings()
    async with (await world.signed_in("host")).post(f"/api/v1/recordings/{running.id}/link", json={}) as response:
        assert await problem_of(response) == (409, "not-ready")


async def test_several_parts_become_one_entry_and_one_file(world: World, film_bytes: bytes) -> None:
    session = (await world.session(NHA_TRANG)).id
    first = await part(world, session, film_bytes, "interrupted")
    world.clock.advance(10)
    await part(world, session, JUNK)
    await part(world, session, film_bytes)
    await world.server.remux_queue.idle()
    [entry] = await listed_recordings(world)
    assert [(each["part"], each["state"]) for each in entry["parts"]] == [(1, "ready"), (2, "broken"), (3, "ready")]
    assert (entry["part"], entry["state"], entry["seconds"]) == (0, "ready", 4.0)
    client = await world.signed_in("host")
    async with client.post(f"/api/v1/recordings/{entry['id']}/link", json={}) as response:
        link = await response.json()
    async with client.get(link["url"]) as response:
        joined = await response.read()
        assert file_name(response) == "2026-04-06 UBND tỉnh Khánh Hòa – Họp.mp4"
    assert joined == content(world, first.with_name("joined.mp4"))
    async with client.get(f"/api/v1/recordings/{session}/manifest") as response:
        described = await response.json()
    assert described["joined"]["sha256"] == entry["sha256"] == sha(world, first.with_name("joined.mp4"))
    facts = [(p["file"], p["sha256"], p["reason"], p["started_by"]) for p in described["parts"]]
    digest = sha(world, first)
    assert facts == [
        ("1.mp4", digest, "interrupted", "host"),
        ("2.mp4", None, "unreadable", "host"),
        ("3.mp4", digest, None, "host"),
    ]
    assert [p["seconds"] for p in described["parts"]] == [2.0, 61.4, 2.0]


async def test_a_further_part_is_joined_too(world: World, film_bytes: bytes) -> None:
    for _ in range(2):
        await part(world, "s", film_bytes)
    await world.server.remux_queue.idle()
    whole = (await world.recording_store.parts("s"))[0]
    await world.server.recordings.begin("s", "Họp", HOST_IS, NOW)
    again = (await world.recording_store.parts("s"))[0]
    assert (again.id, again.state, again.sha256) == (whole.id, "recording", None)
    path = Path((await world.recording_store.parts("s"))[3].path)
    await asyncio.to_thread(path.write_bytes, film_bytes)
    await world.server.recordings.ended(str(path), 2, None)
    await world.server.remux_queue.idle()
    assert [(each.part, each.milliseconds, each.state) for each in await world.recording_store.parts("s")] == [
        (0, 6000, "ready"),
        (1, 2000, "ready"),
        (2, 2000, "ready"),
        (3, 2000, "ready"),
    ]


def test_gaps_are_what_nobody_recorded() -> None:
    starts = (0.0, 75.5, 100.0)
    parts = [
        Recording("r", "s", n + 1, f"/s/{n + 1}.mp4", "Họp", *HOST_IS, NOW, 60_250, first=NOW + timedelta(seconds=at))
        for n, at in enumerate(starts)
    ]
    described = manifest(parts)
    assert [listed_recordings.gap for listed_recordings in described.parts] == [None, 15.25, 0.0]
    assert described.model_dump(mode="json")["parts"][1]["started"] == "2026-04-06T01:01:15.500Z"


async def test_a_server_that_was_killed_goes_on_where_it_was(settings: Settings, film_bytes: bytes) -> None:
    async with open_world(settings) as world:
        await world.server.remux_queue.stop()
        closed = await part(world, "s", film_bytes)
        path = Path(await world.server.recordings.begin("t", "Họp", HOST_IS, NOW))
        await asyncio.to_thread(path.write_bytes, film_bytes[: len(film_bytes) * 3 // 4])
        closed.with_suffix(".new").write_bytes(b"half a copy")
    async with open_world(settings) as world:
        await world.server.remux_queue.idle()
        states = {row.session: (row.state, row.reason) for row in await world.recording_store.recordings()}
        assert states == {"s": ("ready", None), "t": ("ready", "interrupted")}
    assert sorted(file.name for file in closed.parent.iterdir()) == ["1.jpg", "1.mp4"]


async def test_a_recording_is_remuxed_later_when_the_disk_is_full(world: World, film_bytes: bytes) -> None:
    outcomes = [RemuxOutcome({"error": "disk-full"})]

    async def work(job: RemuxJob) -> RemuxOutcome:
        return outcomes.pop() if outcomes else await remux(job)

    await world.server.remux_queue.stop()
    await part(world, "s", film_bytes)
    remux_queue = RemuxQueue(world.recording_store, world.services.cipher, world.clock, work)
    for state in ("finishing", "ready"):
        remux_queue.start()
        await remux_queue.idle()
        await remux_queue.stop()
        remux_queue.wake()
        assert [row.state for row in await world.recording_store.recordings()] == [state]


@pytest.mark.parametrize(
    ("wordless", "states"), [(1, ["finishing", "ready"]), (MAX_SILENT_ENDS, ["finishing"] * 2 + ["broken"])]
)
async def test_work_that_is_killed_is_done_again(
    world: World, film_bytes: bytes, wordless: int, states: list[str]
) -> None:
    killed = 0

    async def work(job: RemuxJob) -> RemuxOutcome:
        nonlocal killed
        killed += 1
        return NO_OUTPUT if killed <= wordless else await remux(job)

    await world.server.remux_queue.stop()
    await part(world, "s", film_bytes)
    remux_queue = RemuxQueue(world.recording_store, world.services.cipher, world.clock, work)
    for state in states:
        remux_queue.start()
        await remux_queue.idle()
        await remux_queue.stop()
        remux_queue.wake()
        assert [row.state for row in await world.recording_store.recordings()] == [state]


async def test_a_process_that_is_killed_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = child_process.output
    monkeypatch.setattr(child_process, "output", lambda *_: run(["/bin/sh", "-c", "kill $$"]))
    assert await remux(RemuxJob(tmp_path / "1.mp4", (), "00")) is NO_OUTPUT


async def test_a_recording_that_runs_again_while_its_parts_are_joined_is_not_ready(
    world: World, film_bytes: bytes
) -> None:
    async def work(job: RemuxJob) -> RemuxOutcome:
        if job.target.name == "joined.mp4" and len(job.pieces) == 2:
            await part(world, "s", film_bytes)
        return await remux(job)

    await world.server.remux_queue.stop()
    for _ in range(2):
        await part(world, "s", film_bytes)
    remux_queue = RemuxQueue(world.recording_store, world.services.cipher, world.clock, work)
    world.server.recordings._closed = remux_queue.wake
    remux_queue.start()
    await remux_queue.idle()
    await remux_queue.stop()
    whole = (await world.recording_store.parts("s"))[0]
    assert (whole.part, whole.milliseconds, whole.state) == (0, 6000, "ready")


async def test_files_are_checked_against_the_record(
    world: World, settings: Settings, film_bytes: bytes, capsys: Any
) -> None:
    first, second = await part(world, "s", film_bytes), await part(world, "t", film_bytes)
    await world.server.remux_queue.idle()
    parser, cipher = ArgumentParser(), world.services.cipher
    admin_cli.add_arguments(parser)
    await admin_cli.run(settings, parser.parse_args(["verify-recordings"]))
    assert capsys.readouterr().out == "2 recordings are what was recorded\n"
    good, digest = content(world, second), sha(world, first)
    ready = await world.recording_store.recordings_in("ready")
    cipher.write(second, io.BytesIO(good[:-1] + b"!"))
    with pytest.raises(BadRecording, match=rf"^{second} has SHA-256 [0-9a-f]+ instead of {digest}$"):
        verify(ready, cipher)
    cipher.write(second, io.BytesIO(good[:-1]))
    with pytest.raises(BadRecording, match=f"^{second} has {len(good) - 1} bytes instead of {len(good)}$"):
        await admin_cli.run(settings, parser.parse_args(["verify-recordings"]))
    second.write_bytes(good)
    with pytest.raises(BadRecording, match=f"^{second} is not sealed$"):
        verify(ready, cipher)
    first.unlink()
    with pytest.raises(BadRecording, match=f"^{first} is missing$"):
        verify(ready, cipher)


async def test_the_host_is_told_of_disk_and_clock_and_a_full_disk_stops_the_recording(
    world: World, film_bytes: bytes
) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    guest, there = await world.join("nhatrang", session)
    assert there["storage"] is None
    await host.ask(type="record", on=True, composed="live")
    path = world.engine.rooms[session.id].recording
    assert path is not None
    await asyncio.to_thread(Path(path).write_bytes, film_bytes)
    world.disk.space = Space(free=9, total=100)
    world.server.meetings.clock_ahead = lambda room: 300.0 if room == session.id else 0.0
    await world.tick(2)
    assert (await host.type("storage"))["level"] == "low"
    assert await host.type("clock") == {"type": "clock", "ahead": 300}
    world.disk.space = Space(free=1, total=100)
    await world.tick(-60)  # the clock was fast
    assert await host.type("storage") == {"type": "storage", "level": "full", "hours": 0.0}
    assert (await guest.until(lambda m: m["type"] == "recording" and not m["on"]))["error"] == "disk-full"
    assert {"storage", "clock"}.isdisjoint(message["type"] for message in guest.seen)
    assert (await host.ask(type="record", on=True))["error"] == "disk-full"
    await world.server.recordings.settled(5)
    await world.server.remux_queue.idle()
    [row] = await world.recording_store.recordings()
    assert (row.state, row.reason, row.started_by, row.stopped_by) == ("ready", "disk-full", "host", "")
    assert list(world.engine.rooms[session.id].seats) != []


async def test_pause_reaches_the_engine_and_everybody(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    guest, _ = await world.join("nhatrang", session)
    await host.ask(type="record", on=True)
    world.clock.advance(30)
    paused = {**OFF, "on": True, "paused": True, "seconds": 30}
    assert await host.ask(type="record", on=True, pause=True) == paused
    assert await guest.until(lambda m: m.get("paused") is True) == paused
    assert world.engine.rooms[session.id].paused is True
    world.engine.lose_everything()
    world.engine.emit(EngineLost())
    world.engine.emit(EngineReady())
    await guest.type("renew")
    assert world.engine.rooms[session.id].recording is None
    assert (await host.ask(type="record", on=True))["seconds"] == 30
    assert await host.ask(type="record", on=False) == OFF
    assert [(p.part, p.started_by, p.stopped_by) for p in await world.recording_store.parts(session.id)] == [
        (0, "", ""),
        (1, "host", ""),
        (2, "host", "host"),
    ]


@pytest.mark.parametrize("paused", [False, True])
async def test_a_recording_stopped_while_its_worker_is_replaced_is_not_resumed_by_the_next_server(
    settings: Settings, paused: bool
) -> None:
    async with open_world(settings) as world:
        session = await world.session(NHA_TRANG, recording=True)
        host, joined = await world.join("host", session)
        await host.ask(type="offer", sdp="v=0")
        await host.seat(joined["seat"], media="connected")
        await world.tick(1)
        assert (await host.type("recording"))["on"] is True
        if paused:
            await host.ask(type="record", on=True, pause=True)
        world.engine.emit(EngineLost())
        await host.until(lambda m: m["type"] == "seats" and any(row["media"] == "none" for row in m["changed"]))
        assert (await host.ask(type="record", on=False))["on"] is False
    async with open_world(settings) as world:
        host, joined = await world.join("host", session)
        await host.ask(type="offer", sdp="v=0")
        await host.seat(joined["seat"], media="connected")
        await world.tick(1)
        state = world.server.meetings.meetings[session.id].state.recording.state
        assert (joined["recording"], state.on, len(await world.recording_store.parts(session.id))) == (OFF, False, 1)


async def test_the_host_unit_downloads_and_it_is_on_the_record(world: World) -> None:
    recording = await recorded(world, JUNK)
    client = await world.signed_in("host")
    async with client.post(f"/api/v1/recordings/{recording}/link", json={}) as response:
        link = await response.json()
    assert link["expires"] == "2026-04-06T01:15:00Z"
    async with client.get(link["url"]) as response:
        assert (response.status, response.content_type, await response.read()) == (200, "video/mp4", JUNK)
    async with client.get(link["url"], headers={"Range": "bytes=100-199"}) as response:
        assert (response.status, await response.read()) == (206, JUNK[100:200])
    downloads = [(e.actor, e.subject, e.detail) for e in await world.audited(10) if e.action == "download"]
    assert downloads == [("host", recording, "bytes=100-199"), ("host", recording, "whole")]
    assert all(entry.address == "127.0.0.1" and entry.port for entry in await world.audited(10))


async def download(world: World, recording: str, **headers: str) -> tuple[int, bytes, Mapping[str, str]]:
    """Return status, content and headers of the host's download of a recording."""
    client = await world.signed_in("host")
    async with client.post(f"/api/v1/recordings/{recording}/link", json={}) as response:
        url = (await response.json())["url"]
    async with client.get(url, headers=headers) as response:
        return response.status, await response.read(), response.headers


async def test_a_folder_that_hangs_holds_its_own_readers_alone(world: World) -> None:
    recording = await recorded(world, JUNK)
    client = await world.signed_in("host")
    path = Path((await world.recording_store.recordings())[0].path)
    path.unlink()
    os.mkfifo(path)  # opening it waits for a writer
    async with client.post(f"/api/v1/recordings/{recording}/link", json={}) as response:
        url = (await response.json())["url"]

    async def read() -> int:
        async with client.get(url) as response:
            return response.status

    readers = [asyncio.create_task(read()) for _ in range(40)]
    try:
        async with asyncio.timeout(20):
            while [entry.action for entry in await world.audited(100)].count("download") < len(readers):
                await asyncio.sleep(0.01)
            await world.signed_in("admin")
    finally:
        while not all(reader.done() for reader in readers):
            with suppress(OSError):  # nobody reads just now
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
            await asyncio.sleep(0.01)
    assert {reader.result() for reader in readers} == {409}  # what was read is not a recording


async def test_r101_no_file_of_a_recording_lies_open(world: World) -> None:
    for act in (record_voices, lambda path: path.write_bytes(JUNK)):
        path = Path(await world.server.recordings.begin("s", "Họp", HOST_IS, NOW))
        await asyncio.to_thread(act, path)
        await world.server.recordings.ended(str(path), 1, None)
    await world.server.remux_queue.idle()
    files = {file.name: file.read_bytes()[: len(MARK)] for file in path.parent.iterdir()}
    assert files == dict.fromkeys(("1.mp4", "1.jpg", "1.1.m4a", "2.mp4", "joined.mp4", "joined.jpg"), MARK)
    assert [each.sealed for each in await world.recording_store.parts("s")] == [True] * 3


@pytest.mark.parametrize(
    ("range_header", "status", "start", "stop"),
    [
        ("bytes=0-0", 206, 0, 1),
        ("bytes=1048570-1048580", 206, 1048570, 1048581),
        ("bytes=2000000-", 206, 2_000_000, 2_560_000),
        ("bytes=-1", 206, 2_559_999, 2_560_000),
        ("bytes=-9999999", 206, 0, 2_560_000),
        ("bytes=2559999-9999999", 206, 2_559_999, 2_560_000),
        ("bytes=2560000-", 416, 0, 0),
        ("bytes=5-4", 416, 0, 0),
        ("pages=1-2", 416, 0, 0),
    ],
)
async def test_r101_ranges_of_an_encrypted_file(
    world: World, range_header: str, status: int, start: int, stop: int
) -> None:
    data = JUNK * 250
    recording = await recorded(world, data)
    response = await download(world, recording, Range=range_header)
    where = f"bytes {start}-{stop - 1}/{len(data)}" if status == 206 else f"bytes */{len(data)}"
    assert (response[0], response[1], response[2]["Content-Range"]) == (status, data[start:stop], where)


async def test_r101_a_range_of_another_file_is_the_whole_one(world: World, film_bytes: bytes) -> None:
    recording = await recorded(world, film_bytes)
    status, whole, headers = await download(world, recording)
    assert (status, headers["ETag"], headers["Accept-Ranges"]) == (
        200,
        f'"{hashlib.sha256(whole).hexdigest()}"',
        "bytes",
    )
    for tag, size in ((headers["ETag"], 5), ('"another"', len(whole))):
        _, got, _ = await download(world, recording, Range="bytes=0-4", **{"If-Range": tag})
        assert len(got) == size


async def test_r101_damage_is_told_and_on_the_record(world: World) -> None:
    recording = await recorded(world, JUNK * 500)
    row = await world.recording_store.recording(recording)
    assert row is not None
    path = Path(row.path)
    good = path.read_bytes()
    client = await world.signed_in("host")
    async with client.post(f"/api/v1/recordings/{recording}/link", json={}) as response:
        url = (await response.json())["url"]
    changed_end = good[:-1] + bytes([good[-1] ^ 1])
    for bad in (JUNK, changed_end, good[: len(good) // 2]):
        path.write_bytes(bad)
        async with client.get(url, headers={"Range": "bytes=-1"}) as response:
            assert await problem_of(response) == (409, "damaged")
    path.write_bytes(changed_end)
    with pytest.raises(ClientPayloadError):  # the beginning is good, and on its way when the end is looked at
        async with client.get(url) as response:
            await response.read()
    faults = [entry.detail for entry in await world.audited(20) if entry.action == "recording-damaged"]
    changed = [f"was changed in chunk {chunk}" for chunk in (4, 2, 4)]
    assert faults == [*changed, "is not sealed"]
    path.write_bytes(good)
    async with client.get(url) as response:
        assert await response.read() == JUNK * 500


async def test_r101_a_recording_moves_with_its_key_and_nobody_elses_opens_it(
    world: World, settings: Settings, film_bytes: bytes
) -> None:
    recording = await recorded(world, film_bytes)
    row = await world.recording_store.recording(recording)
    assert row is not None
    code_key = (settings.data / "code.key").read_bytes()
    backup(settings, settings.data / "copy", PASSPHRASE, with_keys=True)
    there = settings.data / "there"
    elsewhere = replace(settings, data=there, database_url=f"sqlite:///{there / 'd.sqlite3'}")
    restore(elsewhere, settings.data / "copy", PASSPHRASE)
    assert (there / "code.key").read_bytes() == code_key
    settings.recordings.rename(elsewhere.recordings)
    async with open_services(elsewhere) as other:
        ready = await other.recording_store.recordings_in("ready")
        assert [each.path for each in ready] == [str(elsewhere.recordings / row.session / "1.mp4")]
        assert verify(ready, other.cipher) == 1
    with pytest.raises(Damaged, match="another key"):
        FileCipher(bytes(32)).open(Path(ready[0].path))


async def test_r101_without_room_it_lies_open_until_there_is(
    world: World, film_bytes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Space(free=0, total=100)
    monkeypatch.setattr(finishing, "measure", lambda _: full)
    recording = await recorded(world, film_bytes)
    assert [each.sealed for each in await world.recording_store.recordings()] == [False]
    status, open_, _ = await download(world, recording, Range="bytes=4-7")
    assert (status, open_) == (206, b"ftyp")
    monkeypatch.setattr(finishing, "measure", measure)
    world.server.remux_queue.wake()
    await world.server.remux_queue.idle()
    assert [each.sealed for each in await world.recording_store.recordings()] == [True]
    assert (await download(world, recording, Range="bytes=4-7"))[1] == b"ftyp"


async def test_r101_a_recording_deleted_while_it_is_encrypted_stays_deleted(world: World, film_bytes: bytes) -> None:
    await world.server.remux_queue.stop()
    path = await part(world, "s", film_bytes)
    [closed] = await world.recording_store.recordings()
    await world.recording_store.finish_recording(replace(closed, state="ready"))
    [ready] = await world.recording_store.recordings()
    await world.recording_store.delete_recordings("s")
    await world.server.remux_queue._encrypt(ready)
    assert (os.listdir(path.parent), [each.sealed for each in await world.recording_store.recordings()]) == (
        [],
        [False],
    )


async def test_a_link_is_for_one_account_one_recording_and_a_quarter_of_an_hour(world: World) -> None:
    recording = await recorded(world, JUNK)
    client = await world.signed_in("host")
    central = await world.signed_in("central")
    async with central.post(f"/api/v1/recordings/{recording}/link", json={}) as response:
        url = (await response.json())["url"]
    async with client.get(url) as response:
        assert await problem_of(response) == (403, "forbidden")
    async with world.client().get(url) as response:
        assert await problem_of(response) == (401, "signed-out")
    async with central.get(f"/api/v1/recordings/{recording}/file") as response:
        assert await problem_of(response) == (422, "invalid")
    world.clock.advance(15 * 60)
    async with central.get(url) as response:
        assert await problem_of(response) == (410, "expired")


async def test_the_list_shows_the_host_units_own(world: World) -> None:
    recording = await recorded(world, JUNK)
    seen = {}
    for account in ("host", "central", "admin", "nhatrang", "nobody"):
        async with (await world.signed_in(account)).get("/api/v1/recordings") as response:
            seen[account] = [found["id"] for found in await response.json()]
    assert seen == {"host": [recording], "central": [recording], "admin": [recording], "nhatrang": [], "nobody": []}


async def test_a_file_that_is_gone_is_not_found(world: World) -> None:
    recording = await recorded(world, JUNK)
    row = await world.recording_store.recording(recording)
    assert row is not None
    Path(row.path).unlink()
    client = await world.signed_in("host")
    async with client.post(f"/api/v1/recordings/{recording}/link", json={}) as response:
        url = (await response.json())["url"]
    async with client.get(url) as response:
        assert await problem_of(response) == (404, "not-found")


async def test_a_recording_left_open_by_a_killed_server_is_closed_with_its_length(world: World) -> None:
    session = await world.session(NHA_TRANG)
    path = await world.server.recordings.begin(session.id, "Họp", HOST_IS, NOW)
    with open(path, "wb") as file:
        file.write(JUNK)
    last = NOW.timestamp() + 42
    os.utime(path, (last, last))
    await world.server.recordings.begin("other", "Họp", HOST_IS, NOW)
    for each in (session.id, "other"):
        await world.server.recordings.interrupted(world.clock.advance(50), each)
    await world.server.remux_queue.idle()
    parts = {row.session: (row.seconds, row.bytes, row.reason) for row in await world.recording_store.recordings()}
    assert parts == {session.id: (42.0, len(JUNK), "interrupted"), "other": (0.0, 0, "interrupted")}


async def test_a_file_that_a_worker_still_writes_stays_open_and_ends_as_usual(world: World) -> None:
    first, second = [await world.server.recordings.begin(session, "Họp", HOST_IS, NOW) for session in ("s", "t")]
    fresh = RecordingCatalog(
        world.recording_store, world.server.recordings.directory, b"", world.server.remux_queue.wake, world.disk
    )
    assert (await fresh.taken_over(), fresh.running) == ({first, second}, 2)
    await fresh.lost(second, NOW)
    assert fresh.running == 1
    assert [(each.session, each.state) for each in await world.recording_store.recordings_in("recording")] == [
        ("s", "recording")
    ]
    await fresh.ended(first, 7.0, None)
    await world.server.remux_queue.idle()
    states = {each.path: (each.state, each.reason) for each in await world.recording_store.recordings()}
    assert (fresh.running, states) == (0, {first: ("broken", "empty"), second: ("broken", "interrupted")})


async def test_parts_are_numbered(world: World) -> None:
    paths = [await world.server.recordings.begin("s", "Họp", ("x", "56"), NOW) for _ in range(3)]
    assert [Path(path).name for path in paths] == ["1.mp4", "2.mp4", "3.mp4"]


@pytest.mark.parametrize("ticket", ["", "x", "9999999999.", "9999999999.é", "-1.0", "9" * 40 + ".0", "1.2.3"])
def test_forged_tickets(world: World, ticket: str) -> None:
    with pytest.raises(Forbidden):
        world.server.recordings.check(ticket, "r", "host", NOW)


def test_tickets_of_another_server_are_worth_nothing(world: World, tmp_path: Path) -> None:
    other = RecordingCatalog(
        world.recording_store, tmp_path, load_key(tmp_path / "other.key"), world.server.remux_queue.wake, world.disk
    )
    ticket, expires = other.ticket("r", "host", NOW)
    other.check(ticket, "r", "host", NOW)
    with pytest.raises(Forbidden):
        world.server.recordings.check(ticket, "r", "host", NOW)
    with pytest.raises(TicketExpired):
        other.check(ticket, "r", "host", expires)


def test_the_key_is_made_once_and_nobody_elses(tmp_path: Path) -> None:
    first = load_key(tmp_path / "keys" / "ticket.key")
    assert (load_key(tmp_path / "keys" / "ticket.key"), len(first)) == (first, 32)
    assert (tmp_path / "keys" / "ticket.key").stat().st_mode & 0o077 == 0


async def test_steps_and_marks_become_chapters_also_of_joined_parts(world: World, film_bytes: bytes) -> None:
    session = await world.session(NHA_TRANG)
    items = [
        ScriptItem("a", "Khai mạc", None, None, 5, "speech"),
        ScriptItem("b", "Báo cáo", NHA_TRANG, None, 5, "speech"),
    ]
    await world.services.scheduler.set_script(session.id, items, NOW)
    host, _ = await world.join("host", session)
    guest, _ = await world.join("nhatrang", session)
    assert (await host.ask(type="mark", title="x"))["error"] == "not-recording"
    await host.ask(type="step", to="a")
    assert (await host.ask(type="record", on=True, composed="live"))["on"]
    room = world.engine.rooms[session.id]
    room.seconds = 0.52
    assert await host.ask(type="mark", title="Đánh dấu 1") == {"type": "marked", "title": "Đánh dấu 1", "seconds": 0.5}
    await host.ask(type="record", on=True, pause=True)
    room.seconds = 1.2
    await host.ask(type="step", to="b")
    for bad in ("", " ", "a\nb", "x" * 201):
        assert (await host.ask(type="mark", title=bad))["error"] == "bad-message"
    assert (await guest.ask(type="mark", title="x"))["error"] == "controlled-by"
    assert (await host.ask(type="mark", title="Hết"))["seconds"] == 1.2

    # The worker dies; the next part begins with the item that is on.
    await host.ask(type="record", on=True)
    path = room.recording
    assert path is not None
    await asyncio.to_thread(Path(path).write_bytes, film_bytes)
    world.engine.lose_everything()
    world.engine.emit(EngineLost())
    world.engine.emit(EngineReady())
    await host.type("renew")
    path = world.engine.rooms[session.id].recording
    assert path is not None
    await asyncio.to_thread(Path(path).write_bytes, film_bytes)
    world.engine.rooms[session.id].seconds = 5.0
    await host.ask(type="step", to=None)
    await host.ask(type="record", on=False)
    await world.server.recordings.settled(5)
    await world.server.remux_queue.idle()
    [entry] = await listed_recordings(world)
    seen = [[(chapter["seconds"], chapter["title"]) for chapter in file["chapters"]] for file in entry["parts"]]
    assert seen == [[(0.0, "Đánh dấu 1"), (1.0, "Hết")], [(0.0, "Báo cáo"), (1.0, session.title)]]
    assert [chapter["seconds"] for chapter in entry["chapters"]] == [0.0, 1.0, 2.0, 3.0]


async def test_a_meeting_without_script_has_no_chapters(world: World, film_bytes: bytes) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    await host.ask(type="record", on=True)
    path = world.engine.rooms[session.id].recording
    assert path is not None
    await asyncio.to_thread(Path(path).write_bytes, film_bytes)
    await host.ask(type="record", on=False)
    await world.server.recordings.settled(5)
    await world.server.remux_queue.idle()
    [entry] = await listed_recordings(world)
    assert (entry["chapters"], (await world.recording_store.recordings())[0].chapters) == (
        [],
        (Chapter(0.0, session.title),),
    )


def record_voices(path: Path) -> None:
    """Record a second in which Nha Trang speaks."""
    camera = Camera(path)
    for tick in range(25):
        camera.roll(0.04)
        camera.recorder.record_isolated_tracks(
            {"UBND.Nha Trang · UBND thành phố Nha Trang": np.full(960, 99, np.int16)}, 2 * tick
        )
    camera.close()


async def test_the_sound_of_a_point_is_listed_described_and_fetched_like_its_recording(
    world: World, capsys: Any
) -> None:
    session = (await world.session(NHA_TRANG)).id
    path = Path(await world.server.recordings.begin(session, "Họp", HOST_IS, NOW))
    await asyncio.to_thread(record_voices, path)
    await world.server.recordings.ended(str(path), 1, None)
    await world.server.remux_queue.idle()
    file = path.with_name("1.1.m4a")
    [entry] = await listed_recordings(world)
    [solo] = entry["solos"]
    facts = {
        "name": "UBND.Nha Trang · UBND thành phố Nha Trang",
        "bytes": len(content(world, file)),
        "sha256": sha(world, file),
    }
    assert solo == {"id": solo["id"], "seconds": 0.98, **facts}
    client = await world.signed_in("host")
    async with client.get(f"/api/v1/recordings/{session}/manifest") as response:
        assert (await response.json())["parts"][0]["solos"] == [{"file": "1.1.m4a", "seconds": 0.98, **facts}]
    async with client.post(f"/api/v1/recordings/{solo['id']}/link", json={}) as response:
        url = (await response.json())["url"]
    async with client.get(url) as response:
        assert (response.content_type, await response.read()) == ("audio/mp4", content(world, file))
        assert file_name(response) == "2026-04-06 UBND tỉnh Khánh Hòa – Họp – UBND.Nha Trang.m4a"
    assert (await world.audited(1))[0].subject == solo["id"]
    async with client.get(url.replace(solo["id"], entry["id"])) as response:
        assert await problem_of(response) == (403, "forbidden"), "a link to the one is none to the other"
    for account in ("admin", "nhatrang"):
        other = await world.signed_in(account)
        async with other.post(f"/api/v1/recordings/{solo['id']}/link", json={}) as response:
            assert await problem_of(response) == (403, "forbidden")
    assert verify(await world.recording_store.recordings_in("ready"), world.services.cipher) == 1
    file.write_bytes(b"!" * file.stat().st_size)
    with pytest.raises(BadRecording, match=f"^{file} is not sealed"):
        verify(await world.recording_store.recordings_in("ready"), world.services.cipher)


async def test_voices_are_switched_by_the_host_and_counted_on_the_disk(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, joined = await world.join("host", session)
    guest, _ = await world.join("nhatrang", session)
    assert joined["recording"] == OFF
    assert await host.ask(type="voices", on=True) == {**OFF, "voices": True}
    assert (await guest.ask(type="voices", on=False))["error"] == "controlled-by"
    await host.ask(type="record", on=True)
    assert world.engine.rooms[session.id].voices is True
    world.disk.space = Space(free=10**12, total=10**12)
    hours = []
    for on in (True, False):
        await host.ask(type="voices", on=on)
        await world.tick(2)
        hours.append((await host.type("storage"))["hours"])
    assert hours[0] == pytest.approx(hours[1] * HOUR_BYTES / (HOUR_BYTES + 5 * VOICE_BYTES_PER_HOUR), abs=1)
    assert world.engine.rooms[session.id].voices is False


async def test_registered_voices_are_kept_with_the_registered_recording(world: World) -> None:
    session = await world.session(NHA_TRANG, recording=True, voices=True)
    host, joined = await world.join("host", session)
    assert joined["recording"] == {**OFF, "voices": True}
    await host.ask(type="offer", sdp="v=0")
    await host.seat(joined["seat"], media="connected")
    await world.tick(1)
    await world.tick(1)
    assert (await host.type("recording"))["on"]
    assert ("record_voices", session.id, True) in world.engine.calls


async def test_the_number_of_mixed_voices_reaches_the_room_and_the_disk_estimate(settings: Settings) -> None:
    async with open_world(replace(settings, speaker_hold=3.0, mixed_voices=7)) as world:
        session = await world.session(NHA_TRANG)
        await world.join("host", session)
        options = world.engine.rooms[session.id].options
        assert (options.hold_s, options.mixed) == (3.0, 7)
        client = await world.signed_in("nhatrang")
        async with client.get("/api/v1/recordings/estimate?minutes=60&voices=true") as response:
            assert (await response.json())["bytes"] == round(HOUR_BYTES + 7 * VOICE_BYTES_PER_HOUR)


async def test_r082_a_wish_to_record_is_weighed_against_the_space_left(world: World) -> None:
    world.disk.space = Space(free=3 * 10**9, total=10**11)
    client = await world.signed_in("nhatrang")
    all_of_it = HOUR_BYTES + 5 * VOICE_BYTES_PER_HOUR
    for query, taken in (("minutes=180", HOUR_BYTES), ("minutes=180&voices=true", all_of_it)):
        async with client.get(f"/api/v1/recordings/estimate?{query}") as response:
            assert await response.json() == {"bytes": round(3 * taken), "free": 10**9, "reserve": 2 * 10**9}
    async with client.get("/api/v1/recordings/estimate?minutes=0") as response:
        assert await problem_of(response) == (422, "invalid")


async def test_marks_set_while_the_disk_still_takes_the_last_part_belong_to_the_running_part(world: World) -> None:
    await world.server.remux_queue.stop()
    recordings = world.server.recordings
    paths = [await recordings.begin("s", "Họp", HOST_IS, NOW, "host")]
    await recordings.stopping("s", "host", None)
    paths.append(await recordings.begin("s", "Họp", HOST_IS, NOW, "central"))
    await recordings.mark("s", Chapter(3.0, "Phát biểu"))
    await recordings.paused("s", True)
    await recordings.ended(paths[0], 61.0, "disk-slow")
    parts = sorted(await world.recording_store.parts("s"), key=lambda part: part.part)[
        1:
    ]  # the joined file is the first
    assert [(part.part, part.reason, part.stopped_by, [mark.title for mark in part.chapters]) for part in parts] == [
        (1, "disk-slow", "host", []),
        (2, "paused", "", ["Phát biểu"]),
    ]
