"""Reminds the operating unit by letter that a security incident, or the yearly report, is to be reported."""

from collections.abc import Mapping
from datetime import datetime

from scheduler.directory.points.service import Directory
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Notice, NoticeFacts
from scheduler.reports.service import Reports
from signaling.compliance import security_incident as rules
from signaling.compliance.security_incident import Reminder
from signaling.compliance.security_incidents_store import SecurityIncidentStore

URGENCY: Mapping[Reminder, str] = {"found": "", "soon": "sắp đến hạn; ", "overdue": "đã quá hạn; "}
MAX_TITLE = 200


class SecurityIncidentReminders:
    """Looks once a minute what is to be reported; the outbox prevents a second letter."""

    def __init__(
        self, store: SecurityIncidentStore, reports: Reports, directory: Directory, notifications: Notifications
    ) -> None:
        self._store = store
        self._reports = reports
        self._directory = directory
        self._notifications = notifications

    async def work(self, now: datetime) -> None:
        """Send what is due: when an incident is entered, when its deadline is near, when it is over."""
        zone = self._notifications.zone
        for each in await self._store.open():
            reminder = each.reminder(now)
            if reminder is not None:
                deadline = f"{URGENCY[reminder]}hạn báo cáo {each.due.astimezone(zone):%H:%M %d/%m/%Y}"
                await self._tell(f"{each.id}:{each.severity}:{reminder}", each.text[:MAX_TITLE], deadline, now)
        today, reported = now.astimezone(zone).date(), await self._store.reported_years()
        began = await self._reports.began()
        since = None if began is None else began.astimezone(zone).date()
        for year in rules.missed_years(since, today, reported):
            await self._tell_of_year(year, "overdue", now)
        reminder = rules.yearly_reminder(today, today.year in reported)
        if reminder is not None:
            await self._tell_of_year(today.year, reminder, now)

    async def _tell_of_year(self, year: int, reminder: Reminder, now: datetime) -> None:
        deadline = f"{URGENCY[reminder]}hạn báo cáo {rules.yearly_due(year):%d/%m/%Y}"
        await self._tell(f"{year}:{reminder}", f"Báo cáo năm {year}", deadline, now)

    async def _tell(self, occasion: str, title: str, deadline: str, now: datetime) -> None:
        facts = NoticeFacts(title=title, reason=deadline)
        notice = Notice("security-incident", f"security-incident:{occasion}", facts, self._directory.operator(now))
        await self._notifications.tell(notice, now)
