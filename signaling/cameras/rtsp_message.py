"""Reads and writes messages of RTSP 1.0 (RFC 2326), as far as a client of a camera needs them. Pure.

Bounds: a header of 8 KiB, a body of 32 KiB.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from mediaserver.errors import BadOffer
from mediaserver.sdp.sections import Section, head, integer, sections
from mediaserver.sdp.sip_parse import STATIC

VERSION = "RTSP/1.0"
MAX_HEADER, MAX_BODY = 8192, 32_768
DISCARD_PORT = 9
"""The port of an m-line whose sender names none: media come from wherever the camera sends (RFC 2326 §C.1.1)."""
SOUNDS = ("PCMU", "PCMA", "G722")
_STATUS = re.compile(rb"RTSP/1\.0 ([1-5][0-9]{2})(?: .*)?")


class BadRtsp(Exception):
    """A camera sent what is no RTSP, or nothing we can use; the text says what."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response; the names of its headers are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]

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


def read_header(data: bytes) -> Response:
    """Read the header of a response, which ends with an empty line. Raises BadRtsp."""
    first, *lines = data.split(b"\r\n")
    if (match := _STATUS.fullmatch(first)) is None:
        raise BadRtsp("no RTSP response")
    headers = []
    for line in filter(None, lines):
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if not colon:
            raise BadRtsp("a header line without a colon")
        headers.append((name.strip().lower(), value.strip()))
    return Response(int(match[1]), tuple(headers))


def write_request(method: str, uri: str, sequence: int, headers: Mapping[str, str]) -> bytes:
    """Write a request without a body."""
    lines = [f"{method} {uri} {VERSION}", f"CSeq: {sequence}", "User-Agent: diemcau"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


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
