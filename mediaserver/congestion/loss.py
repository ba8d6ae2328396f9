"""How much a peer loses lately. Pure."""

FEW = 25
"""One lost of so many packets a second is no line that loses: a microphone in a pause sends two or three."""


class Loss:
    """`update` once a second."""

    def __init__(self) -> None:
        self.share = 0.0
        """What got lost lately, 0 to 1."""

    def update(self, received: int, lost: int) -> None:
        """Take one second's packets received and lost."""
        self.share = 0.5 * self.share + 0.5 * lost / max(FEW, received + lost)
