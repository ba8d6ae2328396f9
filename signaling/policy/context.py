"""What the endpoints of this folder use, and nothing else that the server has."""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.policy.upload import PolicyUpload


@dataclass(frozen=True, slots=True)
class PolicyContext:
    """What endpoints of policies and of the calendar use."""

    scheduler: Scheduler
    uploads: PolicyUpload


POLICY = web.AppKey("PolicyContext", PolicyContext)
