"""Session descriptions that scripted room systems write, in the shape of those that makes have published.

Sound is G.722 and pictures are H.264 in packetization mode 1, which is what :mod:`loadtest.rooms.plain_media` speaks;
what else such a device offers stands beside them.
"""

from collections.abc import Mapping
from typing import Literal

Hold = Literal["sendonly", "inactive", "port 0"]
"""The shapes of a hold: RFC 3264 has the first two (8.4), old devices the last."""

CONFID, USER, FLOOR = 1, 18, 2
"""Conference, user and floor of BFCP in the offers with slides."""
EVENTS = 127
"""The payload type of telephone events in an offer of two clocks."""
RTX = 123
"""The payload type of retransmissions, none of those that the server names in offers of its own."""

HEAD = "v=0\no=- 1 {version} IN IP4 {host}\ns=-\nc=IN IP4 {host}\n"
_GENERIC = """t=0 0
m=audio {audio} RTP/AVP 9 101
a=rtpmap:9 G722/8000
a=rtpmap:101 telephone-event/8000
m=video {video} RTP/AVP 97
a=rtpmap:97 H264/90000
a=fmtp:97 profile-level-id=42801f;packetization-mode=1
a=rtcp-fb:* nack pli
"""
POLYCOM = """b=AS:1920
t=0 0
m=audio {audio} RTP/AVP 115 102 9 0 8 127
a=rtpmap:115 SIRENLPR/48000
a=fmtp:115 bitrate=64000
a=rtpmap:102 G7221/32000
a=fmtp:102 bitrate=48000
a=rtpmap:9 G722/8000
a=rtpmap:127 telephone-event/8000
a=fmtp:127 0-15
a=sendrecv
m=video {video} RTP/AVP 109 110 111 96 34
b=TIAS:1920000
a=rtpmap:109 H264/90000
a=fmtp:109 profile-level-id=64001f; packetization-mode=1; max-mbps=108000; max-fs=3600; max-br=20010; sar=13
a=rtpmap:110 H264/90000
a=fmtp:110 profile-level-id=42801f; max-mbps=108000; max-fs=3600; sar=13
a=rtpmap:111 H264/90000
a=fmtp:111 profile-level-id=42801f; packetization-mode=1; max-mbps=108000; max-fs=3600; sar=13
a=rtpmap:96 H263-1998/90000
a=rtpmap:34 H263/90000
a=rtcp-fb:* nack pli
a=rtcp-fb:* ccm fir
a=rtcp-fb:* ccm tmmbr
a=sendrecv
"""
CISCO = """b=CT:1152
t=0 0
m=audio {audio} RTP/AVP 107 108 9 8 0 101
b=TIAS:128000
a=rtpmap:107 MP4A-LATM/90000
a=fmtp:107 profile-level-id=24;object=23;bitrate=128000
a=rtpmap:108 G7221/16000
a=rtpmap:101 telephone-event/8000
a=sendrecv
m=video {video} RTP/AVP 97 126 96
b=TIAS:1152000
a=rtpmap:97 H264/90000
a=fmtp:97 profile-level-id=42801f;max-mbps=108000;max-fs=3600;max-smbps=323500
a=rtpmap:126 H264/90000
a=fmtp:126 profile-level-id=42801f;max-mbps=108000;max-fs=3600;max-smbps=323500;packetization-mode=1
a=rtpmap:96 H263-1998/90000
a=rtcp:{rtcp} IN IP4 {host}
a=rtcp-fb:* ccm fir
a=content:main
a=label:11
"""
SLIDES = """m=application {floor} UDP/BFCP *
a=setup:actpass
a=confid:1
a=userid:18
a=bfcpver:{bfcp}
a=floorid:2 mstrm:12
a=floorctrl:c-s
a=connection:new
m=video {slides} RTP/AVP 97 126
b=TIAS:{bandwidth}
a=rtpmap:97 H264/90000
a=fmtp:97 packetization-mode=0;profile-level-id=428016;max-br=5000;max-mbps=245000;max-fs=9000
a=rtpmap:126 H264/90000
a=fmtp:126 packetization-mode=1;profile-level-id=428016;max-br=5000;max-mbps=245000;max-fs=9000
a=rtcp-fb:* nack pli
a=content:slides
a=label:12
a=sendrecv
"""
"""The m-lines of slides as Cisco writes them."""
SLIDES_BY_H239 = """m=application 9 H.239 *
m=video {slides} RTP/AVP 97
b=TIAS:{bandwidth}
a=rtpmap:97 H264/90000
a=fmtp:97 profile-level-id=428016;packetization-mode=1;max-mbps=245000;max-fs=9000
a=content:slides
a=sendrecv
"""
"""Those for our H.323 agent, whose protocol has a presentation token in BFCP's place."""
CONTROL = """m=application {camera} RTP/AVP 100
a=rtpmap:100 H224/4800
a=sendrecv
"""
"""The m-line of camera control (RFC 4573)."""
_SLIDES_BPS = 2_000_000


def generic(host: str, ports: Mapping[str, int], version: int = 1) -> str:
    """Return sound and picture alone; a re-INVITE has the next `version`."""
    return (HEAD + _GENERIC).format(host=host, version=version, **ports)


def elsewhere(host: str, ports: Mapping[str, int], media_host: str, version: int) -> str:
    """Return the same with media at another address than its writer's."""
    return generic(host, ports, version).replace(f"c=IN IP4 {host}", f"c=IN IP4 {media_host}")


def held(host: str, ports: Mapping[str, int], version: int, shape: Hold = "sendonly") -> str:
    """Return the same on hold: its writer takes nothing; `sendonly`, it sends its own sound and picture."""
    if shape == "port 0":
        return generic(host, dict.fromkeys(ports, 0), version)
    return generic(host, ports, version).replace("m=video", f"a={shape}\nm=video") + f"a={shape}\n"


def two_clocks(host: str, ports: Mapping[str, int]) -> str:
    """Return the same with telephone events of two clocks, the last of which is that of the sound (RFC 4733, 2.1)."""
    other = generic(host, ports).replace(" 9 101", f" 9 101 {EVENTS}").replace("event/8000", "event/16000")
    return other.replace("m=video", f"a=rtpmap:{EVENTS} telephone-event/8000\nm=video")


def with_feedback(host: str, ports: Mapping[str, int]) -> str:
    """Return the same with all feedback of RFC 4585 and RFC 5104 on its picture."""
    return generic(host, ports) + "a=rtcp-fb:* nack\na=rtcp-fb:* ccm fir\na=rtcp-fb:* ccm tmmbr\n"


def without_keys(host: str, ports: Mapping[str, int]) -> str:
    """Return the same without telephone events."""
    return generic(host, ports).replace(" 9 101", " 9").replace("a=rtpmap:101 telephone-event/8000\n", "")


def with_retransmission(host: str, ports: Mapping[str, int]) -> str:
    """Return the same with retransmission of its picture in a stream of its own (RFC 4588), as `RTX`."""
    lines = with_feedback(host, ports).replace("RTP/AVP 97\n", f"RTP/AVP 97 {RTX}\n")
    return lines + f"a=rtpmap:{RTX} rtx/90000\na=fmtp:{RTX} apt=97\n"


def high_alone(host: str, ports: Mapping[str, int]) -> str:
    """Return sound, and H.264 of profile High alone."""
    return in_high(generic(host, ports))


def in_high(description: str) -> str:
    """Return a description with profile High in the place of baseline for its camera."""
    return description.replace("profile-level-id=42801f", "profile-level-id=64001f")


def sound_alone(host: str, ports: Mapping[str, int]) -> str:
    """Return the same without a picture."""
    return generic(host, ports).partition("m=video")[0]


def with_slides(host: str, ports: Mapping[str, int], floor: int) -> str:
    """Return the same with slides, by BFCP in version 2 from the port `floor`."""
    return _slides(_GENERIC, host, ports, floor, "2 1")


def with_slides_by_h239(host: str, ports: Mapping[str, int]) -> str:
    """Return the same with slides for our H.323 agent."""
    return (HEAD + _GENERIC + SLIDES_BY_H239).format(host=host, version=1, bandwidth=_SLIDES_BPS, **ports)


def with_slides_by_tcp(host: str, ports: Mapping[str, int], floor: int) -> str:
    """Return the same by BFCP in version 1 over a TCP connection that its writer opens."""
    lines = _slides(_GENERIC, host, ports, floor, "1").replace("UDP/BFCP", "TCP/BFCP")
    return lines.replace("a=setup:actpass", "a=setup:active")


def taking_slides(host: str, ports: Mapping[str, int], floor: int) -> str:
    """Return an answer to an offer with slides: its writer is a client of floor control, by the numbers offered."""
    of_offerers = ("a=confid:", "a=userid:", "a=floorid:", "a=setup:")
    lines = with_slides(host, ports, floor).replace("a=floorctrl:c-s", "a=floorctrl:c-only").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(of_offerers))


def polycom(host: str, ports: Mapping[str, int], floor: int) -> str:
    """Return an offer as Polycom's, with camera control (H.224), and slides by BFCP in version 1."""
    return _slides(POLYCOM + CONTROL, host, ports, floor, "1")


def cisco(host: str, ports: Mapping[str, int], floor: int) -> str:
    """Return an offer as Cisco's, with slides by BFCP in either version, behind which stands camera control."""
    return _slides(CISCO, host, ports, floor, "2 1") + CONTROL.format(camera=ports["camera"])


def _slides(shape: str, host: str, ports: Mapping[str, int], floor: int, bfcp: str) -> str:
    facts = {"rtcp": ports["video"] + 1, "bandwidth": _SLIDES_BPS, **ports}
    return (HEAD + shape + SLIDES).format(host=host, version=1, floor=floor, bfcp=bfcp, **facts)
