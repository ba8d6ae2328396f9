"""State of a call that another process needs to resume it. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CallSnapshot:
    """A confirmed dialog (RFC 3261 §12), its session (RFC 3264) and when it ends unless it is refreshed (RFC 4028).

    `host` and `port` are where its messages come from; `theirs` is the description with which they began the call. What
    the media use now is known to the media engine, which outlives the process.
    """

    call_id: str
    local: str
    remote: str
    contact: str
    target: str
    routes: tuple[str, ...]
    sequence: int
    heard: int
    transport: str
    host: str
    port: int
    name: str
    user: str
    user_agent: str
    theirs: str
    expires: datetime | None
    session_s: int | None = 0
