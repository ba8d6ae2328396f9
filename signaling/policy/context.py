"""Defines what handlers of policy endpoints get: the scheduler's profiles and calendar, and uploads.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(POLICY)`.
"""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.policy.upload import PolicyUpload


@dataclass(frozen=True, slots=True)
class PolicyContext:
    """Services behind the endpoints of policy profiles and of the working calendar."""

    scheduler: Scheduler
    uploads: PolicyUpload


POLICY = web.AppKey("PolicyContext", PolicyContext)
