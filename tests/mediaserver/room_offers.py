"""SDP offers as room systems write them, with the peculiarities that real ones are known to have."""

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

POLYCOM = """v=0
o=Sở\u00a0Y\u00a0tế 1 1 IN IP4 192.0.2.20
s=-
c=IN IP4 192.0.2.20
b=AS:1920
t=0 0
m=audio 49160 RTP/AVP 115 102 9 0 8 127
a=rtpmap:115 SIRENLPR/48000
a=fmtp:115 bitrate=64000
a=rtpmap:102 G7221/32000
a=fmtp:102 bitrate=48000
a=rtpmap:9 G722/8000
a=rtpmap:127 telephone-event/8000
a=fmtp:127 0-15
a=sendrecv
m=video 49162 RTP/AVP 109 110 111 96 34
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
m=application 49164 RTP/AVP 100
a=rtpmap:100 H224/4800
a=sendrecv
""".replace("\n", "\r\n")

CISCO = """v=0
o=tandberg 1 1 IN IP4 192.0.2.30
s=-
c=IN IP4 192.0.2.30
b=CT:1152
t=0 0
m=application 5070 UDP/BFCP *
a=floorctrl:c-only
a=bfcpver:1
m=audio 2326 RTP/AVP 107 108 9 8 0 101
b=TIAS:128000
a=rtpmap:107 MP4A-LATM/90000
a=fmtp:107 profile-level-id=24;object=23;bitrate=128000
a=rtpmap:108 G7221/16000
a=rtpmap:101 telephone-event/8000
a=sendrecv
m=video 2328 RTP/AVP 97 126 96
b=TIAS:1152000
a=rtpmap:97 H264/90000
a=fmtp:97 profile-level-id=42801f;max-mbps=108000;max-fs=3600;max-smbps=323500
a=rtpmap:126 H264/90000
a=fmtp:126 profile-level-id=42801f;max-mbps=108000;max-fs=3600;max-smbps=323500;packetization-mode=1
a=rtpmap:96 H263-1998/90000
a=rtcp:2400 IN IP4 192.0.2.30
a=rtcp-fb:* ccm fir
a=content:main
a=label:11
m=video 2332 RTP/AVP 97 126
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

SLIDES = """m=application 2439 UDP/BFCP *
a=setup:actpass
a=confid:1
a=userid:18
a=bfcpver:2 1
a=floorid:2 mstrm:12
a=floorctrl:c-s
a=connection:new
m=video 2354 RTP/AVP 97 126
b=TIAS:6000000
a=rtpmap:97 H264/90000
a=fmtp:97 packetization-mode=0;profile-level-id=428016;max-br=5000;max-mbps=245000;max-fs=9000
a=rtpmap:126 H264/90000
a=fmtp:126 packetization-mode=1;profile-level-id=428016;max-br=5000;max-mbps=245000;max-fs=9000
a=rtcp-fb:* nack pli
a=content:slides
a=label:12
a=sendrecv
""".replace("\n", "\r\n")
"""The m-lines of slides as Cisco writes them."""
