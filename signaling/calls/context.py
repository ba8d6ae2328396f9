"""Defines what handlers of call record endpoints get; `signaling.app.contexts` builds it when the server starts."""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from signaling.calls.store import CallRecordStore


@dataclass(frozen=True, slots=True)
class CallsContext:
    """The records, and the scheduler, whose policy names the time zone."""

    records: CallRecordStore
    scheduler: Scheduler


CALLS = web.AppKey("CallsContext", CallsContext)
