"""Reads the session descriptions of room systems (SDP, RFC 8866): RTP or SRTP, static payload types, no ICE.

M-lines keep their places whatever stands in them (FECC, BFCP, slides). Every fault becomes :class:`BadOffer`. Pure.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mediaserver.api import Encryption
from mediaserver.errors import BadOffer, NotEncrypted
from mediaserver.rtp.payload import SINGLE_NAL
from mediaserver.sdp import bfcp, sdes
from mediaserver.sdp.bfcp import FloorControl
from mediaserver.sdp.h264 import DecoderLimits, decoder_limits
from mediaserver.sdp.sdes import Crypto
from mediaserver.sdp.sections import Head, Section, head, integer, read_parameters, sections

PLAIN = ("RTP/AVP", "RTP/AVPF")
SECURE = ("RTP/SAVP", "RTP/SAVPF")
"""Profiles of SRTP (RFC 3711 §3, RFC 5124)."""
DTLS = ("UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF")
"""Profiles of SRTP under keys of DTLS (RFC 5764 §8)."""
_FLOORS = (bfcp.UDP, bfcp.TCP, bfcp.TLS, bfcp.H239)
MAX_FINGERPRINTS = 8
_FINGERPRINT = re.compile(r"(sha-(?:256|384|512))[ \t]+([0-9a-f]{2}(?::[0-9a-f]{2}){31,63})", re.ASCII | re.IGNORECASE)
MAX_KEYS = 16
"""Keys read of one m-line; room systems offer two or three."""
SOUNDS = ("G722", "opus", "PCMA", "PCMU")
"""Audio codecs, in the order in which they are chosen unless a profile says another."""
SOUND_CLOCK, OPUS_CLOCK = 8000, 48_000
"""The RTP clocks of Opus (RFC 7587 §4.1) and of all others, in Hz; tones of a third belong to none of them."""
TONES = "telephone-event"
STATIC = {0: "PCMU", 3: "GSM", 4: "G723", 8: "PCMA", 9: "G722", 15: "G728", 18: "G729", 31: "H261", 34: "H263"}
"""Codecs with static payload types, which need no `rtpmap` (RFC 3551 §6)."""
CAMERA_CONTROL = "H224"
"""The codec of the m-line of far-end camera control (RFC 4573)."""
HELPERS = {"TELEPHONE-EVENT", "CN", "RED", "RTX", "ULPFEC", "FLEXFEC", "FLEXFEC-03", "PARITYFEC"}
"""Formats that carry tones, silence or repairs beside a codec."""
_NAME = re.compile(r"[A-Z0-9.*_+-]{1,32}")


@dataclass(frozen=True, slots=True)
class Codec:
    """A codec: `name` is one of `SOUNDS`, "H264", :data:`SINGLE_NAL`, :data:`TONES` or :data:`CAMERA_CONTROL`; `clock`
    is its RTP clock in Hz, for audio."""

    name: str
    payload_type: int
    limits: DecoderLimits | None = None
    """The peer's decoder limits, for video."""
    rtx: int | None = None
    """The payload type of its retransmissions (RFC 4588), for video."""
    clock: int = SOUND_CLOCK


@dataclass(frozen=True, slots=True)
class Media:
    """One m-line; `codecs` are those we know, in its order, and none when we do not use it."""

    kind: str
    protocol: str
    formats: tuple[str, ...]
    host: str
    """An IP address; empty where nothing can be sent to (0.0.0.0, a held call)."""
    port: int
    rtcp_port: int
    sends: bool
    receives: bool
    codecs: tuple[Codec, ...] = ()
    feedback: frozenset[str] = frozenset()
    """RTCP feedback it understands, without parameters (RFC 4585 §4.2, RFC 5104 §7.1): "nack pli", "ccm fir" …"""
    bitrate: int | None = None
    """The most it takes, in bit/s; None when not stated."""
    slides: bool = False
    floor: FloorControl | None = None
    """What a BFCP m-line says that we can serve."""
    keys: tuple[Crypto, ...] = ()
    """Those we can protect by, in its order. A plain m-line that has some leaves us the choice."""
    fingerprints: tuple[tuple[str, str], ...] = ()
    """Algorithms and fingerprints of its certificate in DTLS (RFC 8122 §5), where keys are agreed upon so."""
    setup: str = ""
    """The role it takes there, or leaves to us (RFC 4145 §4)."""

    @property
    def encrypted(self) -> bool:
        """Return whether its media can be, or are, encrypted."""
        return bool(self.keys or self.fingerprints)

    @property
    def usable(self) -> bool:
        """Return whether we share a codec besides tones."""
        return any(codec.name != TONES for codec in self.codecs)


@dataclass(frozen=True, slots=True)
class Session:
    """An offer or an answer. `sound`, `camera`, `slides`, `floor` and `control` are the places of the m-lines that we
    use, None for none."""

    media: tuple[Media, ...]

    @property
    def sound(self) -> int | None:
        """The first audio m-line with a codec of ours, encrypted ones before plain ones."""
        return self._first("audio")

    @property
    def camera(self) -> int | None:
        """The first video m-line with a codec of ours that shows no slides (RFC 4796), encrypted ones before plain
        ones."""
        return self._first("video")

    @property
    def slides(self) -> int | None:
        """The first video m-line with a codec of ours that shows slides (RFC 4796), if there is floor control."""
        return None if self._controls is None else self._first("video", slides=True)

    @property
    def floor(self) -> int | None:
        """The first BFCP m-line with a client, if it has slides to ask for (RFC 8856)."""
        return None if self.slides is None else self._controls

    @property
    def control(self) -> int | None:
        """The first m-line of far-end camera control, encrypted ones before plain ones."""
        return self._first("application")

    @property
    def _controls(self) -> int | None:
        return next((i for i, each in enumerate(self.media) if each.floor is not None), None)

    @property
    def held(self) -> bool:
        """True if it puts a call on hold (RFC 3264 §8.4): its sound, or all it has, takes nothing of ours."""
        used = [self.media[each] for each in (self.sound, self.camera) if each is not None]
        return not any(each.receives for each in used) or (self.sound is not None and not used[0].receives)

    def _first(self, kind: str, *, slides: bool = False) -> int | None:
        found = (i for i, each in enumerate(self.media) if each.kind == kind and each.usable and each.slides is slides)
        return min(found, key=lambda i: not self.media[i].encrypted, default=None)


def is_plain(text: str) -> bool:
    """Return whether an offer is a room system's: plain RTP, where browsers have DTLS. False when it has neither."""
    protocols = [line.split()[2] for line in text.splitlines() if line.startswith("m=") and len(line.split()) > 2]
    return bool(protocols) and not any("TLS" in each for each in protocols if "BFCP" not in each)


def parse(text: str) -> Session:
    """Read an offer or an answer that begins a call. Raises BadOffer, also when it shares no codec with us."""
    found = read(text)
    if found.sound is None and found.camera is None:
        raise BadOffer("SDP shares no codec with us")
    return found


def read(text: str) -> Session:
    """Read an offer or an answer within a call, which may share no codec with us (hold). Raises BadOffer."""
    session, groups = sections(text)
    return Session(tuple(_media(each, session) for each in groups))


def permitted(session: Session, encryption: Encryption) -> Session:
    """Return a description without what a policy forbids: "off" takes no encrypted media, "demanded" no plain ones.

    Raises NotEncrypted where it leaves neither sound nor picture of a description that has some.
    """
    kept = Session(tuple(_permitted(media, encryption) for media in session.media))
    if (kept.sound, kept.camera) == (None, None) != (session.sound, session.camera):
        raise NotEncrypted("SDP without encryption, or with one we cannot or may not do")
    return kept


def _permitted(media: Media, encryption: Encryption) -> Media:
    if encryption == "off":
        media = replace(media, keys=(), fingerprints=())
    plain = media.protocol in PLAIN and encryption != "demanded"
    return media if plain or media.encrypted else replace(media, codecs=())


def origin(text: str) -> tuple[int, int]:
    """Return number and version of a session (`o=`, RFC 8866 §5.2). Raises BadOffer."""
    line = next((each for each in text.splitlines() if each.startswith("o=")), "")
    numbers = [integer(word, 2**63 - 1) for word in line.split()[1:3]]
    number, version = (*numbers, None, None)[:2]
    if number is None or version is None:
        raise BadOffer("SDP without an origin")
    return number, version


def codec_names(text: str) -> frozenset[str]:
    """Return all codecs that an offer or an answer names for audio and video, known to us or not. Raises BadOffer.

    In capitals, without the parameters: both packetization modes are ``H264``. M-lines with port 0 and browsers' offers
    name none.
    """
    if not is_plain(text):
        return frozenset()
    found: set[str] = set()
    for section in sections(text)[1]:
        m_line = head(section)
        if m_line.kind in ("audio", "video") and m_line.port:
            found.update(name for _, name in _named(m_line, section))
    return frozenset(name for name in found - HELPERS if _NAME.fullmatch(name))


def _media(section: Section, session: Section) -> Media:
    m_line = head(section)
    host = _host(section) or _host(session)
    if not host and m_line.port:
        raise BadOffer("m-line without an address")
    host = host if _reachable(host) else ""
    sends, receives = section.direction or session.direction or (True, True)
    known = m_line.port and m_line.protocol in (*PLAIN, *SECURE, *DTLS)
    return Media(
        kind=m_line.kind,
        protocol=m_line.protocol,
        formats=m_line.formats,
        host=host,
        port=m_line.port,
        rtcp_port=_rtcp_port(section, m_line.port),
        sends=sends,
        receives=receives and bool(host),
        codecs=_codecs(m_line, section) if known else (),
        feedback=frozenset(" ".join(value.lower().split()[1:3]) for value in section.all("rtcp-fb")),
        bitrate=_bitrate(section) or _bitrate(session),
        slides="slides" in section.all("content"),
        floor=_floor(m_line.protocol, section, session) if m_line.port else None,
        keys=_keys(section) if known and m_line.protocol not in DTLS else (),
        fingerprints=_fingerprints(section, session) if known and m_line.protocol in DTLS else (),
        setup=(section.first("setup") or session.first("setup")).lower(),
    )


def _floor(protocol: str, section: Section, session: Section) -> FloorControl | None:
    """Return the attributes of an m-line of floor control that we can serve, else None.

    Over TLS its writer has to open the connection: then we are the side that answers and the side that is connected to,
    and the server of TLS whichever of both decides that.
    """
    found = bfcp.read(section) if protocol in _FLOORS else None
    if found is None or protocol != bfcp.TLS:
        return found
    fingerprints = _fingerprints(section, session)
    return None if found.setup == "passive" else replace(found, fingerprints=fingerprints)


def _fingerprints(section: Section, session: Section) -> tuple[tuple[str, str], ...]:
    """Return the fingerprints of an m-line, else those of all; none where one cannot be read."""
    values = (section.all("fingerprint") or session.all("fingerprint"))[:MAX_FINGERPRINTS]
    found = [_FINGERPRINT.fullmatch(value) for value in values]
    return tuple((each[1].lower(), each[2].upper()) for each in found if each is not None)


def _keys(section: Section) -> tuple[Crypto, ...]:
    found = (sdes.parse(each) for each in section.all("crypto")[:MAX_KEYS])
    return tuple(each for each in found if each is not None)


def _host(section: Section) -> str:
    """Return the address of the last `c=`, without the TTL; names are not looked up."""
    words = next((line[2:].split() for line in reversed(section.lines) if line.startswith("c=")), None)
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


def _rtcp_port(section: Section, port: int) -> int:
    """Return the RTCP port by RFC 3605, else the next port."""
    number = section.first("rtcp").partition(" ")[0]
    return integer(number, 65535) or min(port + 1, 65535)


def _codecs(m_line: Head, section: Section) -> tuple[Codec, ...]:
    parameters, maps = section.numbered("fmtp"), section.numbered("rtpmap")
    found = (
        _codec(m_line.kind, name, number, maps.get(number, ""), read_parameters(parameters.get(number, "")))
        for number, name in _named(m_line, section)
    )
    repairs = _repairs(m_line, section)
    return tuple(replace(codec, rtx=repairs.get(codec.payload_type)) for codec in found if codec is not None)


def _repairs(m_line: Head, section: Section) -> dict[int, int]:
    """Return the payload types of retransmissions by those that they repeat (RFC 4588 §8.1)."""
    parameters = section.numbered("fmtp")
    found = [number for number, name in _named(m_line, section) if name == "RTX"]
    repeated = {number: integer(read_parameters(parameters.get(number, "")).get("apt", ""), 127) for number in found}
    return {original: number for number, original in repeated.items() if original is not None}


def _named(m_line: Head, section: Section) -> list[tuple[int, str]]:
    """Return the payload types with the names of their codecs, in capitals."""
    maps = section.numbered("rtpmap")
    numbers = [number for each in m_line.formats if (number := integer(each, 127)) is not None]
    return [(each, maps.get(each, STATIC.get(each, "")).partition("/")[0].strip().upper()) for each in numbers]


def _codec(kind: str, name: str, number: int, rtpmap: str, parameters: Mapping[str, str]) -> Codec | None:
    if kind == "audio":
        return _sound(name, number, rtpmap)
    if kind == "application":
        return Codec(name, number) if name == CAMERA_CONTROL else None
    return _picture(name, number, parameters) if kind == "video" else None


def _sound(name: str, number: int, rtpmap: str) -> Codec | None:
    clock = rtpmap.partition("/")[2].partition("/")[0].strip()
    if name == "TELEPHONE-EVENT":
        return Codec(TONES, number, clock=int(clock)) if clock in (str(SOUND_CLOCK), str(OPUS_CLOCK)) else None
    if name == "OPUS":
        return Codec("opus", number, clock=OPUS_CLOCK) if clock == str(OPUS_CLOCK) else None
    return Codec(name, number) if name in SOUNDS else None


def _picture(name: str, number: int, parameters: Mapping[str, str]) -> Codec | None:
    mode = parameters.get("packetization-mode", "0")  # RFC 6184 §8.1
    if name != "H264" or mode not in ("0", "1"):
        return None
    return Codec("H264" if mode == "1" else SINGLE_NAL, number, limits=decoder_limits(parameters))


def _bitrate(section: Section) -> int | None:
    """Return `b=TIAS` (RFC 3890) in bit/s, else `b=AS` in kbit/s, else `b=CT`; 0 says nothing here."""
    bandwidth_lines = (line[2:].partition(":") for line in section.lines if line.startswith("b="))
    bandwidths = {name: value for name, _, value in bandwidth_lines}
    for name, unit in (("TIAS", 1), ("AS", 1000), ("CT", 1000)):
        if number := integer(bandwidths.get(name, "").strip(), 10**9):
            return number * unit
    return None
