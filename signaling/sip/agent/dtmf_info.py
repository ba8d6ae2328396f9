"""Reads DTMF digits in the bodies of INFO requests, as devices send them that know no telephone events. Pure.

No RFC defines these bodies. `application/dtmf-relay` has lines ``Signal=5`` and ``Duration=160``, `application/dtmf`
the digit alone; a star and a hash are also written as their event codes 10 and 11 (RFC 4733 §3.2).
"""

from collections.abc import Mapping

RELAY, PLAIN = "application/dtmf-relay", "application/dtmf"
DIGITS = frozenset("0123456789*#ABCD")
DURATION_MS = 160
PAUSE, PAUSE_S, GAP_S = ",", 1.0, 0.1
"""What stands for a pause among digits, and the seconds of a pause and of the silence behind a digit."""
_CODES: Mapping[str, str] = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}


def written(digit: str) -> str:
    """Return the body of `application/dtmf-relay` for a digit that is held for 160 ms."""
    return f"Signal={digit}\r\nDuration={DURATION_MS}\r\n"


def read(content_type: str, body: str) -> str | None:
    """Return the digit in a body; None where it names none."""
    if content_type == RELAY:
        lines = (line.partition("=") for line in body.splitlines())
        signal = next((value for name, _, value in lines if name.strip().lower() == "signal"), "")
    else:
        signal = body
    word = signal.strip().upper()
    digit = _CODES.get(word, word)
    return digit if digit in DIGITS else None
