"""Asks room systems by OPTIONS, half an hour after their session, whether they are still on (Điều 11.3; R-053)."""

import asyncio
from datetime import datetime

from scheduler.operations.closing.device_shutdown import DeviceShutdown
from signaling.sip.agent.agent import Target
from signaling.sip.agent.room_call import CallAgent
from signaling.sip.bridge.bridge import SipBridge


class PowerCheck:
    """Asks each device once for each session."""

    def __init__(self, shutdown: DeviceShutdown, bridge: SipBridge) -> None:
        self._shutdown = shutdown
        self._bridge = bridge
        self._checked: set[str] = set()
        """Sessions whose devices were asked."""

    async def work(self, now: datetime) -> None:
        """Remind points whose room systems are still on; without a gateway no device can be asked."""
        agent = self._bridge.outbound.agent
        if agent is None:
            return
        due = await self._shutdown.due(now)
        for left in due:
            if left.session.id not in self._checked:
                places = [await self._bridge.outbound.locate(device) for device in left.devices]
                answers = await asyncio.gather(*(_alive(agent, place) for place in places))
                on = [device for device, answered in zip(left.devices, answers, strict=True) if answered]
                await self._shutdown.remind(left.session, on, now)
        self._checked = {left.session.id for left in due}


async def _alive(agent: CallAgent, where: Target | None) -> bool:
    return where is not None and await agent.alive(where)
