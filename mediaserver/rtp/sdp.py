"""Offers in, answers out (RFC 8829 as far as an ICE-lite answerer needs it).

aiortc parses the lines; what it does not know (RIDs, simulcast: RFC 8851, RFC 8853) is read here. Whatever is wrong
with an offer becomes :class:`BadOffer`. Only tokens that passed a pattern are echoed into the answer.
"""

import re
from dataclasses import dataclass, field

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription

from mediaserver.errors import BadOffer

MAX_SDP_BYTES = 64 * 1024
MAX_MEDIA = 8
MAX_LAYERS = 3

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID_URI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
REPAIRED_RID_URI = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
_EXTENSIONS = (MID_URI, RID_URI, REPAIRED_RID_URI, LEVEL_URI, SEND_TIME_URI)

START_KBPS = 2500
"""`x-google-start-bitrate`: without it Chromium spends 40 s climbing to the top layer."""

_TOKEN = re.compile(r"[A-Za-z0-9._+-]{1,32}")
_FRAGMENT = re.compile(r"[A-Za-z0-9+/_-]{4,256}")
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


@dataclass(frozen=True, slots=True)
class Codec:
    """A codec both sides speak; `name` is "opus", "VP8" or "H264", `clock_rate` in Hz."""

    name: str
    payload_type: int
    clock_rate: int
    parameters: str = ""
    rtx: int | None = None
    """The payload type of its retransmissions (RFC 4588 §8.6), None without."""


@dataclass(frozen=True, slots=True)
class Media:
    """One m-line of an offer, cut down to what we use. `codecs` is empty when we must reject it."""

    kind: str
    mid: str
    sends: bool
    receives: bool
    codecs: tuple[Codec, ...]
    extensions: dict[str, int]
    rids: tuple[str, ...]
    ssrcs: tuple[int, ...]
    repairs: dict[int, int] = field(default_factory=dict)
    """The SSRC whose packets a retransmission SSRC carries (`a=ssrc-group:FID`, RFC 5576 §4.2)."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a peer offers, with its ICE username fragment and password."""

    media: tuple[Media, ...]
    fragment: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Local:
    """Our side of an answer: ICE credentials, certificate fingerprint, addresses of the shared port."""

    fragment: str
    password: str
    fingerprint: str
    addresses: tuple[tuple[str, int], ...]
    ssrcs: dict[str, int] = field(default_factory=dict)
    """The SSRC we send with, by mid."""
    rtx_ssrcs: dict[str, int] = field(default_factory=dict)
    """The SSRC we retransmit with, by mid."""


def parse_offer(text: str) -> Offer:
    """Read an offer. Raises BadOffer."""
    if len(text.encode("utf-8", "replace")) > MAX_SDP_BYTES:
        raise BadOffer("offer larger than 64 KiB")
    lines = _media_lines(text)
    if len(lines) > MAX_MEDIA:
        raise BadOffer(f"offer has more than {MAX_MEDIA} m-lines")
    try:
        session = SessionDescription.parse(text)
        return _offer(session, lines)
    except _MALFORMED as exc:
        raise BadOffer(f"malformed offer: {exc!r:.100}") from exc


def _offer(session: SessionDescription, lines: list[list[str]]) -> Offer:
    if not session.media:
        raise BadOffer("offer without m-lines")
    media = tuple(_media(m, extra) for m, extra in zip(session.media, lines, strict=True))
    if len({m.mid for m in media}) != len(media):
        raise BadOffer("two m-lines with one mid")
    if not any(m.codecs for m in media):
        raise BadOffer("offer shares no codec with us")
    ice = next((m.ice for m in session.media if m.ice and m.ice.usernameFragment), None)
    dtls = next((m.dtls for m in session.media if m.dtls and m.dtls.fingerprints), None)
    if ice is None or not _FRAGMENT.fullmatch(ice.usernameFragment or "") or dtls is None:
        raise BadOffer("offer without ICE or DTLS parameters")
    if dtls.role == "server":
        raise BadOffer("offer wants us to be the DTLS client")
    fingerprints = tuple((f.algorithm, f.value) for f in dtls.fingerprints)
    return Offer(media, ice.usernameFragment or "", ice.password or "", fingerprints)


def _media_lines(text: str) -> list[list[str]]:
    groups: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("m="):
            groups.append([])
        elif groups:
            groups[-1].append(line)
    return groups


def _media(media: MediaDescription, lines: list[str]) -> Media:
    mid = media.rtp.muxId
    if not _TOKEN.fullmatch(mid):
        raise BadOffer("m-line without a usable mid")
    direction = media.direction or "sendrecv"
    wanted = _audio_codecs(media) if media.kind == "audio" else _video_codecs(media) if media.kind == "video" else []
    bundled = "a=bundle-only" in lines  # RFC 9143 §6: port 0 then does not mean rejected
    accepted = (media.port != 0 or bundled) and direction != "inactive"
    return Media(
        kind=media.kind,
        mid=mid,
        sends=direction in ("sendrecv", "sendonly"),
        receives=direction in ("sendrecv", "recvonly"),
        codecs=tuple(wanted) if accepted else (),
        extensions={h.uri: h.id for h in media.rtp.headerExtensions if h.uri in _EXTENSIONS and 0 < h.id < 256},
        rids=_rids(lines),
        ssrcs=tuple(s.ssrc for s in media.ssrc)[:8],
        repairs=_repairs(media),
    )


def _repairs(media: MediaDescription) -> dict[int, int]:
    pairs = [group.items for group in media.ssrc_group[:8] if group.semantic == "FID" and len(group.items) == 2]
    return {int(repair): int(original) for original, repair in pairs}


def _rids(lines: list[str]) -> tuple[str, ...]:
    sending = {line[6:].split()[0] for line in lines if re.fullmatch(r"a=rid:\S+ send( .*)?", line)}
    layers = next((line[len("a=simulcast:send ") :] for line in lines if line.startswith("a=simulcast:send ")), "")
    names = [n.lstrip("~") for part in layers.split(" ")[0].split(";") for n in part.split(",")[:1]]
    return tuple(n for n in names if n in sending and _TOKEN.fullmatch(n))[:MAX_LAYERS]


def _audio_codecs(media: MediaDescription) -> list[Codec]:
    return [
        Codec("opus", _number(c), 48000, "minptime=10;useinbandfec=1")
        for c in media.rtp.codecs
        if c.name.lower() == "opus" and c.clockRate == 48000
    ][:1]


def _video_codecs(media: MediaDescription) -> list[Codec]:
    rtx = _rtx_numbers(media)
    vp8 = [c for c in media.rtp.codecs if c.name.upper() == "VP8"][:1]
    h264 = [c for c in media.rtp.codecs if c.name.upper() == "H264" and _constrained_baseline(c)]
    h264.sort(key=lambda c: not str(c.parameters.get("profile-level-id", "")).lower().startswith("42e0"))
    codecs = [Codec("H264", _number(c), 90000, _h264_parameters(c), rtx.get(_number(c))) for c in h264[:1]]
    return codecs + [Codec("VP8", _number(c), 90000, rtx=rtx.get(_number(c))) for c in vp8]


def _rtx_numbers(media: MediaDescription) -> dict[int, int]:
    """Payload types of retransmissions by those of the originals (`apt`)."""
    named = [(str(c.parameters.get("apt")), c) for c in media.rtp.codecs if c.name.lower() == "rtx"]
    return {int(apt): _number(c) for apt, c in named if apt.isdecimal()}


def _number(codec: RTCRtpCodecParameters) -> int:
    if codec.payloadType is None or not 0 <= codec.payloadType < 128:
        raise BadOffer("payload type out of range")
    return codec.payloadType


def _constrained_baseline(codec: RTCRtpCodecParameters) -> bool:
    profile = str(codec.parameters.get("profile-level-id", ""))
    return codec.parameters.get("packetization-mode") in (1, "1") and bool(
        re.fullmatch(r"42[0-9a-fA-F]{2}[0-9a-fA-F]{2}", profile)
    )


def _h264_parameters(codec: RTCRtpCodecParameters) -> str:
    profile = codec.parameters["profile-level-id"]
    return f"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}"


def write_answer(offer: Offer, local: Local, camera_codecs: tuple[str, ...]) -> str:
    """The answer to an offer. `camera_codecs` orders what we like to be sent; the peer uses the first."""
    bundled = [m.mid for m in offer.media if m.codecs]
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=ice-lite"]
    lines += [f"a=group:BUNDLE {' '.join(bundled)}", "a=msid-semantic:WMS *"]
    for media in offer.media:
        lines += _answer_media(media, local, camera_codecs) if media.codecs else _reject(media)
    return "\r\n".join(lines) + "\r\n"


def _reject(media: Media) -> list[str]:
    profile = "UDP/DTLS/SCTP webrtc-datachannel" if media.kind == "application" else "UDP/TLS/RTP/SAVPF 0"
    kind = media.kind if media.kind in ("audio", "video", "application") else "text"
    return [f"m={kind} 0 {profile}", "c=IN IP4 0.0.0.0", f"a=mid:{media.mid}", "a=inactive"]


def _answer_media(media: Media, local: Local, camera_codecs: tuple[str, ...]) -> list[str]:
    codecs = list(media.codecs)
    if media.kind == "video" and media.sends:
        codecs = sorted((c for c in codecs if c.name in camera_codecs), key=lambda c: camera_codecs.index(c.name))
    host, port = local.addresses[0]
    family = "IP6" if ":" in host else "IP4"
    numbers = [c.payload_type for c in codecs] + [c.rtx for c in codecs if c.rtx is not None]
    lines = [
        f"m={media.kind} {port} UDP/TLS/RTP/SAVPF {' '.join(map(str, numbers))}",
        f"c=IN {family} {host}",
        f"a=mid:{media.mid}",
        f"a={_direction(media)}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        f"a=ice-ufrag:{local.fragment}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:{local.fingerprint}",
        "a=setup:passive",
    ]
    lines += [f"a=extmap:{number} {uri}" for uri, number in media.extensions.items()]
    for codec in codecs:
        lines += _answer_codec(media, codec)
    lines += _answer_streams(media, local)
    lines += [
        f"a=candidate:{i} 1 udp {2130706431 - i} {ip} {udp} typ host" for i, (ip, udp) in enumerate(local.addresses, 1)
    ]
    return [*lines, "a=end-of-candidates"]


def _direction(media: Media) -> str:
    names = {(True, True): "sendrecv", (True, False): "recvonly", (False, True): "sendonly"}
    return names[media.sends, media.receives]


def _answer_codec(media: Media, codec: Codec) -> list[str]:
    number = codec.payload_type
    parameters = codec.parameters
    if media.kind == "audio":
        return [f"a=rtpmap:{number} opus/48000/2", f"a=fmtp:{number} {parameters}"]
    if media.sends:
        parameters = ";".join(filter(None, [parameters, f"x-google-start-bitrate={START_KBPS}"]))
    lines = [f"a=rtpmap:{number} {codec.name}/{codec.clock_rate}"]
    lines += [f"a=rtcp-fb:{number} {kind}" for kind in ("nack", "nack pli", "ccm fir", "goog-remb")]
    lines += [f"a=fmtp:{number} {parameters}"] if parameters else []
    return lines + (
        [f"a=rtpmap:{codec.rtx} rtx/90000", f"a=fmtp:{codec.rtx} apt={number}"] if codec.rtx is not None else []
    )


def _answer_streams(media: Media, local: Local) -> list[str]:
    lines = []
    if media.receives and media.mid in local.ssrcs:
        ssrc, rtx = local.ssrcs[media.mid], local.rtx_ssrcs.get(media.mid)
        lines += [f"a=msid:diemcau {media.mid}", f"a=ssrc:{ssrc} cname:diemcau"]
        if rtx is not None:  # after the original: Chromium takes the first SSRC for the stream's own
            lines += [f"a=ssrc-group:FID {ssrc} {rtx}", f"a=ssrc:{rtx} cname:diemcau"]
    if media.sends and media.rids:
        lines += [f"a=rid:{rid} recv" for rid in media.rids]
        lines.append(f"a=simulcast:recv {';'.join(media.rids)}")
    return lines
