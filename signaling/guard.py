"""Who passes the join guard now: the limits of the session and of this minute, asked of the counted legs (I18)."""

from datetime import datetime, timedelta

from scheduler.service import Scheduler
from signaling.presence import TEST_ROOM, Presence, Quota


class Guard:
    """Lets legs in, of browsers and of room systems alike."""

    def __init__(self, scheduler: Scheduler, presence: Presence) -> None:
        self._scheduler = scheduler
        self._presence = presence

    async def enter(self, guarded: str, leg: str, reserved: int, now: datetime) -> bool:
        """Let a leg in if both limits allow it; a leg that is in stays in."""
        quota = Quota(reserved, await self._usable(guarded, now))
        return await self._presence.enter(guarded, leg, quota, now) == "in"

    async def leave(self, guarded: str, leg: str) -> None:
        """Count a leg no more."""
        await self._presence.leave(guarded, leg)

    async def _usable(self, guarded: str, now: datetime) -> int:
        """How many legs may be connected, those of the test room among them, when this one comes in.

        Outside its own slots (lobby, grace) a session has reserved nothing: it gets what the sessions of this minute
        and the test room have not reserved, so that whoever comes early or stays late never takes a place from who is
        due. The test room gets its own, unless the maximum fell and sessions need them.
        """
        rules = self._scheduler.policy(now).capacity
        usable = rules.share.of((await self._scheduler.limits(now)).maximum.points)
        second = now.replace(microsecond=0)
        held = await self._scheduler.sessions(second, second + timedelta(seconds=1))
        reserved = {each.id: each.legs for each in held if each.state == "issued"}
        if guarded in reserved:
            return usable
        if guarded != TEST_ROOM:
            reserved[TEST_ROOM] = rules.test_legs
        return usable - sum([max(0, legs - await self._presence.connected(id_, now)) for id_, legs in reserved.items()])
