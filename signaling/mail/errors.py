"""Why something could not be sent."""

from signaling.core.errors import ServerError


class NotSent(ServerError):
    """The other side did not take it; a `final` answer is the same next time. The text holds no secret."""

    def __init__(self, fault: str, final: bool = False) -> None:
        super().__init__(fault)
        self.final = final
