"""Whom the centre calls for one session, and when again (Điều 11.7, R-057). Pure; `now` is an argument."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scheduler.directory.model import Device
from signaling.messages.server import CalledSystem, CallsState, CallWord

AGAIN = (timedelta(seconds=10), timedelta(seconds=30), timedelta(seconds=60))
"""So long after a call in vain the next one follows; after the last one the device does not answer."""
SOON = timedelta(seconds=1)
"""While the media worker is replaced nobody can be called; that is soon over."""
LOOK_AGAIN = timedelta(seconds=10)
"""A device whose place somebody else has is called when that one is gone; so often we look."""


def systems(devices: Iterable[Device]) -> dict[str, list[tuple[int, Device]]]:
    """Return the devices that the centre calls, by point, each with its place among the devices of its point."""
    found: dict[str, list[tuple[int, Device]]] = {}
    counted: dict[str, int] = {}
    for device in devices:
        counted[device.point] = counted.get(device.point, 0) + 1
        if device.dial_out and device.protocol == "SIP" and device.address is not None:
            found.setdefault(device.point, []).append((counted[device.point], device))
    return found


@dataclass(slots=True)
class DialledSystem:
    """A room system and how calling it goes. `number` is its place among the devices of its point."""

    device: Device
    number: int
    name: str
    state: CallWord = "waiting"
    due: datetime | None = None
    """When it is called next."""
    vain: int = 0
    """Calls in vain since it was last connected, or since somebody asked for a call."""
    status: int = 0
    """What it answered the last call in vain with (RFC 3261, 21); 0: nothing."""
    away: bool = False
    """Its connection was lost, and it has not come back."""
    tried: list[datetime] = field(default_factory=list)
    """Calls in vain since then."""
    asked: bool = False
    """Somebody asked for this call, which then takes the place of who sits there."""

    def calling(self) -> None:
        """It is being called."""
        self.state, self.due, self.status = "calling", None, 0

    def connected(self) -> None:
        """It is in the meeting."""
        self.state, self.due, self.vain, self.status, self.asked = "connected", None, 0, 0, False
        self.away, self.tried = False, []

    def failed(self, now: datetime, status: int = 0) -> None:
        """A call was in vain."""
        self.tried += [now] if self.away else []
        self.vain += 1
        self.status = status
        later = AGAIN[self.vain - 1 : self.vain]
        self.state = "waiting" if later else "silent"
        self.due = now + later[0] if later else None

    def postponed(self, now: datetime) -> None:
        """It could not be called, by no fault of its own."""
        self.state, self.due = "waiting", now + SOON

    def taken(self, now: datetime) -> None:
        """Somebody else sits in its place."""
        self.state, self.due = "taken", now + LOOK_AGAIN

    def full(self, now: datetime) -> None:
        """No leg is left for it; it is asked again."""
        self.state, self.due = "full", now + LOOK_AGAIN

    def elsewhere(self, now: datetime) -> None:
        """Another session has it, or calls it: a room system takes one call, and would put the first on hold."""
        self.state, self.due = "elsewhere", now + LOOK_AGAIN

    def lost(self, now: datetime) -> None:
        """Its connection is gone: it is called again at once."""
        self.state, self.due, self.vain = "waiting", now, 0
        self.away, self.tried = True, []

    def left(self) -> None:
        """It hung up: nobody calls it again unasked."""
        self.state, self.due, self.away, self.tried = "left", None, False, []

    def ask(self, now: datetime) -> None:
        """Somebody wants it to be called now (R-095)."""
        self.state, self.due, self.vain, self.status, self.asked = "waiting", now, 0, 0, True

    @property
    def wire(self) -> CalledSystem:
        """How those who lead the meeting see it."""
        return CalledSystem(
            device=self.device.id,
            point=self.device.point,
            name=self.name,
            state=self.state,
            at=self.due if self.state == "waiting" else None,
            status=self.status,
        )


class DialSchedule:
    """The room systems of one session."""

    def __init__(self) -> None:
        self.systems: dict[str, DialledSystem] = {}
        """By device."""
        self._sent: tuple[CalledSystem, ...] = ()

    def expect(self, known: Sequence[DialledSystem], now: datetime) -> None:
        """Take in what is registered now: new ones are called at once, and known ones where they are to be now."""
        for each in known:
            if (old := self.systems.get(each.device.id)) is not None:
                old.device, old.number, old.name = each.device, each.number, each.name
            else:
                each.due = now
                self.systems[each.device.id] = each

    def due(self, now: datetime, most: int) -> list[DialledSystem]:
        """Return at most so many that are to be called now, who waits longest first."""
        waiting = [(each.due, each) for each in self.systems.values() if each.due is not None and each.due <= now]
        return [each for _, each in sorted(waiting, key=lambda pair: pair[0])][:most]

    def news(self) -> CallsState | None:
        """Return the state of all, if it is another than the last one returned."""
        wire = tuple(each.wire for each in self.systems.values())
        if wire == self._sent:
            return None
        self._sent = wire
        return CallsState(calls=list(wire))
