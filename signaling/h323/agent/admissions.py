"""Asks the gatekeeper for the calls of the agent, either way, and tells it when they have ended (H.323 §8.1)."""

import logging
from collections.abc import Callable
from dataclasses import replace

from signaling.h323.agent.call import Call
from signaling.h323.agent.context import RAS, TRANSPORT
from signaling.h323.agent.description import Offer
from signaling.h323.gatekeeper.client import ABSENT, Gatekeeper
from signaling.h323.protocol.h225 import Body
from signaling.h323.protocol.ras import BANDWIDTH_BPS, AdmittedCall, Parties
from signaling.sip.agent.context import Target
from signaling.sip.protocol.errors import CallNotAdmitted

log = logging.getLogger(__name__)

SOUND_BPS = 64_000


def bandwidth(offered: Offer) -> int:
    """Return what a call with such an offer of ours needs in both directions, in the units of RAS."""
    picture = 0 if offered.own.picture is None else offered.own.picture.bitrate
    return 2 * (SOUND_BPS + picture) // BANDWIDTH_BPS


class Admissions:
    """The calls of one agent as its gatekeeper knows them."""

    def __init__(self, gatekeeper: Gatekeeper | None, spawn: Callable[..., object]) -> None:
        """Run background tasks by `spawn`. Without a gatekeeper every call is admitted."""
        self._gatekeeper = gatekeeper
        self._spawn = spawn

    async def dial(self, call: AdmittedCall, target: Target) -> Target:
        """Ask for a call that we make; return where to connect. Raises CallNotAdmitted.

        While we are not registered, who has an address is called there (H.323 §8.1.1): a meeting needs no gatekeeper.
        """
        number, by_number = target.secret_user or target.user, target.transport == RAS
        if self._gatekeeper is None or not (by_number or self._gatekeeper.registered):
            if by_number:
                raise CallNotAdmitted(ABSENT, "no gatekeeper", "absent")
            return target
        where = None if by_number else (target.host, target.port)
        aliases = self._gatekeeper.settings.aliases
        admission = await self._gatekeeper.admit(
            call, Parties(aliases, (number,) if number else (), destination_address=where)
        )
        if admission.where is None:
            self._gatekeeper.disengage(call)
            raise CallNotAdmitted(ABSENT, "the gatekeeper named no address", "absent")
        host, port = admission.where
        dialled = replace(target, host=host, port=port, transport=TRANSPORT)
        return replace(dialled, user=admission.number, secret_user="") if admission.number else dialled

    @property
    def own_aliases(self) -> tuple[str, ...]:
        """The numbers and names under which we are called."""
        return () if self._gatekeeper is None else self._gatekeeper.settings.aliases

    async def answer(self, call: Call, setup: Body, offered: Offer) -> None:
        """Ask for a call that we are about to take. Raises CallNotAdmitted."""
        gatekeeper = self._gatekeeper
        if gatekeeper is None or not gatekeeper.registered:
            return
        asked = AdmittedCall(call.identity, call.reference, True, bandwidth(offered))
        name, number = setup.names
        source = tuple(filter(None, (number, name))) or (call.peer.address,)
        await gatekeeper.admit(asked, Parties(source, gatekeeper.settings.aliases, setup.source_address))
        self.follow(call, asked)

    def follow(self, call: Call, admitted: AdmittedCall) -> None:
        """Tell the gatekeeper when a call ends."""
        if self._gatekeeper is not None:
            self._spawn(self._follow(call, admitted))

    async def _follow(self, call: Call, admitted: AdmittedCall) -> None:
        await call.ended.wait()
        self.give_up(admitted)

    def give_up(self, admitted: AdmittedCall) -> None:
        """Tell the gatekeeper that a call has ended, or did not come about."""
        if self._gatekeeper is not None:
            self._gatekeeper.disengage(admitted)
