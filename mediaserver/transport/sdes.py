"""SRTP under keys that were exchanged in session descriptions (RFC 4568): the two sessions of one m-line."""

from pylibsrtp import Policy, Session

from mediaserver.rtp.srtp_key import SrtpKey
from mediaserver.transport.srtp import Srtp

_PROFILES = {
    "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
}
_WINDOW = 1024
"""Packets behind the newest that are still taken, and told from repeated ones."""


class SdesSessions:
    """The SRTP sessions under the keys of an m-line. A key that stays keeps its rollover counter, a new one begins anew
    (RFC 4568 §7.1.4)."""

    def __init__(self) -> None:
        self._sessions: dict[tuple[SrtpKey, int], Session] = {}

    def under(self, sent: SrtpKey, received: SrtpKey) -> Srtp:
        """Protect under the key `sent`, unprotect under the key `received`; former keys are forgotten."""
        keys = (sent, Policy.SSRC_ANY_OUTBOUND), (received, Policy.SSRC_ANY_INBOUND)
        self._sessions = {each: self._sessions.get(each) or _session(*each) for each in keys}
        return Srtp(*(self._sessions[each] for each in keys))


def _session(key: SrtpKey, ssrc_type: int) -> Session:
    policy = Policy(key.secret, ssrc_type, srtp_profile=_PROFILES[key.suite])
    policy.allow_repeat_tx = True  # what was lost is sent again as it was
    policy.window_size = _WINDOW
    return Session(policy)
