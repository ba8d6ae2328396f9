"""Says what a lane asks of a room system, whichever program it is: one call at a time, and what comes to it there."""

from typing import Protocol

from loadtest.media.perception import Rgb


class RoomFailed(Exception):
    """A room system ended, did not do in time what it was asked to, or something was not seen or heard."""


FAILURES = (RoomFailed, TimeoutError, OSError)
"""Errors of a call that failed."""


def told(failure: Exception) -> str:
    """Return the first line that says what failed."""
    return str(failure).partition("\n")[0] or type(failure).__name__


class Room(Protocol):
    """A room system on this machine. Each method but `hears` raises RoomFailed."""

    @property
    def address(self) -> tuple[str, int]:
        """The IP address it calls from, and the port on which it takes calls."""

    @property
    def said(self) -> str:
        """Messages between it and the server in this call, for who looks at a failure."""

    async def dial(self, uri: str) -> None:
        """Begin to call a SIP URI."""

    async def expect(self) -> None:
        """Be ready to take one call."""

    async def established(self) -> None:
        """Wait until the call is set up."""

    async def picture(self) -> Rgb | None:
        """Return the newest picture that came in this call; None before the first."""

    def hears(self, hertz: int) -> bool:
        """Return whether a tone is in the sound that came in this call."""

    async def hang_up(self) -> None:
        """End the call, and wait until it has ended."""
