"""A gatekeeper that follows a script, at an address of its own; its messages are written here, field by field."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from signaling.h323.gatekeeper.client import GatekeeperSettings
from signaling.h323.protocol import asn1
from tests.signaling.sip.agents import soon

HOST = "127.0.0.2"
VERSION = (0, 0, 8, 2250, 0, 6)
Fields = dict[str, Any]
Message = tuple[str, Fields]


def ip(host: str, port: int) -> tuple[str, Fields]:
    """Return a transport address of IPv4."""
    return "ipAddress", {"ip": bytes(int(part) for part in host.split(".")), "port": port}


class ScriptedGatekeeper(asyncio.DatagramProtocol):
    """Registers everybody, and admits calls to whom it knows, either straight or through itself."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.heard: list[Message] = []
        """All messages of the endpoint."""
        self.news: asyncio.Queue[Message] = asyncio.Queue()
        self.packets: list[tuple[tuple[str, int], tuple[str, int], bytes]] = []
        """Whatever passed, either way: from where, whereto, what."""
        self.known: dict[str, tuple[str, int]] = {}
        """Addresses of the numbers that it knows."""
        self.routes = False
        """True if call signalling goes through it."""
        self.answers: dict[str, Callable[[Fields], Message | None]] = {}
        """Other answers to requests, by their name; None leaves one out."""
        self.lifetime = 300
        self.report_s = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._relay: asyncio.Server | None = None
        self._destination = ("", 0)
        self._piping: set[asyncio.Task[None]] = set()
        self._endpoint = ("", 0)
        self._number = 0

    async def start(self) -> None:
        """Listen for RAS and for call signalling."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.host, self.port))
        self._relay = await asyncio.start_server(self._route, self.host, 0)

    async def close(self) -> None:
        """Close all sockets."""
        assert self._transport is not None and self._relay is not None
        self._transport.close()
        self._relay.close()
        for task in self._piping:
            task.cancel()
        await asyncio.gather(*self._piping, return_exceptions=True)

    @property
    def address(self) -> tuple[str, int]:
        """Its address and port of RAS."""
        assert self._transport is not None
        return self._transport.get_extra_info("sockname")[:2]  # type: ignore[no-any-return]

    def settings(self, *aliases: str) -> GatekeeperSettings:
        """Return the settings of an endpoint that registers here."""
        return GatekeeperSettings(*self.address, aliases=aliases or ("9000", "Diemcau"), own_port=0)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a message."""
        name, fields = asn1.decode("ras", data)
        self._endpoint = addr
        self.packets.append((addr, self.address, data))
        self.heard.append((name, fields))
        self.news.put_nowait((name, fields))
        if name.endswith("Request"):
            answer = self.answers.get(name, self._answer(name))(fields)
            if answer is not None:
                self.send(answer[0], requestSeqNum=fields["requestSeqNum"], **answer[1])

    def send(self, name: str, **fields: Any) -> None:
        """Send a message to the endpoint that was heard last."""
        self.send_bytes(asn1.encode("ras", (name, fields)))

    def send_bytes(self, data: bytes) -> None:
        """Send a datagram to the endpoint that was heard last."""
        assert self._transport is not None
        self.packets.append((self.address, self._endpoint, data))
        self._transport.sendto(data, self._endpoint)

    def ask(self, name: str, **fields: Any) -> None:
        """Send a request to the endpoint."""
        self._number += 1
        self.send(name, requestSeqNum=self._number, **fields)

    async def until(self, name: str, seconds: float = 10) -> Fields:
        """Return the next message of a name."""

        async def found() -> Fields:
            while True:
                heard, fields = await self.news.get()
                if heard == name:
                    return fields

        return await soon(found(), seconds)

    def _answer(self, name: str) -> Callable[[Fields], Message | None]:
        return {
            "gatekeeperRequest": self._discovered,
            "registrationRequest": self._registered,
            "admissionRequest": self._admitted,
        }.get(name, lambda _: (name.removesuffix("Request") + "Confirm", {}))

    def _discovered(self, _fields: Mapping[str, Any]) -> Message:
        return "gatekeeperConfirm", {
            "protocolIdentifier": VERSION,
            "gatekeeperIdentifier": "gk",
            "rasAddress": ip(*self.address),
        }

    def _registered(self, fields: Mapping[str, Any]) -> Message:
        confirmed = {
            "protocolIdentifier": VERSION,
            "callSignalAddress": fields["callSignalAddress"],
            "gatekeeperIdentifier": "gk",
            "endpointIdentifier": "1_ep",
            "willRespondToIRR": False,
            "maintainConnection": False,
        }
        return "registrationConfirm", confirmed | ({"timeToLive": self.lifetime} if self.lifetime else {})

    def _admitted(self, fields: Mapping[str, Any]) -> Message:
        numbers = [alias for _, alias in fields.get("destinationInfo", ())]
        where = next((self.known[each] for each in numbers if each in self.known), None)
        if fields["answerCall"]:
            where = self.address
        elif where is None and "destCallSignalAddress" in fields:
            address = fields["destCallSignalAddress"][1]
            where = ".".join(map(str, address["ip"])), address["port"]
        if where is None:
            return "admissionReject", {"rejectReason": ("calledPartyNotRegistered", 0)}
        if self.routes and not fields["answerCall"]:
            assert self._relay is not None
            self._destination, where = where, self._relay.sockets[0].getsockname()[:2]
        confirmed: Fields = {
            "bandWidth": fields["bandWidth"],
            "callModel": ("gatekeeperRouted" if self.routes else "direct", 0),
            "destCallSignalAddress": ip(*where),
        }
        return "admissionConfirm", confirmed | ({"irrFrequency": self.report_s} if self.report_s else {})

    async def _route(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass call signalling on to who is called."""
        onward = await asyncio.open_connection(*self._destination, local_addr=(self.host, 0))
        for source, goal in ((reader, onward[1]), (onward[0], writer)):
            task = asyncio.create_task(_pipe(source, goal))
            self._piping.add(task)
            task.add_done_callback(self._piping.discard)

    def route_to(self, number: str) -> tuple[str, int]:
        """Return where call signalling for a number is taken."""
        assert self._relay is not None
        self._destination = self.known[number]
        return self._relay.sockets[0].getsockname()[:2]  # type: ignore[no-any-return]


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def scripted_gatekeeper(host: str = HOST, port: int = 0) -> AsyncIterator[ScriptedGatekeeper]:
    """Run a gatekeeper at an address, on any free port of RAS where none is given."""
    gatekeeper = ScriptedGatekeeper(host, port)
    await gatekeeper.start()
    try:
        yield gatekeeper
    finally:
        await gatekeeper.close()
