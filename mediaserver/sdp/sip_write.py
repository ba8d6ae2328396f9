"""Writes our side of a room system's SDP: the offer we call with, and the answer we give. Pure.

For each m-line one codec is answered, so that nobody has to change codecs in a call, and behind it profile High of
H.264 where our picture is sent in that; a refused m-line keeps its place with port 0 (RFC 3264 §6). Only tokens that
passed a pattern are repeated.
"""

import ipaddress
from dataclasses import dataclass
from typing import Literal

from mediaserver.api import EVERYTHING, SipLimits
from mediaserver.errors import BadOffer
from mediaserver.fecc.h224 import CLOCK
from mediaserver.rtp.payload import SINGLE_NAL
from mediaserver.sdp import bfcp
from mediaserver.sdp.bfcp import FloorControl
from mediaserver.sdp.h264 import HIGH_PROFILES, LEVELS, SLIDES_LEVEL
from mediaserver.sdp.sdes import Crypto
from mediaserver.sdp.sip_parse import (
    CAMERA_CONTROL,
    DTLS,
    OPUS_CLOCK,
    SOUND_CLOCK,
    SOUNDS,
    TONES,
    Codec,
    Media,
    Session,
)

DtlsRole = Literal["client", "server"]

CAMERA_BPS = 1_100_000
"""Bitrate that a camera may send us: what the composed picture takes in 720 lines. Beside it the lowest layers of
fourteen cameras fit the highest step of who is forwarded tiles; for a louder one the session would be composed."""
SLIDES_BPS = 1_500_000
"""Bitrate that a room system's slides may take, as a browser's screen does."""
FEEDBACK = ("nack", "nack pli", "ccm fir", "ccm tmmbr")
"""RTCP feedback that we take and give (RFC 4585 §6.2.1, §6.3.1, RFC 5104 §4.2.1, §4.3.1)."""
OPUS, SINGLE, MODE_1, HIGH, CONTROL, EVENTS, OPUS_EVENTS = 96, 97, 98, 99, 100, 101, 102
"""Our dynamic payload types; the other audio codecs have static ones."""
_MODES = {0: SINGLE, 1: MODE_1}
"""Payload types by packetization mode."""
_NUMBERS = {"PCMU": 0, "PCMA": 8, "G722": 9, "opus": OPUS}
_EVENTS = {SOUND_CLOCK: EVENTS, OPUS_CLOCK: OPUS_EVENTS}
"""Payload types of tones by their clock, which is that of the sound beside them (RFC 4733 §2.1)."""
_PARAMETERS = {"opus": "useinbandfec=1", TONES: "0-15"}
_DIRECTIONS = {
    (True, True): "sendrecv",
    (True, False): "sendonly",
    (False, True): "recvonly",
    (False, False): "inactive",
}


@dataclass(frozen=True, slots=True)
class Local:
    """Our address and the even ports of audio, video and slides, 0 for none; `number` names the session, `version`
    counts its descriptions (RFC 3264 §8)."""

    host: str
    sound_port: int
    camera_port: int
    number: int
    version: int = 1
    sound_keys: tuple[Crypto, ...] = ()
    camera_keys: tuple[Crypto, ...] = ()
    """Those by which we protect what we send: all we offer, or the one in use."""
    slides_port: int = 0
    slides_keys: tuple[Crypto, ...] = ()
    floor_port: int = 0
    floor: FloorControl | None = None
    """Our floor control; None where there are no slides."""
    control_port: int = 0
    """That of far-end camera control, even as well; 0 where it is not allowed."""
    control_keys: tuple[Crypto, ...] = ()
    profile: str = "RTP/AVP"
    """The RTP profile of our offers; plain m-lines with keys leave the choice to the peer."""
    limits: SipLimits = EVERYTHING
    fingerprint: str = ""
    """The fingerprint of our certificate in DTLS, as SDP writes it (RFC 8122 §5)."""
    offering: bool = False
    """Whether this is an offer, which leaves the role in DTLS to the peer (RFC 5763 §5)."""

    @property
    def camera(self) -> "_Video":
        """Return what we ask of the camera."""
        return _Video("main", self.limits.level, self.limits.bitrate)

    @property
    def slides(self) -> "_Video":
        """Return what we ask of slides."""
        return _Video("slides", SLIDES_LEVEL, slides_bitrate(self.limits))


def slides_bitrate(limits: SipLimits) -> int:
    """Return the bit/s that a room system's slides may take."""
    return min(SLIDES_BPS, limits.slides or SLIDES_BPS)


@dataclass(frozen=True, slots=True)
class _Video:
    """Limits that we ask of a video m-line with `content` (RFC 4796): level and bit/s."""

    content: str
    level: int
    bitrate: int


def choose(media: Media, names: tuple[str, ...]) -> Codec:
    """Return the codec of an m-line that stands first in `names`; of two with one name, the peer's first. Raises
    BadOffer."""
    known = [codec for codec in media.codecs if codec.name in names]
    if not known:
        raise BadOffer("SDP shares no codec with us")
    return min(known, key=lambda codec: (names.index(codec.name), not _baseline(codec)))


def _baseline(codec: Codec) -> bool:
    return codec.limits is None or codec.limits.profile.startswith("42")


def is_high(codec: Codec) -> bool:
    """Return whether a codec is H.264 of profile High in packetization mode 1."""
    return codec.name == "H264" and codec.limits is not None and codec.limits.profile in HIGH_PROFILES


def choose_sound(media: Media, limits: SipLimits) -> Codec:
    """Return the audio codec of an m-line that stands first in the limits, else any of ours. Raises BadOffer."""
    return choose(media, (*limits.sounds, *(name for name in SOUNDS if name not in limits.sounds)))


def choose_tones(media: Media, sound: Codec) -> Codec | None:
    """Return the tones beside an audio codec: those of its clock. Beside Opus many systems know those of 8 kHz only."""
    known = [codec for codec in media.codecs if codec.name == TONES]
    same = [codec for codec in known if codec.clock == sound.clock]
    return next(iter(same or (known if sound.clock == OPUS_CLOCK else [])), None)


def choose_picture(media: Media) -> Codec:
    """Return the codec of a video m-line: fragments where both can, else single slices. Raises BadOffer."""
    return choose(media, ("H264", SINGLE_NAL))


def choose_sent_picture(media: Media, limits: SipLimits) -> Codec:
    """Return the codec in which a picture is sent: High where the limits allow it and both know it, else that of the
    m-line. Raises BadOffer."""
    chosen = choose_picture(media)
    high = next((codec for codec in media.codecs if is_high(codec)), None)
    return high if limits.high and high is not None and chosen.name == "H264" else chosen


def repair_type(media: Media, codec: Codec) -> int | None:
    """Return the payload type in which packets of a video m-line are sent again (RFC 4588); None for their own."""
    return codec.rtx if "nack" in media.feedback else None


def repairs(media: Media, codec: Codec) -> dict[int, int] | None:
    """Return that payload type by the one that it repeats; None for none."""
    repair = repair_type(media, codec)
    return None if repair is None else {codec.payload_type: repair}


def offer(local: Local) -> str:
    """Return an offer of what the limits allow: audio, and video both ways."""
    lines, sounds = _session(local), _sounds(local.limits)
    sounds += [Codec(TONES, _EVENTS[clock], clock=clock) for clock in dict.fromkeys(codec.clock for codec in sounds)]
    lines += [_m_line("audio", local.sound_port, local.profile, _numbers(sounds)), *_sound(sounds)]
    lines += [*_keys(local, local.sound_keys), "a=sendrecv"]
    lines += _offer_video(local, local.camera_port, local.camera_keys, local.camera)
    if local.floor is not None:
        protocol = bfcp.H239 if local.floor == bfcp.TOKEN else bfcp.TCP if local.floor.setup else bfcp.UDP
        lines += [_m_line("application", local.floor_port, protocol, ("*",)), *bfcp.lines(local.floor)]
        lines += _offer_video(local, local.slides_port, local.slides_keys, local.slides)
        lines += [f"a=label:{bfcp.LABEL}"]
    if local.control_port:
        lines += [_m_line("application", local.control_port, local.profile, [CONTROL]), *_control(CONTROL)]
        lines += [*_keys(local, local.control_keys), "a=sendrecv"]
    return _text(lines)


def _sounds(limits: SipLimits) -> list[Codec]:
    return [Codec(name, _NUMBERS[name], clock=OPUS_CLOCK if name == "opus" else SOUND_CLOCK) for name in limits.sounds]


def _offer_video(local: Local, port: int, keys: tuple[Crypto, ...], video: _Video) -> list[str]:
    pictures = [(_MODES[mode], mode, "42e0") for mode in local.limits.modes]
    if local.limits.high and 1 in local.limits.modes:
        pictures.append((HIGH, 1, HIGH_PROFILES[0]))
    lines = [_m_line("video", port, local.profile, [number for number, _, _ in pictures]), *_bandwidth(video.bitrate)]
    for number, mode, profile in pictures:
        lines += _picture(number, mode, f"{profile}{video.level:02x}", video)
    lines += [*(f"a=rtcp-fb:* {each}" for each in FEEDBACK), f"a=content:{video.content}"]
    return [*lines, *_keys(local, keys), "a=sendrecv"]


def simple_offer(local: Local) -> str:
    """Return an offer of the same without what old systems stumble over: Opus, tones, feedback, content, sizes and
    rates."""
    limits = local.limits
    sounds = [codec for codec in _sounds(limits) if codec.name != "opus"] or _sounds(limits)
    numbers = [_MODES[mode] for mode in limits.modes]
    lines = _session(local)
    lines += [_m_line("audio", local.sound_port, local.profile, _numbers(sounds)), *_sound(sounds)]
    lines += [*_keys(local, local.sound_keys), "a=sendrecv"]
    lines += [_m_line("video", local.camera_port, local.profile, numbers), f"b=AS:{limits.bitrate // 1000}"]
    for mode in limits.modes:
        lines.append(f"a=rtpmap:{_MODES[mode]} H264/90000")
        lines.append(f"a=fmtp:{_MODES[mode]} profile-level-id=42e0{limits.level:02x};packetization-mode={mode}")
    return _text([*lines, *_keys(local, local.camera_keys), "a=sendrecv"])


def answer(session: Session, local: Local, *, shows: bool) -> str:
    """Return the answer to an offer; `shows` says whether we have a picture that the peer takes.

    Slides and their floor control are taken together, where we have ports for them.
    """
    lines = _session(local)
    for place, media in enumerate(session.media):
        if place == session.sound:
            lines += [*_answer_sound(media, local), *_dtls(media, local)]
        elif place == session.camera:
            lines += _answer_video(media, local, local.camera_port, local.camera_keys, local.camera, shows=shows)
            lines += _dtls(media, local)
        elif place == session.slides and local.floor is not None:
            lines += _answer_video(media, local, local.slides_port, local.slides_keys, local.slides, shows=True)
            lines += ["a=content:slides", f"a=label:{bfcp.LABEL}", *_dtls(media, local)]
        elif place == session.floor and local.floor is not None:
            port = bfcp.DISCARD_PORT if local.floor.setup == "active" else local.floor_port
            lines += [_m_line(media.kind, port, media.protocol, ("*",)), *bfcp.lines(local.floor)]
        elif place == session.control and local.control_port:
            number = choose(media, (CAMERA_CONTROL,)).payload_type
            lines += [_m_line(media.kind, local.control_port, media.protocol, [number]), *_control(number)]
            lines += [*_cryptos(local.control_keys), f"a={_DIRECTIONS[media.receives, media.sends]}"]
            lines += _dtls(media, local)
        else:
            lines.append(_m_line(media.kind, 0, media.protocol, media.formats))
    return _text(lines)


def _answer_sound(media: Media, local: Local) -> list[str]:
    codec = choose_sound(media, local.limits)
    tones = choose_tones(media, codec)
    codecs = [codec] if tones is None else [codec, tones]
    head = _m_line("audio", local.sound_port, media.protocol, _numbers(codecs))
    return [head, *_sound(codecs), *_cryptos(local.sound_keys), f"a={_DIRECTIONS[media.receives, media.sends]}"]


def _answer_video(
    media: Media, local: Local, port: int, keys: tuple[Crypto, ...], video: _Video, *, shows: bool
) -> list[str]:
    numbers, described = [], []
    for codec in dict.fromkeys((choose_picture(media), choose_sent_picture(media, local.limits))):
        repair = repair_type(media, codec)
        numbers += [codec.payload_type, *([] if repair is None else [repair])]
        described += _answer_picture(codec, repair, video)
    feedback = [f"a=rtcp-fb:* {each}" for each in FEEDBACK if each in media.feedback]
    lines = [_m_line("video", port, media.protocol, numbers), *_bandwidth(video.bitrate), *described, *feedback]
    return [*lines, *_cryptos(keys), f"a={_DIRECTIONS[media.receives and shows, media.sends]}"]


def _answer_picture(codec: Codec, repair: int | None, video: _Video) -> list[str]:
    assert codec.limits is not None
    level = min(codec.limits.level, video.level)  # levels may differ only where both say so (RFC 6184 §8.2.2)
    mode = 0 if codec.name == SINGLE_NAL else 1
    lines = _picture(codec.payload_type, mode, f"{codec.limits.profile}{level:02x}", video)
    if repair is not None:
        lines += [f"a=rtpmap:{repair} rtx/90000", f"a=fmtp:{repair} apt={codec.payload_type}"]
    return lines


def _session(local: Local) -> list[str]:
    family = f"IP{ipaddress.ip_address(local.host).version}"
    origin = f"o=diemcau {local.number} {local.version} IN {family} {local.host}"
    return ["v=0", origin, "s=diemcau", f"c=IN {family} {local.host}", "t=0 0"]


def _m_line(kind: str, port: int, protocol: str, formats: list[int] | tuple[str, ...]) -> str:
    return f"m={kind} {port} {protocol} {' '.join(map(str, formats))}"


def _numbers(codecs: list[Codec]) -> list[int]:
    return [codec.payload_type for codec in codecs]


def _sound(codecs: list[Codec]) -> list[str]:
    lines = []
    for codec in codecs:
        lines.append(f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock}{'/2' if codec.name == 'opus' else ''}")
        if (parameters := _PARAMETERS.get(codec.name)) is not None:
            lines.append(f"a=fmtp:{codec.payload_type} {parameters}")
    return [*lines, "a=ptime:20"]


def _control(number: int) -> list[str]:
    return [f"a=rtpmap:{number} {CAMERA_CONTROL}/{CLOCK}"]


def _cryptos(keys: tuple[Crypto, ...]) -> list[str]:
    return [f"a=crypto:{each}" for each in keys]


def _keys(local: Local, keys: tuple[Crypto, ...]) -> list[str]:
    """Return what an m-line of an offer says of its keys."""
    return [f"a=fingerprint:{local.fingerprint}", "a=setup:actpass"] if local.profile in DTLS else _cryptos(keys)


def dtls_role(setup: str) -> DtlsRole:
    """Return our role in DTLS by the peer's `a=setup` (RFC 4145 §4.1): the one it leaves to us is that of the server,
    for its address is not known before it sends."""
    return "client" if setup == "passive" else "server"


def _dtls(media: Media, local: Local) -> list[str]:
    if not media.fingerprints:
        return []
    ours = "actpass" if local.offering else {"client": "active", "server": "passive"}[dtls_role(media.setup)]
    return [f"a=fingerprint:{local.fingerprint}", f"a=setup:{ours}"]


def _bandwidth(bitrate: int) -> list[str]:
    return [f"b=AS:{bitrate // 1000}", f"b=TIAS:{bitrate}"]


def _picture(number: int, mode: int, profile_level: str, video: _Video) -> list[str]:
    speed, size = LEVELS[video.level]
    parameters = f"profile-level-id={profile_level};packetization-mode={mode};max-fs={size};max-mbps={speed}"
    return [f"a=rtpmap:{number} H264/90000", f"a=fmtp:{number} {parameters};max-br={video.bitrate // 1000}"]


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)
