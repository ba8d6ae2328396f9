"""The outbox on both databases commits with the decision, sends once, retries, and is bounded.

Also tests `service.py`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.errors import CapacityExceeded, UnknownUnit
from scheduler.core.model import Act, Amount
from scheduler.notifications import outbox
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Channels, Notice, NoticeFacts
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import CIPHER, NOW, REQUEST, ZONE, at, on

CHANNELS = Channels(mail=True, groups=("telegram", "zalo"))


@dataclass
class ServicesFixture:
    """A scheduler that sends notices, and its notifications."""

    engine: AsyncEngine
    scheduler: Scheduler
    notifications: Notifications


@pytest.fixture
async def services(seeded_url: str) -> AsyncIterator[ServicesFixture]:
    engine = database.connect(seeded_url, CIPHER)
    yield ServicesFixture(engine, Scheduler(engine, PROFILES, Amount(2, 10), CHANNELS), Notifications(engine, ZONE))
    await engine.dispose()


async def notices(services: ServicesFixture) -> list[tuple[str, str]]:
    return sorted((notice.kind, notice.channel) for notice in await services.notifications.due(NOW))


async def test_a_decision_is_notified_on_every_channel_once(services: ServicesFixture) -> None:
    session = await services.scheduler.submit(REQUEST, NOW)
    assert await notices(services) == [("granted", "mail"), ("granted", "telegram"), ("granted", "zalo")]
    notice = (await services.notifications.due(NOW))[0]
    assert (notice.unit, notice.session, notice.facts.number) == ("so.tttt", session.id, session.number)
    assert session.code and session.code not in notice.facts.text()
    assert await services.scheduler.live_code(session.id) == session.code
    for _ in range(2):
        await services.scheduler.cancel(session.id, NOW)
    assert [kind for kind, _ in await notices(services)] == ["cancelled"] * 3 + ["granted"] * 3
    assert await services.scheduler.live_code(session.id) is None
    assert {n.sequence for n in await services.notifications.due(NOW) if n.kind == "cancelled"} == {1}


async def test_who_registered_reads_why_it_was_cancelled(services: ServicesFixture) -> None:
    session = await services.scheduler.submit(REQUEST, NOW)
    await services.scheduler.cancel(session.id, NOW, Act("truc.ban", "Đề nghị họp 14:00–16:00 05/04/2023."))
    told = [notice for notice in await services.notifications.due(NOW) if notice.kind == "cancelled"]
    assert {notice.facts.reason for notice in told} == {"Đề nghị họp 14:00–16:00 05/04/2023."}
    assert all("Đề nghị họp 14:00–16:00 05/04/2023." in notice.facts.text() for notice in told)


async def test_r071_the_receipt_of_a_form_states_arrival_and_effective_time(services: ServicesFixture) -> None:
    later = replace(REQUEST, official=on("07/04/2023", "08:00", "09:00"))
    session = await services.scheduler.submit(later, at("03/04/2023 19:00"))
    notice = (await services.notifications.due(at("03/04/2023 19:00")))[0]
    assert (notice.kind, notice.facts.number) == ("granted", session.number)
    assert notice.facts.reason == "nhận lúc 19:00 03/04/2023, tính từ 07:00 04/04/2023 (giờ hành chính)"


async def test_a_refusal_is_notified_though_nothing_is_booked(services: ServicesFixture) -> None:
    many = tuple(point.id for point in await services.scheduler.points() if point.id != "so.tttt")[:20]
    for _ in range(2):
        with pytest.raises(CapacityExceeded):
            await services.scheduler.submit(replace(REQUEST, points=many), NOW)
    assert await notices(services) == [("refused", "mail"), ("refused", "telegram"), ("refused", "zalo")]


async def test_r066_a_revoked_host_is_notified_of_the_reason_and_of_free_times(services: ServicesFixture) -> None:
    commune = (await services.scheduler.point("nt.vinhhai")).unit
    await services.notifications.set_mailbox("568", "nhatrang@khanhhoa.gov.vn")
    await services.notifications.set_mailbox(commune, "vinhhai@khanhhoa.gov.vn")

    async def letters(kind: str) -> list[tuple[str, str | None, str]]:
        found = [n for n in await services.notifications.due(NOW, 500) if n.kind == kind]
        return sorted((n.channel, n.unit, n.facts.reason) for n in found)

    city = replace(REQUEST, host_point="ubnd.nha-trang", points=("nt.vinhhai", "so.tttt"))
    lower = await services.scheduler.submit(city, NOW)
    province = await services.scheduler.submit(replace(REQUEST, host_point="ubnd.khanh-hoa"), NOW, wait=True)
    await services.scheduler.operator.confirm(province.id, 1, NOW)
    free = "09:00–10:00 05/04/2023, 07:00–08:00 05/04/2023, 08:00–09:00 06/04/2023"
    why = f"nhường phiên họp của cấp cao hơn; còn trống: {free}"
    channels = ("mail", "568"), ("mail", commune), ("telegram", "568"), ("zalo", "568")
    assert await letters("revoked") == sorted((channel, unit, why) for channel, unit in channels)
    await services.scheduler.cancel(province.id, NOW)
    assert await letters("reinstated") == sorted((channel, unit, "") for channel, unit in channels)
    await services.scheduler.operator.set_capacity(NOW, Amount(2, 2), NOW)
    await services.scheduler.operator.shed((lower.id,), NOW)
    reasons = {reason for _, _, reason in await letters("revoked")}
    assert reasons == {why, "năng lực của hệ thống giảm"}


async def test_a_rolled_back_notice_is_not_sent(services: ServicesFixture) -> None:
    async def break_off() -> None:
        async with database.writing(services.engine) as db:
            await outbox.tell(db, Notice("receipt", "r", NoticeFacts()), CHANNELS, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    assert await notices(services) == []


async def test_a_failure_waits_longer_each_time_and_ends_with_a_person(services: ServicesFixture) -> None:
    async with database.writing(services.engine) as db:
        await outbox.tell(db, Notice("receipt", "r", NoticeFacts()), CHANNELS, NOW)
    now, waits = NOW, []
    while found := await services.notifications.due(now):
        await services.notifications.failed(found[0], "smtp 451 later", now)
        after = (await services.notifications.newest(1))[0]
        waits.append((after.due - now) // timedelta(minutes=1))
        now = after.due
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]
    assert (after.state, after.error, after.tries) == ("failed", "smtp 451 later", 12)
    assert await services.notifications.again(after.id, now)
    assert [notice.id for notice in await services.notifications.due(now)] == [after.id]
    await services.notifications.done(after, now)
    assert (await services.notifications.newest(1))[0].state == "sent"
    assert await services.notifications.due(now) == []
    assert not await services.notifications.again(after.id + 1, now)


async def test_a_full_outbox_keeps_the_decision(services: ServicesFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MAX_WAITING", 2)
    await services.scheduler.submit(REQUEST, NOW)
    newest = await services.notifications.newest(10)
    assert [(n.channel, n.state, n.error) for n in newest] == [
        ("zalo", "failed", "outbox-full"),
        ("telegram", "waiting", ""),
        ("mail", "waiting", ""),
    ]


async def test_settled_notices_are_forgotten_after_a_year(services: ServicesFixture) -> None:
    await services.scheduler.submit(REQUEST, NOW)
    waiting = await services.notifications.due(NOW)
    await services.notifications.done(waiting[0], NOW)
    await services.notifications.prune(NOW + outbox.RETENTION)
    assert len(await services.notifications.newest(10)) == 3
    await services.notifications.prune(NOW + outbox.RETENTION + timedelta(seconds=1))
    assert {n.id for n in await services.notifications.newest(10)} == {n.id for n in waiting[1:]}


async def test_a_mailbox_belongs_to_one_unit(services: ServicesFixture) -> None:
    units = [unit.id for unit in await services.scheduler.units()][:2]
    await services.notifications.set_mailbox(units[0], "Mot@KhanhHoa.gov.vn")
    await services.notifications.set_mailbox(units[0], "hai@khanhhoa.gov.vn")
    assert await services.notifications.mailboxes() == {units[0]: "hai@khanhhoa.gov.vn"}
    await services.notifications.set_mailbox(units[1], "hai@khanhhoa.gov.vn")
    assert await services.notifications.mailboxes() == {units[1]: "hai@khanhhoa.gov.vn"}
    with pytest.raises(UnknownUnit):
        await services.notifications.set_mailbox("nobody", "ba@khanhhoa.gov.vn")
