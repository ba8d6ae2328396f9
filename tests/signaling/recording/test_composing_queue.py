"""Recordings that are composed afterwards: from tracks that are closed to the file that is handed out.

Also tests `composing_progress.py`, `recording_queue.py` and `signaling/core/child_process.py`.
"""

import asyncio
import os
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mediaserver.recording.disk_space import Space, measure
from mediaserver.recording.encrypted_file import Damaged, FileCipher, is_encrypted
from mediaserver.recording.files import raw_paths, segment_path, tracks_path
from mediaserver.recording.remux_job import RecordingPart, RemuxJob
from signaling.app import admin_cli
from signaling.app.settings import Settings
from signaling.core import child_process
from signaling.core.errors import BadInput, NotRecomposable
from signaling.recording import recording_queue
from signaling.recording import remux_queue as remuxing
from signaling.recording.composing_progress import Composing, Progress, Wait, expected, expected_whole
from signaling.recording.composing_queue import ComposingQueue, Tell, compose
from signaling.recording.model import Recording
from signaling.recording.recording_queue import MAX_SILENT_ENDS, NO_OUTPUT, RemuxOutcome
from signaling.recording.verify import verify
from tests.signaling.recording_calls import HOST, closed_part, made, record_tracks
from tests.signaling.world import NHA_TRANG, NOW, World, open_world


async def never_urgent(_: str) -> None:
    """Say that no recording is ever urgent."""


async def ignore(_: Mapping[str, Any]) -> None:
    """Take progress that no test asks for."""


async def listed(world: World) -> Any:
    async with (await world.signed_in("host")).get("/api/v1/recordings") as response:
        return await response.json()


async def test_closed_tracks_become_the_file_that_a_live_composer_makes(world: World) -> None:
    session = (await world.session(NHA_TRANG)).id
    path = await closed_part(world, session, 2.0)
    await made(world)
    [row] = await world.recording_store.recordings()
    assert (row.state, row.composed, row.milliseconds, row.sealed) == ("ready", "afterwards", 2000, True)
    assert [chapter.title for chapter in row.chapters] == ["Khai mạc", "Báo cáo"]
    assert verify([row], world.services.cipher) == 1
    assert sorted(file.name for file in path.parent.iterdir()) == ["1.jpg", "1.mp4", "1.turns"]
    [shown] = await listed(world)
    assert (shown["state"], shown["composing"], shown["thumbnail"]) == (
        "ready",
        None,
        f"/api/v1/recordings/{row.id}/thumbnail",
    )


async def test_two_parts_are_joined_once_both_are_composed(world: World) -> None:
    session = (await world.session(NHA_TRANG)).id
    await closed_part(world, session)
    await closed_part(world, session)
    await made(world)
    parts = await world.recording_store.parts(session)
    assert [(part.part, part.state, part.milliseconds) for part in parts] == [
        (0, "ready", 2000),
        (1, "ready", 1000),
        (2, "ready", 1000),
    ]


async def test_tracks_are_encrypted_as_soon_as_they_are_closed_and_composed_by_the_next_server(
    settings: Settings,
) -> None:
    async with open_world(settings) as world:
        await world.server.composing_queue.stop()
        path = await closed_part(world, "s")
        await world.server.remux_queue.idle()
        assert is_encrypted(tracks_path(path))
        [row] = await world.recording_store.recordings()
        assert (row.state, path.exists()) == ("finishing", False)
    async with open_world(settings) as world:
        await made(world)
        [row] = await world.recording_store.recordings()
        assert (row.state, raw_paths(path)) == ("ready", [])


async def test_the_process_gets_a_key_that_opens_its_own_tracks_alone(world: World) -> None:
    jobs: list[RemuxJob] = []

    async def work(job: RemuxJob, tell: Tell) -> RemuxOutcome:
        jobs.append(job)
        return NO_OUTPUT

    world.server.composing_queue._work = work
    first, second = [await closed_part(world, session) for session in ("s", "t")]
    await made(world)
    ciphers = {job.target: FileCipher(bytes.fromhex(job.key)) for job in jobs}
    ciphers[first].open(tracks_path(first), require_encrypted=True).close()
    for cipher in (ciphers[second], world.services.cipher):
        with pytest.raises(Damaged):
            cipher.open(tracks_path(first))


async def test_tracks_that_a_killed_server_left_open_are_composed_up_to_their_last_second(settings: Settings) -> None:
    async with open_world(settings) as world:
        path = Path(await world.server.recordings.begin("s", "Họp", HOST, NOW, "host", "afterwards"))
        await asyncio.to_thread(record_tracks, path, 3.0)
        whole = tracks_path(path).read_bytes()
        tracks_path(path).write_bytes(whole[: len(whole) * 3 // 4])
    async with open_world(settings) as world:
        await made(world)
        [row] = await world.recording_store.recordings()
        assert (row.state, row.reason, raw_paths(path)) == ("ready", "interrupted", [])
        assert row.seconds == pytest.approx(2.25, abs=1.0)


async def test_the_hours_that_are_left_count_the_tracks_of_the_next_recording_too(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    world.disk.space = Space(free=10**12, total=10**12)
    hours = []
    for wish in (None, {}, {"composed": "live"}):
        if wish is not None:
            await host.ask(type="record", on=True, **wish)
        await world.tick(2)
        hours.append(world.server.meetings._storage)
        await host.ask(type="record", on=False)
    assert [state and state.hours for state in hours] == [
        round(world.disk.space.hours(1, afterwards=afterwards)) for afterwards in (1, 1, 0)
    ]


async def test_the_profile_or_the_host_says_when_a_recording_is_composed(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, joined = await world.join("host", session)
    assert joined["recording"]["composed"] == "afterwards"
    for wish, composed in (({}, "afterwards"), ({"composed": "live"}, "live"), ({}, "afterwards")):
        assert (await host.ask(type="record", on=True, **wish))["composed"] == composed
        assert world.engine.rooms[session.id].composed == composed
        await host.ask(type="record", on=False)
    parts = [part for part in await world.recording_store.parts(session.id) if part.part]
    assert [part.composed for part in parts] == ["afterwards", "live", "afterwards"]


async def test_tracks_that_are_not_encrypted_for_lack_of_room_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = replace(measure(world.server.recordings.directory), free=0)
    monkeypatch.setattr(remuxing, "measure", lambda _: full)
    path = await closed_part(world, "s")
    await made(world)
    assert (await world.recording_store.recordings())[0].state == "finishing"
    assert [wait.reason for wait in world.server.composing_queue.waits(NOW).values()] == ["disk-full"]
    assert not is_encrypted(tracks_path(path))
    monkeypatch.setattr(remuxing, "measure", measure)
    world.server.remux_queue.wake()
    await made(world)
    assert (await world.recording_store.recordings())[0].state == "ready"


async def test_progress_and_the_time_when_it_is_ready_are_shown(world: World) -> None:
    session, told, go_on = (await world.session(NHA_TRANG)).id, asyncio.Event(), asyncio.Event()

    async def work(job: RemuxJob, tell: Tell) -> RemuxOutcome:
        await tell({"seconds": 15.0, "of": 60.0, "left": None, "share": 1.0})
        await tell({"seconds": 30.0, "of": 60.0, "left": 90.0, "share": 1.0})
        told.set()
        await go_on.wait()
        return await compose(job, tell)

    await world.server.composing_queue.stop()
    path = await closed_part(world, session)
    second = await closed_part(world, session)
    await world.server.remux_queue.idle()
    [whole] = await listed(world)
    assert [part["composing"] for part in whole["parts"]] == [{"percent": 0, "ready": None}] * 2
    queue = world.server.composing_queue
    queue._work = work
    queue.start()
    await told.wait()
    [whole] = await listed(world)
    at = [f"2026-04-06T01:01:{seconds}Z" for seconds in ("30", "33")]  # the second takes three seconds of a second
    assert [part["composing"] for part in whole["parts"]] == [
        {"percent": 50, "ready": at[0]},
        {"percent": 0, "ready": at[1]},
    ]
    assert whole["composing"] == {"percent": 25, "ready": at[1]}
    go_on.set()
    await made(world)
    assert {part.state for part in await world.recording_store.parts(session)} == {"ready"}
    assert (raw_paths(path), raw_paths(second)) == ([], [])


async def test_controllers_of_a_running_meeting_are_told_how_far_a_closed_part_is(world: World) -> None:
    async def work(job: RemuxJob, tell: Tell) -> RemuxOutcome:
        await tell({"seconds": 30.0, "of": 60.0, "left": 90.0, "share": 1.0})
        return await compose(job, ignore)

    world.server.composing_queue._work = work
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    guest, _ = await world.join("nhatrang", session)
    await closed_part(world, session.id)
    half = {"type": "composing", "part": 1, "percent": 50, "ready": "2026-04-06T01:01:30Z"}
    assert await host.type("composing") == half
    assert (await host.type("composing"))["percent"] == 100
    await guest.ask(type="ping")
    assert "composing" not in [message["type"] for message in guest.seen]


async def test_a_full_disk_is_told_of_with_its_time_until_it_has_room(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = True

    async def work(job: RemuxJob, tell: Tell) -> RemuxOutcome:
        if not full:
            return await compose(job, tell)
        await tell({"seconds": 0.5, "of": 1.0, "left": 0.5, "share": 1.0})
        return RemuxOutcome({"error": "disk-full"})

    monkeypatch.setattr(recording_queue, "measure", lambda _: Space(free=1_250_000_000, total=20_000_000_000))
    queue, session = world.server.composing_queue, (await world.session(NHA_TRANG)).id
    queue._work = work
    for _ in range(2):
        await closed_part(world, session)
        await made(world)
        world.clock.advance(60)
    [whole] = await listed(world)
    waits = [{"reason": "disk-full", "since": f"2026-04-06T01:0{minute}:00Z", "free": 250_000_000} for minute in (0, 1)]
    assert [part["wait"] for part in whole["parts"]] == waits
    assert [part["composing"] for part in whole["parts"]] == [{"percent": 50, "ready": None}] * 2
    assert whole["wait"] == waits[0]
    full = False
    queue.wake()
    await made(world)
    [whole] = await listed(world)
    assert [(each["state"], each["wait"]) for each in (whole, *whole["parts"])] == [("ready", None)] * 3


async def test_a_machine_that_lets_the_process_wait_is_told_of(world: World) -> None:
    session, told, go_on = (await world.session(NHA_TRANG)).id, asyncio.Event(), asyncio.Event()

    async def work(job: RemuxJob, tell: Tell) -> RemuxOutcome:
        for second, share in enumerate((0.9, 0.2, 0.1)):
            world.clock.advance(20)
            await tell({"seconds": float(second), "of": 60.0, "left": 90.0, "share": share})
        told.set()
        await go_on.wait()
        return await compose(job, tell)

    world.server.composing_queue._work = work
    await closed_part(world, session)
    await told.wait()
    assert [part["wait"] for part in await listed(world)] == [None]
    world.clock.advance(10)
    busy = {"reason": "busy", "since": "2026-04-06T01:00:40Z", "free": None}
    assert [(part["wait"], part["composing"]["percent"]) for part in await listed(world)] == [(busy, 3)]
    go_on.set()
    await made(world)
    assert [part["wait"] for part in await listed(world)] == [None]


async def test_what_is_due_soon_is_composed_at_a_higher_priority(world: World) -> None:
    begun, session = asyncio.Event(), await world.session(NHA_TRANG, recording=True)
    jobs: list[bool] = []

    async def work(job: RemuxJob, tell: Tell) -> RemuxOutcome:
        jobs.append(job.urgent)
        begun.set()
        if not job.urgent:
            await asyncio.Event().wait()
        return await compose(job, tell)

    queue = world.server.composing_queue
    await queue.stop()
    queue._work = work
    await closed_part(world, session.id)
    await world.server.remux_queue.idle()
    due = await world.services.handovers.reminder_of(session.id)
    assert due == datetime(2026, 4, 7, 10, tzinfo=UTC), "a day before the close of the second working day"
    world.clock.advance((due - world.clock()).total_seconds() - 0.2)
    queue.start()
    await made(world)
    assert jobs == [False, True]
    assert (await world.recording_store.recordings())[0].state == "ready"
    assert await world.services.handovers.reminder_of("nothing") is None


@pytest.mark.parametrize("outcome", [RemuxOutcome({"error": "disk-full"}), NO_OUTPUT])
async def test_what_failed_for_a_time_is_composed_later(world: World, outcome: RemuxOutcome) -> None:
    failing = True

    async def work(job: RemuxJob, tell: Tell) -> RemuxOutcome:
        return outcome if failing else await compose(job, tell)

    queue = world.server.composing_queue
    queue._work = work
    await closed_part(world, "s")
    await made(world)
    assert (await world.recording_store.recordings())[0].state == "finishing"
    failing = False
    queue.wake()
    await made(world)
    assert (await world.recording_store.recordings())[0].state == "ready"


async def test_a_process_that_always_dies_leaves_the_tracks_and_one_that_gets_further_goes_on(world: World) -> None:
    reached, queue = 0.0, world.server.composing_queue

    async def work(_: RemuxJob, tell: Tell) -> RemuxOutcome:
        await tell({"seconds": reached, "of": 600.0, "left": 1.0, "share": 1.0})
        return NO_OUTPUT

    queue._work = work
    path = await closed_part(world, "s")
    await made(world)
    for _ in range(MAX_SILENT_ENDS + 1):
        reached += 60
        queue.wake()
        await made(world)
        assert (await world.recording_store.recordings())[0].state == "finishing"
    for _ in range(MAX_SILENT_ENDS):
        queue.wake()
        await made(world)
    [row] = await world.recording_store.recordings()
    assert (row.state, row.failure, raw_paths(path)) == ("broken", "no-result", [tracks_path(path)])
    row.remove()
    assert list(path.parent.iterdir()) == []


async def given_up(world: World, session: str) -> Recording:
    """Record a part that cannot be composed, since its process ends each time; return its row."""

    async def ending(_: RemuxJob, tell: Tell) -> RemuxOutcome:
        return NO_OUTPUT

    queue = world.server.composing_queue
    queue._work = ending
    await closed_part(world, session)
    for _ in range(MAX_SILENT_ENDS):
        await made(world)
        queue.wake()
    await made(world)
    queue._work = compose
    return (await world.recording_store.recordings_in("broken"))[0]


async def compose_again(world: World, login: str, recording: str) -> int:
    client = await world.signed_in(login)
    async with client.post(f"/api/v1/recordings/{recording}/compose", json={}) as response:
        return response.status


async def test_what_was_given_up_is_composed_when_the_host_asks_and_its_whole_is_handed_over_anew(world: World) -> None:
    session = await world.session(NHA_TRANG, recording=True)
    await closed_part(world, session.id)
    await made(world)
    row = await given_up(world, session.id)
    segment = segment_path(Path(row.path), 0)
    segment.write_bytes(b"a segment that may be the reason")
    world.clock.advance(3 * 3600)
    await world.server.periodic_jobs.work()
    [shown] = await listed(world)
    incomplete = shown["handover"]["digest"]
    assert (shown["sha256"], shown["seconds"]) == (incomplete, 1.0)
    assert [(each["failure"], each["recomposable"]) for each in shown["parts"]] == [(None, False), ("no-result", True)]
    assert await compose_again(world, "nhatrang", row.id) == 403
    assert await compose_again(world, "host", row.id) == 204
    assert not segment.exists()
    await made(world)
    await world.server.periodic_jobs.work()
    [shown] = await listed(world)
    assert (shown["state"], shown["seconds"] >= 2.0) == ("ready", True)
    assert shown["handover"]["digest"] == shown["sha256"]
    assert shown["sha256"] != incomplete
    assert [(each["state"], each["failure"]) for each in shown["parts"]] == [("ready", None)] * 2
    assert await compose_again(world, "host", row.id) == 409
    [entry] = [entry for entry in await world.audited(20) if entry.action == "recording-compose"]
    assert (entry.subject, entry.detail) == (row.id, "no-result")


async def test_an_operator_has_it_composed_by_a_command(world: World, settings: Settings) -> None:
    row = await given_up(world, "s")
    parser = ArgumentParser()
    admin_cli.add_arguments(parser)
    await admin_cli.run(settings, parser.parse_args(["compose-recording", row.id]))
    world.server.composing_queue.wake()
    await made(world)
    assert (await world.recording_store.recordings())[0].state == "ready"
    with pytest.raises(NotRecomposable):
        await admin_cli.run(settings, parser.parse_args(["compose-recording", row.id]))
    with pytest.raises(BadInput):
        await admin_cli.run(settings, parser.parse_args(["compose-recording", "nothing"]))


async def test_a_recording_that_is_deleted_while_it_is_composed_leaves_no_file(world: World) -> None:
    async def work(job: RemuxJob, tell: Tell) -> RemuxOutcome:
        await world.recording_store.delete_recordings("s")
        return await compose(job, tell)

    world.server.composing_queue._work = work
    path = await closed_part(world, "s")
    await made(world)
    assert (await world.recording_store.recordings())[0].state == "deleted"
    assert list(path.parent.iterdir()) == []


async def test_a_file_that_was_composed_before_its_server_ended_is_not_composed_again(world: World) -> None:
    queue = world.server.composing_queue
    await queue.stop()
    path = await closed_part(world, "s")
    await world.server.remux_queue.idle()
    job = RemuxJob(path, (), world.services.cipher.for_making(path).key.hex())
    part = (await world.recording_store.recordings())[0]
    pieces = (RecordingPart(tracks_path(path), 0.0, part.chapters),)
    first = await compose(replace(job, pieces=pieces), ignore)
    queue._work = None  # type: ignore[assignment]  # it would fail
    queue.start()
    await made(world)
    [row] = await world.recording_store.recordings()
    assert (row.state, row.milliseconds, row.bytes) == ("ready", 1000, first.facts["bytes"])


async def test_a_queue_that_stops_kills_its_process_and_the_next_one_composes(world: World) -> None:
    begun = asyncio.Event()

    async def work(job: RemuxJob, tell: Tell) -> RemuxOutcome:
        async def noting(fields: Mapping[str, Any]) -> None:
            await tell(fields)
            begun.set()

        return await compose(job, noting)

    queue = world.server.composing_queue
    queue._work = work
    path = await closed_part(world, "s", 4.0)
    await begun.wait()
    await queue.stop()
    assert tracks_path(path).exists() or path.exists()
    later = ComposingQueue(
        world.recording_store, world.services.cipher, world.clock, world.server.remux_queue, never_urgent
    )
    later.start()
    await later.idle()
    await world.server.remux_queue.idle()
    await later.stop()
    [row] = await world.recording_store.recordings()
    assert (row.state, row.milliseconds) == ("ready", 4000)


async def test_lines_come_one_by_one_and_a_reader_that_stops_ends_the_program() -> None:
    code = "import sys; [print(line.upper(), end='', flush=True) for line in sys.stdin]; sys.stdin.close()"
    found = [line async for line in child_process.lines([sys.executable, "-c", code], b"a\nb\n")]
    assert found == [b"A\n", b"B\n"]
    endless = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    lines = child_process.lines([sys.executable, "-c", endless])
    pid = int(await anext(lines))
    await lines.aclose()
    with pytest.raises(ProcessLookupError):
        await asyncio.to_thread(_signal_nothing, pid)


def _signal_nothing(pid: int) -> None:
    os.kill(pid, 0)


def waiting(id_: str, seconds: float) -> Recording:
    started = datetime(2026, 4, 6, 1, tzinfo=UTC)
    return Recording(id_, "s", 1, f"/s/{id_}.mp4", "Họp", *HOST, started, round(seconds * 1000), composed="afterwards")


def test_times_are_those_of_the_one_that_is_composed_then_of_the_others_by_its_pace() -> None:
    recordings = [waiting("a", 3600), waiting("b", 600)]
    progress = Progress("a", 1800.0, 3600.0, 900.0, NOW)
    assert progress.pace == 0.5
    later = NOW + timedelta(seconds=100)
    assert expected(recordings, progress, progress.pace, later) == {
        "a": Composing(50, NOW + timedelta(seconds=900)),
        "b": Composing(0, NOW + timedelta(seconds=1200)),
    }
    late = NOW + timedelta(seconds=1000)
    assert expected(recordings[:1], progress, 0.5, late) == {"a": Composing(50, late)}
    unknown = replace(progress, left=None)
    assert expected(recordings[:1], unknown, 0.5, NOW) == {"a": Composing(50, NOW + timedelta(seconds=1800))}
    assert (unknown.pace, expected(recordings, unknown, None, NOW)) == (
        None,
        {"a": Composing(50, None), "b": Composing(0, None)},
    )
    assert replace(progress, seconds=3600.0).pace is None
    whole = expected(recordings[:1], replace(progress, seconds=3600.0, left=0.0), None, NOW)
    assert whole == {"a": Composing(99, NOW)}


def test_a_process_that_tells_nothing_waits_for_the_machine() -> None:
    progress = Progress("a", 0.0, 60.0, None, NOW)
    assert progress.wait(NOW + timedelta(seconds=29)) is None
    assert progress.wait(NOW + timedelta(seconds=30)) == Wait("busy", NOW)
    slow = replace(progress, at=NOW + timedelta(seconds=30), slow_since=NOW)
    assert slow.wait(NOW + timedelta(seconds=31)) == Wait("busy", NOW)


def test_what_joins_parts_is_as_far_as_they_are() -> None:
    parts = [waiting("a", 300), waiting("b", 100)]
    assert expected_whole(parts, {}) is None
    composing = {"b": Composing(40, NOW)}
    assert expected_whole(parts, composing) == Composing(85, NOW)
    both = {"a": Composing(20, NOW), "b": Composing(0, None)}
    assert expected_whole(parts, both) == Composing(15, None)
