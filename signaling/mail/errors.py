"""Errors of sending."""

from signaling.core.errors import ServerError


class NotSent(ServerError):
    """The other side did not accept a notice; a `final` refusal would be repeated. The text holds no secret."""

    def __init__(self, fault: str, final: bool = False) -> None:
        super().__init__(fault)
        self.final = final


class NotReached(NotSent):
    """The other side could not be connected to."""
