"""Defines what handlers of room displays get: their register, codes, commands, and the day's sessions.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(DISPLAYS)`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.directory.equipment.displays import RoomDisplays
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.points.guest_access import GuestAccess
from signaling.accounts.throttle import Throttle
from signaling.displays.pairing import PairingCodes
from signaling.displays.remote import RemoteControl
from signaling.displays.wire import Command, Report
from signaling.meeting.sign_out import SignOutMonitor


@dataclass(frozen=True, slots=True)
class DisplaysContext:
    """Services behind the endpoints of room displays; `version` changes with the pages."""

    displays: RoomDisplays
    equipment: Equipment
    guest_access: GuestAccess
    scheduler: Scheduler
    codes: PairingCodes
    remote: RemoteControl[Report, Command]
    throttle: Throttle
    sign_out: SignOutMonitor
    version: str
    clock: Callable[[], datetime]


DISPLAYS = web.AppKey("DisplaysContext", DisplaysContext)
