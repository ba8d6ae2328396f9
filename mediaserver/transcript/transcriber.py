"""Transcribes the sounds of a recording.

    python -m mediaserver.transcript.transcriber

A process of its own, at the lowest priority. It reads one JSON object, the fields of
:class:`mediaserver.transcript.transcript_job.TranscriptJob`. It prints lines of JSON: ``{"passage": …}`` with the
fields of :class:`Transcribed` whenever a passage is transcribed, and last ``{"done": true}``, or
``{"error": "<word>"}`` with status 1.

It decodes sound and runs a model that somebody else made, so it gets the keys of these files alone, and may read the
folders of the recording and of the model and write nothing. Whoever started it stores what it printed, and starts it
with the rest if it was ended.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Literal

import av
from av.container import InputContainer

from mediaserver.recording import file_access, priority
from mediaserver.recording.encrypted_file import Damaged, open_by_own_key
from mediaserver.recording.files import CHUNK_BYTES
from mediaserver.recording.muxer import open_whole
from mediaserver.transcript import whisper
from mediaserver.transcript.passages import Passage, passages
from mediaserver.transcript.recognizer import NoModel, Recognized, Recognizer
from mediaserver.transcript.transcript_job import SoundFile, TranscriptJob

Word = Literal["unreadable", "no-model"]


@dataclass(frozen=True, slots=True)
class Transcribed:
    """A passage that is transcribed: the number of its file, its point, and its speech in seconds of the recording.

    Its file is done up to `until` seconds. All files together are done for `seconds` of all, and the rest will take
    `left` seconds by this clock.
    """

    file: int
    until: float
    point: str
    speech: tuple[Recognized, ...]
    seconds: float
    of: float
    left: float


def transcribe(job: TranscriptJob, recognizer: Recognizer, tell: Callable[[Transcribed], None]) -> None:
    """Transcribe the files of a job one after the other; `tell` takes the passages. Raises Damaged, OSError,
    FFmpegError."""
    begun, before = time.monotonic(), 0.0
    of, first = sum(sound.seconds for sound in job.sounds), sum(sound.done for sound in job.sounds)
    for number, sound in enumerate(job.sounds):
        rest = sum(each.done for each in job.sounds[number + 1 :])
        with _opened(sound) as container:
            for passage in passages(container, sound.turns, sound.done):
                speech = tuple(_speech(passage, recognizer))
                done = min(before + passage.end + rest, of)
                left = (time.monotonic() - begun) * (of - done) / max(done - first, 0.001)
                until = round(passage.end, 3)
                tell(Transcribed(number, until, passage.point, speech, round(done, 3), of, round(left, 1)))
        before += sound.seconds


@contextmanager
def _opened(sound: SoundFile) -> Iterator[InputContainer]:
    """Open a file, encrypted or not. Raises Damaged, OSError, FFmpegError."""
    if sound.key is None:
        with open_whole(sound.path) as container:
            yield container
        return
    with (
        open_by_own_key(sound.path, bytes.fromhex(sound.key)) as file,
        av.open(file, "r", format="mp4", buffer_size=CHUNK_BYTES) as container,
    ):
        yield container


def _speech(passage: Passage, recognizer: Recognizer) -> Iterator[Recognized]:
    """Yield the speech of a passage, in seconds of the recording and within it."""
    for each in recognizer.recognize(passage.sound):
        start = min(passage.start + max(each.start, 0.0), passage.end)
        end = min(max(passage.start + each.end, start), passage.end)
        yield Recognized(round(start, 2), round(end, 2), each.text)


def _print(transcribed: Transcribed) -> None:
    print(json.dumps({"passage": asdict(transcribed)}), flush=True)


def main() -> int:
    """Run the job on the standard input; return the exit status."""
    job = TranscriptJob.read(sys.stdin.read())
    priority.lower_to_idle()
    folders = {sound.path.parent for sound in job.sounds}
    file_access.restrict([*file_access.programs(), *whisper.READS, job.model, *folders], [])
    try:
        transcribe(job, whisper.WhisperRecognizer(job.model, job.language), _print)
    except (Damaged, OSError, av.FFmpegError) as error:
        return _failed("unreadable", error)
    except NoModel as error:
        return _failed("no-model", error)
    print(json.dumps({"done": True}))
    return 0


def _failed(word: Word, error: Exception) -> int:
    print(f"x {error}", file=sys.stderr)
    print(json.dumps({"error": word}))
    return 1


if __name__ == "__main__":
    sys.exit(main())
