"""Reads browsers' offers and writes answers (RFC 8829 as far as an ICE-lite answerer needs it; simulcast by RFC 8851,
RFC 8853).

Every fault of an offer becomes :class:`BadOffer`. Only tokens that passed a pattern are echoed into the answer.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from mediaserver.errors import BadOffer
from mediaserver.sdp.sections import Section, head, integer, read_parameters, sections

MAX_LAYERS, MAX_SSRCS = 3, 8
MAX_SENT = {"audio": 1, "video": 2}
"""M-lines on which a peer may send: its microphone; its camera and its shared screen."""
MAX_EXTENSION = 14
"""The highest id in a one-byte header extension (RFC 8285 §4.2); we write no others."""

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
_PROFILE = re.compile(r"42[0-9a-fA-F]{4}")
_SENT = re.compile(r"(\S+) send( .*)?")


@dataclass(frozen=True, slots=True)
class Codec:
    """A codec that both sides know; `name` is "opus", "VP8" or "H264", `clock_rate` in Hz."""

    name: str
    payload_type: int
    clock_rate: int
    parameters: str = ""
    rtx: int | None = None
    """The payload type of its retransmissions (RFC 4588 §8.6); None without."""
    red: int | None = None
    """The payload type of packets with earlier frames beside the newest (RFC 2198); None without."""


@dataclass(frozen=True, slots=True)
class Media:
    """One m-line of an offer, reduced to the parts we use. `codecs` is empty when we must reject it."""

    kind: str
    mid: str
    sends: bool
    receives: bool
    codecs: tuple[Codec, ...]
    extensions: dict[str, int]
    rids: tuple[str, ...]
    ssrcs: tuple[int, ...]
    repairs: dict[int, int] = field(default_factory=dict)
    """For each retransmission SSRC the SSRC whose packets it carries (`a=ssrc-group:FID`, RFC 5576 §4.2)."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A peer's offer, with its ICE username fragment and password."""

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
    tcp: tuple[tuple[str, int], ...] = ()
    """Addresses at which connections are taken, too."""


_UDP_PRIORITY = 126 << 24 | 65535 << 8 | 255
_TCP_PRIORITY = 90 << 24 | (4 << 13 | 8191) << 8 | 255
"""Of a passive candidate (RFC 6544 §4.2), of a lower type preference than UDP."""


def parse_offer(text: str) -> Offer:
    """Read an offer. Raises BadOffer."""
    session, groups = sections(text)
    media = tuple(_limit_sent(_media(each) for each in groups))
    if len({m.mid for m in media}) != len(media):
        raise BadOffer("two m-lines with one mid")
    if not any(m.codecs for m in media):
        raise BadOffer("offer shares no codec with us")
    fragment, password = _stated("ice-ufrag", *groups, session), _stated("ice-pwd", *groups, session)
    fingerprints = _fingerprints(*groups, session)
    if not _FRAGMENT.fullmatch(fragment) or not password or not fingerprints:
        raise BadOffer("offer without ICE or DTLS parameters")
    if _stated("setup", *groups, session) == "passive":
        raise BadOffer("offer wants us to be the DTLS client")
    return Offer(media, fragment, password, fingerprints)


def _stated(name: str, *groups: Section) -> str:
    """Return the first value stated; everything is in one bundle, for which the session section is the last resort."""
    return next((value for each in groups if (value := each.first(name))), "")


def _fingerprints(*groups: Section) -> tuple[tuple[str, str], ...]:
    values = next((values for each in groups if (values := each.all("fingerprint"))), ())
    pairs = (value.partition(" ") for value in values)
    return tuple((algorithm, value.strip()) for algorithm, _, value in pairs)


def _media(section: Section) -> Media:
    m_line = head(section)
    mid = section.first("mid")
    if not _TOKEN.fullmatch(mid):
        raise BadOffer("m-line without a usable mid")
    sends, receives = section.direction or (True, True)
    bundled = "bundle-only" in section.attributes  # RFC 9143 §6: port 0 then does not mean rejected
    accepted = (m_line.port != 0 or bundled) and (sends or receives)
    return Media(
        kind=m_line.kind,
        mid=mid,
        sends=sends,
        receives=receives,
        codecs=_codecs(m_line.kind, m_line.formats, section) if accepted else (),
        extensions=_extensions(section),
        rids=_rids(section),
        ssrcs=_ssrcs(section),
        repairs=_repairs(section),
    )


def _limit_sent(offered: Iterable[Media]) -> Iterator[Media]:
    """Yield m-lines. Beyond `MAX_SENT` the peer does not send on them: one that receives nothing either is rejected."""
    left = dict(MAX_SENT)
    for media in offered:
        if not (media.sends and media.codecs):
            yield media
            continue
        left[media.kind] -= 1
        if left[media.kind] >= 0:
            yield media
        else:
            yield replace(media, sends=False, codecs=media.codecs if media.receives else ())


def _extensions(section: Section) -> dict[str, int]:
    """Return the header extensions by URI (RFC 8285 §8): the id may have a direction behind it, and the URI attributes.
    Extensions whose id we cannot write are left out of the answer, and two-byte headers with them: so a peer knows not
    to use them."""
    found = {}
    for value in section.all("extmap"):
        words = value.split()
        number = integer(words[0].partition("/")[0], MAX_EXTENSION) if len(words) > 1 else None
        if number and words[1] in _EXTENSIONS:
            found[words[1]] = number
    return found


def _ssrcs(section: Section) -> tuple[int, ...]:
    numbers = (integer(value.partition(" ")[0], 2**32 - 1) for value in section.all("ssrc"))
    return tuple(dict.fromkeys(number for number in numbers if number is not None))[:MAX_SSRCS]


def _repairs(section: Section) -> dict[int, int]:
    found = {}
    for value in section.all("ssrc-group")[:MAX_SSRCS]:
        semantics, _, pair = value.partition(" ")
        original, _, repair = (integer(word, 2**32 - 1) for word in pair.partition(" "))
        if semantics == "FID" and original is not None and repair is not None:
            found[repair] = original
    return found


def _rids(section: Section) -> tuple[str, ...]:
    sending = {match[1] for value in section.all("rid") if (match := _SENT.fullmatch(value))}
    layers = next((value.split()[1] for value in section.all("simulcast") if value.startswith("send ")), "")
    names = [n.lstrip("~") for part in layers.split(";") for n in part.split(",")[:1]]
    return tuple(n for n in names if n in sending and _TOKEN.fullmatch(n))[:MAX_LAYERS]


def _codecs(kind: str, formats: tuple[str, ...], section: Section) -> tuple[Codec, ...]:
    """Return the codecs we know, the first of each kind, in our order of preference."""
    rtpmap = section.numbered("rtpmap")
    numbers = (number for each in formats if (number := integer(each, 127)) is not None)
    maps = {number: rtpmap[number] for number in numbers if number in rtpmap}
    if kind == "audio":
        opus = (number for number, name in maps.items() if name.lower().startswith("opus/48000"))
        return tuple(
            Codec("opus", number, 48000, "minptime=10;useinbandfec=1", red=_red(number, maps, section))
            for number in opus
        )[:1]
    if kind != "video":
        return ()
    parameters = {number: read_parameters(text) for number, text in section.numbered("fmtp").items()}
    rtx = {
        original: number
        for number, name in maps.items()
        if name.lower() == "rtx/90000"
        and (original := integer(parameters.get(number, {}).get("apt", ""), 127)) is not None
    }
    return (*_h264(maps, parameters, rtx)[:1], *_vp8(maps, rtx)[:1])


def _red(opus: int, maps: Mapping[int, str], section: Section) -> int | None:
    """Return the payload type of RED whose blocks are all of that codec (RFC 2198 §5); None without."""
    blocks = section.numbered("fmtp")
    for number, name in maps.items():
        kinds = blocks.get(number, "").split("/")
        if name.lower() == "red/48000/2" and all(integer(kind, 127) == opus for kind in kinds):
            return number
    return None


def _vp8(maps: Mapping[int, str], rtx: Mapping[int, int]) -> list[Codec]:
    numbers = [number for number, name in maps.items() if name.upper() == "VP8/90000"]
    return [Codec("VP8", number, 90000, rtx=rtx.get(number)) for number in numbers]


def _h264(maps: Mapping[int, str], parameters: Mapping[int, Mapping[str, str]], rtx: Mapping[int, int]) -> list[Codec]:
    """Return the H.264 baseline codecs in packetization-mode 1, constrained before plain (RFC 6184 §8.1)."""
    found = []
    for number in (number for number, name in maps.items() if name.upper() == "H264/90000"):
        fmtp = parameters.get(number, {})
        profile = fmtp.get("profile-level-id", "")
        if fmtp.get("packetization-mode") == "1" and _PROFILE.fullmatch(profile):
            words = f"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}"
            found.append((not profile.lower().startswith("42e0"), Codec("H264", number, 90000, words, rtx.get(number))))
    return [codec for _, codec in sorted(found, key=lambda pair: pair[0])]


def write_answer(offer: Offer, local: Local, camera_codecs: tuple[str, ...]) -> str:
    """Return the answer to an offer. `camera_codecs` orders the codecs we prefer to receive; the peer uses the
    first.

    RED stands behind Opus: browsers take it, and do not send it before their page prefers it.
    """
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
    numbers = [c.payload_type for c in codecs]
    numbers += [number for c in codecs for number in (c.rtx, c.red) if number is not None]
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
    lines += [f"a=extmap:{number} {uri}" for uri, number in media.extensions.items() if uri != SEND_TIME_URI]
    lines += [f"a=extmap:{number} {SEND_TIME_URI}"] if (number := send_time_id(media)) else []
    for codec in codecs:
        lines += _answer_codec(media, codec)
    lines += _answer_streams(media, local)
    return [*lines, *candidates(local.addresses, local.tcp), "a=end-of-candidates"]


def candidates(udp: Iterable[tuple[str, int]], tcp: Iterable[tuple[str, int]]) -> list[str]:
    """Return the lines of our candidates (RFC 8839 §5.1, RFC 6544 §4.5). UDP is preferred, then earlier addresses."""
    lines = [f"udp {_UDP_PRIORITY - i} {host} {port} typ host" for i, (host, port) in enumerate(udp, 1)]
    lines += [
        f"tcp {_TCP_PRIORITY - (i << 8)} {host} {port} typ host tcptype passive"
        for i, (host, port) in enumerate(tcp, 1)
    ]
    return [f"a=candidate:{number} 1 {line}" for number, line in enumerate(lines, 1)]


def send_time_id(media: Media) -> int:
    """Return the id of the send time extension, by which a receiver measures its line; 0 where none is sent.

    Video has it only where retransmissions have a stream of their own. Otherwise a packet is resent under its first
    number, and SRTP must not protect two headers with that: from two such packets whoever sees them can work out the
    key that authenticates the stream (AES-GCM: RFC 7714 §8.1). So the packet is the same then, bit for bit.
    """
    again = media.kind == "video" and any(codec.rtx is None for codec in media.codecs)
    return media.extensions.get(SEND_TIME_URI, 0) if media.receives and not again else 0


def _direction(media: Media) -> str:
    names = {(True, True): "sendrecv", (True, False): "recvonly", (False, True): "sendonly"}
    return names[media.sends, media.receives]


def _answer_codec(media: Media, codec: Codec) -> list[str]:
    number = codec.payload_type
    parameters = codec.parameters
    if media.kind == "audio":
        lines = [f"a=rtpmap:{number} opus/48000/2", f"a=fmtp:{number} {parameters}"]
        return lines + (
            [f"a=rtpmap:{codec.red} red/48000/2", f"a=fmtp:{codec.red} {number}/{number}"]
            if codec.red is not None
            else []
        )
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
