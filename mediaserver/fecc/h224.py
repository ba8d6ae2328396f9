"""Reads and writes frames of H.224, one in each RTP packet (RFC 4573, H.323 Annex Q), and messages of its client
management entity (CME). Pure.

Over RTP a frame has neither flags nor bit stuffing nor check sequence. Frames of room systems hold a whole message of a
few bytes, so none is put together of segments.
"""

from dataclasses import dataclass
from struct import Struct

HEADER = Struct("!HBHHBB")
"""Q.922 address, control octet, destination and source terminal, client, and the octet of segmentation (H.224)."""
CLOCK = 4800
"""The RTP clock in Hz (RFC 4573)."""
MAX_DATA = 254
"""Bytes of a client's data in one frame (H.224)."""
MAX_CLIENTS = 127
CME, H281 = 0x00, 0x01
"""Ids of the clients that matter: the management entity and far-end camera control."""
_LOW, _HIGH = 0x0061, 0x0071
"""Q.922 addresses of low and high priority: DLCI 6 and 7."""
_UNNUMBERED = 0x03
"""The control octet of unnumbered information, the only one that H.224 uses."""
_WHOLE = 0xC0
"""The message begins and ends in this frame."""
_EXTENDED, _NON_STANDARD = 0x7E, 0x7F
_ID_BYTES = {_EXTENDED: 2, _NON_STANDARD: 6}
"""Bytes of ids that are longer than one."""
_CAPABLE = 0x80
"""Marks the id of a client that has extra capabilities."""
_CLIENT_LIST, _EXTRA_CAPABILITIES = 0x01, 0x02
_MESSAGE, _COMMAND = 0x00, 0xFF


class BadFrame(ValueError):
    """Bytes that are no frame or no message."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The data of one client, :data:`CME` or :data:`H281`."""

    client: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ClientList:
    """The ids of the clients that a terminal has; those longer than a byte have the number that begins them."""

    clients: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ClientListCommand:
    """Asks for :class:`ClientList`."""


@dataclass(frozen=True, slots=True)
class ExtraCapabilities:
    """The capabilities of a client, in its own form."""

    client: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ExtraCapabilitiesCommand:
    """Asks for :class:`ExtraCapabilities` of a client."""

    client: int


Management = ClientList | ClientListCommand | ExtraCapabilities | ExtraCapabilitiesCommand


def read_frame(payload: bytes) -> Frame:
    """Read a frame. Raises BadFrame, also for one of another client's and for a segment of a longer message."""
    if not HEADER.size <= len(payload) <= HEADER.size + MAX_DATA:
        raise BadFrame("frame too short or too long")
    address, control, _, _, client, segmentation = HEADER.unpack_from(payload)
    if address not in (_LOW, _HIGH) or control != _UNNUMBERED:
        raise BadFrame("no address or control octet of H.224")
    if client not in (CME, H281):
        raise BadFrame("frame of an unknown client")
    if segmentation != _WHOLE:
        raise BadFrame("segment of a message")
    return Frame(client, payload[HEADER.size :])


def write_frame(frame: Frame) -> bytes:
    """Write a frame of high priority, to and from terminal 0: there are only two."""
    return HEADER.pack(_HIGH, _UNNUMBERED, 0, 0, frame.client, _WHOLE) + frame.data


def read_management(data: bytes) -> Management:
    """Read a message of the CME. Raises BadFrame."""
    if len(data) < 2:
        raise BadFrame("message cut off")
    kind, rest = (data[0], data[1]), data[2:]
    if kind == (_CLIENT_LIST, _MESSAGE):
        return ClientList(_clients(rest))
    if kind == (_CLIENT_LIST, _COMMAND):
        return ClientListCommand()
    if kind == (_EXTRA_CAPABILITIES, _MESSAGE):
        return ExtraCapabilities(*_client(rest))
    if kind == (_EXTRA_CAPABILITIES, _COMMAND):
        return ExtraCapabilitiesCommand(_client(rest)[0])
    raise BadFrame("unknown message")


def _clients(data: bytes) -> tuple[int, ...]:
    """Read the ids behind their number."""
    if not data or data[0] > MAX_CLIENTS:
        raise BadFrame("client list without a number, or too long")
    number, data, found = data[0], data[1:], []
    for _ in range(number):
        client, data = _client(data)
        found.append(client)
    return tuple(found)


def _client(data: bytes) -> tuple[int, bytes]:
    """Read the id of a client; return it and what follows."""
    client = data[0] & ~_CAPABLE if data else -1
    size = _ID_BYTES.get(client, 1)
    if len(data) < size:
        raise BadFrame("id of a client cut off")
    return client, data[size:]


def write_management(message: Management) -> bytes:
    """Write a message of the CME about clients whose ids have one byte; each has extra capabilities."""
    match message:
        case ClientList(clients):
            return bytes((_CLIENT_LIST, _MESSAGE, len(clients), *(_CAPABLE | each for each in clients)))
        case ClientListCommand():
            return bytes((_CLIENT_LIST, _COMMAND))
        case ExtraCapabilities(client, data):
            return bytes((_EXTRA_CAPABILITIES, _MESSAGE, _CAPABLE | client)) + data
        case ExtraCapabilitiesCommand(client):
            return bytes((_EXTRA_CAPABILITIES, _COMMAND, _CAPABLE | client))
