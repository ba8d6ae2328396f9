"""Mails those who may approve that somebody asked for a second person, or went on without one (decision 134)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

from scheduler.directory.people.service import People
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Notice, NoticeFacts
from signaling.accounts.store import AccountStore
from signaling.booking.approvals_store import Approval
from signaling.mail.outbox_sender import OutboxSender

What = Literal["approval-asked", "approval-emergency"]

ROLE_NAMES = {
    "administrator": "quản trị hệ thống",
    "technician": "cán bộ kỹ thuật điểm cầu trung tâm",
    "supervisor": "theo dõi, giám sát",
    "registrant": "đăng ký phiên họp",
    "site": "cán bộ kỹ thuật điểm cầu",
    "provider": "doanh nghiệp viễn thông",
}


def letters(
    what: What, approval: Approval, number: str, addresses: Mapping[str, str], operator: str, zone: tzinfo
) -> list[Notice]:
    """Return a letter to each administrator but who asked; where no address of one is known, to the operating unit.

    `addresses` are those of administrators, by account, empty where none is known; `number` is that of the session
    that waits.
    """
    until = f" – hạn {approval.expires.astimezone(zone):%H:%M %d/%m/%Y}" if what == "approval-asked" else ""
    reason = f"{approval.asked_by}: {approval.reason} – {_act(approval)}{until}"
    facts, key = NoticeFacts(number=number, reason=reason), f"{what}:{approval.id}"
    others = {account: address for account, address in addresses.items() if address and account != approval.asked_by}
    if not others:
        return [Notice(what, key, facts, operator)]
    return [Notice(what, f"{key}:{account}", facts, recipient=address) for account, address in others.items()]


def _act(approval: Approval) -> str:
    if approval.action != "change-roles":
        return f"thu hồi mã của {len(approval.victims)} phiên họp"
    before, after = (_names(words) for words in (approval.roles_before, approval.roles))
    return f"đổi vai trò của tài khoản {approval.subject}: {before} → {after}"


def _names(words: str) -> str:
    return ", ".join(ROLE_NAMES[each] for each in words.split(",") if each) or "không có"


@dataclass(frozen=True, slots=True)
class ApprovalLetters:
    """Finds the addresses of administrators, and puts letters to them into the outbox."""

    accounts: AccountStore
    people: People
    notifications: Notifications
    outbox: OutboxSender

    async def send(self, what: What, approval: Approval, number: str, operator: str, now: datetime) -> None:
        """Mail those who may approve."""
        known = await self.accounts.accounts()
        may = [each.account for each in known if "administrator" in each.roles and not each.disabled]
        addresses = {account: await self.people.email_of(account, now) for account in may}
        for letter in letters(what, approval, number, addresses, operator, self.notifications.zone):
            await self.notifications.tell(letter, now)
        self.outbox.wake()
