"""Chooses the step of quality of a stream to a room system, which reports loss (RFC 3550 §6.4.1) and may name a limit
(TMMBR, RFC 5104 §4.2.1), but sends no estimate and takes no padding. Pure.

Down at the first report of much loss, to what came through; up one step at a time, after a while without loss, and
later each time that a higher step lost. Loss that a lower step does not cure is the link's usual one.
"""

from collections.abc import Sequence

from mediaserver.rtp.packet import MAX_PAYLOAD_BYTES

BITRATE_SHARE = 1.1
"""Factor by which a step's bitrate may exceed a limit: 384 kbit/s get the step of 400, since an encoder stays below its
bound."""
HIGH_LOSS, LOW_LOSS = 0.10, 0.02
"""Loss above the usual one at which a step is too high, and up to which a higher one is tried
(draft-ietf-rmcat-gcc-02 §6)."""
MIN_PACKETS = 20
"""Packets that a report must count: of fewer, one lost says nothing."""
MAX_REPORTED = 20_000
"""Packets that one report may count, whatever numbers it claims."""
SETTLE_S = 1.5
"""Seconds after a step in which reports still belong to the step before."""
CURED_SHARE, MAX_USUAL_LOSS = 0.5, 0.10
"""Share of the loss below which a lower step cured it, and the highest usual loss."""
UP_S, MAX_UP_S = 15.0, 240.0
"""Seconds without loss until a higher step is tried; twice as many after each one that lost, up to the second."""
TRIAL_S = 15.0
"""Seconds in which a higher step must not lose: three intervals of RTCP (RFC 3550 §6.2)."""


class ReportedRate:
    """The rate of one stream. `steps` are its bit/s with its pictures a second, low to high, all of which the receiver
    decodes; `now` in seconds.

    It begins at the highest step: what the receiver takes was said in its session description.
    """

    def __init__(self, steps: Sequence[tuple[int, float]]) -> None:
        self._steps = tuple(steps)
        self._carried = len(self._steps) - 1
        """The step that the link carries, by the loss reported."""
        self._limited = self._carried
        """The highest step within the receiver's limit; -1 where not even the lowest is."""
        self._highest: int | None = None
        """The highest sequence number reported so far."""
        self._window = 0, 0.0
        """Packets expected and lost that are not judged yet: too few of them."""
        self._settled = 0.0
        self._before = 0.0
        """The loss that the last step down was to cure; 0 once that is known."""
        self._usual = 0.0
        self._calm_since: float | None = None
        """When the first of the reports came that told of no loss."""
        self._up_s = UP_S
        self._tried_until = 0.0
        """Until when the newest step up is on trial."""

    @property
    def step(self) -> int | None:
        """Return the step to send; None for no picture at all."""
        step = min(self._carried, self._limited)
        return step if step >= 0 else None

    @property
    def most(self) -> int | None:
        """Return the highest step within the receiver's limit; None where not even the lowest is."""
        return self._limited if self._limited >= 0 else None

    def limit(self, bitrate: float, overhead: int) -> None:
        """Take the receiver's limit in bit/s, which counts `overhead` bytes of headers for each packet."""
        most = BITRATE_SHARE * bitrate
        fitting = [at for at, step in enumerate(self._steps) if _with_headers(*step, overhead) <= most]
        self._limited = max(fitting, default=-1)

    def lost(self, share: float, highest: int, now: float) -> None:
        """Take the share lost (0 to 1) since the report before, up to the sequence number `highest`."""
        packets = 0 if self._highest is None else min(MAX_REPORTED, (highest - self._highest) & 0xFFFFFFFF)
        self._highest = highest
        if now < self._settled:
            return
        expected, lost = self._window[0] + packets, self._window[1] + share * packets
        self._window = expected, lost
        if expected >= MIN_PACKETS:
            self._window = 0, 0.0
            self._judge(lost / expected, now)

    def _judge(self, share: float, now: float) -> None:
        if self._before and share > CURED_SHARE * self._before:
            self._usual = min(MAX_USUAL_LOSS, share)
        elif share < CURED_SHARE * self._usual:
            self._usual = share
        self._before = 0.0
        if share > self._usual + HIGH_LOSS:
            self._down(share, now)
        elif share > self._usual + LOW_LOSS:
            self._calm_since = None
        else:
            self._rest(now)

    def _down(self, share: float, now: float) -> None:
        """Take the highest step that what came through has room for, at least one lower."""
        self._calm_since, sent = None, self.step
        if not sent:
            return
        if now < self._tried_until:
            self._up_s = min(MAX_UP_S, 2 * self._up_s)
        through = (1 - share) * self._steps[sent][0]
        self._change(max((step for step in range(sent) if self._steps[step][0] <= through), default=0), now)
        self._before, self._tried_until = share, 0.0

    def _change(self, step: int, now: float) -> None:
        self._carried, self._settled, self._window = step, now + SETTLE_S, (0, 0.0)

    def _rest(self, now: float) -> None:
        """Note that little is lost; try a higher step once that has lasted."""
        if self._tried_until and now >= self._tried_until:
            self._tried_until, self._up_s = 0.0, UP_S
        if self._calm_since is None:
            self._calm_since = now
        if now - self._calm_since >= self._up_s and self._carried < self._limited:
            self._change(self._carried + 1, now)
            self._calm_since, self._tried_until = now, now + TRIAL_S


def _with_headers(bitrate: int, fps: float, overhead: int) -> float:
    """Return bit/s with headers of so many bytes: each picture ends with a packet that is not full."""
    return bitrate + 8 * overhead * (fps + bitrate / (8 * MAX_PAYLOAD_BYTES))
