"""Defines what the handler of the first page gets: bookings, owed work, the overview of providers.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(TODAY)`.
"""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.operations.incidents.provider_view import ProviderView
from scheduler.today.service import OwedWork


@dataclass(frozen=True, slots=True)
class TodayContext:
    """Services behind the first page."""

    scheduler: Scheduler
    owed_work: OwedWork
    provider_view: ProviderView


TODAY = web.AppKey("TodayContext", TodayContext)
