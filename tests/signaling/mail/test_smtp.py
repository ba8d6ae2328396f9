"""Notices go out to real servers on the loopback: SMTP with and without TLS, and HTTP.

Also tests `chat_groups.py`, `calendar_invite.py`, `outbox_rest.py` and `outbox_sender.py`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from icalendar import Calendar

from signaling.app import tls
from signaling.app.services import utc_now
from signaling.app.settings import Settings
from signaling.app.settings import read as read_settings
from signaling.core.errors import SettingsError
from signaling.mail import chat_groups
from signaling.mail.config import Mail, Server
from tests.signaling.smtp_server import SECRET, SENDER, UNIT_BOX, FakeSmtpServer, smtp_server
from tests.signaling.world import NOW, World, open_world


@dataclass
class ChatGroupServer:
    """An HTTP server of a chat group that keeps requests: path, headers and body; `statuses` are its next responses."""

    url: str = ""
    seen: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.seen.append((request.path, dict(request.headers), await request.json()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


@asynccontextmanager
async def http_server() -> AsyncIterator[ChatGroupServer]:
    hook = ChatGroupServer()
    app = web.Application()
    app.router.add_post("/{path:.*}", hook.handle)
    async with TestServer(app) as server:
        hook.url = str(server.make_url("")).rstrip("/")
        yield hook


@dataclass
class MailSetup:
    """A server of ours with its mail server and its chat groups."""

    world: World
    mail_server: FakeSmtpServer
    chat_server: ChatGroupServer

    async def deliver(self, minutes: float = 0) -> None:
        """Let time pass and send what is due; the server's own rounds do not run."""
        self.world.clock.advance(60 * minutes)
        await self.world.server.outbox.deliver()

    async def states(self) -> list[tuple[str, str, str]]:
        return sorted((n.channel, n.state, n.error) for n in await self.world.services.notifications.newest(50))


Mode = Literal["implicit", "starttls", "none"]


@asynccontextmanager
async def open_mail_setup(
    settings: Settings, tmp_path: Path, mode: Mode = "none", trusted: bool = True, words: str = ""
) -> AsyncIterator[MailSetup]:
    """Yield a world that mails over a real SMTP server and posts to chat groups over a real HTTP server."""
    context = tls.context(tmp_path / "tls", ("127.0.0.1",), utc_now())
    async with smtp_server(mode, context) as mail_server, http_server() as hook:
        server = Server("127.0.0.1", mail_server.port, mode, *(("post", SECRET) if mode == "starttls" else ("", "")))
        file = tmp_path / "groups.yaml"
        file.write_text(
            f"telegram: {{kind: telegram, token: '1:t', chat: '-100', server: '{hook.url}', template: '{words}'}}\n"
            f"zalo: {{kind: webhook, url: '{hook.url}/oa', headers: {{access_token: k}}, body: {{m: ['{{text}}']}}}}\n"
        )
        mail = Mail(server, SENDER, authority=tmp_path / "tls" / "cert.pem" if trusted else None)
        async with open_world(replace(settings, mail=mail, groups=file)) as world:
            await world.server.outbox.stop()
            await world.server.periodic_jobs.stop()
            await world.services.notifications.set_mailbox("56", UNIT_BOX)
            yield MailSetup(world, mail_server, hook)


@pytest.fixture
async def mail_setup(settings: Settings, tmp_path: Path) -> AsyncIterator[MailSetup]:
    async with open_mail_setup(settings, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("mode", ["none", "starttls", "implicit"])
async def test_a_session_is_told_by_letter_and_in_groups(settings: Settings, tmp_path: Path, mode: Mode) -> None:
    async with open_mail_setup(settings, tmp_path, mode) as mail_setup:
        session = await mail_setup.world.session()
        await mail_setup.deliver()
        letter = mail_setup.mail_server.letters[0]
        assert (letter["From"], letter["To"], letter["Auto-Submitted"]) == (SENDER, UNIT_BOX, "auto-generated")
        assert letter["Subject"] == f"Đã cấp mã phiên họp – {session.number} – {session.title}"
        body = letter.get_body(("plain",))
        assert body is not None and f"Mã phiên họp: {session.code}" in body.get_content()
        texts = [f"Phiên họp của UBND tỉnh Khánh Hòa ({session.number}): đã cấp mã. Chính thức: 08:00–10:00 06/04/2026"]
        assert sorted((path, sent) for path, _, sent in mail_setup.chat_server.seen) == [
            ("/bot1:t/sendMessage", {"chat_id": "-100", "text": texts[0]}),
            ("/oa", {"m": texts}),
        ]
        assert next(headers for path, headers, _ in mail_setup.chat_server.seen if path == "/oa")["access_token"] == "k"
        assert await mail_setup.states() == [("mail", "sent", ""), ("telegram", "sent", ""), ("zalo", "sent", "")]


async def test_calendars_hold_the_times_and_give_them_back(mail_setup: MailSetup) -> None:
    session = await mail_setup.world.session()
    await mail_setup.deliver()
    await mail_setup.world.services.scheduler.cancel(session.id, NOW)
    await mail_setup.deliver()
    calendars = [_calendar(letter) for letter in mail_setup.mail_server.letters]
    assert [(c["method"], e["sequence"], e["status"]) for c in calendars for e in c.walk("VEVENT")] == [
        ("REQUEST", 0, "CONFIRMED"),
        ("CANCEL", 1, "CANCELLED"),
    ]
    events = [c.walk("VEVENT")[0] for c in calendars]
    assert {str(event["uid"]) for event in events} == {f"{session.id}-chinh_thuc@diemcau"}
    assert {(event.decoded("dtstart"), event.decoded("dtend")) for event in events} == {
        (session.official.start, session.official.end)
    }
    assert {(str(e["organizer"]), str(e["attendee"])) for e in events} == {(f"mailto:{SENDER}", f"mailto:{UNIT_BOX}")}
    assert session.code and all(session.code not in calendar.to_ical().decode() for calendar in calendars)


def _calendar(letter: EmailMessage) -> Calendar:
    part = next(letter.iter_attachments())
    assert part.get_content_type() == "text/calendar"
    calendar = Calendar.from_ical(part.get_content())
    assert part.get_param("method") == calendar["method"]
    return calendar


async def test_a_channel_that_is_down_is_tried_again_and_holds_no_other(mail_setup: MailSetup) -> None:
    mail_setup.mail_server.replies = ["451 later"]
    mail_setup.chat_server.statuses = [503, 503]
    await mail_setup.world.session()
    await mail_setup.deliver()
    assert await mail_setup.states() == [
        ("mail", "waiting", "smtp 451 later"),
        ("telegram", "waiting", "http 503"),
        ("zalo", "waiting", "http 503"),
    ]
    await mail_setup.deliver(0.9)
    assert mail_setup.mail_server.letters == []
    async with mail_setup.world.client().get("/metrics") as response:
        lines = (await response.text()).splitlines()
    for line in (
        'diemcau_queue_length{queue="outbox"} 3.0',
        'diemcau_notice_tries_total{channel="mail",outcome="sent"} 0.0',
        'diemcau_notice_tries_total{channel="zalo",outcome="failed"} 1.0',
        'diemcau_notice_last_try_timestamp_seconds{channel="mail",outcome="failed"} 1.7754372e+09',
    ):
        assert line in lines
    await mail_setup.deliver(0.2)
    assert {state for _, state, _ in await mail_setup.states()} == {"sent"}
    assert len(mail_setup.mail_server.letters) == 1
    outbox = mail_setup.world.server.outbox
    assert outbox.tries == {(each, did): 1 for each in ("mail", "telegram", "zalo") for did in ("failed", "sent")}


async def test_a_letter_refused_for_good_waits_for_a_person(mail_setup: MailSetup) -> None:
    mail_setup.mail_server.replies = ["554 no"]
    mail_setup.chat_server.statuses = [403, 403]
    await mail_setup.world.session()
    await mail_setup.deliver()
    assert await mail_setup.states() == [
        ("mail", "failed", "smtp 554 no"),
        ("telegram", "failed", "http 403"),
        ("zalo", "failed", "http 403"),
    ]
    central = await mail_setup.world.signed_in("central")
    async with central.get("/api/v1/outbox") as response:
        listed = await response.json()
    row = next(row for row in listed if row["channel"] == "mail")
    assert (row["state"], row["error"], row["host"]) == ("failed", "smtp 554 no", "UBND tỉnh Khánh Hòa")
    async with central.post(f"/api/v1/outbox/{row['id']}/again", json={}) as response:
        assert response.status == 204
    await mail_setup.deliver()
    subjects = [str(letter["Subject"]).split(" – ")[0] for letter in mail_setup.mail_server.letters]
    assert subjects.count("Đã cấp mã phiên họp") == 1  # beside it points are reminded of their checks
    assert (await mail_setup.world.audited(1))[0].action == "send-again"


async def test_a_letter_sent_twice_is_the_same_letter(mail_setup: MailSetup) -> None:
    await mail_setup.world.session()
    await mail_setup.deliver()
    notice = next(n for n in await mail_setup.world.services.notifications.newest(9) if n.channel == "mail")
    await mail_setup.world.services.notifications.again(notice.id, mail_setup.world.clock())
    await mail_setup.deliver()
    assert len({letter["Message-ID"] for letter in mail_setup.mail_server.letters}) == 1
    assert len(mail_setup.mail_server.letters) == 2


async def test_a_unit_without_a_mailbox_is_told_once_it_has_one(mail_setup: MailSetup) -> None:
    await mail_setup.world.services.notifications.set_mailbox("568", UNIT_BOX)
    await mail_setup.world.session()
    await mail_setup.deliver()
    assert ("mail", "failed", "no-mailbox") in await mail_setup.states()


async def test_a_server_nobody_vouches_for_gets_nothing(settings: Settings, tmp_path: Path) -> None:
    async with open_mail_setup(settings, tmp_path, "implicit", trusted=False) as mail_setup:
        await mail_setup.world.session()
        await mail_setup.deliver()
        assert mail_setup.mail_server.letters == []
        assert (await mail_setup.states())[0] == ("mail", "waiting", "smtp: SSLCertVerificationError")


GROUP_FAULTS = [
    "zalo: {kind: webhook, url: 'https://x', body: '{text} {ma_phien}'}",
    "zalo: {kind: webhook, url: 'https://x', body: {a: b}}",
    "zalo: {kind: webhook, url: 'ftp://tok-secret', body: '{text}'}",
    "zalo: {kind: webhook, url: 'https://x', body: '{text}', template: 'mã {ma_phien}'}",
    "zalo: {kind: webhook, url: 'https://x', body: '{text}', template: 'gọi 10.1.2.3'}",
    "zalo: {kind: webhook, url: 'https://x', body: '{text}', template: 'mã 123 456 7890'}",
    "zalo: {kind: webhook, url: 'https://x', body: '{text}', template: '{so'}",
    "mail: {kind: telegram, token: t, chat: c}",
    "zalo: {kind: fax}",
    "a: b: c",
    "- 1",
]


def test_r115_a_template_with_the_code_is_refused_by_file_and_field(tmp_path: Path) -> None:
    file = tmp_path / "nhom.yaml"
    file.write_text("zalo: {kind: webhook, url: 'https://x', body: '{text}', template: 'Mã {ma_phien}'}")
    with pytest.raises(SettingsError, match=r"^DIEMCAU_GROUPS: nhom.yaml: zalo.webhook.template: .*\{ma_phien\}"):
        chat_groups.load(file)


async def test_a_group_is_told_in_its_own_words(settings: Settings, tmp_path: Path) -> None:
    async with open_mail_setup(settings, tmp_path, words="{trang_thai}: {chu_tri} ({so}), {thoi_gian}") as mail_setup:
        session = await mail_setup.world.session()
        await mail_setup.deliver()
        words = f"đã cấp mã: UBND tỉnh Khánh Hòa ({session.number}), Chính thức: 08:00–10:00 06/04/2026"
        assert ("/bot1:t/sendMessage", {"chat_id": "-100", "text": words}) in [
            (p, s) for p, _, s in mail_setup.chat_server.seen
        ]


@pytest.mark.parametrize("text", GROUP_FAULTS)
def test_faulty_groups_are_refused_without_their_secrets(tmp_path: Path, text: str) -> None:
    file = tmp_path / "groups.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError, match="DIEMCAU_GROUPS") as caught:
        chat_groups.load(file)
    assert "secret" not in str(caught.value)


def test_mail_settings() -> None:
    environ = {
        "DIEMCAU_SMTP_URL": "smtps://post:p%40ss%2Fword@mail.khanhhoa.gov.vn",
        "DIEMCAU_MAIL_FROM": SENDER,
        "DIEMCAU_IMAP_URL": "imap://post:x@mail.khanhhoa.gov.vn:1143/Hop%20thu",
    }
    read = read_settings(environ)
    assert read.mail == Mail(
        Server("mail.khanhhoa.gov.vn", 465, "implicit", "post", SECRET),
        SENDER,
        Server("mail.khanhhoa.gov.vn", 1143, "starttls", "post", "x", "Hop thu"),
    )
    assert SECRET not in repr(read)


@pytest.mark.parametrize("url", ["http://u:topsecret@h", "smtps://u:topsecret@", "smtps://u:topsecret@h:port"])
def test_a_faulty_mail_server_is_named_without_its_secret(url: str) -> None:
    with pytest.raises(SettingsError, match="DIEMCAU_SMTP_URL") as caught:
        read_settings({"DIEMCAU_SMTP_URL": url, "DIEMCAU_MAIL_FROM": SENDER})
    assert "topsecret" not in str(caught.value)


def test_letters_need_a_server_and_a_sender() -> None:
    with pytest.raises(SettingsError, match="both"):
        read_settings({"DIEMCAU_MAIL_FROM": SENDER})
