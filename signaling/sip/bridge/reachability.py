"""Asks room systems once a minute whether they answer, for the pages of the directory.

Those of SIP are asked by OPTIONS (RFC 3261 §11), those of H.323 by a connection; those that the gatekeeper finds by
their number are not asked, because it would have to admit a call each time.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from scheduler.directory.equipment.devices import ROOM_SYSTEMS
from scheduler.directory.equipment.service import Equipment
from signaling.h323.agent.context import RAS
from signaling.sip.bridge.bridge import SipBridge


class Reachability:
    """The answers of the last minute."""

    def __init__(self, equipment: Equipment, bridge: SipBridge) -> None:
        self._equipment = equipment
        self._bridge = bridge
        self.answers: Mapping[str, bool] = {}
        """Whether a device answered, by its id; none of those that nobody can ask."""

    async def work(self, now: datetime) -> None:
        """Ask all at once: none waits for one that is off."""
        if (agent := self._bridge.outbound.agent) is None:
            return
        devices = [each for each in await self._equipment.devices() if each.kind in ROOM_SYSTEMS]
        places = {each.id: await self._bridge.outbound.locate(each) for each in devices}
        asked = {device: where for device, where in places.items() if where is not None and where.transport != RAS}
        answers = await asyncio.gather(*(agent.alive(where) for where in asked.values()))
        self.answers = dict(zip(asked, answers, strict=True))
