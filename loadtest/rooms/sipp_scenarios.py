"""Writes the scenarios by which sipp is a room system: calls it makes, and calls it takes.

A scenario waits within its call for a MESSAGE of ours, at which it goes on: to the next part, or to its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

TAG = "[pid]r[call_number]"
CONTACT = "Contact: <sip:room@[local_ip]:[local_port]>"
CHALLENGE = '{}-Authenticate: Digest realm="room", nonce="[call_id]", algorithm={}, qop="auth"'
SIMPLE = "m=application"
"""What a session description has that is not simple: BFCP."""
DTMF = "Signal={}\nDuration=160"
MOVED = "moved"
"""The user part of the SIP URI to which a call is redirected."""

TOO_BRIEF = "422 Session Interval Too Small"
SESSION_S = 1800
"""The least session of RFC 4028 that is taken, in seconds."""


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """A call that sipp makes: with an offer, or without one and then with an answer in the ACK (RFC 3261, 13.2.1).

    `reliable`: provisional responses must be (RFC 3262). Then come the `steps`. `user` stands in From and Contact.
    """

    sdp: str
    late: bool = False
    reliable: bool = False
    steps: "tuple[Renewal | Keys, ...]" = ()
    user: str = "room"


@dataclass(frozen=True, slots=True)
class Renewal:
    """A re-INVITE with an offer, or without one (`late`) and then with an answer in the ACK."""

    sdp: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of the remote control, each as an INFO."""

    keys: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question for a password, and the user name and the password that prove it."""

    status: Literal["401 Unauthorized", "407 Proxy Authentication Required"]
    algorithm: Literal["MD5", "SHA-256"]
    account: tuple[str, str]


@dataclass(frozen=True, slots=True)
class TakenCall:
    """A call that sipp takes by an answer; `first` is what becomes of the first INVITE.

    It is refused by a `status` where its description is not simple, or for a session that is too brief, or challenged
    by a `question`: then the second one is forbidden where it does not prove the password. Whether an answer to a 407
    does is for others to check.
    """

    sdp: str
    first: Literal["answered", "challenged", "redirected", "refused", "too brief"]
    status: str = "488 Not Acceptable Here"
    question: Question | None = None


def dialling(call: PlacedCall) -> str:
    """Return the scenario of a call that sipp makes."""
    headers = "Require: 100rel\n" if call.reliable else ""
    parts = [
        _request("INVITE", 1, "" if call.late else call.sdp, headers, new=True),
        '<recv response="100" optional="true"/>',
    ]
    number = 1
    if call.reliable:
        number = 2
        parts += [
            '<recv response="180" rrs="true"><action><ereg regexp="[0-9]+" search_in="hdr" header="RSeq:"'
            ' check_it="true" assign_to="rseq"/></action></recv>',
            _request("PRACK", number, "", "RAck: [$rseq] 1 INVITE\n"),
            '<recv response="200"/>',
            '<recv response="200"/>',  # to either, in either order
        ]
    else:
        parts += ['<recv response="180" optional="true"/>', '<recv response="200" rrs="true"/>']
    parts.append(_request("ACK", 1, call.sdp if call.late else ""))
    for step in call.steps:
        parts.append('<recv request="MESSAGE"/>')
        if isinstance(step, Renewal):
            number += 1
            parts += [
                _request("INVITE", number, "" if step.late else step.sdp),
                '<recv response="100" optional="true"/>',
                '<recv response="200"/>',
                _request("ACK", number, step.sdp if step.late else ""),
            ]
        else:
            for key in step.keys:
                number += 1
                parts += [_request("INFO", number, DTMF.format(key), kind="dtmf-relay"), '<recv response="200"/>']
    parts += ['<recv request="MESSAGE"/>', _request("BYE", number + 1, ""), '<recv response="200"/>']
    return _scenario(parts).replace("<sip:room@", f"<sip:{call.user}@")


def answering(call: TakenCall) -> str:
    """Return the scenario of a call that sipp takes."""
    caller = '<ereg regexp=".*" search_in="hdr" header="From:" assign_to="caller"/>'
    timer = f"\nRequire: timer\nSession-Expires: {SESSION_S};refresher=uas" if call.first == "too brief" else ""
    accept = [
        _response("200 OK", contact=CONTACT + timer, sdp=call.sdp),
        '<recv request="ACK"/>',
        '<recv request="MESSAGE"/>',
        _request("BYE", 1, "", to="To:[$caller]"),
        '<recv response="200" next="end"/>',
    ]
    if call.first == "redirected":
        first = _response("302 Moved Temporarily", contact=f"Contact: <sip:{MOVED}@[local_ip]:[local_port]>")
        parts = _either(f"INVITE sip:{MOVED}@", caller, [first, '<recv request="ACK" next="end"/>'], accept)
    elif call.first == "refused":
        first = _response(call.status, contact=CONTACT)
        parts = _either(SIMPLE, caller, accept, [first, '<recv request="ACK" next="end"/>'])
    elif call.first == "too brief":
        first = _response(TOO_BRIEF, contact=f"{CONTACT}\nMin-SE: {SESSION_S}")
        longer = f'<ereg regexp="^ *{SESSION_S}(;|$)" search_in="hdr" header="Session-Expires:" assign_to="mended"/>'
        parts = [*_again(first, longer, caller), *accept]
    elif call.question is not None:
        parts = [*_asking(call.question, caller), *accept]
    else:
        parts = [f'<recv request="INVITE" rrs="true"><action>{caller}</action></recv>', *accept]
    on = '<recv request="OPTIONS" optional="true" next="options"/>'
    options = _response("200 OK", contact=CONTACT).replace(' retrans="500"', "")
    return _scenario([on, *parts, '<label id="options"/>', options, '<label id="end"/>'])


def _again(first: str, mended: str, caller: str) -> list[str]:
    """Return what is done before an INVITE is taken mended as the `first` answer asks; another is forbidden."""
    return [
        '<recv request="INVITE"/>',
        first,
        '<recv request="ACK"/>',
        f'<recv request="INVITE" rrs="true" next="mended" test="mended"><action>{caller}{mended}</action></recv>',
        _response("403 Forbidden", contact=CONTACT),
        '<recv request="ACK" next="end"/>',
        '<label id="mended"/>',
    ]


def _asking(question: Question, caller: str) -> list[str]:
    """Return what is done before an INVITE is taken that proves a password; another one is forbidden."""
    user, password = question.account
    header, proof = "WWW", f'<verifyauth assign_to="mended" username="{user}" password="{password}"/>'
    if question.status.startswith("407"):  # whose answer sipp cannot check
        header = "Proxy"
        proof = '<ereg regexp="Digest" search_in="hdr" header="Proxy-Authorization:" assign_to="mended"/>'
    first = _response(question.status, contact=CHALLENGE.format(header, question.algorithm))
    return _again(first, proof, caller)


def _either(found: str, caller: str, lacking: Sequence[str], having: Sequence[str]) -> list[str]:
    """Return what is done with an INVITE that lacks some words, and with one that has them."""
    found = f'<ereg regexp="{found}" search_in="msg" assign_to="found"/>'
    take = f'<recv request="INVITE" rrs="true" next="having" test="found"><action>{caller}{found}</action></recv>'
    return [take, *lacking, '<label id="having"/>', *having]


def _scenario(parts: Sequence[str]) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="room">\n' + "\n".join(parts) + "\n</scenario>\n"


def _request(
    method: str, number: int, body: str, headers: str = "", *, new: bool = False, to: str = "", kind: str = "sdp"
) -> str:
    uri = "sip:[service]@[remote_ip]:[remote_port]" if new else "[next_url]"
    to = to or f"To: <sip:[service]@[remote_ip]:[remote_port]>{'' if new else '[peer_tag_param]'}"
    head = [
        f"{method} {uri} SIP/2.0",
        "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch];rport",
        f'From: "Phong hop" <sip:room@[local_ip]:[local_port]>;tag={TAG}',
        to,
        "Call-ID: [call_id]",
        f"CSeq: {number} {method}",
        CONTACT,
        "Max-Forwards: 70",
        *headers.splitlines(),
    ]
    retransmitted = "" if method == "ACK" else ' retrans="500"'
    return f"<send{retransmitted}>{_message(head, body, kind)}</send>"


def _response(status: str, *, contact: str, sdp: str = "") -> str:
    head = [
        f"SIP/2.0 {status}",
        "[last_Via:]",
        "[last_From:]",
        f"[last_To:];tag={TAG}",
        "[last_Call-ID:]",
        "[last_CSeq:]",
        contact,
    ]
    return f'<send retrans="500">{_message(head, sdp)}</send>'


def _message(head: Sequence[str], body: str, kind: str = "sdp") -> str:
    typed = [f"Content-Type: application/{kind}", "Content-Length: [len]", "", *body.splitlines()]
    return "<![CDATA[\n\n" + "\n".join([*head, *(typed if body else ["Content-Length: 0"])]) + "\n\n]]>"
