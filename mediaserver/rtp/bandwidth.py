"""What a peer loses, and how fast it may send for that: the loss-based half of draft-ietf-rmcat-gcc-02 §6."""

START_BPS = 3_000_000
MIN_BPS = 150_000
MAX_BPS = 3_500_000
"""Three simulcast layers up to 720p30 need about 2.4 Mbit/s; a dedicated line of the network carries 4."""
LOW_LOSS, HIGH_LOSS = 0.02, 0.10
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


class LossController:
    """`update` once a second."""

    def __init__(self) -> None:
        self.bitrate = START_BPS

    def update(self, received: int, lost: int) -> int:
        """Take one second's packets received and lost; the new limit in bit/s."""
        loss = lost / (received + lost) if received + lost else 0.0
        if loss > HIGH_LOSS:
            self.bitrate = round(self.bitrate * (1 - 0.5 * loss))
        elif loss < LOW_LOSS:
            self.bitrate = round(self.bitrate * 1.08)
        self.bitrate = min(MAX_BPS, max(MIN_BPS, self.bitrate))
        return self.bitrate
