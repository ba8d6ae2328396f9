"""Joins the agents of SIP and H.323 into one, so that meetings need not know by which a room system is called."""

import asyncio
from collections.abc import Sequence
from itertools import chain

from signaling.h323.agent.agent import Agent as H323Agent
from signaling.h323.agent.context import RAS, TRANSPORT
from signaling.h323.agent.unresumed_call import UnresumedCall
from signaling.sip.agent.agent import Agent as SipAgent
from signaling.sip.agent.context import Target
from signaling.sip.agent.room_call import RoomCall
from signaling.sip.agent.snapshot import CallSnapshot
from signaling.sip.protocol.trace import TracedCall


class CombinedAgent:
    """Both agents; the transport of a target says which of them calls it."""

    def __init__(self, sip: SipAgent, h323: H323Agent) -> None:
        self.sip = sip
        self.h323 = h323

    async def start(self, snapshots: Sequence[CallSnapshot] = ()) -> list[RoomCall]:
        """Listen, and resume the calls of an earlier process. Raises OSError.

        Those of H.323 have ended with their connections, and are dialled anew.
        """
        resumed = iter(await self.sip.start([each for each in snapshots if each.transport != TRANSPORT]))
        await self.h323.start()
        return [UnresumedCall(each) if each.transport == TRANSPORT else next(resumed) for each in snapshots]

    async def close(self) -> None:
        """Hang up all calls, close the sockets."""
        await asyncio.gather(self.sip.close(), self.h323.close())

    async def leave(self) -> None:
        """Close the sockets: another process resumes the calls of SIP; those of H.323 are hung up."""
        await asyncio.gather(self.sip.leave(), self.h323.close())

    async def invite(self, target: Target, offer: str, *, name: str) -> RoomCall:
        """Dial a room system; return the call. Raises CallFailed."""
        if target.transport in (TRANSPORT, RAS):
            return await self.h323.invite(target, offer, name=name)
        return await self.sip.invite(target, offer, name=name)

    async def alive(self, target: Target) -> bool:
        """Return whether anything answers there; no call is made."""
        return await (self.h323 if target.transport in (TRANSPORT, RAS) else self.sip).alive(target)

    def traced(self, device: str, host: str) -> list[TracedCall]:
        """Return the newest calls of a device, and those of no known device with a host, those of H.323 first."""
        return list(chain(self.h323.traced(device, host), self.sip.traced(device, host)))
