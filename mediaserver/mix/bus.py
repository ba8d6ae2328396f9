"""One mix on its way to its listeners: summed samples in, Opus packets out."""

import numpy as np

from mediaserver.mix.limiter import Limiter
from mediaserver.mix.minus import FRAME_SAMPLES, Samples, Sums
from mediaserver.mix.opus import OpusEncoder, silence
from mediaserver.rtp.packet import Packet
from mediaserver.tracks import Dirty, Source


class Bus:
    """Costs an encoder only while somebody listens and somebody is heard."""

    def __init__(self, name: str, dirty: Dirty) -> None:
        self.source = Source(name, "opus", dirty)
        self._limiter = Limiter()
        self._encoder: OpusEncoder | None = None
        self._silent = True
        self._sequence = 0

    def push(self, total: Sums | None, tick: int) -> None:
        """Send 20 ms; None is silence, which is continuous too, but encoded only once for everyone."""
        if self.source.sinks:
            self._send(silence() if total is None else self._encode(total), tick)
        self._silent = total is None or not self.source.sinks

    def relay(self, payload: bytes, tick: int) -> None:
        """Send 20 ms as somebody else encoded them."""
        if self.source.sinks:
            self._send(payload, tick)
        self._silent = True

    def follow(self, last: Samples) -> None:
        """Let the next sound follow what was relayed: the encoder hears its `last` 20 ms first, else it would click."""
        if self.source.sinks:
            self._encode(last.astype(np.int32))
            self._silent = False

    def _send(self, payload: bytes, tick: int) -> None:
        self.source.push(Packet(0, self._sequence, tick * FRAME_SAMPLES, 0, False, payload))
        self._sequence = (self._sequence + 1) & 0xFFFF  # a tick left out is a pause to listeners, not a loss

    def _encode(self, total: Sums) -> bytes:
        if self._encoder is None:
            self._encoder = OpusEncoder()
        elif self._silent:
            self._encoder.reset()  # its listeners heard another stream in between
        return self._encoder.encode(self._limiter.apply(total))
