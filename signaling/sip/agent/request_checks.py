"""Checks requests before a call handles them; a refusal is a status and the headers that say what would be accepted."""

from signaling.sip.agent import session_timer
from signaling.sip.agent.dialog import Dialog
from signaling.sip.protocol.address import Uri
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import SDP, Headers, Request

Refusal = tuple[int, Headers]


def check_reinvite(request: Request) -> Refusal | None:
    """Check any INVITE or UPDATE: refuse an unsupported extension (420) and too short a session interval (422)."""
    if unknown := [option for option in request.all("require") if option.lower() != "timer"]:
        return 420, [("unsupported", ", ".join(unknown))]
    try:
        session_timer.of_request(request)
    except session_timer.IntervalTooSmall:
        return 422, [("min-se", str(session_timer.SHORTEST_S))]
    return None


def check_invite(request: Request) -> Refusal | None:
    """Check an INVITE that begins a call: also refuse what cannot be answered (400, 415, 416)."""
    refusal = check_reinvite(request)
    if refusal is not None:
        return refusal
    status = 0
    try:
        Dialog.as_callee(request, "", "")
        scheme = Uri.parse(request.uri).scheme
    except BadMessage:
        return 400, []
    if not request.sender.tag:
        status = 400
    elif scheme not in ("sip", "sips"):
        status = 416
    elif request.body and request.content_type != SDP:
        status = 415
    return (status, []) if status else None
