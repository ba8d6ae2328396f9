"""Errors that the user agent raises on purpose.

SipError
├── BadMessage           theirs: bytes that are no SIP message, or a header that says nothing
│   └── BadRequest       theirs: a malformed request of which enough can be read to answer it
├── OfferRefused         ours: an offer within a call that we do not take, with the status of the response
└── CallFailed           a call did not come about
    ├── CallRefused      the remote party refused (3xx-6xx), with status and reason
    │   └── CallNotAdmitted   the gatekeeper of H.323 did not admit the call
    ├── CallUnanswered   nobody answered in time, hung up first, or the way there is closed
    └── TlsRefused       one side does not accept the other's certificate, or does no TLS
"""

from typing import Literal

NotAdmittedWord = Literal["absent", "unknown", "denied", "full"]
"""Why a gatekeeper did not admit a call: it does not answer or has not registered us, does not know who is called, does
not allow the call, or has no bandwidth left for it."""


class SipError(Exception):
    """Base of all errors."""


class BadMessage(SipError):
    """The received bytes are no SIP message; the text says why, and `status` is what a request is answered by."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.status = status


class BadRequest(BadMessage):
    """A malformed request; `head` are its start line and headers, with at least one Via."""

    def __init__(self, fault: BadMessage, head: bytes) -> None:
        super().__init__(str(fault), fault.status)
        self.head = head


class OfferRefused(SipError):
    """An offer within a call, or the wish for one of ours, is answered by a final status of 400 or more."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class CallFailed(SipError):
    """Base of the reasons why a call was not set up."""


class CallRefused(CallFailed):
    """The other side refused with a final status of 300 or more; `contacts` are the URIs of a redirection."""

    def __init__(self, status: int, reason: str, contacts: tuple[str, ...] = ()) -> None:
        self.status = status
        self.reason = reason
        self.contacts = contacts

    def __str__(self) -> str:
        return f"{self.status} {self.reason}"


class CallNotAdmitted(CallRefused):
    """A gatekeeper did not admit a call of H.323, by `word`; the status is what SIP would say of that."""

    def __init__(self, status: int, reason: str, word: NotAdmittedWord) -> None:
        super().__init__(status, reason)
        self.word = word


class CallUnanswered(CallFailed):
    """Nobody answered; the text says what was awaited."""


class TlsRefused(CallFailed):
    """The TLS handshake failed, or the certificate is that of somebody else; the text says why."""
