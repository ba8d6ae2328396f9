"""Join guard: lets a leg in while session and server are below their limits of connected legs (I18)."""

from datetime import datetime, timedelta

from scheduler.booking.registration.service import Scheduler
from signaling.meeting.connected_devices import TEST_ROOM, ConnectedDevices, Quota


class CapacityGuard:
    """Decides whether a leg may connect, for browsers and room systems alike."""

    def __init__(self, scheduler: Scheduler, connected_devices: ConnectedDevices) -> None:
        self._scheduler = scheduler
        self._connected_devices = connected_devices

    async def enter(self, guarded: str, leg: str, reserved: int, now: datetime) -> bool:
        """Return whether a leg may connect: both limits allow it, or it is connected already.

        `guarded` is the session, or the test room; `reserved` its number of legs.
        """
        if self._connected_devices.holds(guarded, leg):
            return True
        quota = Quota(reserved, await self._usable(guarded, now))
        return await self._connected_devices.enter(guarded, leg, quota) == "in"

    async def load(self, now: datetime) -> tuple[int, int]:
        """Return how many legs are connected, and how many may be in all, test room included."""
        return self._connected_devices.held, await self._most(now)

    def leave(self, guarded: str, leg: str) -> None:
        """Stop counting a leg."""
        self._connected_devices.leave(guarded, leg)

    async def _usable(self, guarded: str, now: datetime) -> int:
        """Return how many legs may be connected in all, test room included, when a leg of `guarded` comes in.

        Outside its own slots (lobby, grace) a session has reserved nothing: it gets what the sessions of this minute
        and the test room have not reserved, so that a point that comes early or stays late takes no leg from one that
        is due. The test room gets its own legs, unless the maximum fell and sessions need them.
        """
        rules = self._scheduler.policy(now).capacity
        usable = await self._most(now)
        second = now.replace(microsecond=0)
        held = await self._scheduler.sessions(second, second + timedelta(seconds=1))
        reserved = {each.id: each.legs for each in held if each.state == "issued"}
        if guarded in reserved:
            return usable
        if guarded != TEST_ROOM:
            reserved[TEST_ROOM] = rules.test_legs
        connected = await self._connected_devices.connected(*reserved)
        return usable - sum(max(0, legs - here) for legs, here in zip(reserved.values(), connected, strict=True))

    async def _most(self, now: datetime) -> int:
        """Return the usable share of the maximum, the legs of the test room included."""
        return self._scheduler.policy(now).capacity.share.of((await self._scheduler.limits(now)).maximum.points)
