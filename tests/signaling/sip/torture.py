"""Messages of RFC 4475 and RFC 5118, generated from what the RFCs say each of them contains.

Each has the name and the clause that its RFC gives it, and the status by which a user agent answers; None: it does not.
Where an RFC lets a user agent choose, `why` says what was chosen.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from tests.signaling.sip.agents import OFFER, soon

NO_ANSWER = None
NO_METHOD = 405
"""Answer to a method that this agent does not serve."""
TOLERATED = "may be refused or taken for what is meant: taken"
_TOP_VIA = re.compile(rb"(?im)^(v(?:ia)?\s*:\s*SIP\s*/\s*[0-9.]+\s*/\s*UDP\s+)(?:\[[^]]*\]|[^\s;:\[]+)(?::\d+)?")


@dataclass(frozen=True, slots=True)
class Case:
    """One message, and the status that answers it in a datagram."""

    name: str
    clause: str
    status: int | None
    why: str
    data: bytes


def _request(
    name: str, method: str = "OPTIONS", *more: str, uri: str = "sip:user@example.com", body: str = "", **changed: str
) -> bytes:
    """Write a request; `changed` replaces whole header lines, by name with `_` for `-`; an empty one is left out."""
    lines = {
        "via": f"Via: SIP/2.0/UDP host.example.com;branch=z9hG4bK{name}",
        "max_forwards": "Max-Forwards: 70",
        "to": "To: <sip:user@example.com>",
        "from": f"From: <sip:caller@example.net>;tag={name}1",
        "call_id": f"Call-ID: {name}@host.example.com",
        "cseq": f"CSeq: 8 {method}",
        "contact": "Contact: <sip:caller@host.example.com>",
        "type": "Content-Type: application/sdp" if body else "",
        "length": f"Content-Length: {len(body)}",
    }
    line = changed.pop("line", f"{method} {uri} SIP/2.0")
    headers = [each for each in {**lines, **changed}.values() if each]
    return "\r\n".join([line, *headers, *more, "", body]).encode()


def _response(name: str, line: str, *more: str, via: str = "host.example.com", cseq: str = "35 INVITE") -> bytes:
    headers = [
        f"Via: SIP/2.0/UDP {via};branch=z9hG4bK{name}",
        f"Call-ID: {name}@host.example.com",
        f"CSeq: {cseq}",
        f"From: <sip:user@example.com>;tag={name}1",
        f"To: <sip:user@example.edu>;tag={name}2",
        "Content-Length: 0",
    ]
    return "\r\n".join([line, *headers, *more, "", ""]).encode()


_SPACES = (
    "INVITE sip:room@example.com;unknownparam SIP/2.0\r\nTO :\r\n sip:room@example.com ;   tag    = 19181n\r\n"
    'from   : "J Example \\\\\\""       <sip:caller@example.com>\r\n  ;\r\n  tag = 98asjd8\r\nMaX-fOrWaRdS: 0068\r\n'
    f"Call-ID: wsinv.1@192.0.2.1\r\nContent-Length   : {len(OFFER)}\r\ncseq: 0009\r\n  INVITE\r\n"
    "Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\ns :\r\nNewHeader:   new\r\n continued\r\n"
    "UnknownHeader: ;;,,;;,;\r\nContent-Type: application/sdp\r\nRoute:\r\n <sip:s.example.com;lr;unknown=v;no>\r\n"
    "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
    " SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
    'm:"Quoted \\"\\"" <sip:caller@example.com> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\n'
    + OFFER
).encode()
_ODD_METHOD = "!interesting-Method0123456789_*+`.%indeed'~"
_ODD_URI = "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com"
_ODD = _request(
    *("intmeth", _ODD_METHOD, "extensionHeader-!.%*+_`'~: \ufeff大停電"),
    uri=_ODD_URI,
    via="Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bK-.!%66*_+`'~",
    to='To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:1_unusual.URI~(to-be!sure)&isn\'t+it$/crazy?,/;;*@example.com>',
    call_id="Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
    **{
        "from": "From: token1~` token2'+_ token3*%!.- <sip:a@example.com>;odd''~+*_!.-%=\"работа\";tag=_token~1'+`*%!-."
    },
)
_LONG = _request(
    *("longreq", "INVITE", "Unknown-" + "Long" * 20 + "-Name: unknown-" + "long" * 20 + "-value"),
    *(f"{('Via', 'v', 'V', 'VIA')[number % 4]} : SIP/2.0/TCP sip{number}.example.com" for number in range(33)),
    body=OFFER,
    to='To: "I have a user name of '
    + "extreme" * 10
    + f' proportion"<sip:user@example.com:6000;very{"long" * 25}Name>',
    contact="Contact: <sip:" + "amazinglylongcallername" * 5 + "@host5.example.net>",
    call_id="Call-ID: longreq.one" + "really" * 20 + "longcallid",
    **{"from": "F: sip:" + "amazinglylongcallername" * 5 + "@example.net;tag=12" + "982" * 50 + "424"},
)
_PARTS = "\r\n".join(
    [
        *("--part", "Content-Type: text/plain", "", "Hello", "--part", "Content-Type: application/octet-stream", ""),
        *("".join(chr(code) for code in range(128)), "--part--", ""),
    ]
)

RFC_4475 = (
    Case("wsinv", "3.1.1.1", 481, "well-formed; its To tag names no dialog", _SPACES),
    Case("intmeth", "3.1.1.2", 501, "a method nobody knows", _ODD),
    Case(
        *("esc01", "3.1.1.3", 200, "escapes in the Request-URI are the user's"),
        _request("esc01", "INVITE", uri="sip:sips%3Auser%40example.com@example.net", body=OFFER),
    ),
    Case(
        *("escnull", "3.1.1.4", 200, "escaped null characters are legal"),
        _request("escnull", "REGISTER", "Contact: <sip:%00@host.example.com>", to="To: sip:null-%00-null@example.com"),
    ),
    Case(
        *("esc02", "3.1.1.5", 501, "% escapes nothing outside a URI: no REGISTER"),
        _request("esc02", "RE%47IST%45R", "C%6Fntact: <sip:alias2@host2.example.com>", to='To: "%Z%45" <sip:a@b.com>'),
    ),
    Case(
        *("lwsdisp", "3.1.1.6", 200, "no blank is needed before <"),
        _request("lwsdisp", **{"from": "From: caller<sip:caller@example.com>;tag=323"}),
    ),
    Case("longreq", "3.1.1.7", 200, "long values are legal", _LONG),
    Case(
        *("dblreq", "3.1.1.8", 200, "in a datagram the second message is ignored"),
        _request("dblreq", "REGISTER") + _request("dblreq2"),
    ),
    Case(
        *("semiuri", "3.1.1.9", 200, "semicolons belong to the user"),
        _request("semiuri", uri="sip:user;par=u%40example.net@example.com"),
    ),
    Case(
        *("transports", "3.1.1.10", 200, "transports that nobody knows are legal"),
        _request(
            "transports",
            "OPTIONS",
            *(f"Via: SIP/2.0/{each} t.example.com" for each in ("SCTP", "TLS", "UNKNOWN", "TCP")),
        ),
    ),
    Case(
        *("mpart01", "3.1.1.11", NO_METHOD, "a body in parts, binary"),
        _request("mpart01", "MESSAGE", body=_PARTS, type="Content-Type: multipart/mixed;boundary=part"),
    ),
    Case(
        *("unreason", "3.1.1.12", NO_ANSWER, "a response"),
        _response("unreason", "SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое"),
    ),
    Case("noreason", "3.1.1.13", NO_ANSWER, "a response", _response("noreason", "SIP/2.0 100 ")),
    Case(
        *("badinv01", "3.1.2.1", 400, "separators without values in Via"),
        _request("badinv01", "INVITE", via="Via: SIP/2.0/UDP 192.0.2.15;;,;,,", contact="Contact: <sip:j@b.org>;;;;"),
    ),
    Case(
        *("clerr", "3.1.2.2", 400, "the datagram ends before the body"),
        _request("clerr", "INVITE", body=OFFER, length="Content-Length: 9999"),
    ),
    Case(
        *("ncl", "3.1.2.3", 400, "a negative length"),
        _request("ncl", "INVITE", body=OFFER, length="Content-Length: -999"),
    ),
    Case(
        *("scalar02", "3.1.2.4", 400, "a CSeq beyond 2^31"),
        _request(
            *("scalar02", "REGISTER", "Expires: 1" + "0" * 100),
            cseq="CSeq: 36893488147419103232 REGISTER",
            max_forwards="Max-Forwards: 300",
        ),
    ),
    Case(
        *("scalarlg", "3.1.2.5", NO_ANSWER, "a response"),
        _response(
            *("scalarlg", "SIP/2.0 503 Service Unavailable", "Retry-After: 949302838503028349304023988"),
            cseq="9292394834772304023312 OPTIONS",
        ),
    ),
    Case(
        *("quotbal", "3.1.2.6", 400, "a quote without its end"),
        _request("quotbal", "INVITE", body=OFFER, to='To: "Mr. J. User <sip:j.user@example.com>'),
    ),
    Case(
        *("ltgtruri", "3.1.2.7", 400, "brackets around the Request-URI"),
        _request("ltgtruri", "INVITE", uri="<sip:user@example.com>", body=OFFER),
    ),
    Case(
        *("lwsruri", "3.1.2.8", 400, "a blank in the Request-URI"),
        _request("lwsruri", "INVITE", uri="sip:user@example.com; lr", body=OFFER),
    ),
    Case(
        *("lwsstart", "3.1.2.9", 200, TOLERATED),
        _request("lwsstart", "INVITE", line="INVITE  sip:user@example.com  SIP/2.0", body=OFFER),
    ),
    Case("trws", "3.1.2.10", 200, TOLERATED, _request("trws", line="OPTIONS sip:user@example.com SIP/2.0  ")),
    Case(
        *("escruri", "3.1.2.11", 200, "headers in the Request-URI are ignored, not obeyed"),
        _request("escruri", "INVITE", uri="sip:user@example.com?Route=%3Csip:example.com%3E", body=OFFER),
    ),
    Case(
        *("baddate", "3.1.2.12", 200, "nobody reads the Date"),
        _request("baddate", "INVITE", "Date: Fri, 01 Jan 2010 16:00:00 EST", body=OFFER),
    ),
    Case(
        *("regbadct", "3.1.2.13", 400, "its Contact needs brackets"),
        _request("regbadct", "REGISTER", contact="Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E"),
    ),
    Case(
        *("badaspec", "3.1.2.14", 200, TOLERATED),
        _request("badaspec", to='To: "Watson, Thomas" < sip:t.watson@example.org >'),
    ),
    Case(
        *("baddn", "3.1.2.15", 200, TOLERATED),
        _request("baddn", **{"from": "From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43"}),
    ),
    Case(
        *("badvers", "3.1.2.16", 505, "SIP/7.0"),
        _request(
            "badvers", line="OPTIONS sip:user@example.org SIP/7.0", via="Via: SIP/7.0/UDP c.example.com;branch=z9"
        ),
    ),
    Case("mismatch01", "3.1.2.17", 400, "OPTIONS, but INVITE in CSeq", _request("mismatch01", cseq="CSeq: 8 INVITE")),
    Case(
        *("mismatch02", "3.1.2.18", 501, "the same with a method nobody knows"),
        _request("mismatch02", "NEWMETHOD", cseq="CSeq: 8 INVITE", body=OFFER),
    ),
    Case("bigcode", "3.1.2.19", NO_ANSWER, "a response", _response("bigcode", "SIP/2.0 4294967301 better not break")),
    Case(
        *("badbranch", "3.2.1", 200, "a branch that identifies nothing, as in RFC 2543"),
        _request("badbranch", via="Via: SIP/2.0/UDP host.example.com;branch=z9hG4bK"),
    ),
    Case(
        *("insuf", "3.3.1", 400, "no Call-ID, From and To"),
        _request("insuf", "INVITE", body=OFFER, to="", call_id="", **{"from": ""}),
    ),
    Case(
        *("unkscm", "3.3.2", 416, "a scheme nobody knows"),
        _request("unkscm", uri="nobodyKnowsThisScheme:totallyopaquecontent"),
    ),
    Case("novelsc", "3.3.3", 416, "no SIP address", _request("novelsc", uri="soap.beep://192.0.2.103:3002")),
    Case(
        *("unksm2", "3.3.4", 400, "schemes nobody knows in To, From and Contact"),
        _request(
            *("unksm2", "REGISTER"),
            to="To: isbn:2983792873",
            contact="Contact: <name:John_Smith>",
            **{"from": "From: <http://www.example.com>;tag=3234233"},
        ),
    ),
    Case(
        *("bext01", "3.3.5", 420, "extensions nobody supports"),
        _request("bext01", "OPTIONS", "Require: nothingSupportsThis, norThis", "Proxy-Require: noProxy"),
    ),
    Case(
        *("invut", "3.3.6", 415, "a body nobody reads"),
        _request("invut", "INVITE", body="<audio>", type="Content-Type: application/unknownformat"),
    ),
    Case(
        *("regaut01", "3.3.7", 200, "credentials of a scheme nobody knows"),
        _request("regaut01", "REGISTER", "Authorization: NoOneKnowsThisScheme opaque-data=here"),
    ),
    Case(
        *("multi01", "3.3.8", 400, "two of each header of which there is one"),
        _request(
            *("multi01", "INVITE", "CSeq: 59 INVITE", "Call-ID: multi01.2", "From: sip:b@example.net;tag=2923"),
            *("To: sip:other@example.net", "Max-Forwards: 5", "Contact: <sip:caller@host36.example.net>"),
            body=OFFER,
        ),
    ),
    Case(
        "mcl01", "3.3.9", 400, "two lengths", _request("mcl01", "OPTIONS", "Content-Length: 5", body="there's no way")
    ),
    Case("bcast", "3.3.10", NO_ANSWER, "a response", _response("bcast", "SIP/2.0 200 OK", via="255.255.255.255")),
    Case("zeromf", "3.3.11", 200, "Max-Forwards is for proxies", _request("zeromf", max_forwards="Max-Forwards: 0")),
    Case(
        *("cparam01", "3.3.12", 200, "a parameter of Contact"),
        _request("cparam01", "REGISTER", contact="Contact: sip:+19725552222@gw1.example.net;unknownparam"),
    ),
    Case(
        *("cparam02", "3.3.13", 200, "a parameter of the address"),
        _request("cparam02", "REGISTER", contact="Contact: <sip:+19725552222@gw1.example.net;unknownparam>"),
    ),
    Case(
        *("regescrt", "3.3.14", 200, "a header in the address"),
        _request("regescrt", "REGISTER", contact="Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>"),
    ),
    Case(
        *("sdp01", "3.3.15", 406, "no answer would be accepted"),
        _request("sdp01", "INVITE", "Accept: text/nobodyKnowsThis", body=OFFER),
    ),
    Case(
        *("inv2543", "3.4.1", 200, "neither branch nor From tag, Contact, length, Max-Forwards: RFC 2543"),
        _request(
            *("inv2543", "INVITE", "Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>"),
            via="Via: SIP/2.0/UDP iftgw.example.com",
            max_forwards="",
            contact="",
            length="",
            body=OFFER,
            **{"from": "From: <sip:+13035551111@ift.client.example.net;user=phone>"},
        ),
    ),
)


def _six(name: str, method: str, uri: str, **changed: str) -> bytes:
    """Write a request as in RFC 5118, with its IPv6 addresses."""
    lines = {
        "via": "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111",
        "contact": 'Contact: "Caller" <sip:caller@[2001:db8::1]>',
        "to": "To: sip:user@example.com",
        "from": "From: sip:user@example.com;tag=81x2",
    }
    return _request(name, method, uri=uri, **{**lines, **changed})


_IN_SIX = OFFER.replace("IP4 127.0.0.1", "IP6 2001:db8::20")
_MAPPED = OFFER.replace("IP4 127.0.0.1", "IP6 ::ffff:192.0.2.2")
_TWO_NETWORKS = OFFER.replace("c=IN IP4 127.0.0.1\r\n", "").replace("m=video", "c=IN IP4 127.0.0.1\r\nm=video")

RFC_5118 = (
    Case("ipv6-good", "4.1", 200, "legal", _six("good", "REGISTER", "sip:[2001:db8::10]")),
    Case("ipv6-bad", "4.2", 400, "no brackets in the Request-URI", _six("bad", "REGISTER", "sip:2001:db8::10")),
    Case("port-ambiguous", "4.3", 200, "legal: no port", _six("pa", "REGISTER", "sip:[2001:db8::10:5070]")),
    Case("port-unambiguous", "4.4", 200, "legal: a port", _six("pu", "REGISTER", "sip:[2001:db8::10]:5070")),
    *(
        Case(
            *(f"via-received-param-{name}", "4.5", 481, "both ways to write `received` are understood; no such call"),
            _six(
                name, "BYE", "sip:[2001:db8::10]", via=f"Via: SIP/2.0/UDP [2001:db8::9:1];received={received};branch=z9"
            ),
        )
        for name, received in (("with-delim", "[2001:db8::9:255]"), ("no-delim", "2001:db8::9:255"))
    ),
    Case("ipv6-in-sdp", "4.6", 200, "legal", _six("sdp", "INVITE", "sip:user@[2001:db8::10]", body=_IN_SIX)),
    Case(
        *("mult-ip-in-header", "4.7", 481, "legal; no such call"),
        _six(
            "mult",
            "BYE",
            "sip:user@host.example.com",
            call_id="Call-ID: a\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9",
        ),
    ),
    Case("mult-ip-in-sdp", "4.8", 200, "legal", _six("two", "INVITE", "sip:user@[2001:db8::10]", body=_TWO_NETWORKS)),
    Case(
        *("ipv4-mapped-ipv6", "4.9", 200, "legal"),
        _six(
            *("mapped", "INVITE", "sip:user@example.com"),
            body=_MAPPED,
            via="Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19",
            contact='Contact: "T. desk phone" <sip:ted@[::ffff:192.0.2.2]>',
        ),
    ),
    Case(
        *("ipv6-bug-abnf-3-colons", "4.10", 200, "an error in the grammar of RFC 3261 that must be tolerated"),
        _six("three", "OPTIONS", "sip:user@[2001:db8:::192.0.2.1]", to="To: <sip:user@[2001:db8:::192.0.2.1]>"),
    ),
    Case(
        *("ipv6-correct-abnf-2-colons", "4.10", 200, "legal"),
        _six("colons", "OPTIONS", "sip:user@[2001:db8::192.0.2.1]", to="To: <sip:user@[2001:db8::192.0.2.1]>"),
    ),
)

CASES = (*RFC_4475, *RFC_5118)
PROBE = (
    b"OPTIONS sip:probe@h SIP/2.0\r\nVia: SIP/2.0/UDP h;rport;branch=z9hG4bKprobe\r\nFrom: <sip:a@h>;tag=probe\r\n"
    b"To: <sip:b@h>\r\nCall-ID: probe\r\nCSeq: 1 OPTIONS\r\n\r\n"
)
"""What any agent answers, after everything that was sent before."""


class Sender(asyncio.DatagramProtocol):
    """A socket that sends messages, and queues what it hears."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.wire: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.wire = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.put_nowait(data)

    def send(self, case: Case) -> None:
        """Send a message; its topmost Via says where it comes from, for without `rport` that is where the answer
        goes."""
        place = "{}:{}".format(*self.wire.get_extra_info("sockname")).encode()
        self.wire.sendto(_TOP_VIA.sub(rb"\g<1>" + place, case.data, count=1))


@asynccontextmanager
async def sender(host: str, to: tuple[str, int]) -> AsyncIterator[Sender]:
    """Yield a socket of a local address."""
    loop = asyncio.get_running_loop()
    wire, peer = await loop.create_datagram_endpoint(Sender, local_addr=(host, 0), remote_addr=to)
    try:
        yield peer
    finally:
        wire.close()


def status(response: bytes) -> int:
    """Return the status of a response, which may repeat what cannot be parsed."""
    return int(response.split(b" ", 2)[1])


async def final(heard: asyncio.Queue[bytes]) -> bytes:
    """Return the next final response."""
    while status(response := await soon(heard.get())) < 200:
        pass
    return response
