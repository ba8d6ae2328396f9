"""Decides when which room systems of a session are dialled (Điều 11.7, R-057). Pure; `now` is an argument."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scheduler.directory.equipment.devices import CALLED_PROTOCOLS, by_number
from scheduler.directory.model import Device
from signaling.messages.calls import (
    AccountWord,
    CalledSystem,
    CallsState,
    CallWord,
    GatekeeperWord,
    MediaWord,
    ProtectionWord,
)
from signaling.sip.protocol.roster import NOBODY, Inside

RETRY_DELAYS = (timedelta(seconds=10), timedelta(seconds=30), timedelta(seconds=60))
"""Delays before the next call after each failed one; after the last one the device counts as silent."""
UNAUTHORIZED = (401, 407)
"""Statuses of who asks for a user name and a password (RFC 3261 §22)."""
RESTART_DELAY = timedelta(seconds=1)
"""Delay while the media worker is replaced and nobody can be called."""
RECHECK_INTERVAL = timedelta(seconds=10)
"""Interval of looks at a device whose place a client holds; it is dialled when that client is gone."""


def systems(devices: Iterable[Device], registered: Collection[str]) -> dict[str, list[tuple[int, Device]]]:
    """Return the devices to dial by point, each with its number among the devices of its point.

    `registered` are the ids of those that registered where they take calls; others need an address, or a number at the
    gatekeeper of H.323.
    """
    by_point: dict[str, list[tuple[int, Device]]] = {}
    counted: dict[str, int] = {}
    for device in devices:
        counted[device.point] = counted.get(device.point, 0) + 1
        found = device.address or device.id in registered or by_number(device)
        if device.dial_out and device.protocol in CALLED_PROTOCOLS and found:
            by_point.setdefault(device.point, []).append((counted[device.point], device))
    return by_point


@dataclass(slots=True)
class DialledSystem:
    """A room system and the state of dialling it. `number` is its number among the devices of its point."""

    device: Device
    number: int
    name: str
    state: CallWord = "waiting"
    due: datetime | None = None
    """When it is called next."""
    vain: int = 0
    """Failed calls since it was last connected, or since a controller asked for a call."""
    status: int = 0
    """SIP status of the last failed call (RFC 3261, 21); 0: no response."""
    account: AccountWord = ""
    """What was wrong with the user name and password of that call."""
    gatekeeper: GatekeeperWord = ""
    """Why the gatekeeper of H.323 did not admit that call."""
    protection: ProtectionWord = ""
    """How its call is protected, or why the last one failed that had to be."""
    media: MediaWord = ""
    """What became of sound or picture from another address than the one it named."""
    media_from: str = ""
    """That address."""
    inside: Inside = NOBODY
    """Who is in the room of another MCU, as that tells."""
    away: bool = False
    """Its connection was lost, and it has not come back."""
    tried: list[datetime] = field(default_factory=list)
    """Times of the failed calls since then."""
    requested: bool = False
    """A controller asked for this call, which then replaces the client in that place."""

    def calling(self) -> None:
        """Note that it is being called."""
        self.state, self.due, self.status, self.account, self.protection = "calling", None, 0, "", ""
        self.media, self.media_from, self.gatekeeper, self.inside = "", "", "", NOBODY

    def connected(self, protection: ProtectionWord = "") -> None:
        """Note that it is in the meeting, and how its call is protected."""
        self.protection = protection
        self.state, self.due, self.vain, self.status, self.requested = "connected", None, 0, 0, False
        self.away, self.tried = False, []

    def media_elsewhere(self, host: str, *, taken: bool) -> None:
        """Note that sound or picture comes from another address than the one it named; once taken, no other counts."""
        if self.media == "taken" and not taken:
            return
        self.media, self.media_from = "taken" if taken else "dropped", host

    def media_named(self, hosts: Collection[str]) -> bool:
        """Note the addresses that it names for its media now; return whether what came from elsewhere is from one."""
        found = self.media_from in hosts
        if found:
            self.media, self.media_from = "", ""
        return found

    def failed(
        self,
        now: datetime,
        status: int = 0,
        *,
        authenticated: bool = False,
        lacks: ProtectionWord = "",
        gatekeeper: GatekeeperWord = "",
    ) -> None:
        """Count a failed call and schedule the next one. `authenticated`: it had a user name and a password; `lacks`
        says which protection it failed for, `gatekeeper` why it was not admitted."""
        self.protection, self.gatekeeper = lacks, gatekeeper
        self.account = ("refused" if authenticated else "missing") if status in UNAUTHORIZED else ""
        self.tried += [now] if self.away else []
        self.vain += 1
        self.status = status
        later = RETRY_DELAYS[self.vain - 1 : self.vain]
        self.state = "waiting" if later else "silent"
        self.due = now + later[0] if later else None

    def postponed(self, now: datetime) -> None:
        """Schedule a call again soon, after a failure that is not its own."""
        self.state, self.due = "waiting", now + RESTART_DELAY

    def taken(self, now: datetime) -> None:
        """Note that a client holds its place."""
        self.state, self.due = "taken", now + RECHECK_INTERVAL

    def full(self, now: datetime) -> None:
        """Note that no leg is left for it; it is tried again."""
        self.state, self.due = "full", now + RECHECK_INTERVAL

    def unreserved(self, now: datetime) -> None:
        """Note that another system has not accepted the session yet; it is asked and called again."""
        self.state, self.due = "unreserved", now + RECHECK_INTERVAL

    def elsewhere(self, now: datetime) -> None:
        """Note that another session has or calls it: a room system takes one call, and would put the first on hold."""
        self.state, self.due = "elsewhere", now + RECHECK_INTERVAL

    def lost(self, now: datetime) -> None:
        """Note that its connection was lost: it is called again at once, unless it only calls in."""
        self.left()
        if self.device.dial_out:
            self.state, self.due, self.vain = "waiting", now, 0
        self.away = True

    def left(self) -> None:
        """Note that it hung up: it is called again only on request."""
        self.state, self.due, self.away, self.tried, self.protection = "left", None, False, [], ""

    def ask(self, now: datetime) -> None:
        """Schedule a call now on a controller's request (R-095)."""
        self.state, self.due, self.vain, self.status, self.requested = "waiting", now, 0, 0, True

    @property
    def wire(self) -> CalledSystem:
        """The state as controllers of the meeting see it."""
        inside = self.inside if self.state == "connected" else NOBODY
        return CalledSystem(
            device=self.device.id,
            point=self.device.point,
            name=self.name,
            state=self.state,
            at=self.due if self.state == "waiting" else None,
            status=self.status,
            account=self.account,
            gatekeeper=self.gatekeeper,
            protection=self.protection,
            inside=inside.names,
            inside_more=inside.more,
            media=self.media if self.state == "connected" else "",
            media_from=self.media_from if self.state == "connected" else "",
        )


class DialSchedule:
    """The room systems of one session."""

    def __init__(self) -> None:
        self.systems: dict[str, DialledSystem] = {}
        """By id of the device."""
        self._sent: tuple[CalledSystem, ...] = ()

    def expect(self, registered: Sequence[DialledSystem], now: datetime) -> None:
        """Update the registered devices: dial new ones at once, and known ones at their present address."""
        for each in registered:
            if (old := self.systems.get(each.device.id)) is not None:
                old.device, old.number, old.name = each.device, each.number, each.name
            else:
                each.due = now
                self.systems[each.device.id] = each

    def due(self, now: datetime, most: int) -> list[DialledSystem]:
        """Return at most `most` systems that are to be called now, longest waiting first; one that only calls in is
        called on request."""
        called = [each for each in self.systems.values() if each.device.dial_out or each.requested]
        waiting = [(each.due, each) for each in called if each.due is not None and each.due <= now]
        return [each for _, each in sorted(waiting, key=lambda pair: pair[0])][:most]

    def news(self) -> CallsState | None:
        """Return the states of all systems if they changed since the last call, otherwise None."""
        wire = tuple(each.wire for each in self.systems.values())
        if wire == self._sent:
            return None
        self._sent = wire
        return CallsState(calls=list(wire))
