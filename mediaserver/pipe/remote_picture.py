"""The composed picture of an audience as the home of a shared room encodes it, once for all workers."""

import time
from math import inf

from mediaserver.pipe.remote_seat import OfferedLayer, RemoteLayer, RemoteSource, SeatPipe
from mediaserver.rtp.source import FlushQueue, Sink
from mediaserver.video.quality import RENDITIONS, SLIDES_RENDITIONS, STEPS, RenditionKey
from mediaserver.video.rendition import decode_high

PATIENCE_S = 1.5
"""Seconds within which a rendition must come that somebody follows; then it is composed here."""
RETRY_S = 10.0
"""Seconds after which a rendition that did not come is asked for again."""
_PREFIX = "composed:"
RIDS: dict[RenditionKey, str] = {(codec, step): f"{codec}/{step}" for codec, step in (*RENDITIONS, *SLIDES_RENDITIONS)}
"""The names of renditions in records of pipes."""
RENDITIONS_BY_RID = {rid: key for key, rid in RIDS.items()}


def picture_name(audience: str) -> str:
    """Return the name under which records have an audience's composition: no seat has one with a colon."""
    return _PREFIX + audience


def audience_of(name: str) -> str | None:
    """Return the audience whose composition has this name in records; None for the name of a seat."""
    return name.removeprefix(_PREFIX) if name.startswith(_PREFIX) else None


class RemoteRendition(RemoteLayer):
    """A rendition that another worker encodes."""

    def __init__(self, picture: "RemotePicture", offered: OfferedLayer) -> None:
        super().__init__(picture, offered)
        self.name = "composed"  # like our own: who changes between them sees the same
        self._followed_at = self._failed_at = -inf
        """When somebody began to follow it, and when it was found not to come, in seconds."""

    def attach(self, sink: Sink) -> None:
        """Send packets to `sink` from now on."""
        if not self.sinks:
            self._followed_at = time.monotonic()
        super().attach(sink)

    def comes(self, now: float) -> bool:
        """Return whether it comes, or may still come."""
        if not self.active(now):
            return False
        if not self.sinks:
            return now - self._failed_at >= RETRY_S
        if now - max(self._followed_at, self.heard) < PATIENCE_S:
            return True
        self._failed_at = now
        return False

    @property
    def high(self) -> bool:
        """Return whether all who follow it decode H.264 of profile High."""
        return decode_high(self.sinks)


class RemotePicture(RemoteSource):
    """The renditions of a composition at another worker."""

    def __init__(self, room: str, audience: str, flush_queue: FlushQueue, pipe: SeatPipe) -> None:
        super().__init__(room, picture_name(audience), flush_queue, pipe)
        self._renditions: dict[RenditionKey, RemoteRendition] = {}

    def rendition(self, key: RenditionKey) -> RemoteRendition:
        """Return a rendition."""
        if key not in self._renditions:
            codec, step = key
            offered = OfferedLayer("composed", RIDS[key], codec, 0, STEPS[step].bitrate, active=True)
            self._renditions[key] = RemoteRendition(self, offered)
        return self._renditions[key]

    @property
    def layers(self) -> list[RemoteLayer]:
        """Return all renditions that were asked for."""
        return [*self._renditions.values()]

    def _replace(self, layer: RemoteLayer) -> RemoteLayer:
        key = RENDITIONS_BY_RID[layer.rid]
        del self._renditions[key]
        return self.rendition(key)
