"""SDP offers as real browsers write them: microphone, camera in three layers, and an m-line to receive on."""

_CHROMIUM_TRANSPORT = """a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:Xn4k
a=ice-pwd:9dJc8YtV5uT2mKqWb0RzLfEh
a=ice-options:trickle
a=fingerprint:sha-256 5E:1C:93:0A:7B:64:D2:8F:31:AA:0E:77:C4:19:5D:E8:42:BB:06:9F:D1:3C:58:A7:20:F4:6E:8B:15:C9:73:DA
a=setup:actpass
"""
_CHROMIUM_VIDEO_CODECS = """a=rtcp-mux
a=rtcp-rsize
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 goog-remb
a=rtcp-fb:96 transport-cc
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:103 H264/90000
a=rtcp-fb:103 goog-remb
a=rtcp-fb:103 nack
a=rtcp-fb:103 nack pli
a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
a=rtpmap:104 rtx/90000
a=fmtp:104 apt=103
a=rtpmap:107 H264/90000
a=fmtp:107 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f
a=rtpmap:109 H264/90000
a=rtcp-fb:109 nack pli
a=fmtp:109 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:39 H264/90000
a=fmtp:39 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f
a=rtpmap:45 AV1/90000
a=fmtp:45 level-idx=5;profile=0;tier=0
a=rtpmap:98 VP9/90000
a=fmtp:98 profile-id=0
a=rtpmap:116 red/90000
a=rtpmap:117 ulpfec/90000
"""

CHROMIUM = f"""v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1 2
a=extmap-allow-mixed
a=msid-semantic: WMS 4dd0a1b1-4a0b-4b7b-9f3c-1f8a3c0b9a77
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 0.0.0.0
{_CHROMIUM_TRANSPORT}a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=sendrecv
a=msid:4dd0a1b1-4a0b-4b7b-9f3c-1f8a3c0b9a77 5c1e0a2e-a6a1-4c5f-9d0e-6a1e5d1c2b3a
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
a=ssrc:3391875920 cname:UuqoIDB8ZqXm0ukb
a=ssrc:3391875920 msid:4dd0a1b1-4a0b-4b7b-9f3c-1f8a3c0b9a77 5c1e0a2e-a6a1-4c5f-9d0e-6a1e5d1c2b3a
m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 104 107 109 39 45 98 116 117
c=IN IP4 0.0.0.0
{_CHROMIUM_TRANSPORT}a=mid:1
a=extmap:14 urn:ietf:params:rtp-hdrext:toffset
a=extmap:13 urn:3gpp:video-orientation
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id
a=sendonly
a=msid:4dd0a1b1-4a0b-4b7b-9f3c-1f8a3c0b9a77 0f9e9d2c-7d7e-4b1a-8d3f-2f6b7c8d9e0f
{_CHROMIUM_VIDEO_CODECS}a=rid:q send
a=rid:h send
a=rid:f send
a=simulcast:send q;h;f
m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 104 107 109 39 45 98 116 117
c=IN IP4 0.0.0.0
{_CHROMIUM_TRANSPORT}a=mid:2
a=extmap:14 urn:ietf:params:rtp-hdrext:toffset
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=recvonly
{_CHROMIUM_VIDEO_CODECS}""".replace("\n", "\r\n")

_FIREFOX_VIDEO_CODECS = """a=fmtp:126 profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1
a=fmtp:97 profile-level-id=42e01f;level-asymmetry-allowed=1
a=fmtp:120 max-fs=12288;max-fr=60
a=fmtp:124 apt=120
a=fmtp:121 max-fs=12288;max-fr=60
a=rtcp-fb:120 nack
a=rtcp-fb:120 nack pli
a=rtcp-fb:120 ccm fir
a=rtcp-fb:120 goog-remb
a=rtcp-fb:120 transport-cc
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:120 VP8/90000
a=rtpmap:124 rtx/90000
a=rtpmap:121 VP9/90000
a=rtpmap:126 H264/90000
a=rtpmap:97 H264/90000
a=setup:actpass
"""
_FIREFOX_ICE = """a=ice-pwd:4bdb6a9a3bb59d5ad1e5a62ca7fa7c9b
a=ice-ufrag:d0a8f6d4
"""

FIREFOX = f"""v=0
o=mozilla...THIS_IS_SDPARTA-99.0 6437292583164731829 0 IN IP4 0.0.0.0
s=-
t=0 0
a=sendrecv
a=fingerprint:sha-256 91:3D:5A:C0:11:8E:72:4B:F6:09:DC:33:A8:67:1F:B2:E0:54:9C:7D:28:C1:F3:46:8A:05:BE:D9:6B:12:47:EE
a=group:BUNDLE 0 1 2
a=ice-options:trickle
a=msid-semantic:WMS *
m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101
c=IN IP4 0.0.0.0
a=sendrecv
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level
a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid
a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1
a=fmtp:101 0-15
{_FIREFOX_ICE}a=mid:0
a=msid:{{1e9d9d5e-5b5c-4b7e-a5f0-8f6b3a2d1c0e}} {{7c2f4a1b-9e8d-4c3b-b2a1-0f9e8d7c6b5a}}
a=rtcp-mux
a=rtpmap:109 opus/48000/2
a=rtpmap:9 G722/8000/1
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000/1
a=setup:actpass
a=ssrc:1284720311 cname:{{c0ffee00-1234-4321-8888-0123456789ab}}
m=video 0 UDP/TLS/RTP/SAVPF 120 124 121 126 97
c=IN IP4 0.0.0.0
a=bundle-only
a=sendonly
a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:4 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:5 urn:ietf:params:rtp-hdrext:toffset
a=extmap:9/sendonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=extmap:10/sendonly urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id
{_FIREFOX_ICE}a=mid:1
a=msid:{{1e9d9d5e-5b5c-4b7e-a5f0-8f6b3a2d1c0e}} {{2b3c4d5e-6f70-4812-9a3b-4c5d6e7f8091}}
a=rid:q send
a=rid:h send
a=rid:f send
a=simulcast:send q;h;f
a=ssrc:2209183345 cname:{{c0ffee00-1234-4321-8888-0123456789ab}}
{_FIREFOX_VIDEO_CODECS}m=video 0 UDP/TLS/RTP/SAVPF 120 124 121 126 97
c=IN IP4 0.0.0.0
a=bundle-only
a=recvonly
a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid
{_FIREFOX_ICE}a=mid:2
a=ssrc:1100998877 cname:{{c0ffee00-1234-4321-8888-0123456789ab}}
{_FIREFOX_VIDEO_CODECS}""".replace("\n", "\r\n")

DATA_CHANNEL = """m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:3
a=sctp-port:5000
""".replace("\n", "\r\n")
"""What a page that also opens a data channel would add."""
