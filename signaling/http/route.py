"""The route table's entry, and the request that its handler gets."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from aiohttp import web
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.note import Note, no_note
from signaling.core.account import Account, Scope, Source
from signaling.core.audit_entry import AuditEntry
from signaling.core.errors import BadInput, Fault, Forbidden, Hidden
from signaling.core.outage_log import lost_part
from signaling.http.context import HTTP

log = logging.getLogger(__name__)

C = TypeVar("C")
T = TypeVar("T")


class Model(BaseModel):
    """Base of all bodies, queries and responses."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _within_our_years(value: datetime) -> datetime:
    """Convert to UTC; refuse years in which adding a year or changing the zone could overflow. Raises ValueError."""
    if not 2000 <= value.year < 2200:
        raise ValueError("year out of range")
    return value.astimezone(UTC)


def _printable(value: str) -> str:
    """Refuse an id by which nothing stored would be found (`scheduler.core.sql_values.storable`). Raises ValueError."""
    if not value.isprintable():
        raise ValueError("not printable")
    return value


def _stamp(value: datetime) -> str:
    return value.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


Moment = Annotated[
    AwareDatetime, AfterValidator(_within_our_years), PlainSerializer(_stamp, when_used="json-unless-none")
]
"""A time: RFC 3339 with any zone in, UTC out."""

Id = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,64}$"), AfterValidator(_printable)]
ID_PATTERN = "[A-Za-z0-9._-]{1,64}"
ID = f"{{id:{ID_PATTERN}}}"
"""An id in a path; anything else is not found."""


class Interval(Model):
    """A half-open interval of time."""

    start: Moment
    end: Moment


class Named(Model):
    """Something with an id and a name."""

    id: str
    name: str


class NamedPoint(Named):
    """A point: the name that its devices have, and its Vietnamese name."""

    label: str


class Problem(BaseModel):
    """RFC 9457; more members come with some types."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="`urn:diemcau:<word>`, stable")
    title: str
    status: int
    detail: str
    request: str = Field(description="As in the header `X-Request-ID`, and in the server's log")


class Window(Model):
    """A period of time; each endpoint has its own defaults for an omitted `start` or `end`."""

    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None

    def bounds(
        self, begin: datetime, usual: timedelta, longest: timedelta = timedelta.max
    ) -> tuple[datetime, datetime]:
        """Return the requested period, by default that of the length `usual` from `begin` on.

        Raises BadInput if it is longer than `longest`.
        """
        start = self.from_ or begin
        end = self.to or start + usual
        if end - start > longest:
            raise BadInput([Fault("to", "too-long-interval")])
        return start, end


class NoQuery(Model):
    """No parameters."""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One API request, read and checked."""

    request: web.Request
    account: Account
    body: Any
    query: Any
    source: Source
    now: datetime

    @property
    def id(self) -> str:
        """The id in the path."""
        return self.request.match_info["id"]

    def context(self, key: web.AppKey[C]) -> C:
        """Return the context of a folder, by its key."""
        return self.request.app[key]

    def only(self, allowed: bool) -> None:
        """Check a right. Raises Forbidden."""
        if not allowed:
            raise Forbidden

    def seen(self, visible: bool) -> None:
        """Check that the account may see a thing; to others it does not exist. Raises Hidden."""
        if not visible:
            raise Hidden

    async def unit_names(self) -> dict[str, str]:
        """Return the names of all units, by id."""
        return await self.context(HTTP).unit_names()

    async def note(self, action: str, subject: str, detail: str = "") -> None:
        """Write to the audit log that the account did something to a subject."""
        await self.context(HTTP).audit.append(self._entry(action, subject, detail))

    def noting(self, action: str, tell: Callable[[T], tuple[str, str]], also: Note[T] = no_note) -> Note[T]:
        """Return what writes to the audit log, in the transaction of a change, that the account made it.

        `tell` returns subject and detail from what came of the change; `also` is noted after it.
        """

        async def note(db: AsyncConnection, changed: T) -> None:
            subject, detail = tell(changed)
            await self.context(HTTP).audit.append_with(db, self._entry(action, subject, detail))
            await also(db, changed)

        return note

    async def saw(self, action: str, subject: str, detail: str = "") -> None:
        """Write to the audit log, once a day, that the account saw something confidential."""
        await self.context(HTTP).audit.once(self._entry(action, subject, detail))

    async def saw_if_stored(self, action: str, subject: str, detail: str = "") -> bool:
        """Write as `saw` does; return False if the database cannot store it now, as on a full disk.

        What is confidential is left out of the response then.
        """
        try:
            await self.saw(action, subject, detail)
        except SQLAlchemyError as error:
            if lost_part(error) is None:
                raise
            log.exception("%s is left out of responses, for the audit log cannot be written", action)
            return False
        return True

    def _entry(self, action: str, subject: str, detail: str) -> AuditEntry:
        return self.source.entry(self.now, self.account.account, action, subject, detail)


Handler = Callable[[ApiRequest], Awaitable[object]]
Access = Literal["open", "enrolment", "new-password", "provider", "signed-in"]
"""Who may call an endpoint: `open`: everybody; `enrolment`: signed-in accounts, also those that must first add a second
factor or change their password; `new-password`: also those that must change their password first; `provider`:
signed-in accounts, also of telecom enterprises (A36); `signed-in`: all other signed-in accounts."""


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint of the API: models of body, query and response, and who may call it."""

    method: Literal["GET", "POST"]
    path: str
    handler: Handler
    summary: str
    response: Any
    body: type[Model] | None = None
    query: type[Model] = NoQuery
    status: int = 200
    access: Access = "signed-in"
    problems: tuple[int, ...] = ()
    media_type: str = "application/json"
    upload: bool = False
    """Whether the body is a file, which the handler reads."""
    changes: bool = True
    """False for a POST that changes no data."""
    unstored: bool = False
    """Whether nothing of its body may be stored, not even the digest that belongs to an Idempotency-Key."""
    own: bool = False
    """Whether it changes only what is the account's own, as its sign-ins: also those who only supervise may do that."""
    public: bool = False
    """Whether the response tells nothing of anybody: it is compressed, for its length tells nothing either."""
    scope: Scope | None = None
    """The scope by which an API token may call it, None for no token; the table of all routes sets it."""
    group: str = ""
    """First half of the operationId; the table of all routes sets it."""

    @property
    def operation_id(self) -> str:
        """The name of the endpoint in the OpenAPI document."""
        return f"{self.group}.{self.handler.__name__}"

    @property
    def acts(self) -> bool:
        """Return whether the endpoint changes something other than what is the account's own."""
        return self.method != "GET" and self.changes and not self.own and self.access in {"provider", "signed-in"}

    @property
    def keyed(self) -> bool:
        """Return whether a request may carry an Idempotency-Key."""
        return self.acts and not self.upload and not self.unstored
