"""Media that one room system gets in place of the mix for a while, one packet each 20 ms: DTMF digits."""

from mediaserver.audio.mix_encoder import TELEPHONY_TICKS
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.rtp.telephone_event import written

EVENTS = "telephone-event"
"""The codec of digits, as SDP names it."""


class DigitPlayback:
    """Sends DTMF digits (RFC 4733). All packets of an event have the timestamp of its first."""

    def __init__(self, digits: str, flush_queue: FlushQueue) -> None:
        self.source = Source("digits", EVENTS, flush_queue)
        self._ticks = written(digits)
        self._sequence = 0
        self._begun: int | None = None
        """The tick in which the event began that is being sent."""

    def push(self, tick: int) -> bool:
        """Send the packets of a tick; return False once all digits have been sent."""
        payloads = next(self._ticks, None)
        if payloads is None:
            return False
        marker = bool(payloads) and self._begun is None
        self._begun = None if not payloads else tick if self._begun is None else self._begun
        for payload in payloads:
            timestamp = (self._begun or 0) * TELEPHONY_TICKS
            self.source.push(Packet(0, self._sequence, timestamp, 0, marker, payload))
            self._sequence = (self._sequence + 1) & 0xFFFF
        return True
