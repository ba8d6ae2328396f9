"""A call with a room system as meetings know it, whatever its protocol: SIP, or H.323 (:mod:`signaling.h323.agent`)."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from signaling.sip.agent.context import FloorDecision, RemoteParty, Target
from signaling.sip.agent.snapshot import CallSnapshot
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.roster import Inside
from signaling.sip.protocol.trace import TracedCall


class RoomCall(Protocol):
    """A confirmed call; `sdp` is the description of the remote party."""

    id: str
    peer: RemoteParty
    sdp: str
    credentials: Credentials | None
    ended: asyncio.Event
    reason: str

    @property
    def snapshot(self) -> CallSnapshot:
        """The state that another process needs of the call."""

    def trace_as(self, device: str) -> None:
        """Keep its messages as those of a device."""

    async def hang_up(self, reason: str = "hung up") -> None:
        """End the call."""

    async def offer(self, sdp: str) -> str:
        """Offer another description; return the answer. Raises CallFailed: who offered hangs up, as it may not be known
        any more where media go."""

    async def send_digits(self, digits: str) -> bool:
        """Send DTMF digits beside the media; return False once one is refused."""

    def request_keyframe(self, *, slides: bool = False) -> None:
        """Ask for a key frame of its picture or slides beside the media."""

    def decide_floor(self, decision: FloorDecision) -> None:
        """Tell whose slides are shown, or that its own are refused, where no floor control beside the media does."""

    def follow_roster(self, told: Callable[[Inside], None]) -> None:
        """Tell who is in the room of another MCU, where that can be asked, until the call ends."""


class IncomingRoomCall(Protocol):
    """An incoming call that is not answered yet; see :class:`signaling.sip.agent.incoming_call.IncomingCall`."""

    user: str
    offer: str

    @property
    def peer(self) -> RemoteParty:
        """The names that the caller announces."""

    @property
    def claimed(self) -> str:
        """The user name in its answer to a challenge of ours; empty without one."""

    @property
    def from_its_address(self) -> bool:
        """True if the caller is known to receive at its address."""

    def trace_as(self, device: str) -> None:
        """Keep its messages as those of a device."""

    def proves(self, credentials: Credentials) -> bool:
        """Return whether that answer was made with this user name and password."""

    async def acknowledged(self) -> bool:
        """Wait until a refusal has arrived; return False if it does not."""

    def proceed(self) -> None:
        """Tell the caller that its call is being connected."""

    async def accept(self, sdp: str, session_s: int | None = 0) -> RoomCall:
        """Answer with our description, and with the session timer of its profile. Raises CallFailed if the caller is
        gone."""

    def refuse(self, status: int) -> None:
        """Refuse with a SIP status; do nothing if the call was answered, or the caller hung up."""

    def dismiss(self, status: int) -> None:
        """Refuse a caller whom nobody knows."""

    def challenge(self) -> None:
        """Ask for a user name and a password."""


class CallAgent(Protocol):
    """Dials room systems, and hands their calls to a handler."""

    async def start(self, snapshots: Sequence[CallSnapshot] = ()) -> Sequence[RoomCall]:
        """Listen, and resume the calls of an earlier process; return those calls. Raises OSError."""

    async def close(self) -> None:
        """Hang up all calls, close the sockets."""

    async def leave(self) -> None:
        """Close the sockets for another process, which resumes the calls."""

    async def invite(self, target: Target, offer: str, *, name: str) -> RoomCall:
        """Dial a room system with the display name `name`; return the call. Raises CallFailed."""

    async def alive(self, target: Target) -> bool:
        """Return whether anything answers there; no call is made."""

    def traced(self, device: str, host: str) -> list[TracedCall]:
        """Return the newest calls of a device and their messages, then those of no known device with a host, each the
        newest first."""
