"""A call of an earlier process: its connections ended with that process, and it is dialled anew."""

import asyncio
from collections.abc import Callable

from signaling.h323.agent.context import TRANSPORT
from signaling.sip.agent.context import FloorDecision, RemoteParty
from signaling.sip.agent.snapshot import CallSnapshot
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.errors import CallUnanswered
from signaling.sip.protocol.roster import Inside


class UnresumedCall:
    """A call that has ended."""

    def __init__(self, snapshot: CallSnapshot) -> None:
        self.id = snapshot.call_id
        self.peer = RemoteParty(snapshot.host, snapshot.name, snapshot.user, snapshot.user_agent, transport=TRANSPORT)
        self.sdp = snapshot.theirs
        self.credentials: Credentials | None = None
        self.ended = asyncio.Event()
        self.ended.set()
        self.reason = "unreachable"
        self.snapshot = snapshot

    def trace_as(self, device: str) -> None:
        """Do nothing: it sends no messages."""

    async def hang_up(self, reason: str = "hung up") -> None:
        """Do nothing: it has ended."""

    async def offer(self, sdp: str) -> str:
        """Raise CallUnanswered."""
        raise CallUnanswered("the call has ended")

    async def send_digits(self, digits: str) -> bool:
        """Return False."""
        return False

    def request_keyframe(self, *, slides: bool = False) -> None:
        """Do nothing: it has ended."""

    def decide_floor(self, decision: FloorDecision) -> None:
        """Do nothing: it has ended."""

    def follow_roster(self, told: Callable[[Inside], None]) -> None:
        """Do nothing: it has ended."""
