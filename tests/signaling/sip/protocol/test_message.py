"""Messages of all kinds of room systems are parsed, and written messages are parsed back the same.

Also tests `address.py`.
"""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.sip.protocol.address import NameAddress, Uri, Via, clean, parameters, whole, write_parameters
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import Message, Request, Response, parse, respond
from tests.fuzz.sip import INVITE, OPTIONS, RINGING

TOKEN = st.text("abcXYZ019-.!%*_+`'~", min_size=1, max_size=20)
LINE = st.text(max_size=60).map(clean)
HOST = st.one_of(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True), st.ip_addresses().map(str))
PORT = st.none() | st.integers(1, 65535)
PARAMETERS = st.dictionaries(TOKEN.map(str.lower), st.just("") | TOKEN, max_size=4)
URI = st.builds("sip:{}@{}:{}".format, TOKEN, st.ip_addresses(v=4), st.integers(1, 65535))
NAME = st.text(max_size=40).map(lambda text: clean(clean(text)[:200]))
NAME_ADDRESS = st.builds(NameAddress, NAME, URI, PARAMETERS)
VIA = st.builds(Via, st.sampled_from(["UDP", "TCP", "TLS"]), HOST, PORT, PARAMETERS)
OTHER = st.lists(st.tuples(TOKEN.map(lambda name: f"x-{name}".lower()), LINE), max_size=5)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """Draw any message that makes sense."""
    method = draw(TOKEN)
    headers = [
        ("via", str(draw(VIA))),
        ("from", str(draw(NAME_ADDRESS))),
        ("to", str(draw(NAME_ADDRESS))),
        ("call-id", draw(TOKEN)),
        ("cseq", f"{draw(st.integers(0, 2**31 - 1))} {method}"),
        *draw(OTHER),
    ]
    body = draw(st.binary(max_size=100))
    if draw(st.booleans()):
        return Request(method, draw(URI), headers=headers, body=body)
    return Response(draw(st.integers(100, 699)), draw(LINE), headers=headers, body=body)


@given(messages())
def test_messages_are_read_back(message: Message) -> None:
    assert parse(message.write()) == message


@given(NAME_ADDRESS)
def test_names_and_addresses_are_read_back(value: NameAddress) -> None:
    assert NameAddress.parse(str(value)) == value


@given(VIA)
def test_via_headers_are_read_back(via: Via) -> None:
    assert Via.parse(str(via)) == via


@given(PARAMETERS)
def test_parameters_are_read_back(values: dict[str, str]) -> None:
    assert parameters(write_parameters(values)) == values


@given(st.binary(max_size=300))
def test_anything_is_a_message_or_bad(data: bytes) -> None:
    for beginning in (b"", INVITE[:120], RINGING[:60]):
        with suppress(BadMessage):
            parse(beginning + data).write()


@pytest.mark.parametrize("data", [INVITE, OPTIONS, RINGING])
def test_cut_anywhere_it_is_bad(data: bytes) -> None:
    end = data.index(b"\r\n\r\n")
    for length in range(end):
        with pytest.raises(BadMessage):
            parse(data[:length])


@pytest.mark.parametrize(
    ("value", "name", "uri"),
    [
        (b'"S\xe1la Per\xfa \xf1" <sip:a@h>', "Sála Perú ñ", "sip:a@h"),  # Latin-1
        ('"Phòng họp Nha Trang" <sip:a@h>'.encode(), "Phòng họp Nha Trang", "sip:a@h"),
        ("Huyện Cam Lâm <sip:a@h>".encode(), "Huyện Cam Lâm", "sip:a@h"),  # not even quoted
        (b"Polycom HDX (Sala) <sip:a@h>", "Polycom HDX (Sala)", "sip:a@h"),
        (b'"a \\"b\\" \\\\ c" <sip:a@h>', 'a "b" \\ c', "sip:a@h"),
        (b'"a, b; c <d>" <sip:a@h>', "a, b; c <d>", "sip:a@h"),
        (b"<sip:a@h>", "", "sip:a@h"),
        (b"sip:a@h", "", "sip:a@h"),
        (b"  <h323:room@h> ", "", "h323:room@h"),
        (b"tel:+84258", "", "tel:+84258"),
        (b'"' + b"x" * 300 + b'" <sip:a@h>', "x" * 200, "sip:a@h"),
        (b'"a\x00\tb" <sip:a@h>', "a b", "sip:a@h"),
    ],
)
def test_r034_names_as_rooms_write_them(value: bytes, name: str, uri: str) -> None:
    message = parse(OPTIONS.replace(b"From: <sip:a@10.0.0.9>", b"From: " + value))
    assert (message.sender.name, message.sender.uri, message.sender.tag) == (name, uri, "f")


@pytest.mark.parametrize(
    "value", ['"open <sip:a@h>', '"name"', "<sip:a@h", "", "<>", "a b <>", "<sip:a b>", '"a" b <c>']
)
def test_names_without_addresses_are_bad(value: str) -> None:
    with pytest.raises(BadMessage):
        NameAddress.parse(value)


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:123@10.0.0.1", Uri("sip", "123", "10.0.0.1")),
        (
            "SIP:a:secret@Host.VN:5070;transport=TCP;lr?x=y",
            Uri("sip", "a", "host.vn", 5070, _ := {"transport": "TCP", "lr": ""}),
        ),
        ("sip:10.0.0.1", Uri("sip", "", "10.0.0.1")),
        ("sip:a@[2001:db8::1]:5061", Uri("sip", "a", "2001:db8::1", 5061)),
        ("sip:user;par=u%40example.net@example.com", Uri("sip", "user;par=u@example.net", "example.com")),
        ("sip:%C4%91@h", Uri("sip", "đ", "h")),
        ("sip:%ff%0d%0ax@h", Uri("sip", "� x", "h")),
        ("tel:+84-258;phone-context=vn", Uri("tel", "+84-258", "", None, {"phone-context": "vn"})),
        ("h323:room@10.0.0.1", Uri("h323", "room", "10.0.0.1")),
    ],
)
def test_uris(text: str, uri: Uri) -> None:
    assert Uri.parse(text) == uri


@pytest.mark.parametrize(
    "text",
    ["", "sip", "sip:", "sip:a@", ":a@h", "*", "sip:a@h:0", "sip:a@h:65536", "sip:a@h:x", "sip:a@[::g]", "sip:a@[::1"],
)
def test_bad_uris(text: str) -> None:
    with pytest.raises(BadMessage):
        Uri.parse(text)


def test_folded_compact_and_odd() -> None:
    message = parse(
        b"\r\n\r\ninvite  sip:a@h   sip/2.0\nv : SIP / 2.0 / udp  10.0.0.9:5070 ;branch=z9hG4bKx,\r\n"
        b' SIP/2.0/TCP 10.0.0.8\r\nf:\r\n\t"A"\r\n  <sip:a@h>;TAG=f\r\nt: <sip:b@h>\r\ni: c@h\r\ncseq:  007\tinvite\r\n'
        b"m: *\r\nk: timer, , 100rel\r\nx: 90;refresher=UAC\r\nl: 2\r\n\r\nabc"
    )
    assert isinstance(message, Request)
    assert (message.method, message.uri, message.body) == ("invite", "sip:a@h", b"ab")
    assert message.all("via") == ["SIP / 2.0 / udp  10.0.0.9:5070 ;branch=z9hG4bKx", "SIP/2.0/TCP 10.0.0.8"]
    assert message.via == Via("UDP", "10.0.0.9", 5070, {"branch": "z9hG4bKx"})
    assert message.sender == NameAddress("A", "sip:a@h", {"tag": "f"})
    assert message.sequence == (7, "invite")
    assert message.contact == NameAddress("", "*")
    assert message.all("supported") == ["timer", "100rel"]
    assert message.get("session-expires") == "90;refresher=UAC"
    assert message.call_id == "c@h"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"SIP/2.0\r\nVia", b"SIP/7.0\r\nVia"),
        (b"OPTIONS sip:b@h", b"OPTIONS"),
        (b"OPTIONS sip:b@h", b"OPTIONS <sip:b@h>"),
        (b"OPTIONS sip:b@h", b"OPT(ONS sip:b@h"),
        (b"OPTIONS sip:b@h", b"OPTIONS sip"),
        (b"OPTIONS sip:b@h", b"OPTIONS sip:b@2001:db8::1"),
        (b"OPTIONS sip:b@h", b"O" * 65 + b" sip:b@h"),
        (b"Via: SIP/2.0/UDP 10.0.0.9;", b"Via: SIP/2.0/UDP 10.0.0.9;;"),
        *((b"Via: ", b"Via:" + empty + b"\r\nVia: ") for empty in (b"", b" ", b",", b" , ")),
        (b"CSeq: 1 OPTIONS", b"CSeq: 1 INVITE"),
        (b"CSeq: 1 OPTIONS", b"CSeq: 2147483648 OPTIONS"),
        (b"CSeq: 1 OPTIONS", b"CSeq: -1 OPTIONS"),
        (b"CSeq: 1 OPTIONS", "CSeq: ² OPTIONS".encode()),
        (b"CSeq: 1 OPTIONS", b"CSeq: OPTIONS"),
        (b"Call-ID: c", b"X: c"),
        (b"Call-ID: c", b"Call-ID:"),
        (b"Call-ID: c", b"Call-ID: c\r\nCall-ID: d"),
        (b"From: <sip:a@10.0.0.9>;tag=f", b"From: <sip:a"),
        (b"To: <sip:b@h>", b"To:"),
        (b"Via: SIP/2.0/UDP", b"Via: SIP/3.0/UDP"),
        (b"Via: SIP/2.0/UDP 10.0.0.9", b"Via: SIP/2.0/UDP"),
        (b"Max-Forwards: 70", b"Max-Forwards"),
        (b"Max-Forwards: 70", b"Max Forwards: 70"),
        (b"Max-Forwards: 70", b"X: " + b"a" * 8190),
        (b"Max-Forwards: 70", b"\r\n".join([b"X: a"] * 128)),
        (b"Content-Length: 0", b"Content-Length: 1"),
        (b"Content-Length: 0", b"Content-Length: -1"),
        (b"Content-Length: 0", b"Content-Length: 0\r\nl: 1"),
        (b"Content-Length: 0", b"Content-Length: 99999999999999999999"),
        (b"Content-Length: 0\r\n\r\n", b"\r\n" + b"a" * 65536),
    ],
)
def test_bad_messages(old: bytes, new: bytes) -> None:
    assert OPTIONS.count(old) == 1
    parse(OPTIONS)
    with pytest.raises(BadMessage):
        parse(OPTIONS.replace(old, new))


def test_a_header_cannot_begin_another() -> None:
    request = parse(OPTIONS)
    request.add("subject", "a\r\nEvil: b\n\rEvil: c\x85Evil: d\ud800")
    assert parse(request.write()).get("subject") == "a Evil: b Evil: c Evil: d?"
    assert str(NameAddress('a"\r\n<sip:evil@h>\\', "sip:a@h")) == '"a\\" <sip:evil@h>\\\\" <sip:a@h>'


def test_a_response_repeats_via_from_and_to() -> None:
    request = parse(INVITE)
    assert isinstance(request, Request)
    request.came_from("10.9.9.9", 40000)
    response = respond(request, 486, "t")
    assert (
        response.write()
        == (
            "SIP/2.0 486 Busy Here\r\n"
            "Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK1;rport=40000;received=10.9.9.9, SIP/2.0/TCP 10.0.0.8\r\n"
            'From: "Phòng họp" <sip:room@10.0.0.9>;tag=f\r\nTo: <sip:1234567890@10.0.0.1>;tag=t\r\n'
            "Call-ID: c@10.0.0.9\r\nCSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n"
        ).encode()
    )
    assert respond(request, 100, "t").recipient.tag == ""


def test_a_source_address_named_by_the_sender_is_replaced() -> None:
    via = Via("UDP", "10.0.0.9", None, {"branch": "b", "received": "10.0.0.66", "rport": "66"})
    assert via.came_from("10.0.0.9", 5070).parameters == {"branch": "b", "rport": "5070", "received": "10.0.0.9"}
    assert Via("UDP", "h", None, {"received": "x"}).came_from("h", 1).parameters == {}


def test_a_number_may_begin_with_more_zeros_than_python_reads_digits() -> None:
    assert (whole("0" * 5000 + "17", 20), whole("0" * 5000, 20)) == (17, 0)
    for wrong in ("0" * 5000 + "21", "0x1", "", "-1", "²", "0²"):
        with pytest.raises(BadMessage):
            whole(wrong, 20)
