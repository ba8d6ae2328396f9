"""Recordings that are composed afterwards, as a media worker leaves them to a served server."""

import asyncio
from pathlib import Path

from mediaserver.recording.chapters import Chapter
from tests.mediaserver.pictures import GREEN, RED
from tests.mediaserver.recording.tracks_fixture import FixtureCamera, TracksFixture
from tests.signaling.world import World

HOST = ("UBND.Khanh Hoa", "56")


def record_tracks(path: Path, seconds: float) -> None:
    """Write tracks of two cameras and a tone, as a media worker does."""
    fixture = TracksFixture(path)
    fixture.show("a", "b")
    fixture.cameras = {"a": FixtureCamera(RED), "b": FixtureCamera(GREEN, "H264", stream=2)}
    fixture.record(seconds)
    fixture.recorder.close()


async def closed_part(world: World, session: str, seconds: float = 1.0) -> Path:
    """Record a part that is to be composed afterwards; return its path."""
    recordings = world.server.recordings
    path = Path(await recordings.begin(session, "Họp", HOST, world.clock(), "host", "afterwards"))
    await recordings.mark(session, Chapter(0.0, "Khai mạc"))
    await recordings.mark(session, Chapter(1.0, "Báo cáo"))
    await asyncio.to_thread(record_tracks, path, seconds)
    await recordings.ended(str(path), seconds, None)
    return path


async def made(world: World) -> None:
    """Wait until all recordings are composed, joined and encrypted."""
    await world.server.remux_queue.idle()  # it encrypts the tracks
    await world.server.composing_queue.idle()
    await world.server.remux_queue.idle()
