"""Inbound mail on both databases: each letter is handled once, with its outcome and its notice (R-071).

Also tests `store.py`.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.booking.registration import reply_store
from scheduler.booking.registration.drafts import Drafts
from scheduler.booking.registration.service import Scheduler
from scheduler.booking.sessions.schema import REGISTRATION_COUNTER
from scheduler.core import database
from scheduler.core.errors import NotQuarantined
from scheduler.files.sandboxed_parser import SandboxedParser
from scheduler.inbound_mail import service as inbound_mail_service
from scheduler.inbound_mail.service import InboundMail, OfficialMailbox
from scheduler.inbound_mail.store import MailboxPosition, StoredLetter
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Channels, NoticeFacts
from tests.fakes import parse_in_process
from tests.scheduler.conftest import PROFILES
from tests.scheduler.inbound_mail.letters import OFFICE, VAN_NINH, letter
from tests.scheduler.world import NOW, ZONE, at, hours

BODY = """Đăng ký họp trực tuyến từ 14h00 đến 16h30 ngày 05/4/2023
Nội dung: Giao ban
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321"""
STRANGER = "ubnd.vanninh@gmail.com"
SERVER = "mx.khanhhoa.gov.vn"


@dataclass
class Setup:
    """Inbound mail, its notifications, and the position of the next letter."""

    engine: AsyncEngine
    inbound: InboundMail
    notifications: Notifications
    drafts: Drafts
    uid: int = 0

    async def take(self, raw: bytes, now: datetime = NOW) -> StoredLetter:
        self.uid += 1
        return await self.inbound.receive(raw, len(raw), MailboxPosition(7, self.uid), now, now)

    async def notices(self) -> list[tuple[str, str, str]]:
        return [(n.kind, n.recipient, n.thread) for n in await self.notifications.due(NOW + timedelta(days=3))]


@pytest.fixture
async def setup(seeded_url: str) -> AsyncIterator[Setup]:
    engine = database.connect(seeded_url)
    notifications = Notifications(engine, ZONE)
    await notifications.set_mailbox("571", VAN_NINH)
    drafts = Drafts(engine, PROFILES, Channels(mail=True))
    yield Setup(
        engine,
        InboundMail(engine, OfficialMailbox(OFFICE, SERVER), PROFILES, drafts, SandboxedParser(parse_in_process)),
        notifications,
        drafts,
    )
    await engine.dispose()


async def test_r071_another_mailbox_is_no_registration(setup: Setup) -> None:
    stored = await setup.take(letter(STRANGER))
    assert (stored.outcome, stored.reason, stored.unit) == ("answered", "not-official", None)
    assert await setup.notices() == [("not-official", STRANGER, "<1@vanninh>")]
    assert await setup.inbound.letter(stored.id) == (stored, None)


async def test_an_official_letter_waits_for_a_person_and_is_stored_whole(setup: Setup) -> None:
    raw = letter(Authentication_Results=f"{SERVER}; spf=pass smtp.mailfrom={VAN_NINH}")
    stored = await setup.take(raw)
    assert (stored.outcome, stored.unit, stored.verdict) == ("person", "571", "pass")
    assert stored.authentication == "spf=pass (khanhhoa.gov.vn)"
    assert await setup.inbound.letter(stored.id) == (stored, raw)
    assert await setup.inbound.handle(stored.id, "truc.ban", NOW + hours(1))
    assert not await setup.inbound.handle(stored.id, "another", NOW + hours(2))
    read = await setup.inbound.letter(stored.id)
    assert read is not None and (read[0].handled, read[0].handled_by) == (NOW + hours(1), "truc.ban")
    assert await setup.inbound.letter(stored.id + 1) is None


async def test_a_letter_comes_once(setup: Setup) -> None:
    first = await setup.take(letter(STRANGER))
    second = await setup.take(letter(STRANGER))
    assert (second.id, len(await setup.inbound.letters(9)), len(await setup.notices())) == (first.id, 1, 1)
    assert (await setup.inbound.letters(9))[0].place == MailboxPosition(7, 2)
    assert (await setup.inbound.last_uid(7), await setup.inbound.last_uid(8)) == (2, 0)


async def test_an_id_of_another_sender_hides_nothing(setup: Setup) -> None:
    await setup.take(letter(STRANGER))
    assert (await setup.take(letter())).outcome == "person"


async def test_a_stranger_is_answered_once_a_day(setup: Setup) -> None:
    times = [NOW, NOW + hours(1), NOW + hours(23), NOW + hours(24), NOW + hours(25)]
    stored = [await setup.take(letter(STRANGER, message_id=f"<{n}@x>"), now) for n, now in enumerate(times)]
    assert [each.reason for each in stored] == [
        "not-official",
        "answered-today",
        "answered-today",
        "not-official",
        "answered-today",
    ]
    assert len(await setup.notices()) == 2


async def test_a_flood_of_unknown_senders_gets_few_replies(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound_mail_service, "MAX_AUTOREPLIES", 2)
    stored = [await setup.take(letter(f"a{n}@gmail.com", message_id=f"<{n}@x>")) for n in range(3)]
    assert [each.reason for each in stored] == ["not-official", "not-official", "busy-day"]


@pytest.mark.parametrize(
    ("sender", "headers", "reason"),
    [
        (STRANGER, {"Auto_Submitted": "auto-replied"}, "automatic"),
        (STRANGER, {"List_Id": "<x.vn>"}, "automatic"),
        (STRANGER, {"Return_Path": "<y@z.vn>"}, "unanswerable"),
        (STRANGER, {"Authentication_Results": f"{SERVER}; dkim=fail header.d=gmail.com"}, "unanswerable"),
        (OFFICE, {}, "unanswerable"),
        (VAN_NINH, {"Auto_Submitted": "auto-replied"}, "automatic"),
    ],
)
async def test_some_senders_get_no_reply(setup: Setup, sender: str, headers: dict[str, Any], reason: str) -> None:
    stored = await setup.take(letter(sender, **headers))
    assert (stored.outcome, stored.reason, await setup.notices()) == ("ignored", reason, [])


async def test_letters_that_wait_for_a_person_are_not_pruned(setup: Setup) -> None:
    waiting = await setup.take(letter())
    await setup.take(letter(STRANGER))
    await setup.inbound.prune(NOW + inbound_mail_service.RETENTION)
    assert len(await setup.inbound.letters(9)) == 2
    later = NOW + inbound_mail_service.RETENTION + timedelta(seconds=1)
    await setup.inbound.prune(later)
    assert [each.id for each in await setup.inbound.letters(9)] == [waiting.id]
    await setup.inbound.handle(waiting.id, "truc.ban", later)
    await setup.inbound.prune(later)
    assert await setup.inbound.letters(9) == []


# Drafts.


async def test_r071_an_official_registration_is_a_draft_with_a_receipt(setup: Setup) -> None:
    async with database.writing(setup.engine) as db:
        await db.execute(insert(REGISTRATION_COUNTER).values(year=2023, last=411))
    stored = await setup.take(letter(body=BODY))
    assert (stored.outcome, stored.draft is not None) == ("draft", True)
    draft = await setup.drafts.draft(stored.draft or "")
    assert (draft.number, draft.unit, draft.origin, draft.channel) == ("HTT-2023-0412", "571", "571", "mail")
    assert (draft.source, draft.thread, draft.arrived) == (VAN_NINH, "<1@vanninh>", NOW)
    assert draft.content["points"] == ["vn.vanphu"]
    (receipt,) = await setup.notifications.due(NOW)
    assert (receipt.kind, receipt.unit, receipt.recipient, receipt.thread) == ("receipt", "571", "", "<1@vanninh>")
    assert receipt.facts == NoticeFacts("HTT-2023-0412", "Đăng ký họp trực tuyến", reason="nhận lúc 08:00 03/04/2023")
    assert await setup.notifications.address(receipt) == VAN_NINH


@pytest.mark.parametrize(
    ("arrived", "counts"),
    [("03/04/2023 19:00", "07:00 04/04/2023"), ("03/04/2023 12:00", "13:30 03/04/2023")],
)
async def test_r072_a_receipt_says_from_when_the_time_counts(setup: Setup, arrived: str, counts: str) -> None:
    await setup.take(letter(body=BODY), at(arrived))
    (receipt,) = await setup.notifications.due(at(arrived))
    assert receipt.facts.reason.endswith(f", tính từ {counts} (giờ hành chính)")


async def test_a_letter_is_received_when_its_server_took_it(setup: Setup) -> None:
    raw = letter(body=BODY)
    stored = await setup.inbound.receive(raw, len(raw), MailboxPosition(7, 1), NOW - hours(20), NOW)
    assert (stored.arrived, stored.at) == (NOW - hours(20), NOW)
    assert (await setup.drafts.draft(stored.draft or "")).arrived == NOW - hours(20)


async def test_a11_a_letter_of_a_commune_is_a_draft_at_its_district(setup: Setup) -> None:
    units = {unit.name: unit for unit in await Scheduler(setup.engine, PROFILES).units()}
    commune = units["Xã Vạn Phú"]
    await setup.notifications.set_mailbox(commune.id, "vanphu@khanhhoa.gov.vn")
    stored = await setup.take(letter("vanphu@khanhhoa.gov.vn", body=BODY.replace("Vạn Phú", "Vạn Bình")))
    draft = await setup.drafts.draft(stored.draft or "")
    assert (draft.unit, draft.origin) == ("571", commune.id)
    assert sorted((notice.kind, notice.unit) for notice in await setup.notifications.due(NOW)) == [
        ("draft", "571"),
        ("receipt", commune.id),
    ]


async def test_a_letter_that_cannot_be_read_is_for_a_person_and_does_not_come_again(setup: Setup) -> None:
    tried: list[int] = []

    async def ended(_: Sequence[str], data: bytes) -> tuple[int, bytes]:
        tried.append(len(data))
        return -9, b""

    inbound = InboundMail(setup.engine, OfficialMailbox(OFFICE, SERVER), PROFILES, setup.drafts, SandboxedParser(ended))
    for uid, sender in enumerate((STRANGER, VAN_NINH), start=1):
        raw = letter(sender, body=BODY, message_id=f"<{uid}@x>")
        stored = await inbound.receive(raw, len(raw), MailboxPosition(7, uid), NOW, NOW)
        assert (stored.sender, stored.subject, stored.arrived) == (sender, "Đăng ký họp trực tuyến", NOW)
        assert (stored.outcome, stored.reason, stored.draft) == ("person", "unreadable", None)
        assert await inbound.receive(raw, len(raw), MailboxPosition(7, uid), NOW, NOW) == stored
        assert await inbound.letter(stored.id) == (stored, raw if stored.unit else None)
    assert (await inbound.last_uid(7), await setup.notices()) == (2, [])


FAILED = (
    f"{SERVER}; spf=fail smtp.mailfrom=x@evil.vn; dkim=fail header.d=khanhhoa.gov.vn; "
    "dmarc=fail header.from=khanhhoa.gov.vn"
)


@pytest.mark.parametrize("body", [BODY, "Cảm ơn Sở."])
async def test_r071_an_unauthenticated_letter_waits_for_a_person_without_number_or_deadline(
    setup: Setup, body: str
) -> None:
    raw = letter(body=body, Authentication_Results=FAILED)
    stored = await setup.take(raw)
    assert (stored.outcome, stored.reason, stored.unit, stored.draft) == ("person", "unauthenticated", "571", None)
    assert stored.authentication == "spf=fail (evil.vn) dkim=fail (khanhhoa.gov.vn) dmarc=fail (khanhhoa.gov.vn)"
    assert await setup.inbound.letter(stored.id) == (stored, raw)
    assert (await setup.drafts.inbox(), await setup.notices()) == ([], [])
    async with setup.engine.begin() as db:
        assert (await db.execute(select(REGISTRATION_COUNTER))).all() == []
        assert await reply_store.unseen_drafts(db) == []


async def test_a_quarantined_letter_counts_from_when_somebody_confirmed_its_sender(setup: Setup) -> None:
    stored = await setup.take(letter(body=BODY, Authentication_Results=FAILED))
    with pytest.raises(NotQuarantined):
        await setup.inbound.accept(stored.id + 1, "truc.ban", NOW)
    accepted = await setup.inbound.accept(stored.id, "truc.ban", NOW + hours(2))
    assert (accepted.outcome, accepted.reason) == ("draft", "unauthenticated")
    assert (accepted.handled, accepted.handled_by) == (NOW + hours(2), "truc.ban")
    assert await setup.inbound.letters(9) == [accepted]
    draft = await setup.drafts.draft(accepted.draft or "")
    assert (draft.number, draft.arrived, draft.source) == ("HTT-2023-0001", NOW + hours(2), VAN_NINH)
    (receipt,) = await setup.notifications.due(NOW + hours(2))
    assert (receipt.kind, receipt.unit, receipt.recipient) == ("receipt", "571", "")
    assert receipt.facts.reason == "nhận lúc 10:00 03/04/2023"
    with pytest.raises(NotQuarantined):
        await setup.inbound.accept(stored.id, "another", NOW + hours(3))


async def test_handled_or_authenticated_letters_cannot_be_accepted(setup: Setup) -> None:
    stored = await setup.take(letter(body=BODY, Authentication_Results=FAILED))
    await setup.inbound.handle(stored.id, "truc.ban", NOW)
    sure = await setup.take(letter(message_id="<2@vanninh>"))
    for one in (stored, sure):
        with pytest.raises(NotQuarantined):
            await setup.inbound.accept(one.id, "truc.ban", NOW)
    assert await setup.drafts.inbox() == []


async def test_nobodys_word_counts_where_no_verifier_is_named(setup: Setup) -> None:
    inbound = InboundMail(
        setup.engine, OfficialMailbox(OFFICE), PROFILES, setup.drafts, SandboxedParser(parse_in_process)
    )
    raw = letter(body=BODY, Authentication_Results=FAILED)
    stored = await inbound.receive(raw, len(raw), MailboxPosition(7, 1), NOW, NOW)
    assert (stored.outcome, stored.reason, stored.verdict, stored.authentication) == ("draft", "", "none", "")
    assert (await setup.drafts.draft(stored.draft or "")).number == "HTT-2023-0001"
