from mediaserver.rtp.outbound_stream import PlainLeg, plain_fan, plain_post
from mediaserver.transport.peer_path import PlainInbox, PlainLine

Inbox = PlainInbox
Line = PlainLine
Leg = PlainLeg
fan = plain_fan
post = plain_post

def use(protect: int, unprotect: int, unprotect_rtcp: int) -> None: ...
def timer(period_ms: int) -> int | None: ...
