"""Documents and recordings belong to the host; other units get them from it (Điều 5.3, 15.4, R-020, R-103). Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

RECORDING = "recording"
"""The subject of a request for the recording; every other subject is the id of a document."""

AccessReply = Literal["waiting", "granted", "refused"]


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a session, owned by its host unit; `path` is a random name under the documents' directory."""

    id: str
    session: str
    name: str
    kind: str
    bytes: int
    sha256: str
    path: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A unit's wish for something of a session, or the host's offer, and what the host answered.

    `until` bounds a granted one; None: without end. `asked_by` is empty when the host offered it unasked.
    """

    id: str
    session: str
    subject: str
    unit: str
    asked_by: str
    asked: datetime
    text: str
    answer: AccessReply = "waiting"
    answered_by: str = ""
    answered: datetime | None = None
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Tell whether the unit may have it now."""
        return self.answer == "granted" and (self.until is None or now < self.until)


def allowed(grants: Collection[AccessRequest], unit: str | None, subject: str, now: datetime) -> bool:
    """Tell whether a unit may have something now."""
    return any(grant.unit == unit and grant.subject == subject and grant.holds(now) for grant in grants)
