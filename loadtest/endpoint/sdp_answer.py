"""Parses the server's SDP answer for a simulated endpoint."""

from dataclasses import dataclass

from aiortc.sdp import MediaDescription, SessionDescription

from mediaserver.sdp.webrtc import LEVEL_URI, MID_URI, RID_URI
from mediaserver.transport.ice import Address

_MALFORMED = (
    ValueError,
    AssertionError,
    IndexError,
    KeyError,
    AttributeError,
    StopIteration,
    TypeError,
    RecursionError,
)
_CODECS = ("opus", "red", "VP8", "H264")


class BadAnswer(ValueError):
    """The server's answer is malformed or lacks something that is needed."""


@dataclass(frozen=True, slots=True)
class AcceptedMedia:
    """One accepted m-line: codecs by payload type in the server's order, header extension ids by URI."""

    mid: str
    codecs: tuple[tuple[int, str], ...]
    receives: bool
    """True if the server accepts our stream."""
    mid_id: int
    rid_id: int
    level_id: int
    rids: tuple[str, ...]
    ssrc: int
    """The SSRC in which the server sends; 0 when it names none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The parts of an SDP answer that are used; rejected m-lines are absent from `media`, which is keyed by mid."""

    fragment: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    candidates: tuple[Address, ...]
    media: dict[str, AcceptedMedia]


def parse_answer(text: str) -> Answer:
    """Parse an answer. Raises BadAnswer."""
    try:
        session = SessionDescription.parse(text)
        return _answer(session, _simulcast(text))
    except BadAnswer:
        raise
    except _MALFORMED as exc:
        raise BadAnswer(f"malformed answer: {exc!r:.100}") from exc


def _answer(session: SessionDescription, rids: list[tuple[str, ...]]) -> Answer:
    accepted = [(m, r) for m, r in zip(session.media, rids, strict=True) if m.port and m.direction != "inactive"]
    if not accepted:
        raise BadAnswer("the server took no m-line")
    first = accepted[0][0]
    fragment, password = (first.ice.usernameFragment, first.ice.password) if first.ice else (None, None)
    if not fragment or not password:
        raise BadAnswer("answer without ICE credentials")
    if first.dtls is None or not first.dtls.fingerprints:
        raise BadAnswer("answer without a fingerprint")
    return Answer(
        fragment=fragment,
        password=password,
        fingerprints=tuple((f.algorithm, f.value) for f in first.dtls.fingerprints),
        candidates=_candidates(first),
        media={m.rtp.muxId: _accepted_media(m, r) for m, r in accepted},
    )


def _candidates(media: MediaDescription) -> tuple[Address, ...]:
    usable = [c for c in media.ice_candidates if c.protocol.lower() == "udp" and c.component == 1]
    usable.sort(key=lambda c: -c.priority)
    return tuple((c.ip, c.port) for c in usable if 0 < c.port < 65536)


def _accepted_media(media: MediaDescription, rids: tuple[str, ...]) -> AcceptedMedia:
    extensions = {h.uri: h.id for h in media.rtp.headerExtensions}
    return AcceptedMedia(
        mid=media.rtp.muxId,
        codecs=tuple(
            (c.payloadType, c.name) for c in media.rtp.codecs if c.payloadType is not None and c.name in _CODECS
        ),
        receives=media.direction in ("recvonly", "sendrecv"),
        mid_id=extensions.get(MID_URI, 0),
        rid_id=extensions.get(RID_URI, 0),
        level_id=extensions.get(LEVEL_URI, 0),
        rids=rids,
        ssrc=media.ssrc[0].ssrc if media.ssrc else 0,
    )


def _simulcast(text: str) -> list[tuple[str, ...]]:
    """Return the simulcast layers that the server accepts, by m-line (RFC 8853 §5.1)."""
    lines: list[tuple[str, ...]] = []
    for line in text.splitlines():
        if line.startswith("m="):
            lines.append(())
        elif lines and line.startswith("a=simulcast:recv "):
            lines[-1] = tuple(line.removeprefix("a=simulcast:recv ").split(" ")[0].split(";"))
    return lines
