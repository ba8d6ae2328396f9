"""Mends an INVITE of ours that was refused with what its refusal asks for, within a call as outside."""

from signaling.sip.agent import session_timer
from signaling.sip.agent.authentication import again, answered
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.message import Headers, Request, Response

SESSION_TOO_BRIEF = 422


def mended(
    invite: Request, response: Response, credentials: Credentials | None, tried: set[str], number: int
) -> Request | None:
    """Return the INVITE again, with the CSeq `number` and credentials (RFC 3261 §22.2) or a longer session (RFC 4028
    §7.3). None: what is asked for is unknown, or was tried."""
    headers: Headers = []
    reason = str(response.status)
    if response.status in (401, 407) and credentials is not None:
        headers, reason = answered(response, credentials, invite)
    elif response.status == SESSION_TOO_BRIEF and (seconds := session_timer.shortest(response)):
        headers = session_timer.longer(seconds)
    if not headers or reason in tried:
        return None
    tried.add(reason)
    return again(invite, headers, number)


def session_s(response: Response, wanted: int | None) -> int | None:
    """Return the session timer to ask for after a refusal: the one that it demands, or what was wanted before."""
    demanded = session_timer.shortest(response) if response.status == SESSION_TOO_BRIEF else None
    return demanded or wanted
