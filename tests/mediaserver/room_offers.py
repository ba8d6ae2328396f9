"""SDP offers as room systems write them, with the peculiarities that real ones are known to have."""

from loadtest.rooms import descriptions

BARESIP = """v=0
o=- 900045465 487662295 IN IP4 192.0.2.7
s=-
c=IN IP4 192.0.2.7
t=0 0
m=audio 41080 RTP/AVP 9 8 0 96 101
a=rtpmap:9 G722/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:96 opus/48000/2
a=fmtp:96 stereo=1;sprop-stereo=1
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=sendrecv
a=label:1
a=rtcp-rsize
a=ptime:20
m=video 41054 RTP/AVP 96 97
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=0;profile-level-id=42e01f
a=rtpmap:97 H264/90000
a=fmtp:97 packetization-mode=1;profile-level-id=42e01f
a=sendrecv
a=label:2
a=framerate:25.00
a=rtcp-fb:* nack pli
a=content:main
""".replace("\n", "\r\n")


def _written(shape: str, **facts: object) -> str:
    return shape.format(version=1, **facts).replace("\n", "\r\n")


POLYCOM = _written(
    descriptions.HEAD.replace("o=-", "o=Sở\u00a0Y\u00a0tế") + descriptions.POLYCOM + descriptions.CONTROL,
    host="192.0.2.20",
    audio=49160,
    video=49162,
    camera=49164,
)
CISCO = _written(
    descriptions.HEAD.replace("o=-", "o=tandberg")
    + descriptions.CISCO.replace("m=audio", "m=application 5070 UDP/BFCP *\na=floorctrl:c-only\na=bfcpver:1\nm=audio"),
    host="192.0.2.30",
    audio=2326,
    video=2328,
    rtcp=2400,
)
CISCO += """m=video 2332 RTP/AVP 97 126
a=rtpmap:97 H264/90000
a=rtpmap:126 H264/90000
a=fmtp:126 profile-level-id=42801f;packetization-mode=1
a=content:slides
a=label:12
""".replace("\n", "\r\n")

ENCRYPTED = BARESIP.replace("RTP/AVP", "RTP/SAVP").replace(
    "a=sendrecv", f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{'A' * 40}\r\na=sendrecv"
)
"""As baresip offers keys of SRTP (RFC 4568)."""

SLIDES = _written(descriptions.SLIDES, floor=2439, slides=2354, bandwidth=6_000_000, bfcp="2 1")
