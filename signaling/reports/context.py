"""Defines what handlers of report endpoints get: reports, reviews of emergencies, correction requests.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(REPORTS)`.
"""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.reports.correction_requests import CorrectionRequests
from scheduler.reports.emergency_reviews import EmergencyReviews
from scheduler.reports.service import Reports


@dataclass(frozen=True, slots=True)
class ReportsContext:
    """Services behind the endpoints of reports, reviews and correction requests."""

    reports: Reports
    emergency_reviews: EmergencyReviews
    scheduler: Scheduler
    correction_requests: CorrectionRequests


REPORTS = web.AppKey("ReportsContext", ReportsContext)
