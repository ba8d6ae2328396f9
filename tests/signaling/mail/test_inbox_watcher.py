"""The mailbox is taken in from a real Dovecot: with and without TLS, by a server, and by processes that are killed.

Also tests `imap.py` and `config.py`.
"""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from scheduler.core import database
from signaling.app import tls
from signaling.app.services import utc_now
from signaling.app.settings import Settings
from signaling.app.settings import read as read_settings
from signaling.mail import imap
from signaling.mail.config import Mail, Server
from signaling.mail.imap import NotRead
from signaling.mail.inbox_watcher import InboxWatcher
from signaling.mail.smtp import tls_context
from tests.scheduler.inbound_mail.letters import OFFICE, letter
from tests.signaling.dovecot import PASSWORD, USER, DovecotServer, dovecot
from tests.signaling.smtp_server import UNIT_BOX
from tests.signaling.world import World, open_world

ROOT = Path(__file__).parents[3]
STRANGER = "ubnd@gmail.com"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tls")
    tls.context(directory, ("127.0.0.1",), utc_now())
    return directory / "cert.pem"


@pytest.fixture(scope="module")
def server(authority: Path) -> Iterator[DovecotServer]:
    with dovecot(authority, authority.parent / "key.pem") as mailbox:
        yield mailbox


@pytest.fixture
def mailbox(server: DovecotServer) -> DovecotServer:
    server.empty()
    return server


@asynccontextmanager
async def open_server(
    settings: Settings, imap_server: Server, authority: Path | None
) -> AsyncIterator[tuple[World, InboxWatcher]]:
    """Serve without the inbox watcher's own rounds; yield the server and its watcher."""
    nowhere = Server("127.0.0.1", 1, "none", "", "")
    mail = Mail(nowhere, OFFICE, imap_server, authority, "mx.khanhhoa.gov.vn")
    async with open_world(replace(settings, mail=mail)) as world:
        intake = world.server.inbox_watcher
        assert intake is not None
        await world.server.outbox.stop()
        await intake.stop()
        await world.services.notifications.set_mailbox("56", UNIT_BOX)
        yield (
            world,
            InboxWatcher(
                world.services.inbound_mail, imap_server, tls_context(mail), world.clock, world.server.outbox.wake
            ),
        )


@pytest.mark.parametrize("mode", ["none", "starttls", "implicit"])
async def test_letters_are_taken_in_order_and_marked(
    settings: Settings, mailbox: DovecotServer, authority: Path, mode: str
) -> None:
    port = mailbox.tls_port if mode == "implicit" else mailbox.port
    async with open_server(settings, Server("127.0.0.1", port, mode, USER, PASSWORD), authority) as (world, intake):  # type: ignore[arg-type]
        for number, sender in enumerate((UNIT_BOX, STRANGER, UNIT_BOX)):
            mailbox.drop(letter(sender, subject=f"Thư {number}", message_id=f"<{number}@x>"))
        assert await intake.look() == 3
        came = await world.services.inbound_mail.letters(9)
        assert [(one.subject, one.outcome) for one in came] == [
            ("Thư 2", "person"),
            ("Thư 0", "person"),
            ("Thư 1", "answered"),
        ]
        assert (mailbox.unseen(), await intake.look()) == (0, 0)
        mailbox.drop(letter(UNIT_BOX, message_id="<3@x>"))
        assert (await intake.look(), len(await world.services.inbound_mail.letters(9))) == (1, 4)


async def test_a_letter_that_a_person_has_opened_is_taken_in_too(
    settings: Settings, mailbox: DovecotServer, authority: Path
) -> None:
    server = Server("127.0.0.1", mailbox.port, "none", USER, PASSWORD)
    async with open_server(settings, server, authority) as (world, intake):
        mailbox.drop(letter(UNIT_BOX))
        await intake.look()
        mailbox.drop(letter(UNIT_BOX, message_id="<2@x>"))
        client = imap.connect(server, tls_context(Mail(server, OFFICE)))
        imap.open_mailbox(client, server)
        imap.mark_seen(client, imap.new(client, 0)[-1])
        imap.close(client)
        assert (mailbox.unseen(), await intake.look(), await intake.look()) == (0, 1, 0)
        assert len(await world.services.inbound_mail.letters(9)) == 2


async def test_a_letter_of_ours_to_blame_holds_no_other(
    settings: Settings, mailbox: DovecotServer, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server("127.0.0.1", mailbox.port, "none", USER, PASSWORD)
    async with open_server(settings, server, authority) as (world, intake):
        receive = world.services.inbound_mail.receive

        async def faulty(raw: bytes, *rest: object) -> object:
            if b"<0@x>" in raw:
                raise KeyError("a fault")
            return await receive(raw, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(world.services.inbound_mail, "receive", faulty)
        for number in range(2):
            mailbox.drop(letter(UNIT_BOX, message_id=f"<{number}@x>"))
        assert [await intake.look() for _ in range(2)] == [2, 0]
        assert ([one.message_id for one in await world.services.inbound_mail.letters(9)], mailbox.unseen()) == (
            ["<1@x>"],
            1,
        )


@pytest.mark.parametrize(
    ("password", "trusted", "fault"),
    [("wrong", True, "imap: error"), (PASSWORD, False, "imap: SSLCertVerificationError")],
)
async def test_a_mailbox_that_cannot_be_read(
    settings: Settings, mailbox: DovecotServer, authority: Path, password: str, trusted: bool, fault: str
) -> None:
    server = Server("127.0.0.1", mailbox.port, "starttls", USER, password)
    async with open_server(settings, server, authority if trusted else None) as (_, intake):
        with pytest.raises(NotRead, match=f"^{fault}$"):
            await intake.look()


async def test_the_server_watches_by_itself(settings: Settings, mailbox: DovecotServer, authority: Path) -> None:
    mailbox.drop(letter(UNIT_BOX))
    mail = Mail(
        Server("127.0.0.1", 1, "none", "", ""), OFFICE, Server("127.0.0.1", mailbox.port, "none", USER, PASSWORD)
    )
    async with open_world(replace(settings, mail=mail)) as world:
        while not await world.services.inbound_mail.letters(1):
            await world.accounts.ping()
        assert (await world.services.inbound_mail.letters(1))[0].sender == UNIT_BOX


def test_the_verifier_is_the_name_of_a_server() -> None:
    environ = {
        "DIEMCAU_SMTP_URL": "smtps://h",
        "DIEMCAU_MAIL_FROM": OFFICE,
        "DIEMCAU_MAIL_VERIFIER": "mx.khanhhoa.gov.vn",
    }
    mail = read_settings(environ).mail
    assert mail is not None and mail.verifier == "mx.khanhhoa.gov.vn"


async def test_killed_at_every_step_no_letter_is_lost_or_doubled(settings: Settings, mailbox: DovecotServer) -> None:
    """One letter for each step; the next child takes in what the killed one left."""
    engine = database.connect(settings.database_url)
    arguments = [
        sys.executable,
        "-m",
        "tests.signaling.mailbox_intake_process",
        settings.database_url,
        str(mailbox.port),
    ]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == "ready\n"

        def look(step: int) -> str:
            assert process.stdin and process.stdout
            print(step, file=process.stdin, flush=True)
            return process.stdout.readline().strip()

        step = 0
        while True:
            mailbox.drop(letter(STRANGER.replace("@", f"{step}@"), message_id=f"<{step}@x>"))
            if look(step) == "done 0":
                break
            assert look(1000) == "done 0"
            assert mailbox.unseen() == 0
            step += 1
        process.stdin.close()
    assert step > 15
    async with engine.begin() as db:
        came = (await db.execute(text("SELECT message_id, fate FROM letters_received ORDER BY id"))).all()
        recipients = (await db.execute(text("SELECT recipient FROM outbox ORDER BY id"))).scalars().all()
    await engine.dispose()
    assert came == [(f"<{number}@x>", "answered") for number in range(step + 1)]
    assert recipients == [STRANGER.replace("@", f"{number}@") for number in range(step + 1)]
