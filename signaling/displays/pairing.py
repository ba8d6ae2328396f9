"""Hands out the short codes by which browsers are paired as room displays (as RFC 8628 authorises devices).

A display shows a code and keeps a token; somebody who may types the code in the directory, and the token is known from
then on. Only the browser that asked has the token. Codes live ten minutes, are taken once, and are in memory alone: a
display asks for another one when the server has forgotten its code.
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from signaling.core.account import digest

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""Consonants: no words, and nothing that is read as a digit (RFC 8628 §6.1)."""
LENGTH = 8
"""34 bits: ten guesses in ten minutes find one of a thousand codes once in two million tries."""
LASTS = timedelta(minutes=10)
MOST = 1000
"""Largest number of open codes; the oldest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """An open code: the hash of the token behind it, who asked for it, and until when it can be taken."""

    code: str
    key: str
    address: str
    until: datetime


def typed(text: str) -> str:
    """Return a code as it is stored, however it was typed."""
    return "".join(letter for letter in text.upper() if letter in LETTERS)


class PairingCodes:
    """The open pairing codes."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Pairing] = OrderedDict()

    def ask(self, address: str, now: datetime) -> tuple[str, Pairing]:
        """Open a code for the browser at an address; return its token, which is stored nowhere, and the code."""
        self._forget(now)
        if len(self._open) >= MOST:
            self._open.popitem(last=False)
        token = secrets.token_urlsafe(32)
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        pairing = Pairing(code, digest(token), address, now + LASTS)
        self._open[code] = pairing
        return token, pairing

    def take(self, code: str, now: datetime) -> Pairing | None:
        """Take a code, which nobody can take again; None if it is not open."""
        self._forget(now)
        return self._open.pop(typed(code), None)

    def _forget(self, now: datetime) -> None:
        while self._open and next(iter(self._open.values())).until <= now:
            self._open.popitem(last=False)
