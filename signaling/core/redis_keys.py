"""Every Redis key of the roof, and what lies under it.

All keys start with ``diemcau:``. Nothing here is the record: losing all of it loses no booking and no account, only
counters of failures and who is connected this minute, which every roof writes again as soon as it is forgotten.
"""

PREFIX = "diemcau:"

LEGS_ALL = f"{PREFIX}legs"
"""Sorted set: every connected leg of every session ``<session>/<leg>`` by the second it expires."""


def legs(session: str) -> str:
    """Sorted set: connected legs of one session by the second they expire."""
    return f"{PREFIX}legs:{session}"


def counted(roof: str) -> str:
    """Mark that all is here that one roof counts, its legs or its failures, by a random name."""
    return f"{PREFIX}counted:{roof}"


def failures(kind: str, who: str) -> str:
    """Sorted set: recent failures of `who` (random member, scored by time), kept while they count."""
    return f"{PREFIX}failures:{kind}:{who}"
