"""Splits a session description (SDP, RFC 8866) into sections: the session's own, and one for each m-line.

Browsers and room systems share it. Nothing is looked up, nothing is echoed. Every fault becomes :class:`BadOffer`.
Pure.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mediaserver.errors import BadOffer

MAX_SDP_BYTES = 128 * 1024
MAX_MEDIA = 64
MAX_FORMATS = 64
"""Payload types of one m-line; Chromium offers about forty for a camera, large room systems twenty."""
_KIND, _PROTOCOL = re.compile(r"[a-z]{1,16}"), re.compile(r"[A-Za-z0-9/.+-]{1,32}")
_FORMAT, _NUMBER = re.compile(r"[A-Za-z0-9./*_+-]{1,32}"), re.compile(r"[0-9]{1,10}")
_DIRECTIONS = {
    "sendrecv": (True, True),
    "sendonly": (True, False),
    "recvonly": (False, True),
    "inactive": (False, False),
}


class Section:
    """The lines of one section. `attributes` has the values of each `a=` by its name in lower case, in order."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        """All lines; in a media section the m-line comes first."""
        self.attributes: dict[str, list[str]] = {}
        for line in lines:
            if line.startswith("a="):
                name, _, value = line[2:].partition(":")
                self.attributes.setdefault(name.strip().lower(), []).append(value.strip())

    def all(self, name: str) -> Sequence[str]:
        """Return the values of an attribute."""
        return self.attributes.get(name, ())

    def first(self, name: str) -> str:
        """Return the first value of an attribute, "" without one."""
        return next(iter(self.all(name)), "")

    @property
    def direction(self) -> tuple[bool, bool] | None:
        """Return whether its writer sends and receives; None where nothing is said."""
        return next((both for name, both in _DIRECTIONS.items() if name in self.attributes), None)

    def numbered(self, name: str) -> dict[int, str]:
        """Return the values of an attribute (`rtpmap`, `fmtp`) by payload type."""
        found = {}
        for value in self.all(name):
            number, _, rest = value.partition(" ")
            if (at := integer(number, 127)) is not None:
                found[at] = rest.strip()
        return found


@dataclass(frozen=True, slots=True)
class Head:
    """An m-line."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]


def sections(text: str) -> tuple[Section, list[Section]]:
    """Return the session's section and those of its m-lines. Raises BadOffer."""
    if len(text.encode("utf-8", "replace")) > MAX_SDP_BYTES:
        raise BadOffer("SDP larger than 128 KiB")
    session, *media = _groups(text)
    if not media:
        raise BadOffer("SDP without m-lines")
    if len(media) > MAX_MEDIA:
        raise BadOffer(f"SDP with more than {MAX_MEDIA} m-lines")
    return Section(session), [Section(lines) for lines in media]


def _groups(text: str) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("m="):
            groups.append([])
        groups[-1].append(line.strip())
    return groups


def head(section: Section) -> Head:
    """Read the m-line of a section. Raises BadOffer.

    Of one without a port the protocol is not looked at: linphone refuses a protocol that it does not know as `(null)`.
    """
    words = section.lines[0][2:].split()
    if len(words) < 4:
        raise BadOffer("m-line cut off")
    kind, port, protocol, *formats = words
    number = integer(port.partition("/")[0], 65535)
    if number == 0 and not _PROTOCOL.fullmatch(protocol):
        protocol = "RTP/AVP"
    good = _KIND.fullmatch(kind) and _PROTOCOL.fullmatch(protocol) and all(_FORMAT.fullmatch(each) for each in formats)
    if not good or number is None or len(formats) > MAX_FORMATS:
        raise BadOffer("malformed m-line")
    return Head(kind, number, protocol, tuple(formats))


def read_parameters(text: str) -> dict[str, str]:
    """Return the parameters of an `fmtp`, however they are spaced; names in lower case."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def integer(text: str, most: int) -> int | None:
    """Return a number of decimal digits from 0 to `most`, at most ten of them; None for anything else."""
    return int(text) if _NUMBER.fullmatch(text) and int(text) <= most else None
