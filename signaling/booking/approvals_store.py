"""Requests of two persons: who asks, what for, until when, and what became of it. One method, one transaction."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.engine import RowMapping

from scheduler.core.database import writing
from scheduler.core.note import Note, no_note
from signaling.booking.schema import APPROVALS
from signaling.core.sql_rows import SqlRows

Action = Literal["confirm-plan", "shed", "change-roles"]
"""Codes are taken for a session that waits, or for lack of capacity; an account gets other roles."""
ApprovalState = Literal["asked", "approved", "refused", "void", "emergency", "confirmed"]
"""`void`: it could not be carried out any more. `emergency`: it was, by who asked, and is to be confirmed."""
MAX_LISTED = 200


@dataclass(frozen=True, slots=True)
class Approval:
    """A request of an account to revoke the codes of sessions, or to change the roles of another account.

    `subject` is the session that waits, `capacity`, or the account whose roles change; `roles_before` and `roles` are
    words joined by commas.
    """

    id: str
    action: Action
    subject: str
    victims: tuple[str, ...]
    override: bool
    reason: str
    asked_by: str
    asked: datetime
    expires: datetime
    state: ApprovalState = "asked"
    decided_by: str = ""
    decided: datetime | None = None
    roles_before: str = ""
    roles: str = ""

    def waits(self, now: datetime) -> bool:
        """Return whether it can be approved."""
        return self.state == "asked" and now < self.expires


class ApprovalStore(SqlRows):
    """Reads and writes requests."""

    async def ask(self, wanted: Approval, note: Note[Approval] = no_note) -> Approval:
        """Store a request, unless the same one of the account waits already; return the one that does."""
        waiting = _waiting(wanted.asked) & (APPROVALS.c.asked_by == wanted.asked_by)
        async with writing(self._engine) as db:
            for each in map(_approval, (await db.execute(select(APPROVALS).where(waiting))).mappings()):
                if _content(each) == _content(wanted):
                    return each
            row = {name: getattr(wanted, name) for name in Approval.__slots__} | {"victims": json.dumps(wanted.victims)}
            await db.execute(insert(APPROVALS).values(row))
            await note(db, wanted)
        return wanted

    async def approval(self, id_: str) -> Approval | None:
        """Return a request."""
        row = await self._one(select(APPROVALS).where(APPROVALS.c.id == id_))
        return None if row is None else _approval(row)

    async def listed(self, now: datetime) -> list[Approval]:
        """Return what waits for a second person: emergencies not confirmed yet, which no number of requests may hide,
        then requests that have not expired; of each the oldest first."""
        emergency = APPROVALS.c.state == "emergency"
        ordered = select(APPROVALS).where(emergency | _waiting(now)).order_by(~emergency, APPROVALS.c.asked)
        return [_approval(row) for row in await self._all(ordered.limit(MAX_LISTED))]

    async def decide(
        self,
        approval: Approval,
        before: ApprovalState,
        after: ApprovalState,
        by: str,
        now: datetime,
        note: Note[Approval] = no_note,
    ) -> bool:
        """Move a request on; return False if it is in another state by now."""
        found = APPROVALS.c.id == approval.id, APPROVALS.c.state == before
        async with writing(self._engine) as db:
            changed = update(APPROVALS).where(*found).values(state=after, decided_by=by, decided=now)
            if not (await db.execute(changed)).rowcount:
                return False
            await note(db, approval)
        return True


def new_approval(
    action: Action,
    subject: str,
    victims: Sequence[str],
    override: bool,
    reason: str,
    by: str,
    now: datetime,
    until: datetime,
) -> Approval:
    """Return a request with an id of its own."""
    return Approval(uuid.uuid4().hex, action, subject, tuple(victims), override, reason, by, now, until)


def _waiting(now: datetime) -> ColumnElement[bool]:
    return (APPROVALS.c.state == "asked") & (APPROVALS.c.expires > now)


def _approval(row: RowMapping) -> Approval:
    return Approval(**{**row, "victims": tuple(json.loads(row["victims"]))})


def _content(wanted: Approval) -> tuple[object, ...]:
    roles = wanted.roles_before, wanted.roles
    return wanted.action, wanted.subject, wanted.victims, wanted.override, wanted.asked_by, roles
