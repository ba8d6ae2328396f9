"""Periodic jobs of the directory, noted in the audit log."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.model import Point
from scheduler.core.note import Note
from scheduler.directory import endings
from scheduler.directory.endings import Ending
from scheduler.directory.people.service import People
from scheduler.directory.points.service import Directory
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Notice, NoticeFacts
from signaling.accounts.store import AccountStore
from signaling.audit.log import AuditLog
from signaling.core.account import Account
from signaling.core.audit_entry import SERVER, AuditEntry
from signaling.meeting.sign_out import SignOutMonitor


async def fall_due(
    directory: Directory,
    people: People,
    notifications: Notifications,
    account_store: AccountStore,
    audit: AuditLog,
    sign_out: SignOutMonitor,
    now: datetime,
) -> None:
    """Suspend points, warn units whose document ended, disable accounts of people whose last day is over."""

    async def suspended(db: AsyncConnection, point: Point) -> None:
        entry = AuditEntry(now, SERVER, "point-move", point.id, f"suspend → {point.state}")
        await audit.append_with(db, entry)

    await directory.suspend_lapsed(now, suspended)
    for exemption in await directory.ended_exemptions(now):
        facts = NoticeFacts(number=exemption.number, reason=f"{directory.suspension_day(exemption, now):%d/%m/%Y}")
        await notifications.tell(
            Notice("exception-over", f"exception-over:{exemption.id}:{exemption.valid_to}", facts, exemption.unit), now
        )
    enabled = {account.account for account in await account_store.accounts() if not account.disabled}
    for name in await people.ended_accounts(now):
        if name in enabled:
            note = audit.noting(AuditEntry(now, SERVER, "account-disable", name))
            await shut(account_store, sign_out, name, note)


async def warn_of_endings(
    directory: Directory, notifications: Notifications, account_store: AccountStore, now: datetime
) -> None:
    """Tell the operating unit of coming changes, and hosts of their affected sessions; once for each notice."""
    for ending in await directory.endings(now):
        days = directory.ending_notice(ending.day, now)
        if days is None:
            continue
        notice_id = f"ending:{ending.day}:{days}"
        accounts = losers(ending, await account_store.accounts())
        operator = directory.operator(now)
        facts = NoticeFacts(title=ending.profile or "", reason=endings.summary(ending, len(accounts)))
        await notifications.tell(Notice("ending", f"{notice_id}:operator", facts, operator), now)
        for unit, words in endings.host_summaries(ending).items():
            await notifications.tell(Notice("ending", f"{notice_id}:{unit}", NoticeFacts(reason=words), unit), now)


async def warn_of_first_assessments(directory: Directory, notifications: Notifications, now: datetime) -> None:
    """Tell units which points of the initial import are to be assessed soon; once for each notice."""
    for (unit, due), points in (await directory.taken_over(now)).items():
        key = f"taken-over:{unit}:{due}:{directory.ending_notice(due, now)}"
        facts = NoticeFacts(reason=f"{', '.join(point.name for point in points)}: hạn {due:%d/%m/%Y}")
        await notifications.tell(Notice("taken-over", key, facts, unit), now)


def losers(ending: Ending, accounts: Iterable[Account]) -> list[Account]:
    """Return the enabled accounts affected by a change: of ending units, and technicians of the former operator."""

    def central(account: Account, operator: str) -> bool:
        return "technician" in account.under(operator).roles

    def loses(account: Account) -> bool:
        before, then = ending.operators or ("", "")
        return account.unit in ending.unit_ids or (central(account, before) and not central(account, then))

    return [account for account in accounts if not account.disabled and loses(account)]


async def shut(account_store: AccountStore, sign_out: SignOutMonitor, account: str, note: Note[str]) -> None:
    """Disable an account: it is signed out everywhere, also in meetings (R-120)."""
    await account_store.disable(account, note)
    await sign_out.ended(account, None, "removed")
