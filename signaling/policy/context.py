"""Dependencies of the endpoints of policies and of the calendar."""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.policy.upload import PolicyUpload


@dataclass(frozen=True, slots=True)
class PolicyContext:
    """What the endpoints of policies and of the calendar may use."""

    scheduler: Scheduler
    uploads: PolicyUpload


POLICY = web.AppKey("PolicyContext", PolicyContext)
