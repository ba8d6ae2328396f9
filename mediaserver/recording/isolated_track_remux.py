"""Remuxes the isolated tracks of a recording, as :mod:`mediaserver.recording.remuxer` does the recording itself."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer

from mediaserver.recording.disk_space import measure
from mediaserver.recording.files import digest, isolated_track_paths, rename_synced
from mediaserver.recording.muxer import ORDINARY, add_opus, cut_off_damage, open_whole


@dataclass(frozen=True, slots=True)
class RemuxedTrack:
    """A remuxed isolated track: its path, the point's name, and the end of its last sound in `seconds`."""

    path: str
    name: str
    seconds: float
    bytes: int
    sha256: str


def remux_isolated_tracks(recording: Path) -> tuple[RemuxedTrack, ...]:
    """Remux the isolated tracks beside a recording. An unreadable track stays as it is and is left out. Raises
    OSError."""
    found = []
    for path in isolated_track_paths(recording):
        with suppress(av.FFmpegError, IndexError, FileNotFoundError):  # no mp4, or nothing in it
            found.append(_remux(path))
    return tuple(found)


def _remux(path: Path) -> RemuxedTrack:
    fresh = path.with_suffix(".new")
    try:
        if measure(path.parent).holds(path.stat().st_size):
            _write(fresh, path)
            rename_synced(fresh, path)
        else:
            cut_off_damage(path)
        with open_whole(path) as container:
            name = container.metadata.get("title", "")
            ends = ((packet.pts or 0) + (packet.duration or 0) for packet in _packets(container))
            seconds = float(max(ends, default=0) * container.streams.audio[0].time_base)  # type: ignore[operator]
    finally:
        fresh.unlink(missing_ok=True)
    return RemuxedTrack(str(path), name, round(seconds, 3), path.stat().st_size, digest(path))


def _write(fresh: Path, path: Path) -> None:
    with (
        open_whole(path) as source,
        av.open(str(fresh), "w", format="mp4", options=ORDINARY) as output,
    ):
        output.metadata["title"] = source.metadata["title"]
        stream = add_opus(output)
        for packet in _packets(source):
            packet.dts = packet.pts
            packet.stream = stream
            output.mux(packet)


def _packets(source: InputContainer) -> Iterator["av.Packet[Any]"]:
    """Yield the whole packets up to where the file was cut off."""
    with suppress(av.FFmpegError):
        for packet in source.demux(source.streams.audio[0]):
            if packet.pts is not None and packet.size and not packet.is_corrupt:
                yield packet
