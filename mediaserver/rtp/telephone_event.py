"""DTMF digits as RTP events (RFC 4733): read what a room system sends while a key is held, write what we send. Pure.

`now` is in seconds; ticks are those of a room's sound, 20 ms each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

DIGITS = "0123456789*#ABCD"
"""By event code (RFC 4733 §3.2)."""
LATE_S = 2.0
"""Seconds after which a packet of an earlier time is no late one: its sender began to count anew."""
BURST, PER_SECOND = 32.0, 10.0
"""Digits that one sender may send at once, and in the long run; nobody types faster, and no dialler either."""
PAUSE = ","
"""Stands among digits for a pause of a second."""
TONE_TICKS, GAP_TICKS, PAUSE_TICKS = 8, 5, 50
"""Lengths of a digit, of the silence behind it, and of a pause: four digits a second are slow enough for old MCUs."""
ENDS = 3
"""How often the last packet of an event is sent (RFC 4733 §2.5.1.4)."""
_TICKS_PER_SECOND = 50
_VOLUME = 10
"""The power level of our digits, in −dBm0."""
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


def written(digits: str, clock: int) -> Iterator[list[bytes]]:
    """Yield the payloads of each tick for digits and pauses, by an RTP clock in Hz; the first of a tick after none
    begins an event."""
    for digit in digits:
        if digit == PAUSE:
            yield from ([] for _ in range(PAUSE_TICKS))
            continue
        for number in range(1, TONE_TICKS + 1):
            last = number == TONE_TICKS
            payload = _PAYLOAD.pack(DIGITS.index(digit), _END * last | _VOLUME, number * clock // _TICKS_PER_SECOND)
            yield [payload] * (ENDS if last else 1)
        yield from ([] for _ in range(GAP_TICKS))
