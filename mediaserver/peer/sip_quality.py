"""Chooses the steps of quality that a room system's decoder and limits have room for. Pure."""

from collections.abc import Sequence

from mediaserver.api import RoomOptions
from mediaserver.congestion.reported_rate import BITRATE_SHARE, ReportedRate
from mediaserver.rtp.payload import SINGLE_NAL
from mediaserver.sdp.sip_parse import Codec
from mediaserver.video.quality import LARGE, SLIDES, STEPS, USUAL, Quality

_PICTURE_STEPS = tuple(range(LARGE + 1))
_SLIDES_STEPS = (0, 1, USUAL, SLIDES, LARGE)
"""Steps of quality, low to high; text needs pixels before it needs pictures per second."""


class SentQuality:
    """The steps of quality in which one stream may be sent, and the one that its link carries.

    `steps` are numbers of steps, low to high; `fps` are the room's pictures a second.
    """

    def __init__(self, steps: Sequence[int], fps: float) -> None:
        self._steps = steps
        self.rate = ReportedRate([(STEPS[step].bitrate, _fps(STEPS[step], fps)) for step in steps])

    @property
    def step(self) -> int | None:
        """Return the step to send; None where the receiver allows none."""
        return self._at(self.rate.step)

    @property
    def most(self) -> int | None:
        """Return the highest step that the receiver takes; None where it allows none."""
        return self._at(self.rate.most)

    def _at(self, place: int | None) -> int | None:
        return None if place is None else self._steps[place]


def least(*limits: int | None) -> int | None:
    """Return the lowest of several limits; None stands for none."""
    return min((each for each in limits if each is not None), default=None)


def picture_quality(codec: Codec, options: RoomOptions, bitrate: int | None) -> SentQuality | None:
    """Return the steps of the composed picture that a decoder takes within `bitrate` (bit/s); None if it takes none."""
    return _quality(codec, options, bitrate, _PICTURE_STEPS)


def slides_quality(codec: Codec, options: RoomOptions, bitrate: int | None, most: int | None) -> SentQuality | None:
    """Return the steps of slides that a decoder takes within `bitrate` (bit/s; None: that of 1080p5) and `most`; None
    if it takes none."""
    return _quality(codec, options, least(bitrate or STEPS[SLIDES].bitrate, most), _SLIDES_STEPS)


def _quality(codec: Codec, options: RoomOptions, bitrate: int | None, steps: Sequence[int]) -> SentQuality | None:
    taken = [step for step in steps if _takes(codec, options, bitrate, step)]
    return SentQuality(taken, options.fps) if taken else None


def _takes(codec: Codec, options: RoomOptions, bitrate: int | None, step: int) -> bool:
    """Return whether a decoder takes a step. One that knows nothing but short slices is older than 1080p30."""
    assert codec.limits is not None
    quality = STEPS[step]
    size = round(options.width * quality.share), round(options.height * quality.share)
    carried = bitrate is None or quality.bitrate <= BITRATE_SHARE * bitrate
    return (
        codec.limits.takes(*size, _fps(quality, options.fps))
        and carried
        and not (step == LARGE and codec.name == SINGLE_NAL)
    )


def _fps(quality: Quality, fps: float) -> float:
    """Return the pictures a second of a step in a room of so many."""
    return (quality.fps or fps) / quality.every
