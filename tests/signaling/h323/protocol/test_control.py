"""H.245 between two terminals of our own, and what either does when the other changes its mind."""

from dataclasses import replace
from typing import Any

import pytest

from signaling.h323.protocol import asn1, channels
from signaling.h323.protocol.capabilities import Capabilities, Pdu, Picture
from signaling.h323.protocol.channels import Channel
from signaling.h323.protocol.control import Control, Event
from tests.signaling.h323.pdus import OURS, ROOM, THEIRS, WITH_CAMERA, connected, exchange, flow, ports, with_camera

CHANGED = Event("changed")


def names(passed: list[Pdu]) -> list[str]:
    return [name for _, (name, _) in passed]


def test_two_terminals_agree_on_a_master_and_open_sound_and_pictures_both_ways() -> None:
    one, other = connected()
    assert (one.master, other.master, one.complete, other.complete) == (True, False, True, True)
    for control, host, port in ((one, THEIRS, 50000), (other, OURS, 40000)):
        sound, picture = control.sending["sound"], control.sending["picture"]
        assert (sound.codec, sound.payload_type, sound.media, sound.control) == (
            "G722",
            9,
            (host, port),
            (host, port + 1),
        )
        assert (picture.mode, picture.payload_type, picture.media) == (1, 98, (host, port + 2))
        assert (control.taking["picture"].mode, control.taking["sound"].codec) == (1, "G722")


@pytest.mark.parametrize(("ahead", "master"), [(1, True), (0x7FFFFF, True), (0x800001, False), (0xFFFFFF, False)])
def test_of_equal_terminals_the_numbers_decide(ahead: int, master: bool) -> None:
    control = Control(ROOM, ports(OURS, 40000))
    fields = {"terminalType": 190, "statusDeterminationNumber": (control._number + ahead) & 0xFFFFFF}
    control.receive(("request", ("masterSlaveDetermination", fields)))
    decision = "slave" if master else "master"
    assert control.outbox == [("response", ("masterSlaveDeterminationAck", {"decision": (decision, 0)}))]
    assert control.master is master


def decision(of_receiver: str) -> Pdu:
    return "response", ("masterSlaveDeterminationAck", {"decision": (of_receiver, 0)})


@pytest.mark.parametrize(("ours", "theirs"), [("master", "slave"), ("slave", "master")])
def test_who_sends_no_determination_of_its_own_gets_its_answer_confirmed(ours: str, theirs: str) -> None:
    control = Control(ROOM, ports(OURS, 40000))
    control.start()
    assert names(control.outbox) == ["terminalCapabilitySet", "masterSlaveDetermination"]
    for _ in range(2):  # what comes after the end of the procedure gets no answer
        control.receive(decision(ours))
        assert (control.outbox[2:], control.master) == ([decision(theirs)], ours == "master")


def test_where_the_other_side_determines_we_answer_and_do_not_ask() -> None:
    control = Control(ROOM, ports(OURS, 40000))
    fields = {"terminalType": 50, "statusDeterminationNumber": 1}
    control.receive(("request", ("masterSlaveDetermination", fields)))
    control.start()
    control.receive(decision("master"))
    assert names(control.outbox) == ["masterSlaveDeterminationAck", "terminalCapabilitySet"]
    assert control.master is True


def test_of_two_that_determine_at_once_each_answers_and_none_confirms() -> None:
    one, other = (Control(ROOM, ports(host, 40000), kind) for host, kind in ((OURS, 190), (THEIRS, 50)))
    one.start()
    other.start()
    passed = names(exchange(one, other))
    counted = [passed.count(f"masterSlaveDetermination{each}") for each in ("", "Ack", "Reject")]
    assert (counted, one.master, other.master) == ([2, 2, 0], True, False)


def test_of_two_that_drew_the_same_number_at_once_both_draw_again() -> None:
    one, other = Control(ROOM, ports(OURS, 40000)), Control(ROOM, ports(THEIRS, 50000))
    other._number = one._number
    one.start()
    other.start()
    passed = names(exchange(one, other))
    counted = [passed.count(f"masterSlaveDetermination{each}") for each in ("", "Ack", "Reject")]
    assert (counted, {one.master, other.master}) == ([4, 2, 0], {True, False})


def test_equal_numbers_are_refused_and_drawn_again_three_times() -> None:
    control = Control(ROOM, ports(OURS, 40000))
    fields = {"terminalType": 190, "statusDeterminationNumber": control._number}
    control.receive(("request", ("masterSlaveDetermination", fields)))
    reject: Pdu = ("response", ("masterSlaveDeterminationReject", {"cause": ("identicalNumbers", 0)}))
    control.receive(reject)  # we had not asked
    assert control.outbox == [reject]
    control.start()
    for _ in range(3):
        control.receive(reject)
    assert names(control.outbox[3:]) == ["masterSlaveDetermination"] * 2
    assert control.failed == "no master was determined"


def test_a_terminal_without_pictures_or_our_best_codec_gets_what_it_takes() -> None:
    one, other = connected(ROOM, Capabilities(("PCMU",)))
    assert (one.sending["sound"].codec, other.sending["sound"].codec) == ("PCMU", "PCMU")
    assert "picture" not in one.sending
    small, _ = connected(ROOM, Capabilities(("PCMA",), Picture(13, 0, 0, 384_000)))
    assert small.sending["picture"].limits == Picture(13, 0, 0, 384_000)
    assert (small.sending["picture"].mode, small.sending["picture"].payload_type) == (0, 97)


def open_(channel: Channel) -> Pdu:
    return "request", ("openLogicalChannel", channels.open_request(channel))


def test_a_better_codec_than_the_one_we_send_is_refused_and_a_worse_one_taken() -> None:
    one, _ = connected(ROOM, Capabilities(("PCMA",)))
    one.receive(open_(Channel(9, "sound", "G722", 9)))
    one.receive(open_(Channel(10, "sound", "PCMU", 0)))
    assert [name for _, (name, _) in one.outbox] == ["openLogicalChannelReject", "openLogicalChannelAck"]
    assert one.taking["sound"].codec == "PCMU"


def test_a_channel_that_is_refused_is_opened_with_the_next_codec() -> None:
    one, _ = connected()
    one.sending.clear()
    one._opening["sound"] = Channel(7, "sound", "G722", 9)
    one.receive(channels.reject(7, "dataTypeNotAvailable"))
    requests = [value for _, (name, value) in one.outbox if name == "openLogicalChannel"]
    assert [found.codec for each in requests if (found := channels.read_request(each))] == ["PCMA", "H264"]


def test_hold_by_an_empty_capability_set_closes_our_channels_and_a_full_one_opens_them() -> None:
    one, other = connected()
    one.events.clear()
    other.pause()
    exchange(one, other)
    assert (one.sending, one.taking, other.taking, one.events) == ({}, {}, {}, [CHANGED])
    other.resume(ROOM, ports(THEIRS, 50100))
    exchange(one, other)
    assert (one.complete, other.complete, one.sending["sound"].media) == (True, True, (THEIRS, 50100))


def test_what_is_asked_for_is_answered() -> None:
    one, other = connected()
    for sent, answer in (
        (("request", ("roundTripDelayRequest", {"sequenceNumber": 7})), "roundTripDelayResponse"),
        (("command", ("sendTerminalCapabilitySet", ("genericRequest", 0))), "terminalCapabilitySet"),
        (("request", ("requestChannelClose", {"forwardLogicalChannelNumber": 99})), "requestChannelCloseReject"),
        (("request", ("maintenanceLoopRequest", {"type": ("systemLoop", 0)})), "functionNotSupported"),
        (("request", ("closeLogicalChannel", _close(99))), "closeLogicalChannelAck"),
    ):
        one.receive(sent)
        assert names(one.outbox) == [answer]
        exchange(one, other)


def _close(number: int) -> dict[str, Any]:
    return {"forwardLogicalChannelNumber": number, "source": ("user", 0)}


def test_a_channel_of_ours_is_closed_on_request_and_not_opened_again() -> None:
    one, other = connected()
    number = one.sending["picture"].number
    one.receive(("request", ("requestChannelClose", {"forwardLogicalChannelNumber": number})))
    assert names(exchange(one, other))[:2] == ["requestChannelCloseAck", "closeLogicalChannel"]
    assert (list(one.sending), list(other.taking)) == (["sound"], ["sound"])


def test_digits_pictures_and_the_end_are_told() -> None:
    one, other = connected()
    one.events.clear()
    other.press("#")
    other.request_picture()
    other.end()
    exchange(one, other)
    one.receive(("indication", ("userInput", ("alphanumeric", "*3!"))))
    expected = [Event("digit", "#"), Event("picture"), Event("end"), Event("digit", "*"), Event("digit", "3")]
    assert one.events == expected


def test_digits_go_as_text_to_who_announces_no_signals() -> None:
    one, _ = connected(ROOM, replace(ROOM, dtmf=False))
    one.press("5")
    assert one.outbox == [("indication", ("userInput", ("alphanumeric", "5")))]


def test_who_asks_what_we_take_while_our_media_move_hears_that_it_is_nothing() -> None:
    one, other = connected()
    one.pause()
    exchange(one, other)
    one.receive(("command", ("sendTerminalCapabilitySet", ("genericRequest", 0))))
    (_, (name, fields)) = one.outbox[0]
    assert (name, "capabilityTable" in fields) == ("terminalCapabilitySet", False)


def test_the_newest_capabilities_alone_can_be_refused() -> None:
    one, _ = connected()
    for number, failed in ((one._sequence - 1, ""), (one._sequence, "our capabilities were refused")):
        refused = {"sequenceNumber": number, "cause": ("unspecified", 0)}
        one.receive(("response", ("terminalCapabilitySetReject", refused)))
        assert one.failed == failed


def test_flow_control_limits_our_picture_alone() -> None:
    one, _ = connected()
    one.receive(("command", ("flowControlCommand", flow(3840))))
    assert one.flows["picture"] == 384_000
    elsewhere = {"scope": ("logicalChannelNumber", 77), "restriction": ("maximumBitRate", 1)}
    one.receive(("command", ("flowControlCommand", elsewhere)))
    assert one.flows["picture"] == 384_000
    one.receive(
        ("command", ("flowControlCommand", {"scope": ("wholeMultiplex", 0), "restriction": ("noRestriction", 0)}))
    )
    assert "picture" not in one.flows


def test_camera_control_is_opened_both_ways_where_both_allow_it() -> None:
    one, other = (Control(WITH_CAMERA, with_camera(ports(host, 40000))) for host in (OURS, THEIRS))
    one.start()
    other.start()
    exchange(one, other)
    assert (one.complete, other.complete) == (True, True)
    camera = one.sending["camera"]
    assert (camera.codec, camera.payload_type, camera.media) == ("H224", 100, (THEIRS, 40004))
    other.pause()
    exchange(one, other)
    assert ("camera" in one.sending, one.camera) == (False, camera)
    plain, _ = connected()
    plain.receive(open_(Channel(9, "camera", "H224", 100)))
    assert names(plain.outbox) == ["openLogicalChannelReject"]


def test_ports_of_what_neither_side_sends_are_given_up() -> None:
    one, _ = connected(ROOM, Capabilities(("PCMA",)))
    assert "picture" not in one.taking
    one.close_unused()
    one.receive(open_(Channel(9, "picture", "H264", 97, Picture(31, 0, 0, 0))))
    assert (list(one.ports), names(one.outbox)) == (["sound"], ["openLogicalChannelReject"])


def test_events_are_bounded_whatever_is_pressed() -> None:
    one, _ = connected()
    digits = asn1.encode("control", ("indication", ("userInput", ("alphanumeric", "1" * 60))))
    for _ in range(100):
        one.receive(asn1.decode("control", digits))
    assert len(one.events) == 256
