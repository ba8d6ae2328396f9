"""SIP messages of room systems: seeds for fuzzing, and messages for tests of the parser."""

from signaling.sip.protocol.digest import Credentials, Nonces

NONCES = Nonces(b"key")
ACCOUNT = Credentials("kh", "secret")
INVITE = (
    "INVITE sip:1234567890@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK1;rport, "
    'SIP/2.0/TCP 10.0.0.8\r\nMax-Forwards: 70\r\nFrom: "Phòng họp" <sip:room@10.0.0.9>;tag=f\r\n'
    "To: <sip:1234567890@10.0.0.1>\r\nCall-ID: c@10.0.0.9\r\nCSeq: 7 INVITE\r\n"
    "Contact: <sip:room@10.0.0.9:5060;transport=udp>\r\nRecord-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
    "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\nUser-Agent: Tandberg/518 (TC6)\r\n"
    "Content-Type: application/sdp\r\nContent-Length: 150\r\n\r\n"
    "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 40000 RTP/AVP 9\r\na=sendrecv\r\n"
    "m=video 40002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n\r\n"
).encode()
OPTIONS = (
    b"OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK2\r\nMax-Forwards: 70\r\n"
    b"From: <sip:a@10.0.0.9>;tag=f\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)
RINGING = (
    b"SIP/2.0 180 Ringing\r\nv: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK3\r\nf: <sip:a@h>;tag=f\r\n"
    b"t: Sala\r\n <sip:b@h>;tag=t\r\n"
    b'i: c\r\nCSeq: 1 INVITE\r\nP-Asserted-Identity: "Sala Per\xfa" <sip:b@h>\r\nm: <sip:b@10.0.0.9>\r\nl: 0\r\n\r\n'
)
NOTIFY = OPTIONS.replace(b"OPTIONS", b"NOTIFY").replace(
    b"Content-Length: 0\r\n\r\n",
    b"o: conference\r\nSubscription-State: active;expires=60\r\nContent-Length: 0\r\n\r\n",
)
CHALLENGE = (
    b"SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK4\r\nFrom: <sip:a@h>;tag=f\r\n"
    b"To: <sip:b@h>;tag=t\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
    b'WWW-Authenticate: Digest realm="a, b", nonce="n", algorithm=SHA-256, qop="auth,auth-int", opaque="o", stale=true'
    b"\r\nContent-Length: 0\r\n\r\n"
)
PROOF = OPTIONS.replace(
    b"Content-Length",
    b'Authorization: Digest username="room", realm="diemcau", nonce="3e8.0", uri="sip:b@h", response="0", qop=auth, '
    b'nc=00000001, cnonce="c"\r\nContent-Length',
)
