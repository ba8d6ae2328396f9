"""One mix on its way to its listeners: summed samples in, Opus packets out."""

from mediaserver.mix.limiter import Limiter
from mediaserver.mix.minus import FRAME_SAMPLES, Sums
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
            payload = silence() if total is None else self._encode(total)
            self.source.push(Packet(0, self._sequence, tick * FRAME_SAMPLES, 0, False, payload))
            self._sequence = (self._sequence + 1) & 0xFFFF  # a tick left out is a pause to listeners, not a loss
        self._silent = total is None or not self.source.sinks

    def _encode(self, total: Sums) -> bytes:
        if self._encoder is None:
            self._encoder = OpusEncoder()
        elif self._silent:
            self._encoder.reset()  # its listeners heard another stream in between
        return self._encoder.encode(self._limiter.apply(total))
