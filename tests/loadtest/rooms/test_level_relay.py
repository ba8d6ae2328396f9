"""SIP passes a relay, which names a higher level of H.264 to the server."""

import asyncio
import socket

from loadtest.rooms.level_relay import level_relay


async def test_what_a_room_says_names_a_higher_level_and_answers_come_back_as_they_are() -> None:
    loop = asyncio.get_running_loop()
    said = b"INVITE sip:1@127.0.0.1 SIP/2.0\r\n\r\na=fmtp:99 packetization-mode=1;profile-level-id=42e01f\r\n"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as room, socket.socket(type=socket.SOCK_DGRAM) as server:
        for each in (room, server):
            each.setblocking(False)
            each.bind(("127.0.0.1", 0))
        async with asyncio.timeout(20), level_relay(server.getsockname()) as relay:
            await loop.sock_sendto(room, said, relay)
            came, address = await loop.sock_recvfrom(server, 2000)
            assert (came, address) == (said.replace(b"42e01f", b"42e028"), relay)
            await loop.sock_sendto(server, said, address)
            assert await loop.sock_recvfrom(room, 2000) == (said, relay)
