"""A device that publishes or watches over HTTP, as a member of a meeting: it has a seat, but reads nothing."""

import secrets

from scheduler.directory.model import Device
from signaling.core.account import Account, Source
from signaling.messages.server import ServerMessage
from signaling.messages.words import Farewell


class SeatedDevice:
    """A device in a seat. The end of the seat ends its transport, by which it learns of it (RFC 9725 §4.1)."""

    def __init__(self, device: Device, name: str, source: Source) -> None:
        self.device = device
        self.account = Account(f"whip:{device.id}", name, (), None, device.point)
        """Nobody can sign in with it: no account's name has a colon."""
        self.source = source
        self.id = f"whip-{secrets.token_hex(8)}"
        self.session: str | None = None
        self.up = False
        """Whether its media have arrived."""

    def send(self, message: ServerMessage, ref: str | None = None) -> None:
        """Ignore a message: the device has no page."""

    def send_text(self, text: str) -> None:
        """Ignore a message."""

    def hang_up(self, reason: Farewell, ref: str | None = None, text: str | None = None) -> None:
        """Note that the meeting has freed the seat, and with it the transport."""
        self.session = None
