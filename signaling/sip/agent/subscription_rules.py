"""Rules of subscriptions to events (RFC 6665): what a NOTIFY must say, when one is refreshed or made anew. Pure."""

from dataclasses import dataclass

from signaling.sip.agent import request_checks
from signaling.sip.agent.request_checks import IDENTITY, Refusal
from signaling.sip.protocol import roster
from signaling.sip.protocol.address import parameters, whole
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import Request, Response

LASTS_S = 3600
"""Seconds of a subscription (RFC 4575 §3.3)."""
LONGEST_S = 86400
SHORTEST_S = 30.0
"""Seconds between two refreshes, also of a subscription that lasts no longer."""
BAD_EVENT = 489
FINAL = {"rejected", "noresource", "invariant"}
"""Why a subscription ended that is not to be made again (§4.1.3)."""
LATER = {"probation", "giveup"}
"""Why one ended that may be made again only after a while."""
NEVER = {405, BAD_EVENT, 501}
"""Statuses of who has no rosters."""
INTERVAL_TOO_BRIEF = 423


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """The Subscription-State of a NOTIFY; `expires` is None where it does not say.

    `anew_s` are the seconds after which one that is `terminated` may be made again; None: it may not.
    """

    terminated: bool
    expires: int | None
    anew_s: int | None


def state_of(notify: Request) -> SubscriptionState:
    """Return the Subscription-State of a NOTIFY. Raises BadMessage."""
    word, _, rest = (notify.get("subscription-state") or "").partition(";")
    word, about = word.strip().lower(), parameters(rest)
    if word not in ("active", "pending", "terminated"):
        raise BadMessage("bad Subscription-State")
    reason, later = about.get("reason", "").lower(), _seconds(about.get("retry-after"))
    anew_s = None if word != "terminated" or reason in FINAL else later or 0 if reason in LATER else 0
    return SubscriptionState(word == "terminated", _seconds(about.get("expires")), anew_s)


def granted_s(response: Response) -> int:
    """Return the seconds that a 2xx to a SUBSCRIBE grants."""
    seconds = _seconds(response.get("expires"))
    return LASTS_S if seconds is None else seconds


def demanded_s(response: Response) -> int | None:
    """Return the seconds that a refusal demands at least; None where it is not because of them, or says none."""
    return _seconds(response.get("min-expires")) if response.status == INTERVAL_TOO_BRIEF else None


def refresh_delay(seconds: int) -> float:
    """Return the seconds after which a subscription is refreshed that lasts for some."""
    return max(SHORTEST_S, seconds - min(60, seconds / 4))


def check_notify(request: Request) -> Refusal | None:
    """Refuse extensions (420), another event (489), no Subscription-State (400), another body (415)."""
    if (refusal := request_checks.check_extensions(request)) is not None:
        return refusal
    event, _, about = (request.get("event") or "").partition(";")
    if event.strip().lower() != roster.PACKAGE:
        return BAD_EVENT, []
    if "id" in parameters(about):  # ours has none (RFC 6665 §8.2.1)
        return 481, []
    try:
        state_of(request)
    except BadMessage:
        return 400, []
    if request.body and request.content_type != roster.MEDIA_TYPE:
        return 415, [("accept", roster.MEDIA_TYPE)]
    codings = {value.lower() for value in request.all("content-encoding")} - {IDENTITY}
    return (415, [("accept-encoding", IDENTITY)]) if request.body and codings else None


def _seconds(text: str | None) -> int | None:
    """Return a number of seconds, no more than a day; None where it cannot be read."""
    try:
        return None if text is None else min(LONGEST_S, whole(text.strip(), 2**32 - 1))
    except BadMessage:
        return None
