"""Defines what handlers of cascade endpoints get.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(CASCADE)`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from signaling.accounts.throttle import Throttle
from signaling.audit.log import AuditLog
from signaling.cascade.channel import CascadeChannel
from signaling.cascade.contacts import Contacts
from signaling.cascade.pace import Pace
from signaling.cascade.reception import Reception
from signaling.cascade.store import Neighbours, Reservations


@dataclass(frozen=True, slots=True)
class CascadeContext:
    """Parts of the server behind the endpoints of neighbouring systems."""

    scheduler: Scheduler
    neighbours: Neighbours
    contacts: Contacts
    reservations: Reservations
    reception: Reception
    channel: CascadeChannel
    throttle: Throttle
    pace: Pace
    audit: AuditLog
    wake: Callable[[], None]
    """Has notices sent that a change caused."""


CASCADE = web.AppKey("CascadeContext", CascadeContext)
