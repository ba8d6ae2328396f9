"""Every Redis key of the server, and the value under it.

All keys start with ``diemcau:``. Losing all of them loses no booking and no account, only counters of failures and of
connected devices, which every server writes again as soon as they are lost.
"""

PREFIX = "diemcau:"

LEGS_ALL = f"{PREFIX}legs"
"""Sorted set: every connected leg of every session ``<session>/<leg>`` by the second it expires."""


def legs(session: str) -> str:
    """Return the key of a sorted set: connected legs of one session by the second they expire."""
    return f"{PREFIX}legs:{session}"


def counted(server: str) -> str:
    """Return the key that marks that Valkey has all that one server counts: its legs or its failures.

    `server` is a random name.
    """
    return f"{PREFIX}counted:{server}"


def failures(kind: str, subject: str) -> str:
    """Return the key of a sorted set: recent failures of `subject` (random member, scored by time).

    They are kept while they count.
    """
    return f"{PREFIX}failures:{kind}:{subject}"
