"""The floor control of a room system by TCP (RFC 8855, version 1): a client of ours, since libre's has UDP alone.

It is written from the RFC, apart from the server's own code; what both misunderstand alike, no call finds.
"""

import asyncio
import contextlib
import struct

from loadtest.rooms.room import RoomFailed

PATIENCE_S = 15.0
_HEAD = struct.Struct("!BBHIHH")
"""Version and flags, primitive, length of the rest in 32-bit words, `confid`, transaction, user (5.1)."""
VERSION_1 = 1 << 5
FLOOR_REQUEST, FLOOR_REQUEST_STATUS, ERROR = 1, 4, 13
FLOOR_ID, REQUEST_STATUS, REQUEST_INFORMATION, OVERALL_STATUS = 2, 5, 15, 18
"""Attributes (5.2)."""
MANDATORY = 1
GRANTED = 3


class TcpFloor:
    """A client at an address of this machine, with the numbers `confid`, `user` and `floor` of its offer."""

    def __init__(self, host: str, confid: int, user: int, floor: int) -> None:
        self._host = host
        self._confid, self._user, self._floor = confid, user, floor
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self, server: str, port: int) -> None:
        """Connect to the floor control server of this call. Raises OSError, TimeoutError."""
        self.close()
        async with asyncio.timeout(PATIENCE_S):
            self._reader, self._writer = await asyncio.open_connection(server, port, local_addr=(self._host, 0))

    async def ask(self) -> None:
        """Ask for the floor, and wait until it is granted. Raises RoomFailed."""
        assert self._reader is not None and self._writer is not None
        floor = struct.pack("!BBH", FLOOR_ID << 1 | MANDATORY, 4, self._floor)
        head = _HEAD.pack(VERSION_1, FLOOR_REQUEST, len(floor) // 4, self._confid, 1, self._user)
        self._writer.write(head + floor)
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not await self._is_granted(self._reader):
                    pass
        except asyncio.IncompleteReadError:
            raise RoomFailed("the server closes the connection of BFCP") from None
        except TimeoutError:
            raise RoomFailed("the floor is not granted") from None

    def close(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()

    async def _is_granted(self, reader: asyncio.StreamReader) -> bool:
        """Read a message; return whether it grants the floor. Raises RoomFailed, IncompleteReadError."""
        first, primitive, words, confid, _, user = _HEAD.unpack(await reader.readexactly(_HEAD.size))
        body = await reader.readexactly(4 * words)
        if primitive == ERROR or (first & 0xE0, confid, user) != (VERSION_1, self._confid, self._user):
            raise RoomFailed(f"the server says by BFCP: {primitive} {body.hex()}")
        if primitive != FLOOR_REQUEST_STATUS:
            return False
        with contextlib.suppress(KeyError):
            information = _attributes(body)[REQUEST_INFORMATION][2:]
            status = _attributes(_attributes(information)[OVERALL_STATUS][2:])[REQUEST_STATUS]
            return status[0] == GRANTED
        raise RoomFailed(f"a floor request without a status: {body.hex()}")


def _attributes(data: bytes) -> dict[int, bytes]:
    """Return the values of attributes by their types; each is filled up to whole words."""
    found = {}
    while len(data) >= 2:
        kind, length = data[0] >> 1, max(2, data[1])
        found[kind] = data[2:length]
        data = data[-(-length // 4) * 4 :]
    return found
