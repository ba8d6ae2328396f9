"""Counts the pictures of a room system's camera, and measures when a key frame comes that was asked for. Pure."""

from mediaserver.rtp.h264_sps import NewestParameters
from mediaserver.rtp.packet import Packet


class ReceivedPictures:
    """The pictures that came in one m-line of H.264."""

    def __init__(self) -> None:
        self.count = self.keyframes = 0
        """Pictures, and how many of them were key frames."""
        self.keyframe_after: float | None = None
        """Seconds after which a key frame came that was asked for last; None: none has come."""
        self._newest: int | None = None
        self._newest_keyframe: int | None = None
        """Their newest timestamps."""
        self._parameters = NewestParameters()
        self._requested_at: float | None = None
        """When a key frame was asked for, until it has come."""

    def requested(self, now: float) -> None:
        """Note that a key frame is asked for."""
        self._requested_at, self.keyframe_after = now, None

    def receive(self, packet: Packet, now: float) -> None:
        """Count the picture that a packet begins, and note what a key frame says of pictures."""
        if packet.payload and packet.timestamp != self._newest:
            self._newest, self.count = packet.timestamp, self.count + 1
        if not packet.keyframe:
            return
        if packet.timestamp != self._newest_keyframe:
            self._newest_keyframe, self.keyframes = packet.timestamp, self.keyframes + 1
            if self._requested_at is not None:
                self.keyframe_after, self._requested_at = now - self._requested_at, None
        self._parameters.take(packet.payload)

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height in pixels, 0 while unknown."""
        return self._parameters.pixels
