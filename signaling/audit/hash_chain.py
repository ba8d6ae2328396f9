"""The audit log's entries and the chain that seals them (I-08). Pure.

Each entry carries the SHA-256 of the entry before it and of its own content, so whoever changes or takes out a row has
to write all later ones anew, and is found out by any later seal that was noted outside. The log begins with GENESIS.
When old entries are pruned, an entry that says so holds the seal of the last one that went: there the rest begins.
The form of the sealed text never changes, or the logs of old would no longer verify.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from scheduler.core.model import Happening
from signaling.core.audit_entry import AuditEntry

GENESIS = "0" * 64
PRUNE = "prune-log"
"""The action whose subject is the number of the last entry that went, and whose detail is its seal."""

COVER = "seal-happenings"
"""The action whose subject is the number of the last thing that happened to a session, and whose detail seals all."""


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """An entry in the log: its number, the profile in force (R-001) and its seal."""

    id: int
    entry: AuditEntry
    profile: str
    seal: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of checking the log: how many entries, the last one, and the number of the first that is not true."""

    entries: int
    last: int
    head: str
    broken: int | None

    def after(self, rows: Iterable[ChainedEntry]) -> "Verdict":
        """Check the next rows; nothing is looked at after a broken one."""
        entries, last, head = self.entries, self.last, self.head
        if self.broken is not None:
            return self
        for row in rows:
            if row.id <= last or row.seal != entry_hash(head, row.id, row.entry, row.profile):
                return Verdict(entries, last, head, row.id)
            entries, last, head = entries + 1, row.id, row.seal
        return Verdict(entries, last, head, None)


def entry_hash(previous: str, number: int, entry: AuditEntry, profile: str) -> str:
    """Return the seal of an entry behind another, as hex."""
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
    """Return the seal of what happened to a session behind everything before it, as hex."""
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
