"""One entry of the audit log, before it is chained."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An action: its time, actor, subject, and source address."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: str = ""
    address: str = ""
    port: int = 0


SERVER = "server"
"""The actor of what the server does by itself."""
