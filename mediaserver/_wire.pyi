from mediaserver.rtp.outbound_stream import PlainOutboundStream, plain_fan_out, plain_send
from mediaserver.transport.peer_path import PlainInbox, PlainPeerPath

Inbox = PlainInbox
Line = PlainPeerPath
Leg = PlainOutboundStream
fan = plain_fan_out
post = plain_send

def use(protect: int, unprotect: int, unprotect_rtcp: int) -> None: ...
def timer(period_ms: int) -> int | None: ...
