"""Session timers (RFC 4028): a call ends although no BYE comes when the remote party is gone.

The remote party refreshes, we watch. Its role depends on the transaction: it is `uac` in a request it sends, `uas` in a
response to ours. A peer that wants us to refresh gets a session without a timer, which it must accept, and our INVITEs
do not offer to refresh (§7.1: then only the callee may refresh).
"""

from signaling.sip.protocol.address import parameters, whole
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import Message, Request, Response

SHORTEST_S = 90
"""Shortest interval in seconds (§4)."""
LONGEST_S = 86400


class IntervalTooSmall(Exception):
    """The peer asks for an interval below 90 s: refused with 422 and Min-SE."""


def of_request(request: Request) -> int | None:
    """Return the seconds a session lasts without a refresh by the peer; None: for ever. Raises IntervalTooSmall."""
    seconds, refresher = _read(request)
    if seconds is not None and seconds < SHORTEST_S:
        raise IntervalTooSmall
    supported = "timer" in [option.lower() for option in request.all("supported") + request.all("require")]
    return seconds if supported and refresher != "uas" else None


def of_response(response: Response) -> int | None:
    """Return the same for the response to our INVITE."""
    seconds, refresher = _read(response)
    return max(seconds, SHORTEST_S) if seconds is not None and refresher == "uas" else None


def longer(refusal: Response) -> list[tuple[str, str]]:
    """Return the headers of an INVITE again after 422 (§7.3), the remote party to refresh; none without a Min-SE."""
    try:
        seconds = whole((refusal.get("min-se") or "").partition(";")[0].strip(), LONGEST_S)
    except BadMessage:
        return []
    return [("supported", "timer"), ("session-expires", f"{seconds};refresher=uas"), ("min-se", str(seconds))]


def agreement(seconds: int | None) -> list[tuple[str, str]]:
    """Return the headers of a 2xx that agree to the interval of `of_request`."""
    return [("require", "timer"), ("session-expires", f"{seconds};refresher=uac")] if seconds is not None else []


def watch_seconds(seconds: int) -> float:
    """Return the seconds after a refresh when we hang up unless the next one comes (§10)."""
    return seconds - min(32, seconds / 3)


def _read(message: Message) -> tuple[int | None, str]:
    value, _, options = (message.get("session-expires") or "").partition(";")
    try:
        return whole(value.strip(), LONGEST_S), parameters(options).get("refresher", "").lower()
    except BadMessage:  # absent, or nothing that can be agreed to
        return None, ""
