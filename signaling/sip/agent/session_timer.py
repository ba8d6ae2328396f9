"""Session timers (RFC 4028): a call ends although no BYE comes when the remote party is gone.

The remote party refreshes, we watch. Its role depends on the transaction: it is `uac` in a request it sends, `uas` in a
response to ours. A peer that wants us to refresh gets a session without a timer, which it must accept, and our INVITEs
do not offer to refresh (§7.1: then only the callee may refresh).

`wanted` is what a device's profile says: the seconds that we ask for, 0 for what the peer asks for alone, None for a
session without a timer whatever it asks for.
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
    return seconds if "timer" in _supported(request) and refresher != "uas" else None


def answer(request: Request, wanted: int | None) -> int | None:
    """Return the seconds that our 2xx agrees to, or asks for where the peer can refresh and asks for nothing (§9)."""
    if wanted is None:
        return None
    if wanted and request.get("session-expires") is None and "timer" in _supported(request):
        return max(wanted, shortest(request) or 0)
    return of_request(request)


def of_response(response: Response, wanted: int | None) -> int | None:
    """Return the seconds that the peer agrees to in the response to our INVITE; None: for ever."""
    seconds, refresher = _read(response)
    refreshes = wanted is not None and seconds is not None and refresher == "uas"
    return max(seconds or 0, SHORTEST_S) if refreshes else None


def wish(wanted: int | None) -> list[tuple[str, str]]:
    """Return the headers of our INVITE that ask the remote party to refresh (§7.1)."""
    return [("supported", "timer"), ("session-expires", f"{wanted};refresher=uas")] if wanted else []


def longer(seconds: int) -> list[tuple[str, str]]:
    """Return the headers of an INVITE again after 422 (§7.3), the remote party to refresh."""
    return [*wish(seconds), ("min-se", str(seconds))]


def agreement(seconds: int | None) -> list[tuple[str, str]]:
    """Return the headers of a 2xx that agree to the interval of :func:`answer`."""
    return [("require", "timer"), ("session-expires", f"{seconds};refresher=uac")] if seconds is not None else []


def watch_seconds(seconds: int) -> float:
    """Return the seconds after a refresh when we hang up unless the next one comes (§10)."""
    return seconds - min(32, seconds / 3)


def shortest(message: Message) -> int | None:
    """Return its Min-SE in seconds; None without one that can be read."""
    try:
        return whole((message.get("min-se") or "").partition(";")[0].strip(), LONGEST_S)
    except BadMessage:
        return None


def _supported(request: Request) -> list[str]:
    return [option.lower() for option in request.all("supported") + request.all("require")]


def _read(message: Message) -> tuple[int | None, str]:
    value, _, options = (message.get("session-expires") or "").partition(";")
    try:
        return whole(value.strip(), LONGEST_S), parameters(options).get("refresher", "").lower()
    except BadMessage:  # absent, or nothing that can be agreed to
        return None, ""
