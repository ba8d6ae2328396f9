"""Those who may approve get letters: administrators with an address but who asked, else the operating unit."""

from dataclasses import replace
from datetime import UTC, timedelta, timezone

from scheduler.notifications.wording import Notice, NoticeFacts
from signaling.app.settings import Settings
from signaling.booking.approval_letters import letters
from signaling.booking.approvals_store import Approval
from signaling.mail.config import Mail, Server
from tests.signaling.booking.approval_calls import asked, decide
from tests.signaling.world import NOW, open_world

HANOI = timezone(timedelta(hours=7))
REQUEST = Approval("a1", "shed", "capacity", ("s1", "s2"), False, "CV 1", "admin", NOW, NOW.astimezone(UTC))
UNTIL = f"{NOW.astimezone(HANOI):%H:%M %d/%m/%Y}"


def test_each_administrator_with_an_address_but_who_asked_is_told() -> None:
    addresses = {"admin": "a@tinh.vn", "admin2": "b@tinh.vn", "admin3": "", "admin4": "d@tinh.vn"}
    facts = NoticeFacts(number="7", reason=f"admin: CV 1 – thu hồi mã của 2 phiên họp – hạn {UNTIL}")
    assert letters("approval-asked", REQUEST, "7", addresses, "so.tttt", HANOI) == [
        Notice("approval-asked", "approval-asked:a1:admin2", facts, recipient="b@tinh.vn"),
        Notice("approval-asked", "approval-asked:a1:admin4", facts, recipient="d@tinh.vn"),
    ]


def test_without_an_address_the_operating_unit_is_told() -> None:
    facts = NoticeFacts(reason="admin: CV 1 – thu hồi mã của 2 phiên họp")
    assert letters("approval-emergency", REQUEST, "", {"admin": "a@tinh.vn", "b": ""}, "so.tttt", HANOI) == [
        Notice("approval-emergency", "approval-emergency:a1", facts, "so.tttt")
    ]


def test_a_change_of_roles_is_told_in_words() -> None:
    roles = replace(REQUEST, action="change-roles", subject="an", victims=(), roles="administrator,site")
    facts = NoticeFacts(
        reason="admin: CV 1 – đổi vai trò của tài khoản an: không có → quản trị hệ thống, cán bộ kỹ thuật điểm cầu"
    )
    assert letters("approval-emergency", roles, "", {}, "so.tttt", HANOI) == [
        Notice("approval-emergency", "approval-emergency:a1", facts, "so.tttt")
    ]


async def test_a_request_and_an_emergency_are_mailed_once(settings: Settings) -> None:
    mail = Mail(Server("127.0.0.1", 9, "none", "", ""), "hoptructuyen@khanhhoa.gov.vn")
    async with open_world(replace(settings, mail=mail)) as world:
        await world.services.notifications.set_mailbox("so.tttt", "so.tttt@khanhhoa.gov.vn")
        client, _, _, request = await asked(world)
        assert await decide(client, request, "emergency") == (204, "")
        sent = [each for each in await world.services.notifications.newest(99) if each.kind.startswith("approval")]
        assert [(each.kind, each.unit) for each in sent] == [
            ("approval-emergency", "so.tttt"),
            ("approval-asked", "so.tttt"),
        ]
