"""Fake room systems: a SIP agent that calls nobody, and calls that come when a test says so."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mediaserver.api import FloorDecision
from signaling.sip.agent.agent import Call, CallRefused, CallUnanswered, RemoteParty, Target
from signaling.sip.agent.snapshot import CallSnapshot
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.roster import Inside
from signaling.sip.protocol.trace import TracedCall
from tests.signaling.world import Socket, World

Reply = int | tuple[str, ...] | None
"""Reply of a room system to a call: 200 accepts it, another status refuses it, URIs redirect it, None lets it ring."""


class FakeCall:
    """A call that ends when told to."""

    def __init__(self, peer: RemoteParty, sdp: str) -> None:
        self.id = peer.address
        self.peer = peer
        self.sdp = sdp
        self.ended = asyncio.Event()
        self.reason = ""
        self.hung_up = False
        self.traced_as = ""
        """The device whose trace has its messages."""
        self.credentials: Credentials | None = None
        self.digits = ""
        """Those that came in INFO requests."""
        self.offers: list[str] = []
        self.failing: Exception | None = None
        """Failure of offers within the call."""
        self.roster_told: Callable[[Inside], None] | None = None
        """Hears who is in its room, where that is wanted."""
        self.keyframes = 0
        self.floor: list[FloorDecision] = []
        """What it was told of slides."""
        """Key frames asked for beside the media."""

    @property
    def snapshot(self) -> CallSnapshot:
        return CallSnapshot(
            call_id=self.id,
            local="sip:khanh-hoa@10.79.0.1",
            remote=f"sip:room@{self.peer.address}",
            contact="sip:khanh-hoa@10.79.0.1",
            target=f"sip:room@{self.peer.address}",
            routes=(),
            sequence=1,
            heard=0,
            transport="udp",
            host=self.peer.address,
            port=5060,
            name="",
            user="room",
            user_agent="Fake VCS 1.0",
            theirs=self.sdp,
            expires=None,
        )

    def trace_as(self, device: str) -> None:
        """Note the device."""
        self.traced_as = device

    async def send_digits(self, digits: str) -> bool:
        """Note the digits of INFO requests."""
        self.digits += digits
        return True

    def request_keyframe(self, *, slides: bool = False) -> None:
        """Count the request."""
        self.keyframes += 1

    def decide_floor(self, decision: FloorDecision) -> None:
        """Note what it is told of slides."""
        self.floor.append(decision)

    def follow_roster(self, told: Callable[[Inside], None]) -> None:
        """Keep what hears who is in its room."""
        self.roster_told = told

    async def offer(self, sdp: str) -> str:
        """Answer an offer within the call."""
        self.offers.append(sdp)
        if self.failing is not None:
            raise self.failing
        return f"answer to {sdp}"

    async def hang_up(self, reason: str = "hung up") -> None:
        if not self.ended.is_set():
            self.hung_up = True
            self.end(reason)

    def end(self, reason: str) -> None:
        """End the call, as the other side or the network would."""
        self.reason = reason
        self.ended.set()


@dataclass
class FakeAgent:
    """A SIP agent that notes calls; `replies` are results by address in turn, the last one over and over."""

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    peers: dict[str, RemoteParty] = field(default_factory=dict)
    sdps: dict[str, str] = field(default_factory=dict)
    """SDP answers by address."""
    called: list[Target] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    calls: list[FakeCall] = field(default_factory=list)
    responding: set[str] = field(default_factory=set)
    """Addresses that respond to OPTIONS."""
    probed: list[Target] = field(default_factory=list)
    """Targets of OPTIONS requests."""
    traces: dict[str, list[TracedCall]] = field(default_factory=dict)
    """Messages of calls by device, or by address."""
    ringing: asyncio.Event | None = None
    """If not None, calls ring until it is set."""

    async def start(self, snapshots: Sequence[CallSnapshot]) -> list[FakeCall]:
        self.calls = [
            FakeCall(RemoteParty(each.host, "", each.user, each.user_agent), each.theirs) for each in snapshots
        ]
        return self.calls

    async def invite(self, target: Target, offer: str, *, name: str) -> Call:
        self.called.append(target)
        self.offers.append(offer)
        self.names.append(name)
        if self.ringing is not None:
            await self.ringing.wait()
        script = self.replies.get(target.host, [200])
        reply = script.pop(0) if len(script) > 1 else script[0]
        if reply is None:
            raise CallUnanswered
        if isinstance(reply, tuple):
            raise CallRefused(302, "moved", reply)
        if reply != 200:
            raise CallRefused(reply, "refused")
        peer = self.peers.get(target.host, RemoteParty(target.host, "", "room", "Fake VCS 1.0"))
        self.calls.append(FakeCall(peer, self.sdps.get(target.host, f"answer of {target.host}")))
        return self.calls[-1]  # type: ignore[return-value]

    async def alive(self, target: Target) -> bool:
        self.probed.append(target)
        return target.host in self.responding

    def traced(self, device: str, host: str) -> list[TracedCall]:
        return self.traces.get(device, []) + self.traces.get(host, [])

    async def close(self) -> None:
        pass

    async def leave(self) -> None:
        pass


@dataclass
class FakeIncoming:
    """A call that comes in."""

    user: str
    peer: RemoteParty
    offer: str = "offer of a room"
    refused: int | None = None
    answer: str | None = None
    session_s: int | None = -1
    gone: bool = False
    """Whether the device cancels before the 200."""
    call: FakeCall | None = None
    acknowledgement: asyncio.Event | None = None
    """What its ACK waits for."""
    account: Credentials | None = None
    """The user name and the password with which it answered a challenge."""
    from_its_address: bool = True
    heard: bool = True
    """Whether it acknowledges a refusal."""
    traced_as: str = ""
    """The device whose trace has its messages."""

    @property
    def claimed(self) -> str:
        return self.account.user if self.account else ""

    def trace_as(self, device: str) -> None:
        self.traced_as = device

    def proves(self, credentials: Credentials) -> bool:
        return self.account == credentials

    def proceed(self) -> None:
        pass

    def challenge(self) -> None:
        self.refuse(401)

    def dismiss(self, status: int) -> None:
        self.refuse(status)

    async def acknowledged(self) -> bool:
        return self.heard

    async def accept(self, sdp: str, session_s: int | None = 0) -> Call:
        if self.acknowledgement is not None:
            await self.acknowledgement.wait()
        if self.gone:
            raise CallUnanswered
        self.session_s = session_s
        self.answer, self.call = sdp, FakeCall(self.peer, self.offer or "answer of a room")
        return self.call  # type: ignore[return-value]

    def refuse(self, status: int) -> None:
        assert self.refused is None and self.answer is None
        self.refused = status


async def register(world: World, point: str, address: str | None, place: int = 0, **fields: Any) -> str:
    """Register a device of a point as a room system that the centre calls; return its id."""
    device = (await world.services.equipment.devices(point))[place]
    about = {"kind": "VCS", "protocol": "SIP", "address": address, "dial_out": True, **fields}
    await world.services.equipment.describe(replace(device, **about), world.clock.now)
    return device.id


def use_fake_agent(world: World) -> FakeAgent:
    """Give the server a SIP bridge with a fake agent."""
    agent = FakeAgent()
    world.server.sip_bridge.outbound.agent = agent  # type: ignore[assignment]
    return agent


async def tick(world: World, seconds: float) -> None:
    """Advance the clock, tick the meetings and the SIP bridge."""
    await world.tick(seconds)
    await world.server.sip_bridge.tick(world.clock.now)


async def wait_for_calls(socket: Socket, *states: str) -> list[dict[str, Any]]:
    """Return the calls as controllers are told, once they are in these states."""

    def found(message: dict[str, Any]) -> bool:
        return message["type"] == "calls" and [each["state"] for each in message["calls"]] == list(states)

    rows: list[dict[str, Any]] = (await socket.until(found))["calls"]
    return rows
