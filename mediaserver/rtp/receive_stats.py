"""Receive statistics of one incoming stream: loss, jitter, and transit by its sender's clock. Pure."""

from mediaserver.rtp.inbound_stream import InboundStream
from mediaserver.rtp.rtcp import Block, SenderReport


class ReceiveStats(InboundStream):
    """Statistics for receiver reports (RFC 3550 §6.4.1, appendix A.3), and to align streams of one sender."""

    def __init__(self) -> None:
        super().__init__()
        self.report: SenderReport | None = None
        """The sender's last report."""
        self.report_time = 0.0
        self._reported_expected = 0
        self._reported_received = 0

    def receive(self, sequence: int, count: int = 1) -> None:
        """Count `count` packets of consecutive numbers."""
        self.received += count
        if self.highest < 0:
            self.base = self.highest = sequence
        last = (sequence + count - 1) & 0xFFFF
        if (last - self.highest) & 0xFFFF < 0x8000:  # it comes after the highest, or is it (RFC 1982)
            self.cycles += last < self.highest
            self.highest = last

    @property
    def lost(self) -> int:
        """Return how many packets of the stream are missing up to the highest number."""
        return max(0, (self.cycles << 16) + self.highest - self.base + 1 - self.received) if self.received else 0

    def reported(self, report: SenderReport, now: float) -> None:
        """Take the sender's report."""
        self.report, self.report_time = report, now

    def transit(self, timestamp: int, at: float, clock_rate: int) -> float:
        """Return the seconds that a packet received `at` was in transit by its sender's clock; 0 before the first
        report.

        That clock is not ours, but it is the same for all streams of a sender (RFC 3550 §6.4.1): the difference between
        two of them is true.
        """
        if self.report is None:
            return 0.0
        later = ((timestamp - self.report.timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        return at - self.report.ntp / (1 << 32) - later / clock_rate

    def take(self, ssrc: int, now: float) -> tuple[Block, int, int]:
        """Return the report block, and the packets received and lost since the last one."""
        expected = (self.cycles << 16) + self.highest - self.base + 1
        got = self.received - self._reported_received
        lost = max(0, expected - self._reported_expected - got)
        self._reported_expected, self._reported_received = expected, self.received
        block = Block(
            ssrc=ssrc,
            fraction_lost=min(255, 256 * lost // max(1, lost + got)),
            packets_lost=max(-0x800000, min(0x7FFFFF, expected - self.received)),
            highest_sequence=(self.cycles << 16 | self.highest) & 0xFFFFFFFF,
            jitter=0,
            lsr=self.report.ntp >> 16 & 0xFFFFFFFF if self.report else 0,
            dlsr=round((now - self.report_time) * 65536) & 0xFFFFFFFF if self.report else 0,
        )
        return block, got, lost
