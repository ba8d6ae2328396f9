"""Answers a 401 or 407 to one of our requests by the same request with credentials (RFC 3261 §22.2)."""

import secrets

from signaling.sip.protocol import digest
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.message import Headers, Request, Response

PROOFS = ("authorization", "proxy-authorization")
"""The headers that answer a challenge; the ACK of a 2xx repeats those of its INVITE (§22.1)."""


def answered(response: Response, credentials: Credentials, request: Request) -> tuple[Headers, str]:
    """Return the header that answers the challenge to a request, and the reason to send it again.

    No header without a challenge that can be answered. A stale nonce is a reason of its own: the password was right.
    """
    asked = digest.challenge(response)
    if asked is None:
        return [], ""
    proof = digest.authorization(asked, credentials, request.method, request.uri, secrets.token_hex(8))
    return [proof], f"{asked.header} stale" if asked.stale else asked.header


def again(request: Request, headers: Headers, number: int) -> Request:
    """Return a request with further headers, in a transaction of its own: the CSeq `number`, and no Via yet."""
    _, method = request.sequence
    replaced = {"via", "cseq", *(name for name, _ in headers)}
    kept = [(name, value) for name, value in request.headers if name not in replaced]
    return Request(method, request.uri, headers=[*kept, ("cseq", f"{number} {method}"), *headers], body=request.body)


def proofs(request: Request) -> Headers:
    """Return the headers of a request that answer challenges."""
    return [(name, value) for name, value in request.headers if name in PROOFS]
