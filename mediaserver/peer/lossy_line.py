"""Makes up for what the line of a browser loses: everything is sent more than once, each way for itself, and on a long
line pictures in their lowest size alone (decisions 142 and 145)."""

from collections.abc import Sequence
from math import inf

from mediaserver.congestion.downlink import SOUND_BPS, Downlink
from mediaserver.congestion.redundancy import FRAME_BPS, Redundancy
from mediaserver.congestion.repetition import LONG_S, MOST_BPS, Repetition
from mediaserver.congestion.request_ahead import RequestAhead
from mediaserver.peer.forwarder import Forwarder
from mediaserver.peer.simulcast import SimulcastCamera
from mediaserver.rtp.rtcp import Report


class LossyLine:
    """The line of one browser; `now` in seconds."""

    def __init__(self, downlink: Downlink, audio: Forwarder | None, pictures: Sequence[Forwarder]) -> None:
        self._downlink = downlink
        self._audio, self._pictures = audio, pictures
        self._repairable = any(each.rtx is not None for each in pictures)
        self.max_step = downlink.max_step
        """The step to which others limit the quality of its pictures."""
        self._redundancy, self._repetition = Redundancy(), Repetition()
        self._received_redundancy, self._request_ahead = Redundancy(), RequestAhead()
        self._expected = 0
        """Packets that were expected of it so far."""
        self.lowest_layer_only = False
        """Whether its camera is to send the lowest layer alone, whose packets are requested ahead."""

    @property
    def round_trip(self) -> float:
        """Return the newest round trip in seconds; 0 while unknown."""
        return 0.0 if self._downlink.least is None else self._downlink.round_trip

    @property
    def _long(self) -> bool:
        least = self._downlink.least
        return least is not None and least >= LONG_S

    def limit(self, max_step: int) -> bool:
        """Limit the quality of its pictures to step `max_step`; return whether what it is sent is limited otherwise."""
        self.max_step, before = max_step, self._downlink.max_step
        self._downlink.max_step = 0 if self._repetition.lowest_only else max_step
        return self._downlink.max_step != before

    def reported(self, report: Report, now: float) -> bool:
        """Send sound, and on a long line pictures, more than once while it reports to lose much; return whether its
        quality is limited otherwise now."""
        full = self._downlink.full
        frames = self._redundancy.reported(report.lost, report.highest, now, full=full, ssrc=report.ssrc)
        if self._audio is not None and self._audio.takes_earlier:
            self._audio.carry_earlier(frames)
            self._downlink.sound_bps = SOUND_BPS + frames * FRAME_BPS
        times = frames if self._long and self._repairable else 0
        self._repetition.judge(times, now, full=full, carries_more=self._downlink.held > 0)
        for picture in self._pictures:
            picture.repeat(self._repetition.times)
        return self.limit(self.max_step)

    def received(self, received: int, lost: int, now: float, *, full: bool) -> None:
        """Take the packets received of it and lost in the last second. What is lost on a `full` line tells nothing."""
        self._expected += received + lost
        share = lost / max(1, received + lost)
        times = self._received_redundancy.reported(share, self._expected, now, full=full)
        self.lowest_layer_only = times > 0 and self._long

    def due(self, camera: SimulcastCamera, now: float) -> tuple[int, list[int]]:
        """Return the SSRC of the camera's lowest layer and the numbers of its packets to request ahead now: those that
        will just have been sent when the request comes there. None of one that takes more than repetitions may."""
        lowest = camera.layers[0] if self.lowest_layer_only and camera.layers else None
        if lowest is None or not (lowest.sinks and lowest.active(now)) or (lowest.bitrate.value or inf) > MOST_BPS:
            self._request_ahead.forget()
            return 0, []
        stats = lowest.receive_stats
        return lowest.ssrc, self._request_ahead.due(stats.cycles << 16 | stats.highest, self.round_trip, now)
