"""The profile of H.264 pictures, as their sequence parameter sets say it (H.264 §7.3.2.1.1)."""

from mediaserver.rtp.h264_sps import parameter_set

BASELINE, HIGH = 66, 100
"""Values of `profile_idc`."""


def profiles(payload: bytes) -> set[int]:
    """Return the `profile_idc` of the parameter set in an RTP payload, if there is one."""
    try:
        found = parameter_set(payload)
    except ValueError:
        return set()
    return set() if found is None or len(found) < 2 else {found[1]}
