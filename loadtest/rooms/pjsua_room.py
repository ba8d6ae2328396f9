"""A telephone of PJSIP (`pjsua_phone`) as the room system of a lane: sound alone, by a stack that is not ours."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from loadtest.media.perception import heard_in
from loadtest.rooms.baresip import free_port
from loadtest.rooms.logged_room import LoggedRoom


class PjsuaRoom(LoggedRoom):
    """A room system that is pjsua2, in one call at a time. It has neither camera nor screen."""

    async def start(self) -> None:
        """Wait until it runs. Raises RoomFailed."""
        await self._until(lambda: "ready\n" in self.said, "pjsua2 does not start")

    async def dial(self, uri: str) -> None:
        """Begin to call a SIP URI."""
        await self.expect()
        self._command(f"dial {uri}")

    async def expect(self) -> None:
        """Be ready to take one call, whose sound is written into a file of its own."""
        self._begin()
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

    def _command(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())


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
