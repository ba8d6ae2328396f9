"""The recorder of a recording that is composed afterwards: keeps cameras, mix and scene as they come, in one file.

Nothing is decoded or composed for it. All times are of the recording: it begins with the first sound, and a pause is
cut out, so that the first sound after it follows the last one before it. Cameras come again with a key frame after a
pause; until then their tiles show what they showed.
"""

from collections.abc import Callable

from mediaserver.api import RoomOptions
from mediaserver.audio.mix_minus import PTIME_MS, SAMPLE_RATE
from mediaserver.recording.files import TRACKS, RecordingFiles
from mediaserver.recording.muxer import UnbufferedFile
from mediaserver.recording.recorder import DiskCheck, Recorder, utc_now
from mediaserver.recording.track_file import Opened, Scene, TrackFileWriter
from mediaserver.rtp.frame_assembler import Frame
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import Source

WRITE_S = 0.5
"""Seconds of the recording that are written at once, and lost if this process is killed."""
WRITE_BYTES = 1 << 20
"""As much is written earlier."""
_WRAP = 1 << 32


class TrackRecorder(Recorder):
    """Records a room whose clock began at `start` (monotonic, in seconds), and whose picture has `options`."""

    def __init__(
        self, files: RecordingFiles, failed: Callable[[str], None], options: RoomOptions, start: float
    ) -> None:
        super().__init__(files, failed)
        self._room_start = start
        self._options = options
        self._file = _File(files)
        self._writer = TrackFileWriter(Opened(options.width, options.height, options.fps, utc_now()))
        self._waiting = bytearray(self._writer.beginning)
        self._scene = Scene()
        self._began = False
        """Whether a sound has come."""
        self._write_at = 0.0

    @property
    def _recording(self) -> "_File":
        return self._file

    def send(self, source: Source, packets: list[Packet], now: float) -> None:
        """Take packets of the mix."""
        for packet in packets:
            self._sound(packet, now)

    def _sound(self, packet: Packet, now: float) -> None:
        if self.paused or self.error is not None:
            return
        time = _unwrapped(packet.timestamp, (now - self._room_start) * SAMPLE_RATE) / SAMPLE_RATE
        if self._start is None:
            self._start = time - (self.seconds + PTIME_MS / 1000 if self._began else 0.0)
        self._began, self.seconds = True, max(0.0, time - self._start)
        self._waiting += self._writer.scene(self.seconds, self._scene)
        self._waiting += self._writer.sound(self.seconds, packet.payload)
        if self.seconds >= self._write_at or len(self._waiting) >= WRITE_BYTES:
            self._flush()

    def frame(self, tile: str, frame: Frame, now: float) -> None:
        """Take a frame of a tile's camera, to be shown at `now` (monotonic)."""
        if not self.paused and self.error is None:
            at = self.seconds if self._start is None else now - self._room_start - self._start
            self._waiting += self._writer.frame(max(0.0, at), tile, frame)

    def show(self, scene: Scene) -> None:
        """Let another scene stand in the picture from the next sound on."""
        self._scene = scene

    def _flush(self) -> None:
        self._write_at = self.seconds + WRITE_S
        waiting, self._waiting = bytes(self._waiting), bytearray()
        self._keep(self._file.write, waiting, self.seconds)

    def close(self) -> None:
        """Finish the file, also after an error; blocks until the disk has it."""
        if self._began and self._waiting and self.error is None:
            self._flush()
        super().close()


def _unwrapped(timestamp: int, near: float) -> int:
    """Return the number that an RTP timestamp of 32 bits stands for, the one that is nearest to an expected number."""
    return timestamp + round((near - timestamp) / _WRAP) * _WRAP


class _File:
    """The file of the tracks, opened by the first bytes. One thread only."""

    def __init__(self, files: RecordingFiles) -> None:
        self._files = files
        self._file: UnbufferedFile | None = None
        self._disk = DiskCheck(files)

    def write(self, data: bytes, seconds: float) -> None:
        """Write what was recorded until `seconds`. Raises OSError."""
        self._disk.check(seconds)
        if self._file is None:
            self._file = UnbufferedFile(self._files.open(TRACKS), "w")
        self._file.write(data)

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()
