"""Is this packet part of its stream? A sender that restarts counts from anywhere (RFC 3550 appendix A.1).

A number far from the last one is believed only when the next packet follows it: one stray packet must not end a stream,
and a restarted stream must not be taken for one old packet after the other until its numbers come round again.
"""

from typing import Literal

MAX_DROPOUT = 3000
"""Ten seconds of a camera's best layer."""
MAX_MISORDER = 512
"""As far back as packets are asked for again."""


Verdict = Literal["take", "leave", "restart"]
"""What to do with a packet: it goes on; it is far off, and nothing says yet that its sender restarted; its sender
restarted, and it is of the new numbers."""


class SourceValidation:
    """One incoming stream's sequence numbers."""

    def __init__(self) -> None:
        self._newest: int | None = None
        self._suspect: int | None = None
        """The number that would confirm a restart."""

    def judge(self, sequence: int, count: int = 1) -> Verdict:
        """Take the next packet's number, or those of `count` packets from it on."""
        last = (sequence + count - 1) & 0xFFFF
        ahead = 0 if self._newest is None else (sequence - self._newest) & 0xFFFF
        if ahead < MAX_DROPOUT and sequence != self._suspect:
            self._newest, self._suspect = last, None
            return "take"
        if ahead > 0x10000 - MAX_MISORDER and sequence != self._suspect:
            return "take"
        if sequence == self._suspect or count > 1:
            self._newest, self._suspect = last, None
            return "restart"
        self._suspect = (last + 1) & 0xFFFF
        return "leave"
