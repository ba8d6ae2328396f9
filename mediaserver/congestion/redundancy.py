"""Decides how many times more each packet is sent to a receiver, by the loss that it reports. Pure.

Sound carries so many earlier frames in each packet (RED), pictures follow :mod:`mediaserver.congestion.repetition`.
"""

LOSSES = 0.03, 0.08
"""Shares lost from which everything is sent once more, and twice more."""
JUDGED_PACKETS = 50
"""Packets, a second of sound, of which at least a share is judged: a report may be on a handful."""
MAX_REPORTED = 10_000
"""Packets that one report may count, whatever numbers it claims."""
HOLD_S = 30.0
"""Seconds for which as many frames go on after they were needed last: on a bad line losses come and go."""
FRAME_BPS = 34_000
"""Bitrate of one earlier frame in each packet, with its header."""


class Redundancy:
    """Decides for one line, by all streams on it; `frames` is how many earlier frames each packet of sound is to
    carry."""

    def __init__(self) -> None:
        self.frames = 0
        self._needed = 0.0
        """When so many were needed last, in seconds."""
        self._highest: dict[int, int] = {}
        """The highest number reported so far of each stream, by SSRC."""
        self._expected, self._lost = 0, 0.0

    def reported(self, share: float, highest: int, now: float, *, full: bool, ssrc: int = 0) -> int:
        """Take the share lost (0 to 1) of a stream since its report before, up to the sequence number `highest`; return
        `frames`.

        What is lost on a `full` link is not made up for: the link would be fuller still.
        """
        first = JUDGED_PACKETS if not self._highest else 0  # how many the first reports of others are on is not known
        packets = (highest - self._highest[ssrc]) & 0xFFFFFFFF if ssrc in self._highest else first
        self._highest[ssrc], packets = highest, min(MAX_REPORTED, packets)
        self._expected, self._lost = self._expected + packets, self._lost + share * packets
        if self._expected >= JUDGED_PACKETS:
            loss, self._expected, self._lost = self._lost / self._expected, 0, 0.0
            wanted = 0 if full else sum(loss >= each for each in LOSSES)
            if wanted >= self.frames or now - self._needed >= HOLD_S:
                self.frames, self._needed = wanted, now
        return self.frames
