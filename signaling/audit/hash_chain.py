"""The hash chain of the audit log (I-08). Pure.

Each entry carries its seal: the SHA-256 of the seal before it and of its own content. Whoever changes or deletes a row
has to compute all later seals anew; a later seal that somebody noted outside the database reveals that. The chain
begins with GENESIS. When old entries are pruned, an entry of its own stores the seal of the last deleted entry, from
which the rest is verified.
The form of the hashed text never changes, or old logs would no longer verify.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from scheduler.core.model import Happening
from signaling.core.audit_entry import AuditEntry

GENESIS = "0" * 64
PRUNE = "prune-log"
"""The action whose subject is the number of the last pruned entry, and whose detail is that entry's seal."""

COVER = "seal-happenings"
"""The action whose subject is the number of the last row of sessions' history, and whose detail is their seal."""


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """An entry in the log, with its number, the policy in force (R-001) and its seal."""

    id: int
    entry: AuditEntry
    profile: str
    seal: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of a verification: number of entries, number and seal of the last, number of the first broken one."""

    entries: int
    last: int
    head: str
    broken: int | None

    def after(self, rows: Iterable[ChainedEntry]) -> "Verdict":
        """Return the result after further rows; nothing is checked after a broken one."""
        entries, last, head = self.entries, self.last, self.head
        if self.broken is not None:
            return self
        for row in rows:
            if row.id <= last or row.seal != entry_hash(head, row.id, row.entry, row.profile):
                return Verdict(entries, last, head, row.id)
            entries, last, head = entries + 1, row.id, row.seal
        return Verdict(entries, last, head, None)


def entry_hash(previous: str, number: int, entry: AuditEntry, profile: str) -> str:
    """Return the seal of an entry after the seal `previous`, as hex."""
    content: list[object] = [
        previous,
        number,
        int(entry.at.timestamp()),
        entry.actor,
        entry.action,
        entry.subject,
        entry.detail,
        entry.address,
        entry.port,
        profile,
    ]
    return _hash(content)


def seal_happening(previous: str, happening: Happening) -> str:
    """Return the seal of a row of sessions' history after the seal `previous`, as hex."""
    content: list[object] = [
        previous,
        happening.id,
        int(happening.at.timestamp()),
        happening.session,
        happening.kind,
        happening.cause,
        happening.by,
        happening.reason,
        happening.profile,
    ]
    return _hash(content)


def _hash(content: list[object]) -> str:
    return sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
