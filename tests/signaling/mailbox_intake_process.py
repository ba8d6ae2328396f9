"""Takes in a mailbox as the server does, in a process that dies at a step of its own choice.

    python -m tests.signaling.mailbox_intake_process DATABASE PORT

Reads one step per line from standard input: a child looks at the mailbox once and kills itself before that step (a
command to the mail server, a statement or a commit of the database). Answers ``killed`` or ``done``.
"""

import asyncio
import os
import signal
import ssl
import sys
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event

from scheduler.booking.registration.drafts import Drafts
from scheduler.core import database
from scheduler.files.sandboxed_parser import SandboxedParser
from scheduler.inbound_mail.service import InboundMail, OfficialMailbox
from scheduler.notifications.wording import Channels
from scheduler.policy import profile_files
from signaling.mail import imap
from signaling.mail.config import Server
from signaling.mail.inbox_watcher import InboxWatcher
from tests.fakes import parse_in_process
from tests.scheduler.inbound_mail.letters import OFFICE
from tests.signaling.dovecot import PASSWORD, USER

NOW = datetime(2023, 4, 3, 1, 0, tzinfo=UTC)


class Steps:
    """Counts steps, and dies before one of them."""

    def __init__(self, last: int) -> None:
        self._left = last

    def __call__(self, *_: Any) -> None:
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


async def _look(url: str, port: int, step: Steps) -> None:
    """Look into the mailbox once; call `step` before each SQL statement, commit and IMAP command."""
    engine = database.connect(url)
    for moment in ("before_cursor_execute", "commit"):
        event.listen(engine.sync_engine, moment, step)
    command = imap.Client._command  # type: ignore[attr-defined]

    def counted(*arguments: Any) -> Any:
        step()
        return command(*arguments)

    imap.Client._command = counted  # type: ignore[attr-defined]
    server = Server("127.0.0.1", port, "none", USER, PASSWORD)
    profiles = profile_files.load()
    inbound_mail = InboundMail(
        engine,
        OfficialMailbox(OFFICE),
        profiles,
        Drafts(engine, profiles, Channels(mail=True)),
        SandboxedParser(parse_in_process),
    )
    await InboxWatcher(inbound_mail, server, ssl.create_default_context(), lambda: NOW, lambda: None).look()
    await engine.dispose()


def main(url: str, port: int) -> None:
    """Fork a child for each step asked for."""
    print("ready", flush=True)
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if not child:
            asyncio.run(_look(url, port, Steps(int(line))))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"done {status}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
