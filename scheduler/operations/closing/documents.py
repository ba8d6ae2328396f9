"""Rules of access to documents and recordings (Điều 5.3, 15.4, R-020, R-103). Pure.

They belong to the host unit, which grants them to other units.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

RECORDING = "recording"
"""The subject of a request for the recording; every other subject is the id of a document."""

AccessReply = Literal["waiting", "granted", "refused"]


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a session, owned by its host unit; `path` is a random name under the documents' folder."""

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
    """A unit's request for a recording or document, or the host's offer, with the host's reply.

    A grant holds until `until`; None: without end. `asked_by` is empty when the host offered it without a request.
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
        """Return whether the unit has access now."""
        return self.answer == "granted" and (self.until is None or now < self.until)


def allowed(grants: Collection[AccessRequest], unit: str | None, subject: str, now: datetime) -> bool:
    """Return whether a unit may have the recording or a document now."""
    return any(grant.unit == unit and grant.subject == subject and grant.holds(now) for grant in grants)
