"""Addresses in SIP headers: URIs, names with addresses, Via (RFC 3261 §19, §20.10, §20.42).

Room systems write names in many ways: Latin-1, UTF-8 without quotes, brackets. The readers accept all of that; the
writers follow the RFC. Every reader raises BadMessage and nothing else.
"""

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from signaling.sip.protocol.errors import BadMessage

DEFAULT_PORT = 5060
DEFAULT_TLS_PORT = 5061
LONGEST_NAME = 200
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+", re.ASCII)
_THREE_COLONS = re.compile(r":::(?=\d+\.)", re.ASCII)
"""What the grammar of RFC 3261 allows before an IPv4 part, by an error in it (RFC 5118 §4.10)."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def clean(text: str) -> str:
    """Return the text on one line, control characters as blanks, so that a value cannot begin another header."""
    return _CONTROL.sub(" ", text).strip()


def network_of(host: str) -> str:
    """Return an IPv4 address as it is, an IPv6 address as its /64, all of which one machine owns; a name as it is."""
    try:
        ip = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    return host if ip.version == 4 else str(ipaddress.ip_network((ip, 64), strict=False).network_address)


def is_token(text: str) -> bool:
    """Return whether a text is a token (RFC 3261 §25.1): the name of a method, a header, a parameter."""
    return _TOKEN.fullmatch(text) is not None


def split(value: str, separator: str) -> list[str]:
    """Split a value at each separator outside quotes and angle brackets; leave out empty parts."""
    parts, begin, quoted, angled, escaped = [], 0, False, False, False
    for at, char in enumerate(value):
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = char == "\\", char != '"'
        elif angled:
            angled = char != ">"
        elif char == '"':
            quoted = True
        elif char == "<":
            angled = True
        elif char == separator:
            parts.append(value[begin:at].strip())
            begin = at + 1
    parts.append(value[begin:].strip())
    return [part for part in parts if part]


def parameters(text: str) -> dict[str, str]:
    """Parse `;name=value;flag`: names in lower case, values as written, empty for a flag. The first of a name
    counts."""
    values: dict[str, str] = {}
    for part in split(text, ";"):
        name, _, value = part.partition("=")
        values.setdefault(name.strip().lower(), value.strip())
    return values


def write_parameters(values: dict[str, str]) -> str:
    """Write parameters as `parameters` parses them."""
    return "".join(f";{name}={value}" if value else f";{name}" for name, value in values.items())


def bracketed(host: str) -> str:
    """Return a host as it stands in a URI: IPv6 addresses in square brackets."""
    return f"[{host}]" if ":" in host else host


def host_and_port(text: str) -> tuple[str, int | None]:
    """Parse `host`, `host:port` or `[IPv6]:port`. Raises BadMessage."""
    text = text.strip().lower()
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        host = _THREE_COLONS.sub("::", host)
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise BadMessage("bad IPv6 address") from None
        if not closed or (rest and not rest.startswith(":")):
            raise BadMessage("bad IPv6 address")
        port = rest[1:]
    else:
        host, _, port = (part.strip() for part in text.partition(":"))
        if not _HOST.fullmatch(host):
            raise BadMessage("bad host")
    return host, _port(port) if port else None


def _port(text: str) -> int:
    number = whole(text, 65535)
    if not number:
        raise BadMessage("bad port")
    return number


def whole(text: str, most: int) -> int:
    """Parse a number of ASCII digits up to `most`. Raises BadMessage."""
    digits = text.lstrip("0") or text[:1]  # Python counts zeros, too, when it refuses to read thousands of digits
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(most)) and int(digits) <= most):
        raise BadMessage("bad number")
    return int(digits)


@dataclass(frozen=True, slots=True)
class Uri:
    """A SIP URI, or one of a similar scheme (`h323:`); `tel:` has a user and no host."""

    scheme: str
    user: str
    host: str
    port: int | None = None
    parameters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Uri":
        """Parse a URI; drop a password and headers. Raises BadMessage."""
        scheme, colon, rest = text.partition(":")
        scheme = scheme.strip().lower()
        if not colon or not is_token(scheme):
            raise BadMessage("bad URI")
        if scheme == "tel":
            number, _, options = rest.partition(";")
            return cls(scheme, clean(number), "", None, parameters(options))
        # The user may hold ";" and "?", so it ends at the last "@" (RFC 4475 §3.1.1.4).
        user, _, where = rest.rpartition("@")
        where, _, _ = where.partition("?")
        where, _, options = where.partition(";")
        host, port = host_and_port(where)
        return cls(scheme, clean(unquote(user.partition(":")[0], errors="replace")), host, port, parameters(options))


@dataclass(frozen=True, slots=True)
class NameAddress:
    """A name with an address: From, To, Contact, Route. `uri` stays as it was written, as it must be repeated so."""

    name: str
    uri: str
    parameters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, value: str) -> "NameAddress":
        """Parse a name with an address. Raises BadMessage."""
        value = value.strip()
        name = ""
        if value.startswith('"'):
            name, value = _quoted(value)
            if not value.startswith("<"):
                raise BadMessage("a name without an address")
        if "<" not in value:  # the parameters are the header's, not the address's (RFC 3261 §20.10)
            uri, _, rest = value.partition(";")
        else:
            before, _, value = value.partition("<")
            name = name or before
            uri, closed, rest = value.partition(">")
            if not closed:
                raise BadMessage("an address without its end")
        uri = uri.strip()
        if not uri or any(char in uri for char in ' "<>'):
            raise BadMessage("bad address")
        return cls(clean(name)[:LONGEST_NAME].strip(), uri, parameters(rest))

    @property
    def tag(self) -> str:
        """The tag, empty if there is none."""
        return self.parameters.get("tag", "")

    def __str__(self) -> str:
        name = clean(self.name).replace("\\", "\\\\").replace('"', '\\"')
        return (f'"{name}" ' if name else "") + f"<{self.uri}>{write_parameters(self.parameters)}"


def _quoted(value: str) -> tuple[str, str]:
    """Parse a quoted text at the beginning; return it and the rest."""
    text, escaped = [], False
    for at, char in enumerate(value[1:], 1):
        if escaped or char not in '\\"':
            text.append(char)
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            return "".join(text), value[at + 1 :].strip()
    raise BadMessage("a quote without its end")


@dataclass(frozen=True, slots=True)
class Via:
    """One hop of a request's way; the response takes the same way back."""

    transport: str
    host: str
    port: int | None = None
    parameters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, value: str) -> "Via":
        """Parse a Via, blanks around the slashes included. Raises BadMessage."""
        protocol, _, options = value.partition(";")
        parts = [part.strip() for part in protocol.split("/", 2)]
        if len(parts) != 3 or parts[0].upper() != "SIP" or parts[1] != "2.0":
            raise BadMessage("bad Via")
        transport, _, where = parts[2].partition(" ")
        if not is_token(transport):
            raise BadMessage("bad Via")
        host, port = host_and_port(where)
        return cls(transport.upper(), host, port, parameters(options))

    @property
    def branch(self) -> str:
        """The branch parameter, which identifies the transaction."""
        return self.parameters.get("branch", "")

    def came_from(self, host: str, port: int) -> "Via":
        """Return the Via with the source address of the request (RFC 3261 §18.2.1, RFC 3581 §4)."""
        values = {name: value for name, value in self.parameters.items() if name != "received"}
        if "rport" in values:
            values |= {"rport": str(port), "received": host}
        elif self.host != host:
            values["received"] = host
        return Via(self.transport, self.host, self.port, values)

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"SIP/2.0/{self.transport} {bracketed(self.host)}{port}{write_parameters(self.parameters)}"
