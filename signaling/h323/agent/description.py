"""Translates between H.323 and the session descriptions of the media engine (SDP, RFC 8866).

The engine knows no H.323: it offers, and what the logical channels of a call say becomes the answer. Pure.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from mediaserver.rtp.payload import SINGLE_NAL
from mediaserver.sdp import bfcp, sip_parse
from mediaserver.sdp.h264 import LEVELS
from mediaserver.sdp.sip_parse import Media, Session
from signaling.h323.protocol.capabilities import SOUNDS, Capabilities, Picture
from signaling.h323.protocol.channels import TYPES, Address, Channel, Kind
from signaling.h323.protocol.control import Control, Ports

RTP_MAP: Mapping[str, str] = {
    "H224": "H224/4800",
    "G722": "G722/8000",
    "PCMA": "PCMA/8000",
    "PCMU": "PCMU/8000",
    "H264": "H264/90000",
}
_NOWHERE = {4: "0.0.0.0", 6: "::"}  # noqa: S104 - an address in a description, where nothing is sent to
_DIRECTIONS = {
    (True, True): "sendrecv",
    (True, False): "sendonly",
    (False, True): "recvonly",
    (False, False): "inactive",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of the media engine: what we receive, and where."""

    own: Capabilities
    ports: Ports
    session: Session


def read(offer: str) -> Offer:
    """Read an offer of ours. Raises BadOffer."""
    session = sip_parse.read(offer)
    ports: dict[Kind, tuple[Address, Address]] = {}
    sounds: tuple[str, ...] = ()
    events, picture = None, None
    if session.sound is not None:
        media = session.media[session.sound]
        ports["sound"] = (media.host, media.port), (media.host, media.rtcp_port)
        sounds = tuple(each.name for each in media.codecs if each.name in SOUNDS)
        tones = (each for each in media.codecs if each.name == sip_parse.TONES and each.clock == sip_parse.SOUND_CLOCK)
        events = next((each.payload_type for each in tones), None)
    if session.camera is not None:
        media = session.media[session.camera]
        ports["picture"] = (media.host, media.port), (media.host, media.rtcp_port)
        picture = _picture(media)
    if session.control is not None:
        media = session.media[session.control]
        ports["camera"] = (media.host, media.port), (media.host, media.rtcp_port)
    slides = None
    if session.slides is not None:
        media = session.media[session.slides]
        ports["slides"] = (media.host, media.port), (media.host, media.rtcp_port)
        slides = _picture(media)
    return Offer(Capabilities(sounds, picture, events, session.control is not None, slides), ports, session)


def _picture(media: Media) -> Picture | None:
    limits = max((each.limits for each in media.codecs if each.limits), key=lambda each: each.level, default=None)
    if limits is None:
        return None
    speed, size = LEVELS.get(limits.level, (0, 0))
    modes = {0 if each.name == SINGLE_NAL else 1 for each in media.codecs}
    beyond = (limits.speed if limits.speed > speed else 0), (limits.size if limits.size > size else 0)
    return Picture(limits.level, *beyond, media.bitrate or 0, tuple(sorted(modes)))


def answer(offered: Offer, control: Control, host: str, number: int, version: int) -> str:
    """Return what the channels of a call say as the answer to our offer, by the `version`-th of its descriptions.

    `host` is where the call goes; the channels name the addresses of their media themselves.
    """
    family = f"IP{ipaddress.ip_address(host).version}"
    lines = ["v=0", f"o=- {number} {version} IN {family} {host}", "s=-", f"c=IN {family} {host}", "t=0 0"]
    session = offered.session
    places: Mapping[int | None, Kind] = {
        session.sound: "sound",
        session.camera: "picture",
        session.control: "camera",
        session.slides: "slides",
    }
    for place, media in enumerate(session.media):
        kind = places.get(place)
        to = None if kind is None else control.sending.get(kind)
        back = None if kind is None else control.taking.get(kind)
        where = _where(to, back) or (_where(control.camera, None) if kind == "camera" else None)
        if control.presents and place in (session.slides, session.floor):
            lines += _slides(to, back, where, control) if kind == "slides" else [f"m={media.kind} 9 {bfcp.H239} *"]
        elif where is None:
            lines.append(f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}")
        elif kind == "camera":
            lines += _m_line("application", where, _types(to, back) or _types(control.camera, None))
            lines.append(f"a={_DIRECTIONS[back is not None, to is not None]}")
        elif kind == "sound":
            lines += _sound(to, back, where, control)
        else:
            lines += _video(to, back, where, control, "picture")
    return "".join(f"{line}\r\n" for line in lines)


def _where(to: Channel | None, back: Channel | None) -> tuple[Address, int] | None:
    """Return where media go, and the port of RTCP; what we send nothing to is known by its RTCP alone."""
    if to is not None and to.media is not None:
        control = to.control if to.control is not None and to.control[0] == to.media[0] else None
        return to.media, control[1] if control else min(to.media[1] + 1, 65535)
    if back is not None and back.control is not None and back.control[1] > 1:
        return (back.control[0], back.control[1] - 1), back.control[1]
    return None


def _m_line(kind: str, where: tuple[Address, int], numbers: Mapping[int, str]) -> list[str]:
    (host, port), control = where
    head = f"m={kind} {port} RTP/AVP {' '.join(map(str, numbers))}"
    lines = [head, f"c=IN IP{ipaddress.ip_address(host).version} {host}", f"a=rtcp:{control}"]
    return lines + [f"a=rtpmap:{number} {name}" for number, name in numbers.items()]


def _types(to: Channel | None, back: Channel | None) -> dict[int, str]:
    """Return the payload types of both directions, ours first."""
    return {each.payload_type: RTP_MAP[each.codec] for each in (to, back) if each is not None}


def _sound(to: Channel | None, back: Channel | None, where: tuple[Address, int], control: Control) -> list[str]:
    numbers = _types(to, back)
    events = None if control.theirs is None else control.theirs.events
    if events is not None and events not in numbers:
        numbers[events] = "telephone-event/8000"
    return [*_m_line("audio", where, numbers), f"a={_DIRECTIONS[back is not None, to is not None]}"]


def _slides(to: Channel | None, back: Channel | None, where: tuple[Address, int] | None, control: Control) -> list[str]:
    """Return the m-line of slides, which go nowhere while no channel of theirs is open."""
    if where is None:
        family = ipaddress.ip_address(control.ports["slides"][0][0]).version
        numbers = dict.fromkeys(TYPES.values(), RTP_MAP["H264"])
        return [*_m_line("video", ((_NOWHERE[family], 9), 9), numbers), "a=content:slides", "a=inactive"]
    return [*_video(to, back, where, control, "slides"), "a=content:slides"]


def _video(
    to: Channel | None, back: Channel | None, where: tuple[Address, int], control: Control, kind: Kind
) -> list[str]:
    numbers = _types(to, back)
    lines = _m_line("video", where, numbers)
    limits, flow = None if to is None else to.limits, control.flows.get(kind)
    if limits is not None and control.theirs is not None:
        limits = (control.theirs.slides if kind == "slides" else control.theirs.picture) or limits
    mode = 0 if to is None else to.mode
    bitrate = min(filter(None, (limits.bitrate if limits else 0, flow)), default=0)
    if bitrate:
        lines += [f"b=AS:{max(1, bitrate // 1000)}", f"b=TIAS:{bitrate}"]
    parameters = f"profile-level-id=42e0{limits.level if limits else 31:02x};packetization-mode={mode}"
    if limits is not None and limits.speed:
        parameters += f";max-mbps={limits.speed}"
    if limits is not None and limits.size:
        parameters += f";max-fs={limits.size}"
    lines += [f"a=fmtp:{each} {parameters}" for each in numbers]
    shown = to is not None and flow != 0
    return [*lines, f"a={_DIRECTIONS[back is not None, shown]}"]
