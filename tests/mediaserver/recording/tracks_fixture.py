"""A recorder of tracks that is fed with cameras of one colour and a tone, faster than real time."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from mediaserver.api import Layout, RoomOptions
from mediaserver.audio.mix_minus import FRAME_SAMPLES
from mediaserver.recording.encrypted_file import KEY_BYTES, FileCipher
from mediaserver.recording.files import FolderFiles, RecordingFiles, tracks_path
from mediaserver.recording.remux_job import RecordingPart, RemuxJob
from mediaserver.recording.track_file import Scene
from mediaserver.recording.track_recorder import TrackRecorder
from mediaserver.rtp.frame_assembler import Frame
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.video.codecs import VideoEncoder
from mediaserver.video.layout import arrange
from tests.mediaserver.meeting import voice
from tests.mediaserver.pictures import Colour, plain

FPS = 25
OPTIONS = RoomOptions(320, 180, FPS)
CIPHER = FileCipher(bytes(KEY_BYTES))


@dataclass
class FixtureCamera:
    """A camera that sends pictures of one colour in one size, the first a key frame."""

    colour: Colour
    codec: str = "VP8"
    size: tuple[int, int] = (160, 90)
    stream: int = 1
    encoder: VideoEncoder = field(init=False)
    begun: bool = False

    def __post_init__(self) -> None:
        self.encoder = VideoEncoder(self.codec, *self.size, FPS, 200_000)


class TracksFixture:
    """A recorder of tracks whose room began `first_tick` ticks of 20 ms ago."""

    def __init__(self, path: Path, first_tick: int = 0, files: RecordingFiles | None = None) -> None:
        self.words: list[str] = []
        self.path = path
        self.recorder = TrackRecorder(files or FolderFiles(path), self.words.append, OPTIONS, start=0.0)
        self.scene = Scene()
        self.cameras: dict[str, FixtureCamera] = {}
        self._mix = Source("mix", "opus", FlushQueue())
        self.tick = first_tick

    def show(self, *seats: str, layout: Layout | None = None, speaker: str | None = None) -> None:
        """Let seats be seen in a layout from now on."""
        tiles = arrange(layout or Layout(), seats, speaker, OPTIONS.width, OPTIONS.height)
        labels = {**self.scene.labels, **{seat: f"Điểm {seat}" for seat in seats}}
        self.scene = replace(self.scene, tiles=tiles, speaker=speaker, labels=labels)

    def record(self, seconds: float, hertz: int = 440) -> None:
        """Record so many seconds: 50 sounds, and 25 pictures of each camera, a second."""
        for _ in range(round(seconds * 50)):
            now = self.tick / 50
            self.recorder.show(self.scene)
            if self.tick % 2 == 0:
                for tile, camera in self.cameras.items():
                    self._send(tile, camera, now)
            payload = voice(hertz)[self.tick % len(voice(hertz))]
            packet = Packet(0, self.tick & 0xFFFF, self.tick * FRAME_SAMPLES & 0xFFFFFFFF, 0, False, payload)
            self.recorder.send(self._mix, [packet], now)
            self.tick += 1

    def _send(self, tile: str, camera: FixtureCamera, now: float) -> None:
        picture = plain(*camera.size, camera.colour)
        data, keyframe = camera.encoder.encode(picture, keyframe=not camera.begun)
        camera.begun = True
        self.recorder.frame(tile, Frame(camera.codec, data, keyframe, 0, camera.stream), now)

    def settle(self) -> None:
        """Wait until the disk has what was written so far."""
        self.recorder._thread.submit(lambda: None).result()

    @property
    def job(self) -> RemuxJob:
        """The job that composes the recording."""
        return RemuxJob(self.path, (RecordingPart(tracks_path(self.path)),), CIPHER.key.hex())
