"""A room system behind the same address as another, in a call of its own, that floods the server within its dialog:
with OPTIONS, or with offers that change."""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from loadtest.rooms.descriptions import generic, held
from loadtest.rooms.room import RoomFailed

PATIENCE_S = 10.0
FLOOD_HZ = 200
"""OPTIONS a second."""
CHANGES_HZ = 100
"""Changed offers a second: on hold, resumed, and so on."""
DIALOG = {"via", "from", "to", "call-id", "cseq"}
"""Headers that a response has from its request (RFC 3261, 8.2.6.2)."""
NO_MEDIA = {"audio": 4000, "video": 4002}
"""Ports that it names; nothing is sent or taken there, for less time than that is borne."""


class Neighbour(asyncio.DatagramProtocol):
    """A caller by UDP, with a name of its own in From and Contact."""

    def __init__(self, user: str, server: tuple[str, int], *, restless: bool = False) -> None:
        self._user, self._server = user, server
        self._restless = restless
        self._call = self._tag = self._to = self._target = ""
        self._number = 0
        self._host, self._port = "", 0
        self._transport: asyncio.DatagramTransport | None = None
        self.answers: asyncio.Queue[str] = asyncio.Queue()
        """Final answers to its INVITE."""
        self.asked = self.answered = 0
        """Requests of the flood that it sent, and those that were answered by 200."""
        self.hung_up = False
        """Whether the server has ended the call."""

    async def call(self, host: str) -> None:
        """Call the server alone from an address of this machine, until it answers. Raises RoomFailed, OSError."""
        self.close()
        self._call, self._tag, self._number = secrets.token_hex(8), secrets.token_hex(4), 1
        self._target = "sip:{}:{}".format(*self._server)
        self._to = f"<{self._target}>"
        self.answers, self.asked, self.answered, self.hung_up = asyncio.Queue(), 0, 0, False
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, (host, 0))
        self._host, self._port = self._transport.get_extra_info("sockname")
        self._send("INVITE", generic(host, NO_MEDIA))
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await self.answers.get()
        except TimeoutError:
            raise RoomFailed("the neighbour's call is not answered") from None
        if not answer.startswith("SIP/2.0 200"):
            raise RoomFailed(f"the neighbour's call is refused: {answer.partition(chr(13))[0]}")
        self._to, self._target = _header(answer, "To"), _header(answer, "Contact").strip("<>")
        self._send("ACK")

    @asynccontextmanager
    async def flooding(self) -> AsyncIterator[None]:
        """Send OPTIONS, or changed offers, within the dialog for the time of the block."""
        flood = asyncio.create_task(self._flood())
        try:
            yield
        finally:
            flood.cancel()

    def close(self) -> None:
        """Close the port."""
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        """Take an answer, or the server's BYE."""
        message = data.decode("utf-8", "replace")
        if message.startswith("BYE "):
            self.hung_up = True
            self._agree(message)
        number, _, method = _header(message, "CSeq").partition(" ")
        agreed = message.startswith("SIP/2.0 200")
        if method == "INVITE" and number == "1" and not message.startswith("SIP/2.0 1"):
            self.answers.put_nowait(message)
        elif method == "INVITE" and agreed:
            self.answered += 1
            self._send("ACK", number=int(number))
        elif method == "OPTIONS":
            self.answered += agreed

    def _agree(self, request: str) -> None:
        """Answer a request by 200; the server takes the call for ended once it hears that, or after 4 s."""
        lines = request.partition("\r\n\r\n")[0].split("\r\n")[1:]
        kept = [line for line in lines if line.partition(":")[0].strip().lower() in DIALOG]
        assert self._transport is not None
        self._transport.sendto(
            "\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]).encode(), self._server
        )

    async def _flood(self) -> None:
        began = time.monotonic()
        while True:
            while self.asked < (CHANGES_HZ if self._restless else FLOOD_HZ) * (time.monotonic() - began):
                self.asked += 1
                self._number += 1
                if self._restless:
                    describe = (generic, held)[self.asked % 2]
                    self._send("INVITE", describe(self._host, NO_MEDIA, self._number))
                else:
                    self._send("OPTIONS")
            await asyncio.sleep(1 / FLOOD_HZ)

    def _send(self, method: str, body: str = "", number: int = 0) -> None:
        lines = [
            f"{method} {self._target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._host}:{self._port};branch=z9hG4bK{secrets.token_hex(8)};rport",
            f"From: <sip:{self._user}@{self._host}>;tag={self._tag}",
            f"To: {self._to}",
            f"Call-ID: {self._call}",
            f"CSeq: {number or self._number} {method}",
            f"Contact: <sip:{self._user}@{self._host}:{self._port}>",
            "Max-Forwards: 70",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        assert self._transport is not None
        self._transport.sendto(("\r\n".join(lines) + f"\r\n\r\n{body}").encode(), self._server)


def _header(message: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*?)\r?$", message, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""
