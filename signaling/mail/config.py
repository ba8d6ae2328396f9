"""Settings of the mail servers."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from scheduler.notifications.wording import Contacts


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server: TLS from the first byte, STARTTLS, or no `tls` at all."""

    host: str
    port: int
    tls: Literal["implicit", "starttls", "none"]
    user: str
    password: str = field(repr=False)
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """Mail settings: sends over `smtp` as `sender`, receives over `imap`; `authority` is a file of certificates.

    `verifier` is the name with which the mail server signs its Authentication-Results; `contacts` are reminded.
    """

    smtp: Server
    sender: str
    imap: Server | None = None
    authority: Path | None = None
    verifier: str = ""
    contacts: Contacts = field(default_factory=Contacts)
