from mediaserver.transport.line import PlainInbox, PlainLine
from mediaserver.wire import PlainLeg, plain_fan, plain_post

Inbox = PlainInbox
Line = PlainLine
Leg = PlainLeg
fan = plain_fan
post = plain_post

def use(protect: int, unprotect: int, unprotect_rtcp: int) -> None: ...
def timer(period_ms: int) -> int | None: ...
