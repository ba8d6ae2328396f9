from mediaserver.audio.voice_relay import PlainVoiceRelay
from mediaserver.rtp.depacketize import plain_depacketize
from mediaserver.rtp.inbound_stream import PlainInboundStream
from mediaserver.rtp.outbound_stream import PlainOutboundStream, plain_fan_out, plain_send_prepared
from mediaserver.transport.peer_path import PlainInbox, PlainPeerPath

InboundStream = PlainInboundStream
Inbox = PlainInbox
PeerPath = PlainPeerPath
OutboundStream = PlainOutboundStream
VoiceRelay = PlainVoiceRelay
depacketize = plain_depacketize
fan_out = plain_fan_out
send_prepared = plain_send_prepared

def use(protect: int, unprotect: int, unprotect_rtcp: int) -> None: ...
def timer(period_ms: int) -> int | None: ...
