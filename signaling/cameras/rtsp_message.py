"""Reads and writes messages of RTSP 1.0 (RFC 2326), as far as a client of a camera needs them. Pure.

Bounds: a header of 8 KiB, a body of 32 KiB. A packet within the connection has at most 64 KiB by its length field.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

from mediaserver.errors import BadOffer
from mediaserver.sdp.sections import Section, head, integer, sections
from mediaserver.sdp.sip_parse import STATIC, read

VERSION = "RTSP/1.0"
MAX_HEADER, MAX_BODY = 8192, 32_768
DISCARD_PORT = 9
"""The port of an m-line whose sender names none: media come from wherever the camera sends (RFC 2326 §C.1.1)."""
LARGEST_SEQUENCE = 2**31 - 1
ANSWERED = ("OPTIONS", "GET_PARAMETER")
"""Requests of a camera that ask whether we are there (RFC 2326 §10.1, §10.8)."""
SOUNDS = ("PCMU", "PCMA", "G722")
_FRAME_MARK, _FRAME_HEADER = b"$", 4
"""Begin and size of what precedes a packet within the connection (§10.12)."""
_STATUS = re.compile(rb"RTSP/1\.0 ([1-5][0-9]{2})(?: .*)?")
_REQUEST = re.compile(rb"([A-Z_]{1,32}) [^ ]+ RTSP/1\.0")
_CHANNELS = re.compile(r"interleaved=([0-9]{1,2})-([0-9]{1,2})(?![0-9])")


class BadRtsp(Exception):
    """A camera sent what is no RTSP, or nothing we can use; the text says what."""


@dataclass(frozen=True, slots=True)
class Message:
    """The common part of requests and responses; the names of headers are in lower case."""

    headers: tuple[tuple[str, str], ...]
    body: bytes = field(default=b"", kw_only=True)

    def first(self, name: str) -> str:
        """Return the first value of a header, empty without one."""
        return next((value for each, value in self.headers if each == name), "")

    @property
    def length(self) -> int:
        """The bytes of its body. Raises BadRtsp."""
        text = self.first("content-length") or "0"
        length = integer(text, MAX_BODY)
        if length is None:
            raise BadRtsp(f"Content-Length {text[:16]}")
        return length

    @property
    def sequence(self) -> int | None:
        """The number of a request, or of that which is answered; None without one that can be read."""
        return integer(self.first("cseq"), LARGEST_SEQUENCE)


@dataclass(frozen=True, slots=True)
class Request(Message):
    """A request of the camera (RFC 2326 §10)."""

    method: str


@dataclass(frozen=True, slots=True)
class Response(Message):
    """A response of the camera."""

    status: int

    @property
    def asks_for_basic(self) -> bool:
        """True if it asks for user name and password as they are (RFC 7617)."""
        schemes = [value.partition(" ")[0].lower() for name, value in self.headers if name == "www-authenticate"]
        return "basic" in schemes

    @property
    def channels(self) -> tuple[int, int] | None:
        """The channels of RTP and RTCP that a SETUP was answered with (§12.39); None for none."""
        found = _CHANNELS.search(self.first("transport"))
        return None if found is None else (int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class Packet:
    """RTP or RTCP within the connection."""

    channel: int
    data: bytes


class Stream:
    """Splits what a camera sends into messages and packets, wherever the segments were cut."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Request | Response | Packet]:
        """Add received bytes and return what is whole. Raises BadRtsp."""
        self._buffer += data
        found = []
        while (each := self._take()) is not None:
            found.append(each)
        return found

    def _take(self) -> Request | Response | Packet | None:
        while self._buffer.startswith(b"\r\n"):
            del self._buffer[:2]
        if self._buffer.startswith(_FRAME_MARK):
            return self._packet()
        end = self._buffer.find(b"\r\n\r\n", 0, MAX_HEADER)
        if end < 0:
            if len(self._buffer) >= MAX_HEADER:
                raise BadRtsp(f"a header of more than {MAX_HEADER} bytes")
            return None
        message = read_header(bytes(self._buffer[:end]))
        whole = end + 4 + message.length
        if len(self._buffer) < whole:
            return None
        body = bytes(self._buffer[end + 4 : whole])
        del self._buffer[:whole]
        return replace(message, body=body)

    def _packet(self) -> Packet | None:
        whole = _FRAME_HEADER + int.from_bytes(self._buffer[2:_FRAME_HEADER])
        if len(self._buffer) < max(whole, _FRAME_HEADER):
            return None
        packet = Packet(self._buffer[1], bytes(self._buffer[_FRAME_HEADER:whole]))
        del self._buffer[:whole]
        return packet


def read_header(data: bytes) -> Request | Response:
    """Read the header of a message, which ends with an empty line. Raises BadRtsp."""
    first, *lines = data.split(b"\r\n")
    status, request = _STATUS.fullmatch(first), _REQUEST.fullmatch(first)
    if status is None and request is None:
        raise BadRtsp("no RTSP")
    headers = []
    for line in filter(None, lines):
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if not colon:
            raise BadRtsp("a header line without a colon")
        headers.append((name.strip().lower(), value.strip()))
    if status is not None:
        return Response(tuple(headers), int(status[1]))
    assert request is not None
    return Request(tuple(headers), request[1].decode())


def write_request(method: str, uri: str, sequence: int, headers: Mapping[str, str]) -> bytes:
    """Write a request without a body."""
    lines = [f"{method} {uri} {VERSION}", f"CSeq: {sequence}", "User-Agent: diemcau"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def write_response(request: Request) -> bytes:
    """Write the answer to a request of the camera: what only asks whether we are there is answered by yes, all else is
    unknown to us (501)."""
    known = request.method in ANSWERED
    lines = [f"{VERSION} {'200 OK' if known else '501 Not Implemented'}"]
    lines += [f"CSeq: {request.sequence}"] if request.sequence is not None else []
    lines += [f"Public: {', '.join(ANSWERED)}"] if known else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def write_packet(packet: Packet) -> bytes:
    """Write a packet for the connection."""
    return _FRAME_MARK + bytes([packet.channel]) + len(packet.data).to_bytes(2) + packet.data


def basic(user: str, password: str) -> str:
    """Return the value of an Authorization header of scheme Basic (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


@dataclass(frozen=True, slots=True)
class Track:
    """An m-line of a camera that we use: its control URI, and the lines that describe it to the media engine."""

    kind: str
    control: str
    lines: tuple[str, ...]


def read_tracks(description: str, base: str) -> tuple[Track, ...]:
    """Return the first H.264 video and the first G.711 or G.722 audio of a description. Raises BadRtsp."""
    try:
        session, groups = sections(description)
        found = [track for each in groups if (track := _track(each, _control(session, base))) is not None]
    except BadOffer as error:
        raise BadRtsp(str(error)) from None
    video = [track for track in found if track.kind == "video"][:1]
    if not video:
        raise BadRtsp("no H.264 video")
    return (*[track for track in found if track.kind == "audio"][:1], *video)


def _control(section: Section, base: str) -> str:
    """Return the absolute control URI of a section (RFC 2326 §C.1.1)."""
    control = section.first("control")
    if control in ("", "*"):
        return base
    return control if "://" in control else urljoin(base if base.endswith("/") else base + "/", control)


def _track(section: Section, base: str) -> Track | None:
    m_line, maps, formats = head(section), section.numbered("rtpmap"), section.numbered("fmtp")
    for number in [number for each in m_line.formats if (number := integer(each, 127)) is not None]:
        name = maps.get(number, f"{STATIC.get(number, '')}/8000")
        codec = name.partition("/")[0].strip().upper()
        usable = codec == "H264" if m_line.kind == "video" else m_line.kind == "audio" and codec in SOUNDS
        if usable:
            lines = [f"m={m_line.kind} {DISCARD_PORT} RTP/AVP {number}", f"a=rtpmap:{number} {name}"]
            lines += [f"a=fmtp:{number} {formats[number]}"] if number in formats else []
            return Track(m_line.kind, _control(section, base), (*lines, "a=sendonly"))
    return None


def offer(tracks: tuple[Track, ...], host: str) -> str:
    """Return the session description by which the media engine receives what a camera at `host` sends."""
    family = "IP6" if ":" in host else "IP4"
    head_ = ["v=0", f"o=- 0 0 IN {family} {host}", "s=-", f"c=IN {family} {host}", "t=0 0"]
    return "\r\n".join([*head_, *(line for track in tracks for line in track.lines)]) + "\r\n"


def ports(answer: str) -> list[int]:
    """Return the RTP ports of an answer, one for each m-line."""
    return [head(section).port for section in sections(answer)[1]]


def host(answer: str) -> str:
    """Return the address of an answer's first m-line."""
    return read(answer).media[0].host
