"""Films as the recorder makes them: real packets of a moving picture and a tone, without a room around them."""

from pathlib import Path

from loadtest.media.tone import encode_tone
from mediaserver.audio.mix_minus import FRAME_SAMPLES
from mediaserver.recording.composition_recorder import CompositionRecorder
from mediaserver.recording.encrypted_file import KEY_BYTES, FileCipher
from mediaserver.recording.files import FolderFiles, RecordingFiles
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.video.codecs import VideoEncoder
from mediaserver.video.rendition import Rendition
from tests.mediaserver.pictures import plain

FPS = 25
SIZE = (320, 180)
CIPHER = FileCipher(bytes(KEY_BYTES))


class Camera:
    """Films into a file, 25 pictures and 50 sounds a second, as fast as it is told to."""

    def __init__(self, path: Path, files: RecordingFiles | None = None) -> None:
        self.failed: list[str] = []
        self.recorder = CompositionRecorder(files or FolderFiles(path), self.failed.append)
        self._flush_queue = FlushQueue()
        self._picture = Rendition("H264", self._flush_queue)
        self._sound = Source("mix", "opus", self._flush_queue)
        for source in (self._picture, self._sound):
            source.attach(self.recorder)
        self._encoder = VideoEncoder("H264", *SIZE, FPS, 500_000)
        self._voice = encode_tone(440)
        self.ticks = 0

    def roll(self, seconds: float) -> None:
        """Let so much time be filmed; a picture turns from dark to light and back."""
        for _ in range(round(seconds * FPS)):
            picture = plain(*SIZE, (40 + self.ticks * 3 % 160, 128, 128))
            data, keyframe = self._encoder.encode(picture, keyframe=self._picture.take_keyframe(0.0))
            self._picture.publish(data, keyframe, self.ticks * 3600)
            for half in (0, 1):
                number = 2 * self.ticks + half
                payload = self._voice[number % len(self._voice)]
                self._sound.push(Packet(0, number & 0xFFFF, number * FRAME_SAMPLES, 0, False, payload, False))
            self._flush_queue.flush(self.ticks / FPS)
            self.ticks += 1

    def pause(self, paused: bool) -> None:
        """Pause or go on."""
        self.recorder.pause(paused)

    def close(self) -> None:
        """Close the file."""
        self.recorder.close()


def film(path: Path, seconds: float = 3.0) -> Path:
    """Make a closed recording of about so many seconds."""
    camera = Camera(path)
    camera.roll(seconds)
    camera.close()
    return path
