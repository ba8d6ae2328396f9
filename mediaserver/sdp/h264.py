"""H.264 decoder limits in SDP: which pictures a decoder takes (ITU-T H.264 Annex A, RFC 6184 §8.1). Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

LEVELS = {
    10: (1_485, 99),
    11: (3_000, 396),
    12: (6_000, 396),
    13: (11_880, 396),
    21: (19_800, 792),
    22: (20_250, 1_620),
    30: (40_500, 1_620),
    31: (108_000, 3_600),
    32: (216_000, 5_120),
    40: (245_760, 8_192),
}
"""Macroblocks a second and macroblocks a picture by `level_idc` (table A-1); higher levels can do what 4 can."""
OURS = 31
"""720p30: the limits we ask for, and those we assume of a peer that states none."""
SLIDES_LEVEL = 40
"""1080p30: what we ask for where slides are shown."""

HIGH_PROFILES = ("6400", "640c")
"""High and constrained High, as `DecoderLimits.profile` has them. Pictures of ours keep to the constraints of both:
they are whole frames, and none refers to a later one (ITU-T H.264 §A.2.4.2)."""

_PROFILE_LEVEL = re.compile(r"([0-9a-f]{4})([0-9a-f]{2})")
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class DecoderLimits:
    """Limits of a decoder: `profile` is the first two bytes of a profile-level-id in hex; macroblocks a second and a
    picture."""

    profile: str
    level: int
    speed: int
    size: int

    def takes(self, width: int, height: int, fps: float) -> bool:
        """Return whether it decodes pictures of this size (pixels) and rate."""
        blocks = -(-width // 16) * -(-height // 16)
        return blocks <= self.size and blocks * fps <= self.speed


def decoder_limits(parameters: Mapping[str, str]) -> DecoderLimits:
    """Return the decoder limits in an `fmtp`. Without a profile-level-id the RFC means level 1 (§8.1), which is true of
    no room system."""
    match = _PROFILE_LEVEL.fullmatch(parameters.get("profile-level-id", "").lower())
    profile, level = (match[1], int(match[2], 16)) if match else ("42e0", OURS)
    known = max((each for each in LEVELS if each <= level), default=min(LEVELS))
    speed, size = LEVELS[known]
    speed, size = max(speed, _number(parameters, "max-mbps")), max(size, _number(parameters, "max-fs"))
    return DecoderLimits(profile, level, speed, size)


def _number(parameters: Mapping[str, str], name: str) -> int:
    text = parameters.get(name, "")
    return int(text) if _NUMBER.fullmatch(text) else 0
