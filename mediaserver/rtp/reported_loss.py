"""Adds up the packets of our streams that their receiver reports as lost. Pure."""

from typing import Protocol


class LossCounters(Protocol):
    """Counts packets that were lost."""

    lost_out: int


class ReportedLoss:
    """Counts the loss that one peer reports, in `counters` of the whole process.

    A report has the packets lost since the stream began (RFC 3550 §6.4.1); no more count than were sent.
    """

    def __init__(self, counters: LossCounters) -> None:
        self._counters = counters
        self._by_ssrc: dict[int, int] = {}

    def take(self, ssrc: int, lost: int, sent: int) -> None:
        """Take from a report how many packets of our stream `ssrc`, of which `sent` were sent, were lost so far."""
        lost, before = min(lost, sent), self._by_ssrc.get(ssrc, 0)
        if lost > before:
            self._counters.lost_out += lost - before
            self._by_ssrc[ssrc] = lost
