"""Defines what handlers of the first page get: bookings, owed work, providers, the state of the installation.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(TODAY)`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.operations.incidents.provider_view import ProviderView
from scheduler.today.installation import Installation
from scheduler.today.service import OwedWork
from signaling.accounts.store import AccountStore
from signaling.meeting.manager import MeetingManager
from signaling.today.setup_steps import ServerFacts


@dataclass(frozen=True, slots=True)
class TodayContext:
    """Services behind the first page."""

    scheduler: Scheduler
    owed_work: OwedWork
    provider_view: ProviderView
    installation: Installation
    accounts: AccountStore
    server_facts: Callable[[], ServerFacts]
    """Returns what settings and files of the server say now."""
    meetings: MeetingManager


TODAY = web.AppKey("TodayContext", TodayContext)
