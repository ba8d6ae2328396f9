"""Writes the scenarios by which sipp is a room system: calls it makes, and calls it takes.

A scenario waits within its call for a MESSAGE of ours, at which it goes on: to the next part, or to its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

TAG = "[pid]r[call_number]"
CONTACT = "Contact: <sip:room@[local_ip]:[local_port]>"
DIALLED = "sip:[service]@[remote_ip]:[remote_port]"
TAKEN = '<recv response="180" optional="true"/>', '<recv response="200" rrs="true"/>'
CHALLENGE = '{}-Authenticate: Digest realm="room", nonce="[call_id]", algorithm={}, qop="auth"'
SIMPLE = "m=application"
"""What a session description has that is not simple: BFCP."""
DTMF = "Signal={}\nDuration=160"
ROSTERS = "conference-info+xml"
MOVED = "moved"
"""The user part of the SIP URI to which a call is redirected."""

TOO_BRIEF = "422 Session Interval Too Small"
SESSION_S = 1800
"""The least session of RFC 4028 that is taken, in seconds."""


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """A call that sipp makes: with an offer, or without one and then with an answer in the ACK (RFC 3261, 13.2.1).

    `reliable`: provisional responses must be (RFC 3262). `redirected`: the first INVITE may be, and comes again where
    the answer says (RFC 3261, 8.1.3.4). Then come the `steps`. `user` stands in From and Contact. With `keyed` the
    session's code is not dialled: its keys are the first step.
    """

    sdp: str
    late: bool = False
    reliable: bool = False
    redirected: bool = False
    steps: "tuple[Renewal | Keys | Taken, ...]" = ()
    user: str = "room"
    keyed: bool = False


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
class Taken:
    """A re-INVITE of the other side, which comes without a word of ours and gets this answer."""

    sdp: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question for a password, and the user name and the password that prove it."""

    status: Literal["401 Unauthorized", "407 Proxy Authentication Required"]
    algorithm: Literal["MD5", "SHA-256"]
    account: tuple[str, str]


@dataclass(frozen=True, slots=True)
class TakenCall:
    """A call that sipp takes by an answer, and keys by INFO within it; `first` is what becomes of the first INVITE.

    The answer announces a `name` (RFC 3325), and a `roster` of its room where there is one: who subscribes to it (RFC
    4575) gets the first document, and the second one at a MESSAGE of ours. The first INVITE is refused by a `status`
    where its description is not simple, or for a session that is too brief, or challenged by a `question`: then the
    second one is forbidden where it does not prove the password. Whether an answer to a 407 does is for others to
    check.
    """

    sdp: str
    first: Literal["answered", "challenged", "redirected", "refused", "too brief"]
    status: str = "488 Not Acceptable Here"
    question: Question | None = None
    name: str = ""
    roster: tuple[str, str] | None = None


def dialling(call: PlacedCall) -> str:
    """Return the scenario of a call that sipp makes."""
    headers = "Require: 100rel\n" if call.reliable else ""
    parts = [
        _request("INVITE", 1, "" if call.late else call.sdp, headers, new=True),
        '<recv response="100" optional="true"/>',
    ]
    number = 1
    if call.redirected:
        number = 2
        parts += [
            '<recv response="302" optional="true" next="redirected"><action><ereg regexp="sip:[^>]+" search_in="hdr"'
            ' header="Contact:" check_it="true" assign_to="again"/></action></recv>',
            *TAKEN,
            _request("ACK", 1, "").replace("<send>", '<send next="talk">'),
            '<label id="redirected"/>',
            _request("ACK", 1, ""),
            _request("INVITE", number, call.sdp, new=True).replace(DIALLED, "[$again]", 1),
            '<recv response="100" optional="true"/>',
        ]
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
        parts += TAKEN
    parts += [_request("ACK", 2 if call.redirected else 1, call.sdp if call.late else ""), '<label id="talk"/>']
    for step in call.steps:
        match step:
            case Renewal():
                number += 1
                parts += [
                    '<recv request="MESSAGE"/>',
                    _request("INVITE", number, "" if step.late else step.sdp),
                    '<recv response="100" optional="true"/>',
                    '<recv response="200"/>',
                    _request("ACK", number, step.sdp if step.late else ""),
                ]
            case Keys():
                parts.append('<recv request="MESSAGE"/>')
                for key in step.keys:
                    number += 1
                    parts += [_request("INFO", number, DTMF.format(key), kind="dtmf-relay"), '<recv response="200"/>']
            case Taken():
                parts += [
                    '<recv request="INVITE"/>',
                    _response("200 OK", contact=CONTACT, sdp=step.sdp, within=True),
                    '<recv request="ACK"/>',
                ]
    parts += ['<recv request="MESSAGE"/>', _request("BYE", number + 1, ""), '<recv response="200"/>']
    return _scenario(parts).replace("<sip:room@", f"<sip:{call.user}@")


def answering(call: TakenCall) -> str:
    """Return the scenario of a call that sipp takes."""
    caller = '<ereg regexp=".*" search_in="hdr" header="From:" assign_to="caller"/>'
    timer = f"\nRequire: timer\nSession-Expires: {SESSION_S};refresher=uas" if call.first == "too brief" else ""
    named = f'\nP-Asserted-Identity: "{call.name}" <sip:room@[local_ip]:[local_port]>' if call.name else ""
    focus = ";isfocus" if call.roster is not None else ""
    taken = _once(_response("200 OK", contact=CONTACT, within=True))
    accept = [
        _response("200 OK", contact=CONTACT + focus + named + timer, sdp=call.sdp),
        '<recv request="ACK"/>',
        '<label id="talk"/>',
        '<recv request="INFO" optional="true" next="key"/>',
        '<recv request="MESSAGE"/>',
        _request("BYE", 1, "", to="To:[$caller]"),
        '<label id="over"/>',  # the server may have sent an INFO before it got the BYE
        '<recv request="INFO" optional="true" next="crossed"/>',
        '<recv response="200" next="end"/>',
        '<label id="key"/>',
        taken.replace("<send>", '<send next="talk">'),
        '<label id="crossed"/>',
        taken.replace("<send>", '<send next="over">'),
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
    options = _once(_response("200 OK", contact=CONTACT))
    asked, telling = list[str](), list[str]()
    if call.roster is not None:
        asked, telling = _telling(*call.roster)
    return _scenario([on, *asked, *parts, *telling, '<label id="options"/>', options, '<label id="end"/>'])


def _telling(all_: str, change: str) -> tuple[list[str], list[str]]:
    """Return what takes a SUBSCRIBE, and what is done in the dialog that it begins (RFC 6665): who is in the room is
    told, at a MESSAGE what has changed, and the end when the other side unsubscribes."""
    subscriber, ours = (
        f'<ereg regexp="{regexp}" search_in="hdr" header="From:" assign_to="{name}"/>'
        for regexp, name in ((".*", "subscriber"), ("sip:[^@]+@[0-9.:]+", "ours"))
    )
    actions = f"<action>{subscriber}{ours}</action>"
    return [f'<recv request="SUBSCRIBE" optional="true" rrs="true" next="asked">{actions}</recv>'], [
        '<label id="asked"/>',
        _once(_response("200 OK", contact=f"{CONTACT};isfocus\nExpires: 3600")),
        _notify(1, "active;expires=3600", all_),
        '<recv response="200"/>',
        '<recv request="MESSAGE" optional="true" next="changed"/>',
        '<recv request="SUBSCRIBE" next="left"/>',
        '<label id="changed"/>',
        _notify(2, "active;expires=3500", change),
        '<recv response="200"/>',
        '<recv request="SUBSCRIBE"/>',
        '<label id="left"/>',
        _once(_response("200 OK", contact=f"{CONTACT}\nExpires: 0", within=True)),
        _notify(3, "terminated;reason=timeout"),
        '<recv response="200" next="end"/>',
    ]


def _notify(number: int, state: str, roster: str = "") -> str:
    headers = f"Event: conference\nSubscription-State: {state}\n"
    return _request("NOTIFY", number, roster, headers, to="To:[$subscriber]", kind=ROSTERS)


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
    uri = DIALLED if new else "[next_url]"
    to = to or f"To: <{DIALLED}>{'' if new else '[peer_tag_param]'}"
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


def _once(response: str) -> str:
    """Return a response to a request that needs no ACK."""
    return response.replace(' retrans="500"', "")


def _response(status: str, *, contact: str, sdp: str = "", within: bool = False) -> str:
    """Return a response: to what begins a call, or to a request `within` one, whose To has our tag."""
    head = [
        f"SIP/2.0 {status}",
        "[last_Via:]",
        "[last_From:]",
        "[last_To:]" if within else f"[last_To:];tag={TAG}",
        "[last_Call-ID:]",
        "[last_CSeq:]",
        contact,
    ]
    return f'<send retrans="500">{_message(head, sdp)}</send>'


def _message(head: Sequence[str], body: str, kind: str = "sdp") -> str:
    typed = [f"Content-Type: application/{kind}", "Content-Length: [len]", "", *body.splitlines()]
    return "<![CDATA[\n\n" + "\n".join([*head, *(typed if body else ["Content-Length: 0"])]) + "\n\n]]>"
