"""Rules of a call without sockets: session timers, offers within a call, dialogs, request checks, rate limit.

Also tests `dialog.py`, `request_checks.py`, `session_timer.py` and `rate_limit.py`.
"""

import pytest

from signaling.sip.agent import request_checks, session_timer
from signaling.sip.agent.context import Target
from signaling.sip.agent.dialog import Dialog
from signaling.sip.agent.rate_limit import BURST, MAX_ADDRESSES, PER_SECOND, RateLimit
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import Request, parse, respond
from tests.fuzz.sip import INVITE


def invite(*changes: tuple[str, str]) -> Request:
    """Return an INVITE with some of its text changed."""
    data = INVITE
    for old, new in changes:
        assert data.count(old.encode()) == 1
        data = data.replace(old.encode(), new.encode())
    request = parse(data)
    assert isinstance(request, Request)
    return request


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Session-Expires: 90;refresher=uac", 90),
        ("Session-Expires: 1800", 1800),
        ("x: 1800 ; Refresher = UAC", 1800),
        ("Session-Expires: 1800;refresher=uas", None),  # they want us to: then there is no timer
        ("Session-Expires: 86401", None),
        ("Session-Expires: soon", None),
        ("X: y", None),
    ],
)
def test_timer_of_a_request(header: str, seconds: int | None) -> None:
    assert session_timer.of_request(invite(("Session-Expires: 90;refresher=uac", header))) == seconds


def test_no_timer_with_who_does_not_have_it() -> None:
    assert session_timer.of_request(invite(("Supported: timer", "Supported: path"))) is None
    assert session_timer.of_request(invite(("Supported: timer", "Require: Timer"))) == 90


def test_too_brief() -> None:
    with pytest.raises(session_timer.IntervalTooSmall):
        session_timer.of_request(invite(("Session-Expires: 90", "Session-Expires: 89")))


@pytest.mark.parametrize(
    ("value", "seconds"), [("90;refresher=uas", 90), ("10;refresher=uas", 90), ("90;refresher=uac", None), ("90", None)]
)
def test_timer_of_a_response(value: str, seconds: int | None) -> None:
    response = respond(invite(), 200)
    response.add("session-expires", value)
    assert session_timer.of_response(response, 0) == session_timer.of_response(response, 1800) == seconds
    assert session_timer.of_response(response, None) is None


@pytest.mark.parametrize(
    ("asked", "wanted", "seconds"),
    [
        ("Session-Expires: 600", None, None),
        ("Session-Expires: 600", 1800, 600),
        ("Session-Expires: 600;refresher=uas", 1800, None),
        ("Y: z", 0, None),
        ("Y: z", 1800, 1800),
        ("Min-SE: 3600", 1800, 3600),
    ],
)
def test_a_profile_wants_a_timer_of_who_can_refresh_or_none(
    asked: str, wanted: int | None, seconds: int | None
) -> None:
    assert session_timer.answer(invite(("Session-Expires: 90;refresher=uac", asked)), wanted) == seconds


def test_a_timer_is_not_wanted_of_who_has_none() -> None:
    request = invite(("Session-Expires: 90;refresher=uac", "Y: z"), ("Supported: timer", "Supported: path"))
    assert session_timer.answer(request, 1800) is None


def test_agreement_and_patience() -> None:
    assert session_timer.agreement(None) == []
    assert session_timer.agreement(90) == [("require", "timer"), ("session-expires", "90;refresher=uac")]
    assert [session_timer.watch_seconds(seconds) for seconds in (90, 96, 1800)] == [60, 64, 1768]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ((), None),
        ((("Supported: timer", "Require: timer, 100Rel, x, y"),), (420, [("unsupported", "x, y")])),
        ((("Expires: 90", "Expires: 60"),), (422, [("min-se", "90")])),
        ((("Contact: <sip:room@10.0.0.9:5060;transport=udp>", "X: y"),), None),
        ((("Contact: <sip:room@10.0.0.9:5060;transport=udp>", "X: y"), ("<sip:room@", "<tel:")), (400, [])),
        ((("Contact: <sip:room@", "Contact: <h323:room@"),), (400, [])),
        ((("Contact: <sip:room@10.0.0.9:5060;transport=udp>", "Contact: *"),), (400, [])),
        (((";tag=f", ""),), None),
        ((("INVITE sip:1234567890@", "INVITE h323:1234567890@"),), (416, [])),
        ((("application/sdp", "multipart/mixed"),), (415, [("accept", "application/sdp")])),
        ((("Supported: timer", "Content-Encoding: Identity"),), None),
        ((("Supported: timer", "Content-Encoding: gzip"),), (415, [("accept-encoding", "identity")])),
        ((("Supported: timer", "Accept: text/plain, application/*;q=0.5"),), None),
        ((("Supported: timer", "Accept: text/plain, application/xml"),), (406, [])),
        ((("Content-Length: 150", "Content-Length: 0"),), None),
    ],
)
def test_screening(changes: tuple[tuple[str, str], ...], refusal: request_checks.Refusal | None) -> None:
    assert request_checks.check_invite(invite(*changes)) == refusal


def test_a_dialog_of_theirs() -> None:
    dialog = Dialog.as_callee(invite(), "t", "<sip:us@10.0.0.1>")
    assert dialog.key == ("c@10.0.0.9", "t", "f")
    bye = dialog.request("BYE")
    assert bye.uri == "sip:room@10.0.0.9:5060;transport=udp"
    assert bye.headers == [
        ("route", "<sip:p1;lr>"),
        ("route", "<sip:p2;lr>"),
        ("max-forwards", "70"),
        ("from", "<sip:1234567890@10.0.0.1>;tag=t"),
        ("to", '"Phòng họp" <sip:room@10.0.0.9>;tag=f'),
        ("call-id", "c@10.0.0.9"),
        ("cseq", "2 BYE"),
        ("contact", "<sip:us@10.0.0.1>"),
    ]
    assert dialog.next_hop.host == "p1"
    assert [dialog.in_order(invite(("CSeq: 7", f"CSeq: {number}"))) for number in (7, 6, 9, 8, 9)] == [
        *(False, False, True, False, False)
    ]


def test_a_dialog_of_ours() -> None:
    response = respond(invite(), 200, "t")
    response.headers += [("record-route", "<sip:p2;lr>, <sip:p1:5070;lr>"), ("contact", "<sip:there@10.0.0.2>")]
    dialog = Dialog.as_caller(invite(), response, "<sip:us@10.0.0.9>")
    assert dialog.key == ("c@10.0.0.9", "f", "t")
    ack = dialog.request("ACK", 7)
    assert (ack.uri, ack.sequence, ack.all("route")) == (
        "sip:there@10.0.0.2",
        (7, "ACK"),
        ["<sip:p1:5070;lr>", "<sip:p2;lr>"],
    )
    assert (dialog.next_hop.host, dialog.next_hop.port) == ("p1", 5070)
    assert dialog.request("BYE").sequence == (8, "BYE")


def test_contacts_that_cannot_be_reached_do_not_count() -> None:
    response = respond(invite(), 200, "t")
    response.add("contact", "<h323:there@10.0.0.2>")
    dialog = Dialog.as_caller(invite(), response, "")
    assert dialog.target == invite().uri
    dialog.refresh(invite(("Contact: <sip:room@10.0.0.9:5060", "Contact: <sip:other@10.0.0.9:5070")))
    assert dialog.target == "sip:other@10.0.0.9:5070;transport=udp"
    dialog.refresh(response)
    assert dialog.target == "sip:other@10.0.0.9:5070;transport=udp"
    with pytest.raises(BadMessage):
        Dialog.as_callee(invite(("Contact: <sip:", "Contact: <h323:")), "t", "")


def test_allowance() -> None:
    allowance = RateLimit()
    assert [allowance.admit("a", BURST, 0.0), allowance.admit("a", 1.0, 0.0), allowance.admit("b", 1.0, 0.0)] == [
        *(True, False, True)
    ]
    assert [allowance.admit("a", PER_SECOND, now) for now in (0.9, 1.0, 1.1)] == [False, True, False]
    assert [allowance.admit("a", BURST, 100.0), allowance.admit("a", 1.0, 100.0)] == [True, False]


def test_allowance_forgets_the_oldest() -> None:
    allowance = RateLimit()
    allowance.admit("a", BURST, 0.0)
    for number in range(MAX_ADDRESSES - 1):
        allowance.admit(str(number), 1.0, 0.0)
    assert not allowance.admit("a", 1.0, 0.0)
    for number in range(MAX_ADDRESSES):
        allowance.admit(str(number), 1.0, 0.0)
    assert allowance.admit("a", 1.0, 0.0)


def test_a_pin_stands_in_the_request_uri_alone() -> None:
    target = Target("10.57.1.20", user="2001#a b", secret_user="2001**1234")
    assert (target.uri, target.logical_uri) == ("sip:2001**1234@10.57.1.20:5060", "sip:2001%23a%20b@10.57.1.20:5060")
    assert "1234" not in repr(target)
