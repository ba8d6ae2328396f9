"""Answers messages of call signalling that nothing can be done with (ITU-T Q.931 §5.8). Pure.

A message whose call reference cannot be read gets no answer (§5.8.1, §5.8.3.1); nor do those that end or answer
something, so that two sides never answer each other's answers.
"""

from typing import Final

from signaling.h323.protocol import h225, q931
from signaling.h323.protocol.errors import BadPdu
from signaling.h323.protocol.h225 import Body
from signaling.h323.protocol.q931 import Message

CONGESTED: Final = 42
"""Switching equipment congestion: the call may be tried again."""
UNKNOWN_CALL, MISSING_ELEMENT, UNKNOWN_TYPE, BAD_CONTENT = 81, 96, 97, 100
"""Causes: invalid call reference value, mandatory element missing, type of message not implemented, invalid content of
an element (Q.850)."""
STATUS_ASKED: Final = 30
"""Cause of a Status that was asked for."""
NO_CALL, ACTIVE = 0, 10
"""States of calls (Q.931 §4.5.7)."""
UNANSWERED: Final = frozenset((q931.RELEASE_COMPLETE, q931.STATUS))


def no_call(payload: bytes) -> bytes | None:
    """Return the answer to a first message that begins no call; None where it gets none."""
    head = _answered(payload)
    if head is None:
        return None
    if head.kind == q931.STATUS_INQUIRY:
        return status(head.reference, not head.answers, STATUS_ASKED, NO_CALL)
    if head.kind != q931.SETUP:
        return _release(head, UNKNOWN_CALL)
    return None if head.answers else _release(head, _fault(payload))


def congested(payload: bytes) -> bytes | None:
    """Return the answer to a first message while there is no room for its call; None where it gets none."""
    head = _answered(payload)
    begins = head is not None and head.kind == q931.SETUP and not head.answers
    return _release(head, CONGESTED) if head is not None and begins else no_call(payload)


def misread(payload: bytes) -> bytes | None:
    """Return the answer to a message within a call that cannot be read; None where it gets none."""
    head = _answered(payload)
    return None if head is None else status(head.reference, not head.answers, BAD_CONTENT, ACTIVE)


def ends(payload: bytes) -> bool:
    """Return whether a message that cannot be read ends its call."""
    try:
        return q931.head(payload).kind == q931.RELEASE_COMPLETE
    except BadPdu:
        return False


def status(reference: int, answers: bool, cause: int, state: int) -> bytes:
    """Return a Status message: a cause, and the state of the call at our side."""
    elements = q931.cause(cause), (q931.CALL_STATE, bytes((state,)))
    return q931.write(Message(q931.STATUS, reference, answers, elements))


def _answered(payload: bytes) -> Message | None:
    """Return the head of a message that gets an answer."""
    try:
        head = q931.head(payload)
    except BadPdu:
        return None
    return None if head.kind in UNANSWERED else head


def _fault(payload: bytes) -> int:
    """Return the cause that says what a Setup lacks."""
    try:
        return BAD_CONTENT if q931.parse(payload).body else MISSING_ELEMENT
    except BadPdu:
        return BAD_CONTENT


def _release(head: Message, cause: int) -> bytes:
    body = q931.body(h225.write(Body("releaseComplete", h225.release(None), tunnelling=False)))
    return q931.write(Message(q931.RELEASE_COMPLETE, head.reference, not head.answers, (q931.cause(cause), body)))
