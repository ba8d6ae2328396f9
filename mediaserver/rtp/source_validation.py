"""Decides whether a packet belongs to its stream: a restarted sender counts from anywhere (RFC 3550 appendix A.1).

A number far from the last one is believed only when the next packet follows it: one stray packet must not end a stream,
and a restarted stream must not be taken for old packets until its numbers come round again.
"""

from typing import Literal

MAX_DROPOUT = 3000
"""Packets that may be missing: ten seconds of a camera's best layer."""
MAX_MISORDER = 512
"""Packets by which one may come late: as far back as packets are requested again."""


Verdict = Literal["take", "leave", "restart"]
"""The decision on a packet: it continues the stream; it is far off, and may be stray; or its sender restarted, and it
belongs to the new numbers."""


class SourceValidation:
    """Validates the sequence numbers of one incoming stream."""

    def __init__(self) -> None:
        self.newest: int | None = None
        """The newest number taken. Packets in step with it may be noted by moving it on."""
        self._suspect: int | None = None
        """The sequence number that would confirm a restart."""

    @property
    def suspects(self) -> bool:
        """Return whether a packet was far off, and none has shown since that it was stray."""
        return self._suspect is not None

    def judge(self, sequence: int, count: int = 1) -> Verdict:
        """Take the number of the next packet, or of the first of `count` packets; return the verdict."""
        last = (sequence + count - 1) & 0xFFFF
        ahead = 0 if self.newest is None else (sequence - self.newest) & 0xFFFF
        if ahead < MAX_DROPOUT and sequence != self._suspect:
            self.newest, self._suspect = last, None
            return "take"
        if ahead > 0x10000 - MAX_MISORDER and sequence != self._suspect:
            return "take"
        if sequence == self._suspect or count > 1:
            self.newest, self._suspect = last, None
            return "restart"
        self._suspect = (last + 1) & 0xFFFF
        return "leave"
