"""The trace keeps the newest calls of each device, and nothing that opens a meeting."""

from datetime import UTC, datetime, timedelta

import pytest

from signaling.sip.protocol.message import Message, Request, parse, respond
from signaling.sip.protocol.trace import (
    MAX_CALL_CHARACTERS,
    MAX_CALLS,
    MAX_CHARACTERS,
    MAX_DEVICES,
    MAX_UNKNOWN,
    Trace,
    TracedCall,
    blotted,
    dialled,
)
from tests.fuzz.sip import INVITE, NOTIFY, OPTIONS

AT = datetime(2026, 11, 29, 7, 0, tzinfo=UTC)
HOST = "10.0.0.9"


def invite(call_id: str = "c@10.0.0.9", *more: tuple[str, str]) -> Request:
    request = parse(INVITE.replace(b"c@10.0.0.9", call_id.encode()))
    assert isinstance(request, Request)
    request.headers += more
    return request


def test_a_call_with_what_was_sent_and_received() -> None:
    trace, request = Trace(), invite()
    trace.record(request, HOST, sent=False, at=AT)
    trace.record(respond(request, 486, "t"), HOST, sent=True, at=AT + timedelta(seconds=1))
    trace.record(parse(OPTIONS), HOST, sent=False, at=AT)  # belongs to no call
    (call,) = trace.calls("", HOST)
    assert [(each.sent, each.at.second, each.text.split("\n")[0]) for each in call.messages] == [
        (False, 0, "INVITE sip:••••••••••@10.0.0.1 SIP/2.0"),
        (True, 1, "SIP/2.0 486 Busy Here"),
    ]
    assert trace.calls("", "10.0.0.10") == trace.calls("vcs") == []


def test_another_dialog_stands_with_its_call_while_that_is_kept() -> None:
    trace, notify = Trace(), parse(NOTIFY)
    trace.join(notify.call_id, HOST, "call")  # of a call that is not kept
    trace.record(notify, HOST, sent=False, at=AT)
    assert trace.calls("vcs", HOST) == []
    trace.record(invite("call"), HOST, sent=True, at=AT)
    trace.assign("call", HOST, "vcs")
    trace.join(notify.call_id, HOST, "call")
    trace.record(notify, HOST, sent=False, at=AT)
    trace.record(notify, "10.0.0.10", sent=False, at=AT)
    (call,) = trace.calls("vcs")
    assert [each.text.split(" ")[0] for each in call.messages] == ["INVITE", "NOTIFY"]
    for number in range(MAX_CALLS):
        trace.assign(f"call{number}", HOST, "vcs")
    trace.record(notify, HOST, sent=False, at=AT)
    assert [call.messages for call in trace.calls("vcs", HOST)] == [[]] * MAX_CALLS


def first_lines(calls: list[TracedCall]) -> list[str]:
    """Return the Call-ID of each call."""
    return [call.messages[0].text.split("Call-ID: ")[1].split("\n")[0] for call in calls]


def test_calls_and_messages_of_strangers_are_bounded() -> None:
    trace = Trace()
    for number in range(MAX_CALLS + 1):
        trace.record(invite(f"call{number}"), HOST, sent=False, at=AT)
    assert first_lines(trace.calls("", HOST)) == ["call3", "call2", "call1"]
    long = invite("call3", ("subject", "x" * 8000))
    for _ in range(20):
        trace.record(long, HOST, sent=True, at=AT)
    call = trace.calls("", HOST)[0]
    assert max(len(each.text) for each in call.messages) <= MAX_CHARACTERS
    assert (len(call.messages) + call.left_out, call.characters <= MAX_CALL_CHARACTERS) == (21, True)
    for number in range(MAX_UNKNOWN):
        trace.record(invite(), f"10.1.0.{number}", sent=False, at=AT)
    assert (trace.calls("", HOST), len(trace.calls("", "10.1.0.0"))) == ([], 1)


def test_the_newest_calls_of_a_device_outlast_those_of_strangers_and_of_others_behind_its_address() -> None:
    trace = Trace()
    for number in range(MAX_CALLS + 1):
        for device in ("a", "b"):
            trace.record(invite(f"{device}{number}"), HOST, sent=False, at=AT)
            trace.assign(f"{device}{number}", HOST, device)
    for number in range(2 * MAX_UNKNOWN):
        trace.record(invite(), f"10.1.0.{number}", sent=False, at=AT)
        trace.record(invite(f"stranger{number}"), HOST, sent=False, at=AT)
    trace.record(invite("b3"), "10.6.6.6", sent=False, at=AT)  # forged
    assert [first_lines(trace.calls(device)) for device in ("a", "b")] == [["a3", "a2", "a1"], ["b3", "b2", "b1"]]
    assert first_lines(trace.calls("a", HOST)) == ["a3", "a2", "a1", "stranger127", "stranger126", "stranger125"]
    trace.record(respond(invite("b3"), 200, "t"), HOST, sent=True, at=AT)
    assert len(trace.calls("b")[0].messages) == 2


def test_a_call_that_is_given_to_another_device_is_that_device_s_alone() -> None:
    trace = Trace()
    trace.assign("c", HOST, "a")  # before its first message
    trace.record(invite("c"), HOST, sent=True, at=AT)
    trace.assign("c", HOST, "")  # of no device of the directory: it stays
    trace.assign("c", HOST, "b")
    assert (trace.calls("a"), first_lines(trace.calls("b"))) == ([], ["c"])


def test_the_device_that_called_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = Trace()
    for number in range(MAX_DEVICES + 1):
        trace.assign("c", f"10.1.{number >> 8}.{number & 255}", str(number))
    assert [len(trace.calls(str(number))) for number in (0, 1, MAX_DEVICES)] == [0, 1, 1]
    monkeypatch.setattr("signaling.sip.protocol.trace.MAX_TOTAL_CHARACTERS", 1000)
    trace = Trace()
    trace.keep("u", HOST, "x" * 400, sent=True, at=AT)
    for device in ("a", "b", "c"):
        trace.assign(device, HOST, device)
        trace.keep(device, HOST, "x" * 400, sent=True, at=AT)
    assert [len(trace.calls(device, HOST)) for device in ("", "a", "b", "c")] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("header", "written"),
    [
        (("to", "<sip:1234567890@h>"), "To: <sip:••••••••••@h>"),
        (("to", "sips:2001**12%23@h;tag=7"), "To: sips:••••**••%••@h;tag=7"),
        (("contact", "<sip:phong:bi-mat@10.0.0.9:5060>"), "Contact: <sip:phong:•@10.0.0.9:5060>"),
        (("contact", "<sip:10.0.0.9:5060>"), "Contact: <sip:10.0.0.9:5060>"),
        (("contact", f"<sip:{'x' * 250}1@h>"), f"Contact: <sip:{'x' * 250}•@h>"),
        (("refer-to", "tel:+84123"), "Refer-To: tel:+•••••"),
        (("to", '"1234567890" <sip:1234567890@h>'), 'To: "••••••••••" <sip:••••••••••@h>'),
        (("to", '"12-34 \\" <5" <sip:1@h>;tag=7'), 'To: "••-•• \\" <•" <sip:•@h>;tag=7'),
        (("to", "Phòng 5 <sip:1@h>"), "To: Phòng • <sip:•@h>"),
        (
            ("remote-party-id", '"1234567890" <sip:a@h>;party=called'),
            'Remote-Party-Id: "••••••••••" <sip:a@h>;party=called',
        ),
        (("p-asserted-identity", '"Họp 123 456.7890" <sip:a@h>'), 'P-Asserted-Identity: "Họp ••• •••.••••" <sip:a@h>'),
        (("p-asserted-identity", '"Phòng 2, 0258" <sip:a@h>'), 'P-Asserted-Identity: "Phòng 2, 0258" <sip:a@h>'),
        (("contact", '"91234567890" <sip:a@10.0.0.9:5060>'), 'Contact: "•••••••••••" <sip:a@10.0.0.9:5060>'),
        (("subject", "1234567890"), "Subject: ••••••••••"),
        (("server", "RealPresence Group 500 6.2.2-123456789"), "Server: RealPresence Group 500 6.2.2-123456789"),
        (("authorization", 'Digest username="kh", response="ab"'), "Authorization: •"),
        (("proxy-authorization", "Basic a2g6"), "Proxy-Authorization: •"),
        (("www-authenticate", 'Digest nonce="1"'), "WWW-Authenticate: •"),
    ],
)
def test_what_opens_a_meeting_is_blotted(header: tuple[str, str], written: str) -> None:
    message = invite("c", header)
    assert written in blotted(message, dialled(message)).split("\n")


def test_a_code_is_blotted_in_what_we_say_of_it_and_where_a_message_is_cut_off() -> None:
    trace, request = Trace(), invite("c1234567890")
    request.headers = [(name, f'"1234567890" {value}' if name == "to" else value) for name, value in request.headers]
    request.body += b"s=1234567890\r\n"
    trace.record(request, HOST, sent=False, at=AT)
    trace.record(respond(request, 200, "t"), HOST, sent=True, at=AT)
    for padding in range(8):
        request = invite("c1234567890", ("subject", "x" * (MAX_CHARACTERS - 500 + padding)), ("x", "1234567890" * 50))
        trace.record(request, HOST, sent=False, at=AT)
    (call,) = trace.calls("", HOST)
    assert [each.text for each in call.messages if "123" in each.text] == []
    assert 'To: "••••••••••" <sip:••••••••••@10.0.0.1>;tag=t' in call.messages[1].text.split("\n")


def test_a_pin_that_another_mcu_repeats_is_blotted() -> None:
    trace, request = Trace(), invite("c")
    request.uri = "sip:2001%2A%2A4321@10.0.0.9"
    request.headers = [(name, "<sip:2001@10.0.0.9>" if name == "to" else value) for name, value in request.headers]
    trace.record(request, HOST, sent=True, at=AT)
    refusal = respond(request, 404, "t")
    refusal.add("warning", '399 10.0.0.9 "2001**4321 is not known"')
    trace.record(refusal, HOST, sent=False, at=AT)
    (call,) = trace.calls("", HOST)
    assert 'Warning: 399 10.0.0.9 "••••**•••• is not known"' in call.messages[1].text.split("\n")


def test_numbers_of_a_call_are_bounded() -> None:
    trace = Trace()
    for number in range(4):
        request = invite("c", ("subject", "1" * 33))
        request.uri = "sip:" + "*".join(str(10_000 + 10 * number + each) for each in range(10)) + f"*{'1' * 33}@h"
        trace.record(request, HOST, sent=True, at=AT)
    (call,) = trace.calls("", HOST)
    assert (len(call.dialled), "1" * 33 in call.messages[-1].text) == (16, True)


def test_bodies() -> None:
    message: Message = invite()
    message.body = b"v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^20\r\nk=clear:x\r\n"
    assert blotted(message, set()).endswith("v=0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:•\ninline:•")
    message.headers = [("content-type", "application/dtmf-relay")]
    message.body = b"Signal=5"
    text = blotted(message, set())
    assert text.endswith("[application/dtmf-relay]") and "Signal" not in text


@pytest.mark.parametrize("text", ["sip:" * 2000, "sip:" + "1" * 8000, "tel:1" * 1600, "1 " * 4000, "1234567890x" * 700])
def test_a_long_header_costs_no_time(text: str) -> None:
    message = invite("c", ("subject", text), ("to", text + " <sip:1@h>"))
    assert len(blotted(message, dialled(message))) <= MAX_CHARACTERS
