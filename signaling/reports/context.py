"""Dependencies of the endpoints of reports."""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.reports.correction_requests import CorrectionRequests
from scheduler.reports.emergency_reviews import EmergencyReviews
from scheduler.reports.service import Reports


@dataclass(frozen=True, slots=True)
class ReportsContext:
    """What the endpoints of reports may use."""

    reports: Reports
    reviews: EmergencyReviews
    scheduler: Scheduler
    corrections: CorrectionRequests


REPORTS = web.AppKey("ReportsContext", ReportsContext)
