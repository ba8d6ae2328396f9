"""A recorder that is fed with pictures of one colour and a tone, faster than real time."""

from pathlib import Path

from mediaserver.audio.mix_minus import FRAME_SAMPLES
from mediaserver.recording.composition_recorder import CompositionRecorder
from mediaserver.recording.files import FolderFiles
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.video.codecs import VideoEncoder
from mediaserver.video.rendition import Rendition
from tests.mediaserver.meeting import voice
from tests.mediaserver.pictures import Colour, plain

FPS = 25
SIZE = (320, 180)


class RecorderFixture:
    """A recorder that is fed pictures of one colour and a tone, faster than real time."""

    def __init__(self, path: Path, first_tick: int = 0) -> None:
        self.words: list[str] = []
        self.recorder = CompositionRecorder(FolderFiles(path), self.words.append)
        self.flush_queue = FlushQueue()
        self.picture = Rendition("H264", self.flush_queue)
        self.sound = Source("mix", "opus", self.flush_queue)
        self.picture.attach(self.recorder)
        self.sound.attach(self.recorder)
        self.tick = first_tick
        self.wanted = 0
        """How often a key frame was asked for."""
        self._encoder = VideoEncoder("H264", *SIZE, FPS, 500_000)

    def record(self, seconds: float, colour: Colour, hertz: int, *, keyframes: bool = True) -> None:
        """Record so many seconds: 25 pictures and 50 sounds a second, with a room's timestamps."""
        for _ in range(round(seconds * FPS)):
            wanted = self.picture.take_keyframe(0.0)
            self.wanted += wanted
            data, key = self._encoder.encode(plain(*SIZE, colour), keyframe=wanted and keyframes)
            for sound in (2 * self.tick, 2 * self.tick + 1):
                payload = voice(hertz)[sound % len(voice(hertz))]
                self.sound.push(Packet(0, sound & 0xFFFF, sound * FRAME_SAMPLES, 0, False, payload))
            self.picture.publish(data, key and keyframes, self.tick * 90_000 // FPS)
            self.flush_queue.flush(self.tick / FPS)
            self.tick += 1
            if self.tick % 100 == 0:
                self.settle()

    def settle(self) -> None:
        """Wait until the disk has what was recorded so far."""
        self.recorder._thread.submit(lambda: None).result()
