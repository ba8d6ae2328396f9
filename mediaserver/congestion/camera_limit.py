"""Decides when a room system is asked to send its camera at another bitrate (TMMBR, RFC 5104 §4.2.1). Pure."""

from mediaserver.congestion.uplink import UplinkLimit

GROWTH = 1.1
"""Factor by which the limit must have grown to be told anew."""
MAX_REQUESTS = 8
"""How often, once a second, a limit is told that the peer does not confirm (TMMBN, RFC 5104 §4.2.2)."""


class CameraLimit:
    """The limit of one camera: `most` bit/s, and less where its packets get lost; call `update` once a second."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._uplink = UplinkLimit()
        self._told = 0
        """The newest limit that was told, in bit/s."""
        self._requests = 0
        """How often it is still to be told."""

    def update(self, received: int, lost: int) -> int | None:
        """Take one second's packets received and lost; return the limit to tell now in bit/s, None for none."""
        limit = min(self._most, self._uplink.update(received, lost))
        if limit < self._told or limit > GROWTH * self._told or self._told < limit == self._most:
            self._told, self._requests = limit, MAX_REQUESTS
        if not self._requests:
            return None
        self._requests -= 1
        return self._told

    def confirm(self) -> None:
        """Take that the peer keeps to the limit."""
        self._requests = 0

    def begin(self) -> None:
        """Tell the limit again: another stream has begun."""
        self._told = 0
