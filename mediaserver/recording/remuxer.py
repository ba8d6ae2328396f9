"""Remuxes a recording: its fragmented parts become one ordinary mp4 with the index in front. Nothing is encoded anew.

    python -m mediaserver.recording.remuxer

It runs as a process of its own (a long file keeps a core busy for seconds, and a damaged one may crash the demuxer). It
reads one JSON object, the fields of :class:`mediaserver.recording.remux_job.RemuxJob`, and prints one: the fields of
:class:`RemuxResult`, or ``{"error": "<word>"}`` with status 1. The parts follow each other in the target, each at its
offset in seconds or at the end of the part before, whichever is later, with six hours between two at most. Their marks
become chapters, which players know as a QuickTime chapter track or as Nero's list. A new file is complete, checked and
on the disk before it takes the name; until then everything old is still there, so the work may be interrupted at any
time and done again.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from errno import ENOSPC
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from PIL import Image

from mediaserver.recording import priority
from mediaserver.recording.chapters import Chapter, chapters, short
from mediaserver.recording.disk_space import measure
from mediaserver.recording.encrypted_file import Damaged, FileCipher
from mediaserver.recording.files import digest, rename_synced, thumbnail_of
from mediaserver.recording.isolated_track_remux import RemuxedTrack, remux_isolated_tracks
from mediaserver.recording.muxer import ORDINARY, cut_off_damage, open_part, open_whole
from mediaserver.recording.remux_job import RecordingPart, RemuxJob

Word = Literal["unreadable", "disk-full"]

MAX_GAP_S = 6 * 3600
"""The longest gap between two parts. FFmpeg's muxer takes no step of 2^31 ticks, which are 6.63 hours of a picture's 90
kHz."""
MAX_LOST_S = 1
"""Seconds by which a new file may be shorter than its parts: a demuxer guesses how long the last picture is shown."""
THUMBNAIL_HEIGHT = 180
KINDS = ("video", "audio")


@dataclass(frozen=True, slots=True)
class RemuxResult:
    """A finished file. `first` is the time of its first picture (RFC 3339), as far as the file knows.

    `indexed` is False for a part that stayed as it was, without chapters, for lack of room for a copy.
    """

    first: str | None
    seconds: float
    bytes: int
    sha256: str
    indexed: bool
    chapters: tuple[Chapter, ...] = ()
    solos: tuple[RemuxedTrack, ...] = ()


class RemuxFailed(Exception):
    """Raised when no picture can be read ("unreadable") or there is no room ("disk-full")."""

    def __init__(self, word: Word) -> None:
        super().__init__(word)
        self.word: Word = word


def remux(target: Path, parts: Sequence[RecordingPart], cipher: FileCipher) -> RemuxResult:
    """Write `target` from its parts, which may be encrypted, with a thumbnail beside it. Raises RemuxFailed."""
    try:
        indexed = measure(target.parent).holds(sum(part.path.stat().st_size for part in parts))
        if not indexed and [part.path for part in parts] != [target]:
            raise RemuxFailed("disk-full")
        if indexed:
            starts = _replace(target, parts, cipher)
        else:
            cut_off_damage(target)
            starts = [0.0]
        first, seconds = _examine(target)
        _make_thumbnail(target, seconds / 2)
        solos = remux_isolated_tracks(target)
    except (av.FFmpegError, OSError) as error:
        raise RemuxFailed("disk-full" if error.errno == ENOSPC else "unreadable") from error
    except Damaged as error:
        raise RemuxFailed("unreadable") from error
    found = chapters(zip(starts, (part.marks for part in parts), strict=True), seconds)
    return RemuxResult(first, round(seconds, 3), target.stat().st_size, digest(target), indexed, found, solos)


def _replace(target: Path, parts: Sequence[RecordingPart], cipher: FileCipher) -> list[float]:
    """Write the target; return where its parts begin, in seconds."""
    fresh = target.with_suffix(".new")
    try:
        writer = _write(fresh, parts, cipher)
        with av.open(str(fresh)) as written:
            if not writer.is_complete(written):
                raise RemuxFailed("unreadable")
        rename_synced(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)
    return writer.starts


def _write(path: Path, parts: Sequence[RecordingPart], cipher: FileCipher) -> "_Writer":
    """Write the parts into one file and return the writer."""
    with av.open(str(path), "w", format="mp4", options=ORDINARY) as output:
        writer = _Writer(output)
        for part in parts:
            with open_part(part.path, cipher) as source:
                writer.add(source, part.offset)
        writer.set_chapters(part.marks for part in parts)
    if not writer.pictures:
        raise RemuxFailed("unreadable")
    return writer


class _Writer:
    """Appends whole files to one, without decoding."""

    def __init__(self, output: OutputContainer) -> None:
        self._output = output
        self._streams: dict[str, Stream] = {}
        self._ends: dict[str, Fraction] = {}
        self._left_out = Fraction(0)
        self.starts: list[float] = []
        """Start of each part in seconds."""
        self.pictures = 0

    def add(self, source: InputContainer, offset: float) -> None:
        """Append a file at `offset` seconds, or at the end of what is there if that is later. Raises RemuxFailed.

        A gap is shortened to `MAX_GAP_S`; everything after it moves up.
        """
        if not source.streams.video:
            raise RemuxFailed("unreadable")
        if not self._streams:
            self._open(source)
        wanted = Fraction(offset) - self._left_out
        start = max(self._end, min(wanted, self._end + MAX_GAP_S))
        self._left_out += max(Fraction(0), wanted - start)
        self.starts.append(float(start))
        for packet in _packets(source):
            assert packet.pts is not None and packet.time_base is not None
            packet.pts += round(start / packet.time_base)
            packet.dts = packet.pts
            kind = packet.stream.type
            end = (packet.pts + (packet.duration or 0)) * packet.time_base
            self._ends[kind] = max(self._ends.get(kind, end), end)
            self.pictures += kind == "video"
            packet.stream = self._streams[kind]
            self._output.mux(packet)

    def set_chapters(self, marks: Iterable[tuple[Chapter, ...]]) -> None:
        """Write the chapters after the last packet: the muxer writes them with its index. A single chapter is left
        out."""
        end = float(self._end)
        found = chapters(zip(self.starts, marks, strict=True), end)
        ends = [*(chapter.seconds for chapter in found[1:]), end]
        if len(found) > 1:
            self._output.set_chapters([_chapter(each, until) for each, until in zip(found, ends, strict=True)])

    def is_complete(self, file: InputContainer) -> bool:
        """Return whether a file has every picture, and pictures and sounds last as long as those that went into it."""
        ends: dict[str, Fraction] = {stream.type: _end(stream) for stream in file.streams}
        whole = all(abs(ends[kind] - end) <= MAX_LOST_S for kind, end in self._ends.items())
        return whole and file.streams.video[0].frames == self.pictures

    @property
    def _end(self) -> Fraction:
        return max(self._ends.values(), default=Fraction(0))

    def _open(self, source: InputContainer) -> None:
        if "date" in source.metadata:
            self._output.metadata["date"] = source.metadata["date"]
        for kind in KINDS:
            for stream in source.streams.get({kind: 0}):
                made = self._output.add_stream_from_template(stream, opaque=True)
                made.time_base = stream.time_base
                self._streams[kind] = made


def _end(stream: Stream) -> Fraction:
    """Return the end of a stream's last picture or sound in seconds, by its file's index."""
    assert stream.time_base is not None
    return ((stream.start_time or 0) + (stream.duration or 0)) * stream.time_base


def _chapter(chapter: Chapter, end: float) -> Any:
    start = round(chapter.seconds * 1000)
    title = {"title": short(chapter.title)}
    return {"id": start, "start": start, "end": round(end * 1000), "time_base": Fraction(1, 1000), "metadata": title}


def _packets(source: InputContainer) -> Iterator["av.Packet[Any]"]:
    """Yield the whole packets of a file, from its first key frame to where it was cut off."""
    started = False
    with suppress(av.FFmpegError):
        for packet in source.demux(*(stream for stream in source.streams if stream.type in KINDS)):
            started = started or (packet.stream.type == "video" and packet.is_keyframe)
            if started and packet.pts is not None and packet.size and not packet.is_corrupt:
                yield packet


def _examine(path: Path) -> tuple[str | None, float]:
    """Return the time of the first picture, and the length of the file in seconds."""
    with open_whole(path) as container:
        first = _instant(container.metadata.get("date", ""))
        ends = (
            (packet.pts + (packet.duration or 0)) * packet.time_base
            for packet in _packets(container)
            if packet.pts is not None and packet.time_base is not None
        )
        return first, float(max(ends, default=Fraction(0)))


def _instant(text: str) -> str | None:
    try:
        return text if datetime.fromisoformat(text).tzinfo is not None else None
    except ValueError:
        return None


def _make_thumbnail(path: Path, seconds: float) -> None:
    """Save one picture of the file as JPEG."""
    with open_whole(path) as container:
        video = container.streams.video[0]
        container.seek(round(seconds * av.time_base))
        found: av.VideoFrame | None = None
        for found in container.decode(video):
            if found.time is not None and found.time >= seconds:
                break
        if found is None:
            raise RemuxFailed("unreadable")
        width = round(found.width * THUMBNAIL_HEIGHT / found.height)
        fresh = path.with_suffix(".jpg.new")
        picture = found.reformat(width, THUMBNAIL_HEIGHT, "rgb24").to_ndarray()
        Image.fromarray(picture).save(fresh, "JPEG", quality=80)
        fresh.replace(thumbnail_of(path))


def main() -> int:
    """Run the job on the standard input; return the exit status."""
    priority.lower()
    job = RemuxJob.read(sys.stdin.read())
    try:
        print(json.dumps(asdict(remux(job.target, job.pieces, FileCipher(bytes.fromhex(job.key))))))
    except RemuxFailed as error:
        print(json.dumps({"error": error.word}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
