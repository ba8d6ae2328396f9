"""WebSocket messages about calls of room systems. Pure."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from signaling.messages.base import BaseClientMessage, BaseMessage, Instant

CallWord = Literal["waiting", "calling", "connected", "silent", "left", "taken", "full", "elsewhere", "unreserved"]
"""Where calling a room system stands: ``taken`` when somebody else sits in its place, ``full`` when no leg is left,
``elsewhere`` while it is called by another session or sits in it, ``unreserved`` until the other system that it is
has accepted the session."""
ProtectionWord = Literal["", "encrypted", "exposed", "clear", "demanded", "certificate"]
"""How a call of a room system is protected: encrypted; so, but its keys went in the clear; not at all; or why there is
none: encryption is demanded, a certificate is not accepted."""
AccountWord = Literal["", "missing", "refused"]
"""What is wrong with the user name and password with which a room system was called."""
GatekeeperWord = Literal["", "absent", "unknown", "denied", "full"]
MediaWord = Literal["", "taken", "dropped"]


class Redial(BaseClientMessage):
    """Call a room system again (controller)."""

    type: Literal["redial"]
    device: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class CallPoint(BaseClientMessage):
    """Call an absent point: its unit gets a letter, and its people see it on their first page (controller)."""

    type: Literal["call-point"]
    point: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class CalledSystem(BaseMessage):
    """A room system that the centre calls: time of the next call, last SIP status (0: no response).

    `account`: it asked for a user name and password that it has not been given, or refused them. `gatekeeper`: why
    that of H.323 did not admit the call. `media`: its sound or
    picture comes from `media_from` (an IP address) instead of the address that it named: taken, or dropped. `inside`:
    names of who is in the room of another MCU, as that tells, and `inside_more` how many others.
    """

    device: str
    point: str
    name: str
    state: CallWord
    at: Instant | None
    status: int
    account: AccountWord = ""
    gatekeeper: GatekeeperWord = ""
    protection: ProtectionWord = ""
    media: MediaWord = ""
    media_from: str = ""
    inside: tuple[str, ...] = ()
    inside_more: int = 0


class CalledPoint(BaseMessage):
    """An absent point that was called; `seen`: since when its people know, null while they do not."""

    point: str
    at: Instant
    seen: Instant | None


class CalledState(BaseMessage):
    """Absent points that were called and have not come (host and controllers only)."""

    type: Literal["called"] = "called"
    points: list[CalledPoint]


class CallsState(BaseMessage):
    """State of the calls of room systems of the session (host and controllers only)."""

    type: Literal["calls"] = "calls"
    calls: list[CalledSystem]
