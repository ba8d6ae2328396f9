"""Checks requests before a call handles them; a refusal is a status and the headers that say what would be accepted."""

from signaling.sip.agent import session_timer
from signaling.sip.agent.dialog import Dialog
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import SDP, Headers, Request

Refusal = tuple[int, Headers]
RELIABLE = "100rel"
IDENTITY = "identity"
"""The coding of a body that stands as it is."""
EXTENSIONS = frozenset({"timer", RELIABLE})
"""Extensions that a request may require (RFC 4028, RFC 3262)."""
_ACCEPTING_SDP = {SDP, "application/*", "*/*"}


def check_request(request: Request) -> Refusal | None:
    """Check any request outside a call: refuse an address that is not SIP (416), an unsupported extension (420)."""
    if request.uri.partition(":")[0].lower() not in ("sip", "sips"):
        return 416, []
    return check_extensions(request)


def check_extensions(request: Request) -> Refusal | None:
    """Refuse unsupported extensions that a request requires (RFC 3261 §8.2.2.3)."""
    unknown = [option for option in request.all("require") if option.lower() not in EXTENSIONS]
    return (420, [("unsupported", ", ".join(unknown))]) if unknown else None


def requires_reliable(request: Request) -> bool:
    """Return whether provisional responses to an INVITE must be acknowledged by PRACK (RFC 3262 §3)."""
    return RELIABLE in [option.lower() for option in request.all("require")]


def check_reinvite(request: Request) -> Refusal | None:
    """Check any INVITE or UPDATE: also refuse too short a session interval (422), and a body that is no session
    description as it stands (415, RFC 3261 §21.4.13)."""
    if (refusal := check_extensions(request)) is not None:
        return refusal
    try:
        session_timer.of_request(request)
    except session_timer.IntervalTooSmall:
        return 422, [("min-se", str(session_timer.SHORTEST_S))]
    if request.body and request.content_type != SDP:
        return 415, [("accept", SDP)]
    codings = {value.lower() for value in request.all("content-encoding")} - {IDENTITY}
    return (415, [("accept-encoding", IDENTITY)]) if request.body and codings else None


def check_invite(request: Request) -> Refusal | None:
    """Check an INVITE that begins a call: also refuse what cannot be answered (400, 406)."""
    refusal = check_request(request) or check_reinvite(request)
    if refusal is not None:
        return refusal
    try:
        Dialog.as_callee(request, "", "")
    except BadMessage:
        return 400, []
    accepted = {value.partition(";")[0].strip().lower() for value in request.all("accept")}
    return (406, []) if accepted and accepted.isdisjoint(_ACCEPTING_SDP) else None
