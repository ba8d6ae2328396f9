"""Composes a recording afterwards: its tracks become the same file as if it had been composed live.

    python -m mediaserver.recording.track_composer

A process of its own, at the lowest priority unless the job is urgent. It reads one JSON object, the fields of
:class:`mediaserver.recording.remux_job.RemuxJob` with the file of the tracks as its only part. It prints lines of JSON:
``{"progress": …}`` with the fields of :class:`Progress`, and last, as the remuxer does, the fields of
:class:`mediaserver.recording.remuxer.RemuxResult`, or ``{"error": "<word>"}`` with status 1.

It decodes what strangers sent, so the key that it gets opens tracks and segments of this recording alone, and it may
open files in the folder of the recording alone.

The recording is composed in segments of a minute, which are encrypted files beside the tracks; the remuxer joins them.
A process that was ended goes on behind the last whole segment. The tracks and segments are deleted once the whole file
was read back, and of the tracks no more is kept than who spoke when; a server that does not hear of that remuxes the
file alone and has the same result.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from errno import ENOSPC
from io import BytesIO
from itertools import count
from math import ceil, inf
from pathlib import Path

import av

from mediaserver.audio.mix_minus import FRAME_SAMPLES, SAMPLE_RATE
from mediaserver.recording import file_access, priority
from mediaserver.recording.disk_space import BYTES_PER_HOUR, measure
from mediaserver.recording.encrypted_file import Damaged, FileCipher
from mediaserver.recording.files import raw_paths, segment_path
from mediaserver.recording.muxer import FRAGMENTED, CompositionMuxer
from mediaserver.recording.remux_job import RecordingPart, RemuxJob
from mediaserver.recording.remuxer import MAX_LOST_S, RemuxFailed, RemuxResult, remux
from mediaserver.recording.track_file import NoTracks, Opened, Sound, TrackFileReader
from mediaserver.recording.track_player import Survey, TrackPlayer, survey
from mediaserver.recording.turns import Turn, write_turns
from mediaserver.rtp.payload import VIDEO_CLOCK
from mediaserver.video.compositor import ComposeRequest, Compositor
from mediaserver.video.painter import CompositionJob, Encoded
from mediaserver.video.quality import USUAL

SEGMENT_S = 60
"""Seconds of the recording that are composed at once, and composed again after the process was ended in them."""
SEGMENT_BYTES = round(BYTES_PER_HOUR * SEGMENT_S / 3600)
PROGRESS_S = 2.0
"""Seconds between two lines of progress."""
RENDITION = ("H264", USUAL)


@dataclass(frozen=True, slots=True)
class Progress:
    """Seconds of the recording that are composed, `of` all, and the seconds that the rest will take by this clock.

    `left` is None until something was composed. `share` is the share of a core that the process got since it told its
    progress last.
    """

    seconds: float
    of: float
    left: float | None
    share: float


def compose_tracks(job: RemuxJob, cipher: FileCipher, tell: Callable[[Progress], None]) -> RemuxResult:
    """Compose `job.target` from its tracks, with a thumbnail beside it; `tell` takes the progress.

    Raises RemuxFailed.
    """
    (part,) = job.pieces
    try:
        done = next(number for number in count() if not segment_path(job.target, number).exists())
        found, opened = _survey(part.path, cipher, done * SEGMENT_S)
        pictures = ceil(round(found.seconds * opened.fps, 3))
        if not pictures:
            raise RemuxFailed("unreadable")
        with cipher.open(part.path) as file:
            player = TrackPlayer(TrackFileReader(file), found.begin)
            _Segments(job.target, cipher, opened, pictures, tell).write(player, done)
        segments = ceil(pictures / (SEGMENT_S * opened.fps))
        result = remux(job.target, _parts(job.target, segments, part), cipher)
        _check(job.target, pictures, found.seconds)
        write_turns(job.target, [Turn(*speaker) for speaker in found.speakers], cipher)
    except (av.FFmpegError, OSError) as error:
        raise RemuxFailed("disk-full" if error.errno == ENOSPC else "unreadable") from error
    except (Damaged, NoTracks) as error:
        raise RemuxFailed("unreadable") from error
    for path in raw_paths(job.target):
        path.unlink()
    return result


def _survey(path: Path, cipher: FileCipher, start: float) -> tuple[Survey, Opened]:
    with cipher.open(path) as file:
        reader = TrackFileReader(file)
        return survey(reader, start), reader.opened


def _parts(target: Path, segments: int, tracks: RecordingPart) -> list[RecordingPart]:
    """Return the segments as parts; all marks of the recording belong to the first."""
    return [
        RecordingPart(segment_path(target, number), float(number * SEGMENT_S), () if number else tracks.marks)
        for number in range(segments)
    ]


class _Segments:
    """Composes a recording of so many `pictures`, segment by segment."""

    def __init__(
        self, target: Path, cipher: FileCipher, opened: Opened, pictures: int, tell: Callable[[Progress], None]
    ) -> None:
        self._target = target
        self._cipher = cipher
        self._opened = opened
        self._pictures = pictures
        self._tell = tell
        self._compositor = Compositor(opened.width, opened.height, opened.fps)
        self._started_at = time.monotonic()
        self._first = 0
        """The picture with which this process began."""
        self._told_at = -inf
        self._told_cpu = time.process_time()
        """CPU seconds of this process when it told its progress last."""

    def write(self, player: TrackPlayer, done: int) -> None:
        """Compose what follows the `done` segments. Raises RemuxFailed, OSError, FFmpegError."""
        size = SEGMENT_S * self._opened.fps
        self._first = done * size
        for second in range(done * SEGMENT_S):  # what cameras sent before is decoded only
            self._compositor.compose(self._request(player, float(second)))
        player.sounds(done * SEGMENT_S)
        for number, begin in enumerate(range(self._first, self._pictures, size), done):
            if not measure(self._target.parent).holds(SEGMENT_BYTES):
                raise RemuxFailed("disk-full")
            ticks = range(begin, min(begin + size, self._pictures))
            pictures = [self._picture(player, tick, keyframe=tick == begin) for tick in ticks]
            sounds = player.sounds((number + 1) * SEGMENT_S)
            self._cipher.write(segment_path(self._target, number), self._muxed(pictures, sounds, number * SEGMENT_S))
            self._progress(ticks.stop, at_once=True)

    def _picture(self, player: TrackPlayer, tick: int, *, keyframe: bool) -> Encoded:
        self._progress(tick)
        request = self._request(player, tick / self._opened.fps)
        job = CompositionJob(0, tick, player.scene.tiles, {RENDITION: keyframe}, player.scene.heading)
        return self._compositor.compose(replace(request, jobs=(job,))).pictures[0, RENDITION]

    def _request(self, player: TrackPlayer, now: float) -> ComposeRequest:
        """Return what the compositor takes at a time, without a composition."""
        frames, scene = player.frames(now), player.scene
        return ComposeRequest(
            now=now,
            jobs=(),
            labels=dict(scene.labels),
            frames=frames,
            speaker=scene.speaker,
            icons=dict(scene.icons),
            others=frozenset({(0, False)}),
        )

    def _muxed(self, pictures: Sequence[Encoded], sounds: Sequence[Sound], start: int) -> BytesIO:
        """Return a file of a segment that begins at `start` seconds."""
        file = BytesIO()
        with av.open(file, "w", format="mp4", options=FRAGMENTED) as container:
            muxer = CompositionMuxer(container, pictures[0][0], self._opened.date)
            length = VIDEO_CLOCK // self._opened.fps
            for number, (data, keyframe) in enumerate(pictures):
                muxer.picture(data, number * VIDEO_CLOCK // self._opened.fps, keyframe, length)
            for sound in sounds:
                muxer.sound(sound.data, round((sound.seconds - start) * SAMPLE_RATE), FRAME_SAMPLES)
        file.seek(0)
        return file

    def _progress(self, tick: int, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if now - self._told_at < PROGRESS_S and not at_once:
            return
        cpu = time.process_time()
        share = (cpu - self._told_cpu) / max(now - max(self._told_at, self._started_at), 0.001)
        self._told_at, self._told_cpu = now, cpu
        composed = tick - self._first
        left = (now - self._started_at) / composed * (self._pictures - tick) if composed else None
        fps = self._opened.fps
        seconds, of = round(tick / fps, 3), round(self._pictures / fps, 3)
        self._tell(Progress(seconds, of, left and round(left, 1), round(share, 3)))


def _check(target: Path, pictures: int, seconds: float) -> None:
    """Read the whole file back: its first picture, all behind its last key frame, and its last sound. Raises
    RemuxFailed."""
    with av.open(str(target)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        begin = next(container.decode(video), None)
        container.seek(round(seconds * av.time_base))
        end = max((picture.time or 0.0 for picture in container.decode(video)), default=0.0)
        container.seek(round(max(0.0, seconds - MAX_LOST_S) * av.time_base))
        heard = max((sound.time or 0.0 for sound in container.decode(audio)), default=0.0)
        complete = begin is not None and video.frames == pictures
        if not (complete and min(end, heard) >= seconds - MAX_LOST_S):
            raise RemuxFailed("unreadable")


def _print(progress: Progress) -> None:
    print(json.dumps({"progress": asdict(progress)}), flush=True)


def main() -> int:
    """Run the job on the standard input; return the exit status."""
    job = RemuxJob.read(sys.stdin.read())
    if job.urgent:
        priority.lower()
    else:
        priority.lower_to_idle()
    file_access.restrict(file_access.programs(), [job.target.parent])
    try:
        print(json.dumps(asdict(compose_tracks(job, FileCipher(bytes.fromhex(job.key)), _print))))
    except RemuxFailed as error:
        print(json.dumps({"error": error.word}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
