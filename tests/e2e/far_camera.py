"""The camera control of a room system with two sources of pictures (H.224, H.281), beside a call of sipp."""

import asyncio
from collections.abc import Mapping

from loadtest.rooms.descriptions import with_slides
from mediaserver.fecc import h281
from mediaserver.fecc.h224 import (
    CME,
    H281,
    ExtraCapabilities,
    ExtraCapabilitiesCommand,
    Frame,
    read_frame,
    read_management,
    write_frame,
    write_management,
)
from mediaserver.fecc.h281 import MAIN_CAMERA, Action, Capabilities, Message, VideoSource
from mediaserver.rtp.packet import HEADER, parse

DOCUMENTS = 3
"""The number of a document camera (H.281)."""
CAN = Capabilities(0, (VideoSource(MAIN_CAMERA, ("pan", "tilt", "zoom")), VideoSource(DOCUMENTS, ())))
H224 = 100
"""The payload type in its description."""


class FarCamera(asyncio.DatagramProtocol):
    """Tells what it can do when it is asked, and keeps what it is commanded."""

    def __init__(self) -> None:
        self.commands: list[Message] = []
        self._transport: asyncio.DatagramTransport | None = None
        self._server: tuple[str, int] | None = None
        """Where the commands come from."""
        self._sent = 0

    async def open(self, host: str) -> None:
        """Take commands on a free port of an address of this machine."""
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, (host, 0))

    def describe(self, host: str, ports: Mapping[str, int], floor: int) -> str:
        """Return an offer of sound, picture, this camera's control, and slides."""
        assert self._transport is not None
        port = self._transport.get_extra_info("sockname")[1]
        control = f"m=application {port} RTP/AVP {H224}\na=rtpmap:{H224} H224/4800\na=sendrecv\n"
        return with_slides(host, ports, floor).replace("m=application", f"{control}m=application", 1)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """Take one frame."""
        self._server = address
        packet, _ = parse(data, len(data))
        frame = read_frame(packet.payload)
        if frame.client == H281:
            self.commands.append(h281.read(frame.data))
        elif read_management(frame.data) == ExtraCapabilitiesCommand(H281):
            self._send(CME, write_management(ExtraCapabilities(H281, h281.write_capabilities(CAN))))

    async def taken(self) -> list[Message]:
        """Return what it was commanded so far."""
        return [*self.commands]

    async def switch(self, number: int) -> None:
        """Tell that somebody in the room chose another source."""
        self._send(H281, h281.write(Message(Action.VIDEO_SOURCE_SWITCHED, number=number)))

    def _send(self, client: int, data: bytes) -> None:
        assert self._transport is not None
        self._sent += 1
        head = HEADER.pack(0x80, 0x80 | H224, self._sent, self._sent * 480, 0xFECC)
        self._transport.sendto(head + write_frame(Frame(client, data)), self._server)

    async def close(self) -> None:
        """Close the port."""
        if self._transport is not None:
            self._transport.close()
