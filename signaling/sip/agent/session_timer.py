"""Session timers: a call whose other side is gone ends although no BYE comes (RFC 4028).

The other side refreshes, we watch. Who that is depends on whose transaction it was: they are `uac` in a request of
theirs, `uas` in a response to ours. A peer that wants us to refresh gets a session without a timer, which it must take,
and our INVITEs do not offer to (§7.1: then only the callee may refresh).
"""

from signaling.sip.protocol.address import parameters, whole
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import Message, Request, Response

SHORTEST_S = 90
"""Of an interval (§4)."""
LONGEST_S = 86400


class TooBrief(Exception):
    """They ask for an interval below 90 s: refused with 422 and Min-SE."""


def of_request(request: Request) -> int | None:
    """The seconds a session lasts without a refresh of theirs, None for ever. Raises TooBrief."""
    seconds, refresher = _read(request)
    if seconds is not None and seconds < SHORTEST_S:
        raise TooBrief
    supported = "timer" in [option.lower() for option in request.all("supported") + request.all("require")]
    return seconds if supported and refresher != "uas" else None


def of_response(response: Response) -> int | None:
    """The same, as the answer to our INVITE says."""
    seconds, refresher = _read(response)
    return max(seconds, SHORTEST_S) if seconds is not None and refresher == "uas" else None


def agreement(seconds: int | None) -> list[tuple[str, str]]:
    """The headers of a 2xx that agree to what `of_request` returned."""
    return [("require", "timer"), ("session-expires", f"{seconds};refresher=uac")] if seconds is not None else []


def patience(seconds: int) -> float:
    """How long after a refresh we wait for the next before we hang up (§10)."""
    return seconds - min(32, seconds / 3)


def _read(message: Message) -> tuple[int | None, str]:
    value, _, options = (message.get("session-expires") or "").partition(";")
    try:
        return whole(value.strip(), LONGEST_S), parameters(options).get("refresher", "").lower()
    except BadMessage:  # absent, or nothing that can be agreed to
        return None, ""
