"""The share of packets that a peer loses lately. Pure."""

MIN_PACKETS = 25
"""The share is taken of at least so many packets a second. A microphone in a pause sends two or three, and one lost of
them is not yet a bad connection."""


class Loss:
    """Smooths the loss of one peer; call `update` once a second."""

    def __init__(self) -> None:
        self.share = 0.0
        """The share lost lately, 0 to 1."""

    def update(self, received: int, lost: int) -> None:
        """Take one second's packets received and lost."""
        self.share = 0.5 * self.share + 0.5 * lost / max(MIN_PACKETS, received + lost)
