"""What room systems write about their media (SDP, RFC 8866): plain RTP, static payload types, no ICE, no DTLS.

A model of our own: aiortc's stumbles over "; " between parameters, and m-lines must keep their places whatever stands
in them (FECC, BFCP, slides). Whatever is wrong becomes :class:`BadOffer`. Pure.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mediaserver.errors import BadOffer
from mediaserver.mix.quality import SINGLE_NAL
from mediaserver.rtp.h264 import Ability, ability

MAX_SDP_BYTES = 64 * 1024
MAX_MEDIA = 8
MAX_FORMATS = 32
"""Payload types of one m-line; large room systems offer twenty."""
PLAIN = ("RTP/AVP", "RTP/AVPF")
SOUNDS = ("G722", "PCMA", "PCMU")
"""Best first."""
STATIC = {0: "PCMU", 8: "PCMA", 9: "G722"}
"""RFC 3551 §6: need no `rtpmap`."""

_KIND, _PROTOCOL = re.compile(r"[a-z]{1,16}"), re.compile(r"[A-Za-z0-9/.+-]{1,32}")
_FORMAT, _NUMBER = re.compile(r"[A-Za-z0-9./*_+-]{1,32}"), re.compile(r"[0-9]{1,9}")
_DIRECTIONS = {
    "sendrecv": (True, True),
    "sendonly": (True, False),
    "recvonly": (False, True),
    "inactive": (False, False),
}


@dataclass(frozen=True, slots=True)
class Codec:
    """`name` is one of `SOUNDS`, "H264", :data:`SINGLE_NAL` or "telephone-event"."""

    name: str
    payload_type: int
    ability: Ability | None = None
    """Of a picture: what the peer can decode."""


@dataclass(frozen=True, slots=True)
class Media:
    """One m-line as the peer wrote it; `codecs` are those we know, in its order, and none when it is not for us."""

    kind: str
    protocol: str
    formats: tuple[str, ...]
    host: str
    """An IP address; none where it cannot be sent to (0.0.0.0, a held call)."""
    port: int
    rtcp_port: int
    sends: bool
    receives: bool
    codecs: tuple[Codec, ...] = ()
    feedback: frozenset[str] = frozenset()
    """What it understands of RTCP feedback (RFC 4585): "nack pli", "ccm fir" …"""
    bitrate: int | None = None
    """The most it takes, in bit/s; None when it did not say."""
    slides: bool = False

    @property
    def usable(self) -> bool:
        """Whether we share a codec besides tones."""
        return any(codec.name != "telephone-event" for codec in self.codecs)


@dataclass(frozen=True, slots=True)
class Session:
    """An offer or an answer. `sound` and `camera` are places of the m-lines that we use, None for none."""

    media: tuple[Media, ...]

    @property
    def sound(self) -> int | None:
        """The first audio we can speak."""
        return self._first("audio")

    @property
    def camera(self) -> int | None:
        """The first video we can speak that shows no slides (RFC 4796)."""
        return self._first("video")

    def _first(self, kind: str) -> int | None:
        found = (i for i, each in enumerate(self.media) if each.kind == kind and each.usable and not each.slides)
        return next(found, None)


def is_plain(text: str) -> bool:
    """Whether an offer is a room system's: plain RTP where browsers have DTLS. True of nothing that has neither."""
    protocols = [line.split()[2] for line in text.splitlines() if line.startswith("m=") and len(line.split()) > 2]
    return bool(protocols) and not any("TLS" in each for each in protocols)


def parse(text: str) -> Session:
    """Read an offer or an answer. Raises BadOffer."""
    if len(text.encode("utf-8", "replace")) > MAX_SDP_BYTES:
        raise BadOffer("SDP larger than 64 KiB")
    session, *groups = _groups(text)
    if not groups:
        raise BadOffer("SDP without m-lines")
    if len(groups) > MAX_MEDIA:
        raise BadOffer(f"SDP with more than {MAX_MEDIA} m-lines")
    found = Session(tuple(_media(lines, session) for lines in groups))
    if found.sound is None and found.camera is None:
        raise BadOffer("SDP shares no codec with us")
    return found


def _groups(text: str) -> list[list[str]]:
    """The lines of the session, then those of each m-line, which is the first of its group."""
    groups: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("m="):
            groups.append([])
        groups[-1].append(line.strip())
    return groups


def _media(lines: list[str], session: list[str]) -> Media:
    kind, port, protocol, formats = _head(lines[0])
    host = _host(lines) or _host(session)
    if not host and port:
        raise BadOffer("m-line without an address")
    host = host if _reachable(host) else ""
    sends, receives = _direction(lines) or _direction(session) or (True, True)
    attributes = _attributes(lines)
    plain = port and protocol in PLAIN
    return Media(
        kind=kind,
        protocol=protocol,
        formats=formats,
        host=host,
        port=port,
        rtcp_port=_rtcp_port(attributes, port),
        sends=sends,
        receives=receives and bool(host),
        codecs=_codecs(kind, formats, attributes) if plain else (),
        feedback=frozenset(value.partition(" ")[2].strip().lower() for name, value in attributes if name == "rtcp-fb"),
        bitrate=_bitrate(lines) or _bitrate(session),
        slides=("content", "slides") in attributes,
    )


def _head(line: str) -> tuple[str, int, str, tuple[str, ...]]:
    words = line[2:].split()
    if len(words) < 4:
        raise BadOffer("m-line cut off")
    kind, port, protocol, *formats = words
    number = _integer(port.partition("/")[0], 65535)
    good = _KIND.fullmatch(kind) and _PROTOCOL.fullmatch(protocol) and all(_FORMAT.fullmatch(each) for each in formats)
    if not good or number is None or len(formats) > MAX_FORMATS:
        raise BadOffer("malformed m-line")
    return kind, number, protocol, tuple(formats)


def _host(lines: Iterable[str]) -> str:
    """The address of the last `c=`, without the TTL; names are not looked up."""
    words = next((line[2:].split() for line in reversed(list(lines)) if line.startswith("c=")), None)
    if words is None:
        return ""
    try:
        return str(ipaddress.ip_address(words[-1].partition("/")[0]))
    except (ValueError, IndexError):
        raise BadOffer("SDP without an IP address") from None


def _reachable(host: str) -> bool:
    if not host:
        return False
    address = ipaddress.ip_address(host)
    return not (address.is_unspecified or address.is_multicast)


def _direction(lines: list[str]) -> tuple[bool, bool] | None:
    return next((_DIRECTIONS[line[2:]] for line in lines if line.startswith("a=") and line[2:] in _DIRECTIONS), None)


def _attributes(lines: list[str]) -> list[tuple[str, str]]:
    pairs = (line[2:].partition(":") for line in lines if line.startswith("a="))
    return [(name.strip().lower(), value.strip()) for name, _, value in pairs]


def _rtcp_port(attributes: list[tuple[str, str]], port: int) -> int:
    """RFC 3605, else the next port."""
    told = next((value.split()[0] for name, value in attributes if name == "rtcp" and value), "")
    return _integer(told, 65535) or min(port + 1, 65535)


def _codecs(kind: str, formats: tuple[str, ...], attributes: list[tuple[str, str]]) -> tuple[Codec, ...]:
    maps, parameters = _numbered(attributes, "rtpmap"), _numbered(attributes, "fmtp")
    found = []
    for number in (_integer(each, 127) for each in formats):
        if number is not None:
            name = maps.get(number, STATIC.get(number, "")).partition("/")[0].strip().upper()
            codec = _codec(kind, name, number, read_parameters(parameters.get(number, "")))
            found += [codec] if codec is not None else []
    return tuple(found)


def _codec(kind: str, name: str, number: int, parameters: Mapping[str, str]) -> Codec | None:
    if kind == "audio":
        if name == "TELEPHONE-EVENT":
            return Codec("telephone-event", number)
        return Codec(name, number) if name in SOUNDS else None
    if kind != "video" or name != "H264":
        return None
    mode = parameters.get("packetization-mode", "0")  # RFC 6184 §8.1
    if mode not in ("0", "1"):
        return None
    return Codec("H264" if mode == "1" else SINGLE_NAL, number, ability(parameters))


def _numbered(attributes: list[tuple[str, str]], wanted: str) -> dict[int, str]:
    found = {}
    for name, value in attributes:
        number, _, rest = value.partition(" ")
        if name == wanted and (at := _integer(number, 127)) is not None:
            found[at] = rest
    return found


def read_parameters(text: str) -> dict[str, str]:
    """Parameters of an `fmtp`, however they are spaced; names in lower case."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def _bitrate(lines: list[str]) -> int | None:
    """`b=TIAS` (RFC 3890) in bit/s, else `b=AS` in kbit/s, else `b=CT`; 0 says nothing here."""
    told = {name: value for name, _, value in (line[2:].partition(":") for line in lines if line.startswith("b="))}
    for name, unit in (("TIAS", 1), ("AS", 1000), ("CT", 1000)):
        if number := _integer(told.get(name, "").strip(), 10**9):
            return number * unit
    return None


def _integer(text: str, most: int) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) and int(text) <= most else None
