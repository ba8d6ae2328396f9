"""Why a request is refused before anybody looks at it: a status, and the headers that say what would do."""

from signaling.sip.agent import session_timer
from signaling.sip.agent.dialog import Dialog
from signaling.sip.protocol.address import Uri
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import SDP, Headers, Request

Refusal = tuple[int, Headers]


def of_renewal(request: Request) -> Refusal | None:
    """Of any INVITE or UPDATE: an extension we do not have (420), a session timer that runs too fast (422)."""
    if unknown := [option for option in request.all("require") if option.lower() != "timer"]:
        return 420, [("unsupported", ", ".join(unknown))]
    try:
        session_timer.of_request(request)
    except session_timer.TooBrief:
        return 422, [("min-se", str(session_timer.SHORTEST_S))]
    return None


def of_invite(request: Request) -> Refusal | None:
    """Of an INVITE that begins a call: also one that nobody could answer (400, 415, 416, 488)."""
    refusal = of_renewal(request)
    if refusal is not None:
        return refusal
    status = 0
    try:
        Dialog.came(request, "", "")
        scheme = Uri.parse(request.uri).scheme
    except BadMessage:
        return 400, []
    if not request.sender.tag:
        status = 400
    elif scheme not in ("sip", "sips"):
        status = 416
    elif not request.body:
        status = 488
    elif request.content_type != SDP:
        status = 415
    return (status, []) if status else None
