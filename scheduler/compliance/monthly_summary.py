"""Sends the head of each unit a monthly summary of its breaches (Điều 21.1; R-124).

The job runs once a day in the first days of a month, so that a server that was down catches up. The outbox prevents a
second notice.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.compliance.breaches import BreachKind, counts
from scheduler.compliance.feedback import FeedbackService
from scheduler.core.database import writing
from scheduler.directory.people import store as people_store
from scheduler.notifications import outbox
from scheduler.notifications.wording import Channels, Notice, NoticeFacts
from scheduler.policy.profile_files import Profiles
from scheduler.reports.periods import month

DAYS = 7
KINDS: Mapping[BreachKind, str] = {
    "late": "đăng ký trễ hạn",
    "missed": "đăng ký nhưng không họp",
    "absent": "vắng mặt",
    "unchecked": "không kiểm tra kỹ thuật",
    "uninvited": "mở micro khi chưa được mời",
    "name": "sai tên điểm cầu",
    "drift": "tự thay đổi thông số",
    "closing": "chưa hoàn tất kết thúc kỹ thuật",
    "receipt": "chưa xác nhận nhận bản ghi",
    "figures": "chưa trả lời số liệu",
}


class MonthlySummary:
    """Sends summaries to heads of units, else to the official mailbox of the unit."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, feedback: FeedbackService, channels: Channels) -> None:
        self._engine = engine
        self._profiles = profiles
        self._feedback = feedback
        self._channels = channels
        self._checked_on: date | None = None

    async def work(self, now: datetime) -> None:
        """Notify each unit with as many breaches in the last month as the profile names; nobody if it names none."""
        policy = self._profiles.at(now)
        day, least = now.astimezone(policy.zone).date(), policy.conduct.summary_from
        if least is None or day.day > DAYS or day == self._checked_on:
            return
        last = month(day.year, day.month - 1, policy.zone)
        name = f"{last.start.astimezone(policy.zone):%m/%Y}"
        breaches_by_unit = counts(await self._feedback.breaches(last.start, last.end, now))
        async with writing(self._engine) as db:
            heads = [each for each in await people_store.people(db) if each.role == "head" and each.serves(day)]
            addresses = {each.unit: each.email for each in heads if each.email}
            for unit, kinds in sorted(breaches_by_unit.items()):
                if kinds.total() >= least:
                    facts = NoticeFacts(title=f"tháng {name}", reason=kinds_text(kinds))
                    notice = Notice("summary", f"summary:{unit}:{name}", facts, unit, None, addresses.get(unit, ""))
                    await outbox.tell(db, notice, self._channels, now)
        self._checked_on = day


def kinds_text(kinds: Counter[BreachKind]) -> str:
    """Describe how many breaches there were of each kind."""
    return "; ".join(f"{words}: {kinds[kind]}" for kind, words in KINDS.items() if kinds[kind])
