"""SIP messages as values: parsed tolerantly, written strictly (RFC 3261 §7).

Parsing is total: any bytes give a message or BadMessage, in time linear to their number. A request of which at least
its start line and a Via can be read gives BadRequest, which `refuse` answers. The parser checks the mandatory headers
(Via, From, To, Call-ID, CSeq) once, so the properties never raise.
"""

import contextlib
import re
from dataclasses import dataclass, field

from signaling.sip.protocol.address import NameAddress, Uri, Via, clean, is_token, split, whole
from signaling.sip.protocol.errors import BadMessage, BadRequest

MOST_BYTES = 65536
MOST_HEADERS = 128
LONGEST_HEADER = 8192
LONGEST_METHOD = 64
SDP = "application/sdp"
LARGEST_SEQUENCE = 2**31 - 1

_COMPACT = {
    "b": "referred-by",
    "c": "content-type",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
}
"""Short names of headers (RFC 3261 §7.3.3, RFC 4028 §4)."""
_WRITTEN = {
    "call-id": "Call-ID",
    "cseq": "CSeq",
    "rseq": "RSeq",
    "min-se": "Min-SE",
    "www-authenticate": "WWW-Authenticate",
}
METHODS = {
    *("ACK", "BYE", "CANCEL", "INFO", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS"),
    *("PRACK", "PUBLISH", "REFER", "REGISTER", "SUBSCRIBE", "UPDATE"),
}
"""Methods that have a meaning (registry of SIP parameters at IANA), whether an agent serves them or not."""
_REQUEST_LINE = re.compile(r"\s*(\S+)\s.*\s(SIP/[0-9]+\.[0-9]+)\s*", re.ASCII | re.IGNORECASE)
_EMPTY_PART = re.compile(r"(?:^|[;,])\s*(?:[;,]|$)")
_RETURNED = ("via", "from", "to", "call-id", "cseq")
"""Headers that a response returns as they came (RFC 3261 §8.2.6.2)."""
_END = re.compile(rb"\r?\n\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")

Headers = list[tuple[str, str]]

REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    603: "Decline",
}


@dataclass(slots=True)
class Message:
    """Common part of requests and responses. Header names are full and in lower case; values stand on one line."""

    headers: Headers = field(default_factory=list, kw_only=True)
    body: bytes = field(default=b"", kw_only=True)

    def get(self, name: str) -> str | None:
        """Return the first header of a name, or None."""
        return next((value for each, value in self.headers if each == name), None)

    def all(self, name: str) -> list[str]:
        """Return every value of a header that may be a list, in order."""
        return [part for each, value in self.headers if each == name for part in split(value, ",")]

    def add(self, name: str, value: str) -> None:
        """Append a header."""
        self.headers.append((name, value))

    @property
    def via(self) -> Via:
        """The topmost Via: the newest hop."""
        return Via.parse(_first(self.all("via"), "Via"))

    @property
    def sender(self) -> NameAddress:
        """The From header: the party that began the transaction."""
        return NameAddress.parse(_needed(self.get("from"), "From"))

    @property
    def recipient(self) -> NameAddress:
        """The To header: the party that was addressed."""
        return NameAddress.parse(_needed(self.get("to"), "To"))

    @property
    def call_id(self) -> str:
        """Call-ID."""
        return _needed(self.get("call-id"), "Call-ID")

    @property
    def sequence(self) -> tuple[int, str]:
        """CSeq: number and method."""
        number, _, method = _needed(self.get("cseq"), "CSeq").partition(" ")
        return whole(number, LARGEST_SEQUENCE), method.strip()

    @property
    def contact(self) -> NameAddress | None:
        """The first Contact, or None if none can be parsed."""
        try:
            return NameAddress.parse(_first(self.all("contact"), "Contact"))
        except BadMessage:
            return None

    @property
    def contacts(self) -> list[NameAddress]:
        """All Contacts that can be parsed, in their order."""
        found = []
        for value in self.all("contact"):
            with contextlib.suppress(BadMessage):
                found.append(NameAddress.parse(value))
        return found

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case, without parameters."""
        return (self.get("content-type") or "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text."""
        return _text(self.body)

    def _head(self) -> str:
        raise NotImplementedError

    def write(self) -> bytes:
        """Return the bytes, with the right Content-Length."""
        lines = [self._head()]
        lines += [f"{_written(name)}: {clean(value)}" for name, value in self.headers if name != "content-length"]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("utf-8", "replace") + self.body


@dataclass(slots=True)
class Request(Message):
    """A request. `uri` stays as it was written."""

    method: str
    uri: str

    def came_from(self, host: str, port: int) -> None:
        """Write the source address into the topmost Via."""
        at, value = next((at, value) for at, (name, value) in enumerate(self.headers) if name == "via")
        newest, *others = split(value, ",")
        self.headers[at] = ("via", ", ".join([str(Via.parse(newest).came_from(host, port)), *others]))

    def _head(self) -> str:
        return f"{self.method} {clean(self.uri)} SIP/2.0"


@dataclass(slots=True)
class Response(Message):
    """A response."""

    status: int
    reason: str

    def _head(self) -> str:
        return f"SIP/2.0 {self.status} {clean(self.reason)}"


def respond(request: Request, status: int, tag: str = "") -> Response:
    """Begin a response (RFC 3261 §8.2.6): Via, From, To, Call-ID and CSeq are those of the request.

    `tag` is added to To unless the request had one there, or the status is 100.
    """
    response = Response(status, REASONS.get(status, ""))
    for name in _RETURNED:
        response.headers += [(each, value) for each, value in request.headers if each == name]
    if tag and status > 100 and not request.recipient.tag:
        response.headers = [(name, f"{value};tag={tag}" if name == "to" else value) for name, value in response.headers]
    return response


def refuse(fault: BadRequest, tag: str) -> Response:
    """Return the response to a malformed request: what can be read of its Via, From, To, Call-ID and CSeq.

    The reason phrase says what is wrong (RFC 3261 §21.4.1).
    """
    response = Response(fault.status, f"{REASONS[fault.status]}: {fault}")
    found = _legible(fault.head)
    response.headers = [(name, value) for name, value in found if name == "via"]
    for name in _RETURNED[1:]:
        response.headers += [pair for pair in found if pair[0] == name][:1]
    if not any(name == "to" and "tag=" in value.replace(" ", "") for name, value in response.headers):
        response.headers = [(name, f"{value};tag={tag}" if name == "to" else value) for name, value in response.headers]
    return response


def head_end(data: bytes | bytearray, begin: int = 0) -> int | None:
    """Return where the body begins, or None until the empty line before it, sought from `begin`, has come."""
    match = _END.search(data, begin)
    return match.end() if match else None


def parse(data: bytes) -> Request | Response:
    """Parse a message that is alone in `data`. Raises BadMessage, BadRequest if it can be answered."""
    if len(data) > MOST_BYTES:
        raise BadMessage("too long")
    data = data.lstrip(b"\r\n")
    end = head_end(data)
    if end is None:
        raise BadMessage("no end of the headers")
    try:
        message = _read(data[:end])
        message.body = _body(data[end:], content_length(message))
        message.headers = [(name, value) for name, value in message.headers if name != "content-length"]
        _check(message)
    except BadMessage as fault:
        raise _answerable(fault, data[:end]) from None
    return message


def content_length(message: Message) -> int | None:
    """Return the Content-Length of a message, None if it has none. Raises BadMessage, also for two different ones."""
    lengths = {whole(value, MOST_BYTES) for name, value in message.headers if name == "content-length"}
    if len(lengths) > 1:
        raise BadMessage("two lengths")
    return lengths.pop() if lengths else None


def body_length(head: bytes) -> int:
    """Return the length of the body after these headers on a stream, 0 without Content-Length (RFC 3261 §18.3).

    Raises BadMessage, BadRequest if no length can be read from a request that can be answered.
    """
    try:
        return content_length(_read(head)) or 0
    except BadMessage as fault:
        raise _answerable(fault, head) from None


def _answerable(fault: BadMessage, head: bytes) -> BadMessage:
    """Return the BadRequest of a malformed request with a Via, which is not an ACK; of anything else the fault."""
    line = _REQUEST_LINE.fullmatch(_text(_lines(head)[0]))
    if line is None or not is_token(line[1]) or line[1] == "ACK":
        return fault
    return BadRequest(fault, head) if any(name == "via" for name, _ in _legible(head)) else fault


def _legible(head: bytes) -> Headers:
    """Return the headers that can be read, at most as many as a message may have."""
    found = []
    for line in _lines(head)[1 : MOST_HEADERS + 1]:
        with contextlib.suppress(BadMessage):
            found.append(_header(line))
    return found


def _lines(head: bytes) -> list[bytes]:
    return _FOLD.sub(b" ", head.rstrip(b"\r\n")).split(b"\n")


def _read(head: bytes) -> Request | Response:
    first, *lines = _lines(head)
    message = _start(_text(first))
    if len(lines) > MOST_HEADERS:
        raise BadMessage("too many headers")
    message.headers = [_header(line) for line in lines]
    return message


def _start(line: str) -> Request | Response:
    first, _, rest = line.strip().partition(" ")
    if first.upper() == "SIP/2.0":
        status, _, reason = rest.strip().partition(" ")
        number = whole(status, 699)
        if number < 100:
            raise BadMessage("bad status")
        return Response(number, clean(reason))
    uri, _, version = rest.strip().rpartition(" ")
    uri = uri.strip()
    if version.upper() != "SIP/2.0":
        raise BadMessage("no SIP/2.0 message", 505)
    if not is_token(first) or len(first) > LONGEST_METHOD:
        raise BadMessage("bad method")
    if not uri or clean(uri) != uri or any(char in uri for char in ' "<>'):
        raise BadMessage("bad Request-URI")
    return Request(first, uri)


def _header(line: bytes) -> tuple[str, str]:
    if len(line) > LONGEST_HEADER:
        raise BadMessage("too long a header")
    name, colon, value = _text(line).partition(":")
    name = name.strip().lower()
    if not colon or not is_token(name):
        raise BadMessage("no header")
    return _COMPACT.get(name, name), clean(value)


def _body(rest: bytes, length: int | None) -> bytes:
    if length is None:
        return rest
    if length > len(rest):
        raise BadMessage("the body is cut off")
    return rest[:length]


def _check(message: Request | Response) -> None:
    """Check the mandatory headers. Raises BadMessage."""
    for name in ("from", "to", "call-id", "cseq"):
        if len([True for each, _ in message.headers if each == name]) != 1:
            raise BadMessage(f"not one {name}")
    _, method = message.sequence
    _ = message.via, message.sender, message.recipient
    if not message.call_id or not is_token(method) or len(method) > LONGEST_METHOD:
        raise BadMessage("bad Call-ID or CSeq")
    if any(_EMPTY_PART.search(value) for name, value in message.headers if name == "via"):
        raise BadMessage("empty parts in Via")
    if isinstance(message, Request):
        if message.method != method:
            raise BadMessage("CSeq is of another method", 400 if message.method in METHODS else 501)
        if message.uri.partition(":")[0].lower() in ("sip", "sips"):
            _ = Uri.parse(message.uri)


def _text(data: bytes) -> str:
    """Decode UTF-8, or Latin-1 as old devices send it."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _written(name: str) -> str:
    return _WRITTEN.get(name) or "-".join(part.capitalize() for part in name.split("-"))


def _needed(value: str | None, name: str) -> str:
    if value is None:
        raise BadMessage(f"no {name}")
    return value


def _first(values: list[str], name: str) -> str:
    return _needed(values[0] if values else None, name)
