"""A telephone of PJSIP (`pjsua_phone`) as the room system of a lane: sound alone, by a stack that is not ours."""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from loadtest.media.perception import heard_in
from loadtest.rooms.baresip import free_port
from loadtest.rooms.room import RoomFailed

ANSWER_S = 15.0
POLL_S = 0.02
LOGGED = 20_000
"""Characters of a call's log that are kept."""


class PjsuaRoom:
    """A room system that is pjsua2, in one call at a time. It has neither camera nor screen."""

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
        """The end of its log of this call, with every SIP message."""
        return self._log[self._began_at :][-LOGGED:]

    async def start(self) -> None:
        """Wait until it runs. Raises RoomFailed."""
        await self._until(lambda: "ready\n" in self.said, "pjsua2 does not start")

    async def dial(self, uri: str) -> None:
        """Begin to call a SIP URI."""
        await self.expect()
        self._command(f"dial {uri}")

    async def expect(self) -> None:
        """Be ready to take one call, whose sound is written into a file of its own."""
        self._began_at = len(self._log)
        self._calls += 1
        self._command(f"record {self._heard}")

    async def established(self) -> None:
        """Wait until the call is set up. Raises RoomFailed."""
        await self._until(lambda: "established" in self.said, "pjsua2 is in no call")

    async def picture(self) -> None:
        """Return nothing: it has no screen."""

    def hears(self, hertz: int) -> bool:
        """Return whether a tone is in the sound that came in this call."""
        return self._heard.exists() and heard_in([self._heard], hertz)

    async def hang_up(self) -> None:
        """End the call, and wait until it has ended. Raises RoomFailed."""
        self._command("hang-up")
        await self._until(lambda: "ended " in self.said, "pjsua2 does not hang up")

    @property
    def _log(self) -> str:
        return (self._folder / "log").read_text("utf-8", "replace")

    @property
    def _heard(self) -> Path:
        return self._folder / f"heard-{self._calls}.wav"

    def _command(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    async def _until(self, true: Callable[[], bool], otherwise: str) -> None:
        until = time.monotonic() + ANSWER_S
        while not true():
            if time.monotonic() > until or self._process.returncode is not None:
                raise RoomFailed(f"{otherwise}:\n{self.said}")
            await asyncio.sleep(POLL_S)


@asynccontextmanager
async def pjsua_room(folder: Path, tone_hz: int, account: tuple[str, str], host: str) -> AsyncIterator[PjsuaRoom]:
    """Run the telephone with a tone at an address; `account` is its user and its password. Raises RoomFailed."""
    port = free_port(host)
    home = Path(tempfile.mkdtemp(prefix="pjsua-", dir=folder))
    with (home / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "loadtest.rooms.pjsua_phone", host, str(port), *account, str(tone_hz)),
            stdin=asyncio.subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
    room = PjsuaRoom(home, (host, port), process)
    try:
        await room.start()
        yield room
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
