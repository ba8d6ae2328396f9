"""Writes the offer of a simulated endpoint, m-lines in the order of docs/protocol.md."""

from dataclasses import dataclass

from loadtest.endpoint.ice_checks import Credentials
from mediaserver.sdp.webrtc import LEVEL_URI, MID_URI, RID_URI

MIC, CAMERA, PICTURE, SCREEN = "0", "1", "2", "3"
"""The mids: microphone and mix, camera, picture, shared screen."""
OPUS, RED, VP8, H264 = 111, 63, 96, 102
"""Payload types, as Chromium uses them."""
SOUND = (OPUS, RED)
LEVEL_ID, MID_ID, RID_ID = 1, 4, 10
RIDS = ("q", "h", "f")
"""Simulcast layers, low to high."""

_VIDEO = {"VP8": [f"a=rtpmap:{VP8} VP8/90000"], "H264": [f"a=rtpmap:{H264} H264/90000"]}
_NUMBERS = {"VP8": VP8, "H264": H264}
_RTX = {"VP8": 97, "H264": 103}
_H264_PARAMETERS = f"a=fmtp:{H264} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"


@dataclass(frozen=True, slots=True)
class OfferOptions:
    """Content of an offer: `codecs` in order of preference, 1 to 3 simulcast `layers`, with or without a `camera` to
    send, a composed `picture` to receive and a `screen` to share, and the number of `tiles`: m-lines for the cameras of
    a layout that the endpoint draws itself, of MIDs "t0", "t1" …. With `rtx` it offers retransmission streams as
    browsers do (RFC 4588) but does not take packets from them, with `red` redundant sound (RFC 2198)."""

    codecs: tuple[str, ...] = ("H264", "VP8")
    layers: int = 3
    camera: bool = True
    picture: bool = True
    screen: bool = False
    tiles: int = 0
    rtx: bool = False
    red: bool = False


@dataclass(frozen=True, slots=True)
class Ssrcs:
    """SSRCs of an endpoint: one for the microphone, one for each camera layer, one for the shared screen."""

    mic: int
    camera: tuple[int, ...]
    screen: int = 0


def tile_mids(offered: OfferOptions) -> list[str]:
    """Return the MIDs of the m-lines for tiles."""
    return [f"t{number}" for number in range(offered.tiles)]


def write_offer(offered: OfferOptions, local: Credentials, fingerprint: str, ssrcs: Ssrcs) -> str:
    """Write the offer. It has no candidates, because an ICE-lite server connects to none."""
    sections = [_mic(offered, ssrcs)]
    if offered.camera:
        sections.append(_camera(offered, ssrcs))
    if offered.picture:
        sections.append(_video("recvonly", PICTURE, offered))
    if offered.screen:
        sections.append([*_video("sendonly", SCREEN, offered), f"a=ssrc:{ssrcs.screen} cname:diemcau-loadtest"])
    tiles = tile_mids(offered)
    sections += [_video("recvonly", mid, offered) for mid in tiles]
    asked = (CAMERA, offered.camera), (PICTURE, offered.picture), (SCREEN, offered.screen)
    mids = [MIC, *(mid for mid, wanted in asked if wanted), *tiles]
    head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {' '.join(mids)}"]
    transport = [
        f"a=ice-ufrag:{local.fragment}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:{fingerprint}",
        "a=setup:active",
        "a=rtcp-mux",
    ]
    lines = head + [line for section in sections for line in (*section, *transport)]
    return "\r\n".join(lines) + "\r\n"


def _media(kind: str, direction: str, mid: str, numbers: list[int]) -> list[str]:
    return [
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, numbers))}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{mid}",
        f"a={direction}",
        f"a=extmap:{MID_ID} {MID_URI}",
    ]


def _mic(offered: OfferOptions, ssrcs: Ssrcs) -> list[str]:
    opus = [f"a=rtpmap:{OPUS} opus/48000/2", f"a=fmtp:{OPUS} minptime=10;useinbandfec=1"]
    if offered.red:
        opus += [f"a=rtpmap:{RED} red/48000/2", f"a=fmtp:{RED} {OPUS}/{OPUS}"]
    level = f"a=extmap:{LEVEL_ID} {LEVEL_URI}"
    numbers = [OPUS, RED] if offered.red else [OPUS]
    return [*_media("audio", "sendrecv", MIC, numbers), level, *opus, f"a=ssrc:{ssrcs.mic} cname:diemcau-loadtest"]


def _camera(offered: OfferOptions, ssrcs: Ssrcs) -> list[str]:
    lines = _video("sendonly", CAMERA, offered)
    if offered.layers == 1:
        return [*lines, f"a=ssrc:{ssrcs.camera[0]} cname:diemcau-loadtest"]
    rids = RIDS[: offered.layers]
    lines += [f"a=extmap:{RID_ID} {RID_URI}", *(f"a=rid:{rid} send" for rid in rids)]
    return [*lines, f"a=simulcast:send {';'.join(rids)}"]


def _video(direction: str, mid: str, offered: OfferOptions) -> list[str]:
    repairs = [_RTX[codec] for codec in offered.codecs if offered.rtx]
    lines = _media("video", direction, mid, [_NUMBERS[c] for c in offered.codecs] + repairs)
    for codec in offered.codecs:
        lines += _VIDEO[codec]
        lines += [f"a=rtcp-fb:{_NUMBERS[codec]} {kind}" for kind in ("nack", "nack pli", "ccm fir", "goog-remb")]
        if codec == "H264":
            lines.append(_H264_PARAMETERS)
        if offered.rtx:
            lines += [f"a=rtpmap:{_RTX[codec]} rtx/90000", f"a=fmtp:{_RTX[codec]} apt={_NUMBERS[codec]}"]
    return lines
