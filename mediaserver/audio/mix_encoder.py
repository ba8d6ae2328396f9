"""Encodes one mix for its listeners: summed samples in, packets of each codec that somebody listens to out."""

import numpy as np

from mediaserver.audio.limiter import Limiter
from mediaserver.audio.mix_minus import FRAME_SAMPLES, PTIME_MS, Samples, Sums
from mediaserver.audio.opus import OpusEncoder, silence
from mediaserver.audio.telephony_codecs import RTP_CLOCK, TelephonyEncoder
from mediaserver.audio.voice_relay import VoiceRelay
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue, Source

TELEPHONY_TICKS = RTP_CLOCK * PTIME_MS // 1000
HUSH_TICKS = 20
"""Ticks of silence that are sent as sound before a pause, so that no decoder extrapolates the last voice."""
REFRESH_TICKS = 20
"""In a pause one packet goes every 400 ms, as with other encoders (RFC 7587 §3.1.3)."""
PAUSE = silence()[:1]
"""An Opus packet without a frame: silence until the next packet, and no loss (RFC 6716 §2.1.9, §3.2.1)."""
_HUSH: Samples = np.zeros(FRAME_SAMPLES, np.int16)


class MixEncoder:
    """Encodes one mix. Each codec costs an encoder only while somebody listens, Opus only while somebody is heard.

    With `pauses`, a longer silence is not sent (discontinuous transmission).
    """

    def __init__(self, name: str, flush_queue: FlushQueue, *, pauses: bool = False) -> None:
        self.pauses = pauses
        self._flush_queue = flush_queue
        self.source = Source(name, "opus", flush_queue)
        self._telephony: dict[str, _Telephony] = {}
        self._limiter = Limiter()
        self._encoder: OpusEncoder | None = None
        self._silent = True
        self._hush = 0
        """Ticks of silence so far."""
        self._sequence = 0

    def encoded(self, codec: str) -> Source:
        """Return this mix as a source in `codec`."""
        if codec == "opus":
            return self.source
        if codec not in self._telephony:
            self._telephony[codec] = _Telephony(self.source.name, codec, self._flush_queue)
        return self._telephony[codec]

    @property
    def converts(self) -> bool:
        """Return whether anybody hears it in another codec than Opus, for whom everything must be decoded."""
        return bool(self._telephony) and any(each.sinks for each in self._telephony.values())

    @property
    def silent_ticks(self) -> int:
        """Return for how many more ticks of silence nothing is sent, if the last one was silent."""
        if self.converts:
            return 0
        if not self.source.sinks:
            return REFRESH_TICKS
        return -self._hush % REFRESH_TICKS if self.pauses and self._hush > HUSH_TICKS else 0

    def pause(self, ticks: int) -> None:
        """Note ticks of silence for which nothing was sent: at most :attr:`silent_ticks`."""
        self._hush = self._hush + ticks if self.source.sinks else 0

    def push(self, total: Sums | None, tick: int) -> None:
        """Send 20 ms; None is silence, which is encoded only once for everyone."""
        heard = bool(self.source.sinks)
        limited = self._limiter.apply(total) if total is not None and (heard or self._telephony) else None
        if heard and limited is not None:
            self._send(self._encode(limited), tick)
        elif heard:
            self._rest(tick)
        else:
            self._hush = 0  # who comes to listen hears at once that it is silent, and leaves the mix heard before
        self._silent = total is None or not heard
        for each in self._telephony.values():
            each.encode(_HUSH if limited is None else limited, tick)

    def _rest(self, tick: int) -> None:
        """Send 20 ms of silence, or nothing during a pause."""
        hush = self._hush + 1 if self.pauses else 0
        if hush <= HUSH_TICKS:
            self._send(silence(), tick, hush)
        elif hush % REFRESH_TICKS == 1:
            self._send(PAUSE, tick, hush)
        else:
            self._hush = hush

    def relay(self, payload: bytes, tick: int) -> None:
        """Send 20 ms as another encoder made them."""
        if self.source.sinks:
            self._send(payload, tick)
        self._silent = True

    def start_relay(self, relay: VoiceRelay) -> bool:
        """Let a relay send, after packets that were relayed; return whether anybody listens."""
        relay.sent_sequence = self._sequence
        return bool(self.source.sinks)

    def stop_relay(self, relay: VoiceRelay) -> None:
        """Go on where a relay ended."""
        self._sequence = relay.sent_sequence

    def follow(self, last: Samples) -> None:
        """Let the next sound follow relayed packets: the encoder first encodes their `last` 20 ms, else it would
        click."""
        if self.source.sinks:
            self._encode(self._limiter.apply(last.astype(np.int32)))
            self._silent = False

    def _send(self, payload: bytes, tick: int, hush: int = 0) -> None:
        """Send sound, or tick `hush` of a silence; the first packet after a pause has the marker (RFC 7587 §4.2)."""
        marker = not hush and self._hush > HUSH_TICKS
        self._hush = hush
        self.source.push(Packet(0, self._sequence, tick * FRAME_SAMPLES, 0, marker, payload))
        self._sequence = (self._sequence + 1) & 0xFFFF  # a tick left out is a pause to listeners, not a loss

    def _encode(self, limited: Samples) -> bytes:
        if self._encoder is None:
            self._encoder = OpusEncoder()
        elif self._silent:
            self._encoder.reset()  # its listeners heard another stream in between
        return self._encoder.encode(limited)


class _Telephony(Source):
    """A mix in a telephony codec of room systems."""

    def __init__(self, name: str, codec: str, flush_queue: FlushQueue) -> None:
        super().__init__(name, codec, flush_queue)
        self._encoder = TelephonyEncoder(codec)
        self._sequence = 0

    def encode(self, samples: Samples, tick: int) -> None:
        """Send 20 ms, if anybody listens."""
        if self.sinks:
            self.push(Packet(0, self._sequence, tick * TELEPHONY_TICKS, 0, False, self._encoder.encode(samples)))
            self._sequence = (self._sequence + 1) & 0xFFFF
