"""Who did what, from where."""

from typing import Annotated

from pydantic import Field

from signaling.errors import Forbidden
from signaling.rest.route import Call, Model, Moment, Route


class AuditEntry(Model):
    """One entry."""

    at: Moment
    actor: str
    action: str
    subject: str
    detail: str
    address: str
    port: int


class Newest(Model):
    """How many of the newest entries."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100


async def audit(call: Call) -> list[AuditEntry]:
    """List the newest entries."""
    if not call.account.central:
        raise Forbidden
    return [
        AuditEntry(
            at=entry.at,
            actor=entry.actor,
            action=entry.action,
            subject=entry.subject,
            detail=entry.detail,
            address=entry.address,
            port=entry.port,
        )
        for entry in await call.roof.store.audit_log(call.query.limit)
    ]


ROUTES = [
    Route(
        "GET", "/audit", audit, "The newest entries of the audit log", list[AuditEntry], query=Newest, problems=(403,)
    )
]
