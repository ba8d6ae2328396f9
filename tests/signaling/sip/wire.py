"""A SIP peer that sends exactly what a test says, over UDP or TCP, and receives the rest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import cast

from signaling.sip.agent.agent import Agent
from signaling.sip.protocol.framing import Stream
from signaling.sip.protocol.message import Request, Response, parse
from tests.signaling.sip.agents import OFFER, soon

HOST = "127.0.0.1"


class Peer(asyncio.DatagramProtocol):
    """One socket, one Call-ID. `heard` are received messages; headers of its requests can be changed and added."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Request | Response] = asyncio.Queue()
        self.port = 0
        self.call_id = "call@peer"
        self.tag = "peer"
        self.user = "peer"
        self.contact_user = "peer"
        self.uri = f"sip:123@{HOST}"
        """The Request-URI of its requests."""
        self.parameters = ""
        """Parameters of its Contact."""
        self.theirs = ""
        """Tag of the agent, once there is one."""
        self._wire: asyncio.DatagramTransport | None = None
        self._stream: asyncio.StreamWriter | None = None
        self._to: tuple[str, int] | None = None
        self._transactions: set[tuple[str, str]] = set()
        """Branch and method of the requests that came by UDP."""
        self.numbers = count(1)
        self.number = 0

    @property
    def transport(self) -> str:
        return "tcp" if self._stream else "udp"

    def send(self, data: bytes) -> None:
        """Send bytes."""
        if self._stream is not None:
            self._stream.write(data)
        else:
            assert self._wire is not None
            self._wire.sendto(data, self._to)

    def request(self, method: str, *headers: str, body: str = "", branch: str = "", again: bool = False) -> bytes:
        """Send a request of the next number, or of the last; return its bytes."""
        self.number = self.number if again else next(self.numbers)
        place = f"{HOST}:{self.port}"
        lines = [
            f"{method} {self.uri} SIP/2.0",
            f"Via: SIP/2.0/{self.transport.upper()} {place};rport;branch=z9hG4bK{branch or f'{method}{self.number}'}",
            f'From: "Phòng" <sip:{self.user}@{HOST}>;tag={self.tag}',
            f"To: <sip:123@{HOST}>" + (f";tag={self.theirs}" if self.theirs else ""),
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.number} {method}",
            f"Contact: <sip:{self.contact_user}@{place};transport={self.transport}>{self.parameters}",
            *headers,
            f"Content-Length: {len(body.encode())}",
        ]
        if body and not any(header.startswith("Content-Type") for header in headers):
            lines.append("Content-Type: application/sdp")
        data = "\r\n".join([*lines, "", body]).encode()
        self.send(data)
        return data

    def invite(self, *headers: str, body: str = OFFER, branch: str = "", again: bool = False) -> bytes:
        """Send an INVITE."""
        return self.request("INVITE", *headers, body=body, branch=branch, again=again)

    def ack(self, branch: str = "", body: str = "") -> bytes:
        """Acknowledge the last INVITE, and answer an offer in its 200."""
        return self.request("ACK", body=body, branch=branch, again=True)

    async def response(self, skip: int = 100) -> Response:
        """Return the next response whose status is not `skip`."""
        while True:
            message = await soon(self.heard.get())
            assert isinstance(message, Response), message
            if message.status != skip:
                return message

    async def next_request(self, method: str) -> Request:
        """Return the next request, which must have this method."""
        message = await soon(self.heard.get())
        assert isinstance(message, Request) and message.method == method, message
        return message

    def respond(self, request: Request, status: int, *headers: str, body: str = "", tag: str = "peer") -> None:
        """Answer a request of the agent."""
        lines = [f"SIP/2.0 {status} Whatever"]
        lines += [f"{name}: {value}" for name, value in request.headers if name in ("via", "from", "call-id", "cseq")]
        to = request.get("to") or ""
        lines += ["To: " + (to if request.recipient.tag or status == 100 else f"{to};tag={tag}")]
        lines += [f"Contact: <sip:peer@{HOST}:{self.port};transport={self.transport}>{self.parameters}", *headers]
        if body:
            lines.append("Content-Type: application/sdp")
        lines += [f"Content-Length: {len(body)}", "", body]
        self.send("\r\n".join(lines).encode())

    async def call(self, *headers: str) -> Response:
        """Have a call accepted."""
        self.invite(*headers)
        response = await self.response()
        assert response.status == 200
        self.theirs = response.recipient.tag
        self.ack()
        return response

    async def settled(self) -> None:
        """Wait until everything sent was read, and drop received messages."""
        self.request("OPTIONS")
        while (await self.response()).sequence != (self.number, "OPTIONS"):
            pass
        assert self.heard.empty()

    async def silent(self, seconds: float = 0.2) -> bool:
        """Return True if nothing is received for a while."""
        await asyncio.sleep(seconds)
        return self.heard.empty()

    async def closed(self) -> None:
        """Wait until the connection is closed by the agent."""
        await soon(self._end.wait())

    # Of the sockets.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._to = self._to or addr
        message = parse(data)
        if isinstance(message, Request) and message.method != "ACK":
            transaction = message.via.branch, message.method
            if transaction in self._transactions:  # it is sent again while a busy machine has not answered
                return
            self._transactions.add(transaction)
        self.heard.put_nowait(message)

    async def read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read a connection until it is closed."""
        self._stream, self._end = writer, asyncio.Event()
        stream = Stream()
        while data := await reader.read(65536):
            for message in stream.feed(data):
                self.heard.put_nowait(parse(message))
        self._end.set()

    def drop(self) -> None:
        """Close the connection."""
        assert self._stream is not None
        self._stream.close()


@asynccontextmanager
async def udp(agent: Agent, port: int = 0) -> AsyncIterator[Peer]:
    """Yield a peer with a UDP socket, on a port of its own."""
    loop = asyncio.get_running_loop()
    wire, peer = await loop.create_datagram_endpoint(Peer, (HOST, port))
    peer.port, peer._to = wire.get_extra_info("sockname")[1], agent.address
    try:
        yield peer
    finally:
        wire.close()


@asynccontextmanager
async def tcp(agent: Agent) -> AsyncIterator[Peer]:
    """Yield a peer with a TCP connection, and a listener on the port its Contact says."""
    peer = Peer()
    listener = await asyncio.start_server(peer.read, HOST, 0)
    peer.port = listener.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection(*agent.address)
    reading = asyncio.create_task(peer.read(reader, writer))
    await asyncio.sleep(0)
    try:
        yield peer
    finally:
        listener.close()
        writer.close()
        peer.drop()
        await asyncio.gather(reading, return_exceptions=True)
