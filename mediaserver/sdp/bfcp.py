"""Floor control in session descriptions (RFC 8856): reads the attributes of BFCP m-lines, and writes ours. Pure.

Where call signalling carries floor control instead, as the presentation token of H.239, an m-line with the protocol
`H.239` stands in their place. Only descriptions between our own parts have it.
"""

from dataclasses import dataclass, replace

from mediaserver.sdp.sections import Section, integer

UDP, TCP, TLS, H239 = "UDP/BFCP", "TCP/BFCP", "TCP/TLS/BFCP", "H.239"
RELIABLE = (TCP, TLS)
"""Protocols over a connection."""
VERSIONS = (2, 1)
"""Versions of BFCP that we speak (RFC 8855 §5.1)."""
LABEL = "3"
"""Label of our slides, which the floor is about (RFC 4574)."""
CONFID, USER, FLOOR = 1, 2, 1
"""Numbers of our own that we give to a room system that brings none. They name one call, and are known to it alone."""
DISCARD_PORT = 9
"""Port in the m-line of the side that opens the TCP connection (RFC 4145 §4.1)."""
_CLIENT = {"c-only", "c-s"}


@dataclass(frozen=True, slots=True)
class FloorControl:
    """The attributes of a BFCP m-line; numbers are 0, words "" and versions none where nothing is said."""

    confid: int = 0
    user: int = 0
    floor: int = 0
    versions: tuple[int, ...] = ()
    setup: str = ""
    connection: str = ""
    fingerprints: tuple[tuple[str, str], ...] = ()
    """Algorithms and fingerprints of its writer's certificate in TLS (RFC 8122 §5)."""


EITHER = "actpass"
"""Who offers so leaves it to the other side who opens the TCP connection (RFC 4145 §4)."""
TOKEN = FloorControl()
"""Floor control that call signalling carries."""


def read(section: Section) -> FloorControl | None:
    """Read the attributes of a BFCP m-line; None where its writer will not be a client. Without the attribute an
    offerer is one (RFC 8856 §5.1)."""
    if not _CLIENT & set((section.first("floorctrl").lower() or "c-only").split()):
        return None
    versions = (integer(each, 9) for each in section.first("bfcpver").split())
    return FloorControl(
        confid=integer(section.first("confid"), 2**32 - 1) or 0,
        user=integer(section.first("userid"), 2**16 - 1) or 0,
        floor=integer(section.first("floorid").partition(" ")[0], 2**16 - 1) or 0,
        versions=tuple(each for each in versions if each in VERSIONS),
        setup=_known(section.first("setup"), "active", "passive", "actpass"),
        connection=_known(section.first("connection"), "new", "existing"),
    )


def _known(word: str, *words: str) -> str:
    return word if word in words else ""


def offered(*, reliable: bool, newest: int = max(VERSIONS)) -> FloorControl:
    """Return what we offer, with us as the server: by UDP the versions up to `newest`, by TCP the first one (RFC 8855
    §5.1) over a connection that either side opens."""
    if reliable:
        return FloorControl(CONFID, USER, FLOOR, (1,), EITHER, "new")
    return FloorControl(CONFID, USER, FLOOR, tuple(each for each in VERSIONS if each <= newest))


def settled(ours: FloorControl, answer: FloorControl) -> FloorControl:
    """Return our side once an offer of ours is answered: who answers nothing waits for our connection (RFC 4145 §4)."""
    if ours.setup != EITHER:
        return ours
    return replace(ours, setup="passive" if answer.setup == "active" else "active")


def completed(theirs: FloorControl, ours: Section) -> FloorControl:
    """Return the side of a client over TCP with what it left out: who says nothing opens the connection by an offer,
    and waits for it by an answer (RFC 4145 §4). By the description of ours before or after it, it was which of both."""
    waits = ours.first("setup") in ("active", EITHER)
    return theirs if theirs.setup else replace(theirs, setup="passive" if waits else "active")


def respond(theirs: FloorControl) -> FloorControl:
    """Return our side for that of a client: its own numbers where it brings some, so that it need not change them.

    It opens a TCP connection itself unless it only waits for one (RFC 4145).
    """
    setup = {"": "", "passive": "active"}.get(theirs.setup, "passive")
    numbers = theirs.confid or CONFID, theirs.user or USER, theirs.floor or FLOOR
    return FloorControl(*numbers, theirs.versions, setup, theirs.connection)


def lines(ours: FloorControl) -> list[str]:
    """Return our attributes of a BFCP m-line: we are the floor control server. A token has none."""
    if ours == TOKEN:
        return []
    found = ["a=floorctrl:s-only", f"a=confid:{ours.confid}", f"a=userid:{ours.user}"]
    found.append(f"a=floorid:{ours.floor} mstrm:{LABEL}")
    if ours.versions:
        found.append(f"a=bfcpver:{' '.join(map(str, ours.versions))}")
    if ours.setup:
        found.append(f"a=setup:{ours.setup}")
    if ours.connection:
        found.append(f"a=connection:{ours.connection}")
    found += [f"a=fingerprint:{algorithm} {value}" for algorithm, value in ours.fingerprints]
    return found
