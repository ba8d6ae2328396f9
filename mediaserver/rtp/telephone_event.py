"""DTMF digits as RTP events (RFC 4733): a room system sends them while a key is held. Pure; `now` is in seconds."""

from dataclasses import dataclass
from struct import Struct

DIGITS = "0123456789*#ABCD"
"""By event code (RFC 4733 §3.2)."""
LATE_S = 2.0
"""Seconds after which a packet of an earlier time is no late one: its sender began to count anew."""
BURST, PER_SECOND = 32.0, 10.0
"""Digits that one sender may send at once, and in the long run; nobody types faster, and no dialler either."""
_PAYLOAD = Struct("!BBH")
_END = 0x80
_SEGMENT = 0xFFFF
"""The longest duration of one packet; an event that is longer goes on in another segment (RFC 4733 §2.5.1.3)."""


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """The payload of one packet: the event so far, its duration in units of the RTP clock."""

    code: int
    ended: bool
    duration: int


def read(payload: bytes) -> TelephoneEvent | None:
    """Read a payload (RFC 4733 §2.3); None where it is too short. Events behind the first are left out."""
    if len(payload) < _PAYLOAD.size:
        return None
    code, flags, duration = _PAYLOAD.unpack_from(payload)
    return TelephoneEvent(code, bool(flags & _END), duration)


class DigitReceiver:
    """Tells the digits of one RTP stream, each once, from its first packet that comes.

    The end of an event is sent three times and may be lost altogether; neither makes another digit. A held key is one
    digit, also in segments, and with senders that move the timestamp on while it is held.
    """

    def __init__(self) -> None:
        self._ssrc = 0
        self._timestamp = 0
        """Timestamp of the newest event, or of its newest segment."""
        self._event: TelephoneEvent | None = None
        self._came = 0.0
        self._tokens, self._filled = BURST, 0.0

    def receive(self, ssrc: int, timestamp: int, payload: bytes, now: float) -> str | None:
        """Take one packet; return the digit that begins with it, None for none. Too many are dropped."""
        event = read(payload)
        if event is None or event.code >= len(DIGITS):
            return None
        last, came = self._event, self._came
        ahead = (timestamp - self._timestamp) & 0xFFFFFFFF
        if last is not None and ssrc == self._ssrc:
            if ahead >= 1 << 31 and now - came < LATE_S:
                return None
            same = ahead == 0 or (
                event.code == last.code and not last.ended and (ahead <= last.duration or ahead == _SEGMENT)
            )
            if same:
                self._note(ssrc, timestamp, event, now)
                return None
        self._note(ssrc, timestamp, event, now)
        return DIGITS[event.code] if self._admit(now) else None

    def _note(self, ssrc: int, timestamp: int, event: TelephoneEvent, now: float) -> None:
        self._ssrc, self._timestamp, self._event, self._came = ssrc, timestamp, event, now

    def _admit(self, now: float) -> bool:
        """Take a token from the bucket; return False if it is empty."""
        self._tokens = min(BURST, self._tokens + (now - self._filled) * PER_SECOND)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
