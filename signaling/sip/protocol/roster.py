"""Reads who is in the room of another MCU: documents of `application/conference-info+xml` (RFC 4575). Pure.

    roster = Roster(("diemcau", "10.0.0.1"))
    if not roster.take(read(body)):
        ...  # a document before this one is missing: ask for the full state

Documents are strangers' XML: one with a DTD is refused, and with it all entities that it could declare. Elements that
are not known, and those of other namespaces, are passed over.
"""

from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Literal, cast
from xml.parsers import expat

from signaling.sip.protocol.address import Uri, clean, whole
from signaling.sip.protocol.errors import BadMessage

MEDIA_TYPE: Final = "application/conference-info+xml"
PACKAGE: Final = "conference"
"""The name of the event package (RFC 4575 §3.1)."""
MAX_BYTES = 65536
MAX_DEPTH = 32
"""Of elements; those of RFC 4575 are 8 deep."""
MAX_USERS = 500
"""Of one roster; those beyond are not noted."""
MAX_ENDPOINTS = 16
"""Of one user; those beyond are not noted."""
MAX_ENTITY = 400
"""Letters of the URI of a user or an endpoint; one with a longer URI is not noted."""
MAX_TEXT = 400
"""Letters of a text; the rest is left out."""
MAX_NAME = 60
"""Letters of a name that is shown."""
MAX_NAMES = 30
"""Names that are shown; the others are counted."""
LARGEST_VERSION = 2**32 - 1
AWAY = {"pending", "dialing-out", "dialing-in", "alerting", "disconnecting", "disconnected"}
"""States of an endpoint that is not in the room yet, or no longer (RFC 4575 §5.7)."""

Extent = Literal["full", "partial", "deleted"]
"""What an element tells: all, what changed, or that it is gone (RFC 4575 §4.3)."""

_NAMESPACE = "urn:ietf:params:xml:ns:conference-info"
_ROOT, _USERS = ("conference-info",), ("conference-info", "users")
_USER = (*_USERS, "user")
_ENDPOINT = (*_USER, "endpoint")
_NAME, _STATUS = (*_USER, "display-text"), (*_ENDPOINT, "status")


@dataclass(slots=True)
class EndpointNews:
    """News that a document tells of one endpoint; None where it does not tell its status."""

    entity: str
    extent: Extent
    status: str | None = None


@dataclass(slots=True)
class UserNews:
    """News that a document tells of one user; None where it does not tell the name."""

    entity: str
    extent: Extent
    name: str | None = None
    endpoints: list[EndpointNews] = field(default_factory=list)


@dataclass(slots=True)
class RosterDocument:
    """One document; `users_extent` is None where it tells nothing of the users."""

    extent: Extent
    version: int
    users_extent: Extent | None = None
    users: list[UserNews] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Inside:
    """Those who are in a room: names in the order in which they came, and how many others."""

    names: tuple[str, ...] = ()
    more: int = 0


NOBODY: Final = Inside()


def read(body: str) -> RosterDocument:
    """Read a document. Raises BadMessage."""
    data = body.encode("utf-8", "replace")
    if len(data) > MAX_BYTES:
        raise BadMessage("too long")
    return _Reader().read(data)


class _Reader:
    """Reads one document, element by element."""

    def __init__(self) -> None:
        self._document: RosterDocument | None = None
        self._path: list[str] = []
        """Names of the elements around, empty for those that are passed over."""
        self._text: list[str] | None = None
        """The text of an element that is wanted."""
        self._left = 0
        """Letters that may still be added to it."""

    def read(self, data: bytes) -> RosterDocument:
        parser = expat.ParserCreate("utf-8", " ")
        parser.StartDoctypeDeclHandler = _refuse_dtd
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(data, True)
        except expat.ExpatError as fault:
            raise BadMessage(f"no XML: {fault}") from None
        if self._document is None:
            raise BadMessage("no roster")
        return self._document

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        namespace, _, name = tag.rpartition(" ")
        self._path.append(name if namespace in ("", _NAMESPACE) else "")
        if len(self._path) > MAX_DEPTH:
            raise BadMessage("too deep")
        path, entity, document = tuple(self._path), attributes.get("entity", ""), self._document
        if path == _ROOT:
            version = whole(attributes.get("version", "0").strip(), LARGEST_VERSION)
            self._document = RosterDocument(_extent(attributes), version)
        elif document is None:
            return
        elif path == _USERS:
            document.users_extent = _extent(attributes)
        elif path == _USER:
            document.users.append(UserNews(entity, _extent(attributes)))
        elif path == _ENDPOINT:
            document.users[-1].endpoints.append(EndpointNews(entity, _extent(attributes)))
        elif path in (_NAME, _STATUS):
            self._text, self._left = [], MAX_TEXT

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text[: self._left])
            self._left -= len(self._text[-1])

    def _end(self, _tag: str) -> None:
        path = tuple(self._path)
        self._path.pop()
        if self._text is None or self._document is None or path not in (_NAME, _STATUS):
            return
        user, text = self._document.users[-1], clean("".join(self._text))
        self._text = None
        if path == _NAME:
            user.name = text
        else:
            user.endpoints[-1].status = text.lower()


def _refuse_dtd(*_declared: object) -> None:
    raise BadMessage("a DTD")


def _extent(attributes: dict[str, str]) -> Extent:
    """Return what an element tells; all, where it does not say. Raises BadMessage."""
    extent = attributes.get("state", "full")
    if extent not in ("full", "partial", "deleted"):
        raise BadMessage("bad state")
    return cast("Extent", extent)


@dataclass(slots=True)
class _User:
    """A user as all documents together tell."""

    entity: str
    name: str = ""
    is_us: bool = False
    """Whether its own URI is our address."""
    endpoints: dict[str, str] = field(default_factory=dict)
    """The status of each endpoint, empty where it is not known."""
    ours: set[str] = field(default_factory=set)
    """Those of them whose URI is our address."""

    @property
    def is_inside(self) -> bool:
        """True if the user is in the room, by any endpoint, or is told of without one."""
        return not self.endpoints or any(status not in AWAY for status in self.endpoints.values())

    @property
    def shown(self) -> str:
        """The name that people read; empty where there is none."""
        name = self.name or _user_of(self.entity)
        return " ".join("".join(each if each.isprintable() else " " for each in name).split())[:MAX_NAME]

    def take(self, news: UserNews, own: tuple[str, str]) -> None:
        """Apply what a document tells of the user; our address is `own`."""
        if news.extent == "full":
            self.name, self.endpoints, self.ours = "", {}, set()
        if news.name is not None:
            self.name = news.name
        for each in news.endpoints:
            if each.extent == "deleted":
                self.endpoints.pop(each.entity, None)
                self.ours.discard(each.entity)
            elif each.entity in self.endpoints or (
                len(self.endpoints) < MAX_ENDPOINTS and len(each.entity) <= MAX_ENTITY
            ):
                if each.entity not in self.endpoints and address_of(each.entity) == own:
                    self.ours.add(each.entity)
                known = self.endpoints.get(each.entity, "") if each.extent == "partial" else ""
                self.endpoints[each.entity] = known if each.status is None else each.status


class Roster:
    """Those who are in a room, as the documents of one subscription tell (RFC 4575 §4.6), but for ourselves, whose
    address is `own`.

    URIs are read once, not whenever a document changes something: a room may have thousands of endpoints.
    """

    def __init__(self, own: tuple[str, str]) -> None:
        self._own = own
        self._version: int | None = None
        """That of the newest document; None before the first full one."""
        self._users: dict[str, _User] = {}

    def take(self, document: RosterDocument) -> bool:
        """Apply a document; return False where one before it is missing, so that the full state must be asked for.

        A full one replaces what is known whatever its version, which some MCUs count for all of their subscribers
        together; the order is that of the requests. An earlier partial one changes nothing.
        """
        if document.extent == "partial":
            if self._version is None or document.version > self._version + 1:
                return False
            if document.version <= self._version:
                return True
        else:
            self._users.clear()
        self._version = document.version
        if document.extent == "deleted" or document.users_extent is None:
            return True
        if document.users_extent != "partial":
            self._users.clear()
        if document.users_extent != "deleted":
            for news in document.users:
                self._take_user(news)
        return True

    def _take_user(self, news: UserNews) -> None:
        user = self._users.get(news.entity)
        if news.extent == "deleted":
            self._users.pop(news.entity, None)
        elif user is not None:
            user.take(news, self._own)
        elif len(self._users) < MAX_USERS and len(news.entity) <= MAX_ENTITY:
            self._users[news.entity] = user = _User(news.entity, is_us=address_of(news.entity) == self._own)
            user.take(news, self._own)

    def inside(self) -> Inside:
        """Return who is there."""
        there = [each for each in self._users.values() if each.is_inside and not (each.is_us or each.ours)]
        names = list(islice((name for each in there if (name := each.shown)), MAX_NAMES))
        return Inside(tuple(names), len(there) - len(names))


def address_of(uri: str) -> tuple[str, str]:
    """Return user and host of a SIP URI, both empty for anything else."""
    try:
        found = Uri.parse(uri)
    except BadMessage:
        return "", ""
    return (found.user, found.host) if found.scheme in ("sip", "sips") else ("", "")


def _user_of(uri: str) -> str:
    """Return the user part of a URI as a name; empty for one that hides who it is (RFC 3323 §4.1.1.3)."""
    try:
        found = Uri.parse(uri)
    except BadMessage:
        return ""
    return "" if found.host.endswith("anonymous.invalid") else found.user
