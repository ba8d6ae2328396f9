"""The log and the recorded sound of a room system that is a program of its own."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from loadtest.rooms.room import RoomFailed

ANSWER_S = 15.0
POLL_S = 0.02
LOGGED = 20_000
"""Characters of a call's log that are kept."""


class LoggedRoom:
    """A running program in one call at a time. Its folder has the file `log`, and one of sound for each call."""

    def __init__(self, folder: Path, address: tuple[str, int], process: asyncio.subprocess.Process) -> None:
        self.address = address
        """The IP address it calls from, and the port on which it takes calls."""
        self._folder = folder
        self._process = process
        self._calls = 0
        self._began_at = 0
        """Length of its log when this call began."""

    @property
    def said(self) -> str:
        """The end of its log of this call."""
        return self._log[self._began_at :][-LOGGED:]

    @property
    def _log(self) -> str:
        return (self._folder / "log").read_text("utf-8", "replace")

    @property
    def _heard(self) -> Path:
        """The file into which the sound of this call is written."""
        return self._folder / f"heard-{self._calls}.wav"

    def _begin(self) -> None:
        """Count a call, whose words and sound begin here."""
        self._began_at = len(self._log)
        self._calls += 1

    async def _until(self, true: Callable[[], bool], otherwise: str) -> None:
        """Wait until something is true. Raises RoomFailed when it does not come to that, or the program ends."""
        until = time.monotonic() + ANSWER_S
        while not true():
            if time.monotonic() > until or self._process.returncode is not None:
                raise RoomFailed(f"{otherwise}:\n{self.said}")
            await asyncio.sleep(POLL_S)
