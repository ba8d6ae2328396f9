"""The presentation token of H.239 between two terminals of our own, and what meets, is refused or never answered."""

from typing import Any

import pytest

from signaling.h323.protocol import asn1, channels
from signaling.h323.protocol.capabilities import Pdu, Picture
from signaling.h323.protocol.channels import Channel
from signaling.h323.protocol.control import Control, Event
from signaling.h323.protocol.presentation import MESSAGE, PresentationToken
from tests.signaling.h323.pdus import OURS, ROOM, THEIRS, WITH_SLIDES, connected, exchange, flow, presenting

Pdus = list[Pdu]
CHANGED, ASKED, ENDED = Event("changed"), Event("asked"), Event("ended")


def message(number: int, **parameters: int | None) -> dict[str, Any]:
    """Return a message of H.239; a parameter without a number is a logical one."""
    names = {"bitrate": 41, "channel": 42, "symmetry": 43, "label": 44, "acknowledge": 126, "reject": 127}
    content = [
        {
            "parameterIdentifier": ("standard", names[name]),
            "parameterValue": ("logical", 0) if value is None else ("unsignedMin", value),
        }
        for name, value in parameters.items()
    ]
    fields = {"messageIdentifier": ("standard", MESSAGE), "subMessageIdentifier": number}
    return {**fields, "messageContent": content}


def response(decision: str, **named: int) -> Pdu:
    return "response", ("genericResponse", message(4, **{decision: None}, **named))


def numbers(outbox: Pdus) -> list[int]:
    """Return the sub-messages that are to be sent."""
    return [fields["subMessageIdentifier"] for _, (_, fields) in outbox]


@pytest.fixture
def outbox() -> list[Pdu]:
    return []


@pytest.fixture
def token(outbox: Pdus) -> PresentationToken:
    return PresentationToken(outbox)


def test_slides_of_others_are_sent_on_a_channel_of_their_own_under_the_token() -> None:
    one, other = presenting()
    one.show_slides("other")
    exchange(one, other)
    assert (other.events, one.sending.get("slides"), one.token.owner) == ([ASKED, CHANGED], None, "")
    other.show_slides("client")
    exchange(one, other)
    assert (one.token.owner, other.token.owner) == ("us", "them")
    slides = one.sending["slides"]
    assert (slides.number, slides.session, slides.media) == (one.token.channel, 4, (THEIRS, 50006))
    assert other.taking["slides"].limits == Picture(40, 0, 0, 1_500_000)
    one.show_slides(None)
    exchange(one, other)
    assert (one.token.owner, other.token.owner, "slides" in one.sending, "slides" in other.taking) == (
        "",
        "",
        *[False] * 2,
    )
    assert other.events.count(ENDED) == 1


def test_who_is_slave_asks_the_master_for_the_number_of_the_session() -> None:
    one, other = presenting()
    other.show_slides("other")
    exchange(one, other)
    one.show_slides("client")
    exchange(one, other)
    assert (other.sending["slides"].session, one.taking["slides"].media) == (0, None)
    assert (one.token.owner, one.sending.get("slides")) == ("them", None)


def test_a_room_system_that_is_refused_is_told_so_and_may_ask_again(token: PresentationToken, outbox: Pdus) -> None:
    for _ in range(2):
        assert token.receive(message(3, label=7, channel=260, symmetry=4)) == "asked"
        token.refuse()
    assert outbox == [response("reject", label=7, channel=260)] * 2
    token.refuse()
    assert (len(outbox), token.owner) == (2, "")


def test_who_has_the_token_gives_it_up_once_others_are_shown(token: PresentationToken, outbox: Pdus) -> None:
    token.receive(message(3, channel=260, symmetry=4))
    token.show("client", 9)
    assert (token.owner, token.receive(message(3, channel=261, symmetry=4))) == ("them", None)
    assert outbox == [response("acknowledge", channel=each) for each in (260, 261)]
    token.show("other", 9)
    token.receive(message(4, acknowledge=None, channel=9))
    assert (token.owner, numbers(outbox)) == ("us", [4, 4, 3])


def test_who_may_show_no_more_loses_the_token_to_us_and_we_release_it(token: PresentationToken, outbox: Pdus) -> None:
    token.receive(message(3, channel=260, symmetry=4))
    token.show("client", 9)
    outbox.clear()
    token.show(None, 9)
    token.receive(message(4, acknowledge=None, channel=9))
    assert numbers(outbox) == [3, 5]
    assert (token.owner, token.receive(message(5))) == ("", None)


@pytest.mark.parametrize("theirs", ["less", "same"])
def test_of_two_requests_that_meet_the_greater_comes_first(theirs: str, token: PresentationToken, outbox: Pdus) -> None:
    token.show("other", 9)
    number = token._symmetry - (theirs == "less")
    assert token.receive(message(3, channel=260, symmetry=number)) is None
    assert outbox[-1] == response("reject", channel=260)
    token.receive(message(4, reject=None, channel=9))  # as who drew the same number does: both ask again
    assert numbers(outbox) == [3, 4, 3]


def test_a_request_with_a_greater_number_is_decided_before_ours(token: PresentationToken, outbox: Pdus) -> None:
    token.show("other", 9)
    assert token.receive(message(3, channel=260, symmetry=128)) == "asked"
    token.receive(message(4, reject=None, channel=9))
    assert len(outbox) == 1
    token.refuse()
    assert numbers(outbox) == [3, 4, 3]


def test_requests_that_meet_again_and_again_are_given_up(token: PresentationToken, outbox: Pdus) -> None:
    token.show("other", 9)
    for _ in range(9):
        token.receive(message(3, channel=260, symmetry=0))
        token.receive(message(4, reject=None, channel=9))
    assert numbers(outbox).count(3) == 4


def test_a_refusal_is_final_and_unasked_responses_say_nothing(token: PresentationToken, outbox: Pdus) -> None:
    token.receive(message(4, acknowledge=None))
    assert token.owner == ""
    token.show("other", 9)
    token.receive(message(4, reject=1, channel=9))  # some send a number where a logical one belongs
    token.receive(message(4, acknowledge=None, channel=9))
    assert (token.owner, len(outbox)) == ("", 1)


def test_others_slides_follow_once_a_room_that_kept_the_token_has_ended_its_own(
    token: PresentationToken, outbox: Pdus
) -> None:
    token.receive(message(3, channel=260, symmetry=4))
    token.show("client", 9)
    token.show("other", 9)
    token.receive(message(4, reject=None, channel=9))
    assert (token.receive(message(5)), numbers(outbox)) == ("ended", [4, 3, 3])


def test_flow_control_may_be_lifted_and_messages_of_others_are_left_out(token: PresentationToken, outbox: Pdus) -> None:
    assert token.receive(message(1, channel=260, bitrate=70_000)) is None
    assert outbox == [("response", ("genericResponse", message(2, channel=260, bitrate=65_535, acknowledge=None)))]
    assert token.receive({**message(3), "messageIdentifier": ("standard", (0, 0, 8, 460))}) is None
    assert token.receive(message(6, label=1)) is None
    assert len(outbox) == 1


def test_hold_takes_the_token_and_slides_of_others_come_back_with_the_call() -> None:
    one, other = presenting()
    one.show_slides("other")
    exchange(one, other)
    other.show_slides("client")
    exchange(one, other)
    other.pause()
    exchange(one, other)
    assert (one.token.owner, other.token.owner, one.sending) == ("", "", {})
    one.events.clear()
    other.resume(other.own, other.ports)
    exchange(one, other)
    other.show_slides("client")
    exchange(one, other)
    assert (one.token.owner, one.sending["slides"].media) == ("us", (THEIRS, 50006))


def test_slides_of_a_room_system_end_when_it_is_put_on_hold() -> None:
    one, other = presenting()
    other.show_slides("other")
    exchange(one, other)
    one.show_slides("client")
    exchange(one, other)
    one.events.clear()
    other.pause()
    exchange(one, other)
    assert (one.events, one.token.owner) == ([ENDED, CHANGED], "")


def test_flow_control_and_key_frames_of_slides_are_told_from_those_of_the_picture() -> None:
    one, other = presenting()
    one.show_slides("other")
    exchange(one, other)
    other.show_slides("client")
    exchange(one, other)
    one.events.clear()
    number = one.sending["slides"].number
    slides = {**flow(2560), "scope": ("logicalChannelNumber", number)}
    one.receive(("command", ("flowControlCommand", slides)))
    assert one.flows == {"slides": 256_000}
    other.request_picture("slides")
    other.request_picture()
    exchange(one, other)
    assert one.events == [CHANGED, Event("slides"), Event("picture")]


def test_a_terminal_without_slides_gets_none_and_is_opened_none() -> None:
    one, other = presenting(ROOM)
    assert (one.presents, list(one.ports)) == (False, ["sound", "picture"])
    one.show_slides("other")
    assert (exchange(one, other), one.token.owner) == ([], "")
    live = channels.open_request(Channel(9, "slides", "H264", 98, WITH_SLIDES.slides, session=4))
    plain, _ = connected()
    plain.receive(("request", ("openLogicalChannel", live)))
    assert [name for _, (name, _) in plain.outbox] == ["openLogicalChannelReject"]


def test_a_second_picture_of_another_role_is_refused() -> None:
    one, _ = presenting()
    request = channels.open_request(Channel(9, "slides", "H264", 98, WITH_SLIDES.slides, session=4))
    _, (_, extended) = request["forwardLogicalChannelParameters"]["dataType"]
    role = extended["videoCapabilityExtension"][0]["collapsing"][0]
    for live, answer in ((2, "openLogicalChannelReject"), (1, "openLogicalChannelAck")):
        role["parameterValue"] = "booleanArray", live
        encoded = asn1.encode("control", ("request", ("openLogicalChannel", request)))
        one.receive(asn1.decode("control", encoded))
        assert [name for _, (name, _) in one.outbox] == [answer]
        one.outbox.clear()


def test_channel_numbers_begin_anew_behind_the_last_one() -> None:
    one, other = presenting()
    assert isinstance(one, Control)
    one._channel = 65_535
    one.show_slides("other")
    exchange(one, other)
    other.show_slides("client")
    exchange(one, other)
    assert (one.sending["slides"].number, other.taking["slides"].control) == (1, (OURS, 40007))
