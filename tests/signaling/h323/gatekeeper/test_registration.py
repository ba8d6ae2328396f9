"""Tests of the registration at a gatekeeper, without sockets and clocks."""

from dataclasses import replace
from typing import Any

import pytest

from signaling.h323.gatekeeper.registration import Event, Registration
from signaling.h323.protocol import asn1, h225, ras
from tests.signaling.h323.pdus import CALL, ENDPOINT, PARTIES, THEIRS

VERSION = {"protocolIdentifier": h225.PROTOCOL}
GATEKEEPER = THEIRS, 1719
CONFIRMED = {**VERSION, "callSignalAddress": [], "endpointIdentifier": "1_ep", "gatekeeperIdentifier": "gk"}
ADMITTED = {"bandWidth": 9000, "callModel": ("direct", 0), "destCallSignalAddress": h225.address(THEIRS, 1720)}
NAMED = {"endpointIdentifier": "1_ep", "conferenceID": CALL.identity.conference, "callReferenceValue": CALL.reference}


def sent(registration: Registration) -> list[tuple[str, int]]:
    """Return names and numbers of what is to be sent, and empty the outbox."""
    messages, registration.outbox[:] = [ras.parse(each) for each in registration.outbox], []
    return [(name, fields["requestSeqNum"]) for name, fields in messages]


def say(registration: Registration, now: float, name: str, number: int, **fields: Any) -> None:
    """Give it a message of the gatekeeper."""
    registration.receive(asn1.encode("ras", (name, {"requestSeqNum": number, **fields})), now)


def begun() -> Registration:
    """Return one that has asked, at 0 s."""
    registration = Registration(replace(ENDPOINT, identifier=""), GATEKEEPER, 1)
    registration.begin(0.0)
    return registration


def registered(**fields: Any) -> Registration:
    """Return one that is registered, at 0 s, with request 1."""
    registration = begun()
    say(registration, 0.0, "registrationConfirm", 1, **CONFIRMED, **fields)
    registration.outbox.clear()
    registration.events.clear()
    return registration


def with_call(**fields: Any) -> Registration:
    """Return one that has a call admitted, with request 2."""
    registration = registered()
    assert registration.admit(CALL, PARTIES, 0.0) == 2
    say(registration, 0.0, "admissionConfirm", 2, **ADMITTED, **fields)
    registration.outbox.clear()
    registration.events.clear()
    return registration


def test_it_registers_and_renews_at_half_time() -> None:
    registration = begun()
    assert (sent(registration), registration.next_due) == ([("registrationRequest", 1)], 3.0)
    say(registration, 1.0, "registrationConfirm", 1, **CONFIRMED, timeToLive=60)
    assert (registration.registered, registration.why, registration.next_due) == (True, "", 31.0)
    assert registration.events == [Event("changed")]
    registration.tick(31.0)
    _, fields = ras.parse(registration.outbox[0])
    assert (fields["keepAlive"], fields["endpointIdentifier"], fields["timeToLive"]) == (True, "1_ep", 60)
    assert (fields["gatekeeperIdentifier"], "terminalAlias" in fields) == ("gk", False)
    say(registration, 31.5, "registrationConfirm", 2, **CONFIRMED, timeToLive=60)
    assert registration.next_due == 61.5


def test_without_a_time_to_live_it_stays_registered() -> None:
    assert registered().next_due is None


def test_a_request_is_sent_again_and_given_up_and_tried_later() -> None:
    registration = begun()
    for now in (2.9, 3.0, 6.0, 9.0, 38.9):
        registration.tick(now)
    assert sent(registration) == [("registrationRequest", 1)] * 3
    assert (registration.registered, registration.why, registration.next_due) == (False, "no answer", 39.0)
    registration.tick(39.0)
    assert sent(registration) == [("registrationRequest", 2)]


def test_a_request_in_progress_waits_longer_but_not_for_ever() -> None:
    registration = registered()
    registration.admit(CALL, PARTIES, 0.0)
    say(registration, 1.0, "requestInProgress", 2, delay=20_000)
    assert registration.next_due == 21.0
    say(registration, 20.0, "requestInProgress", 2, delay=65_535)
    assert registration.next_due == 60.0


def test_it_discovers_the_gatekeeper_where_it_is_told_to() -> None:
    registration = begun()
    say(registration, 0.0, "registrationReject", 1, **VERSION, rejectReason=("discoveryRequired", 0))
    assert sent(registration)[1:] == [("gatekeeperRequest", 2)]
    where = h225.address(THEIRS, 2719)
    say(registration, 0.0, "gatekeeperConfirm", 2, **VERSION, gatekeeperIdentifier="gk", rasAddress=where)
    _, fields = ras.parse(registration.outbox[0])
    assert (fields["discoveryComplete"], fields["gatekeeperIdentifier"]) == (True, "gk")
    assert registration.gatekeeper == (THEIRS, 2719)
    say(registration, 0.0, "registrationReject", 3, **VERSION, rejectReason=("discoveryRequired", 0))
    assert registration.next_due == 30.0  # not a second time at once
    registration.tick(30.0)
    assert registration.gatekeeper == GATEKEEPER


def test_a_gatekeeper_that_does_not_take_it_is_asked_again_later() -> None:
    registration = begun()
    say(registration, 0.0, "registrationReject", 1, **VERSION, rejectReason=("duplicateAlias", []))
    assert (registration.registered, registration.why, registration.next_due) == (False, "duplicateAlias", 30.0)
    registration = begun()
    say(registration, 0.0, "registrationReject", 1, **VERSION, rejectReason=("discoveryRequired", 0))
    say(registration, 0.0, "gatekeeperReject", 2, **VERSION, rejectReason=("terminalExcluded", 0))
    assert (registration.why, registration.next_due) == ("terminalExcluded", 30.0)


def test_a_renewal_that_is_not_enough_becomes_a_full_registration() -> None:
    registration = registered(timeToLive=10)
    registration.tick(5.0)
    say(registration, 5.0, "registrationReject", 2, **VERSION, rejectReason=("fullRegistrationRequired", 0))
    assert (registration.registered, registration.next_due) == (False, 6.0)
    registration.outbox.clear()
    registration.tick(6.0)
    _, fields = ras.parse(registration.outbox[0])
    assert (fields["keepAlive"], fields["terminalAlias"][0]) == (False, ("dialledDigits", "9000"))


@pytest.mark.parametrize(("reason", "again"), [("reregistrationRequired", 10.0), ("maintenance", 40.0)])
def test_an_unregistered_endpoint_says_so_and_registers_again(reason: str, again: float) -> None:
    registration = registered()
    say(registration, 10.0, "unregistrationRequest", 99, callSignalAddress=[], reason=(reason, 0))
    assert sent(registration) == [("unregistrationConfirm", 99)]
    assert (registration.registered, registration.why, registration.next_due) == (False, reason, again)
    assert registration.events == [Event("changed")]


def test_what_an_earlier_registration_asked_does_not_end_the_next_one() -> None:
    registration = registered(timeToLive=10)
    registration.tick(5.0)
    say(registration, 5.0, "unregistrationRequest", 99, callSignalAddress=[])
    registration.tick(6.0)
    say(registration, 6.0, "registrationConfirm", 3, **CONFIRMED)
    for now in (8.0, 11.0, 14.0):
        registration.tick(now)
    assert registration.registered


def test_calls_are_admitted_or_not() -> None:
    registration = registered()
    assert [registration.admit(CALL, PARTIES, 0.0) for _ in range(3)] == [2, 3, 4]
    say(registration, 0.0, "admissionConfirm", 2, **ADMITTED)
    say(registration, 0.0, "admissionReject", 3, rejectReason=("requestDenied", 0))
    for now in (5.0, 10.0, 15.0):
        registration.tick(now)
    told = [(each.kind, each.number, each.rejection) for each in registration.events]
    assert told == [
        ("answered", 2, ""),
        ("answered", 3, "requestDenied"),
        ("answered", 4, "no answer"),
        ("changed", 0, ""),
    ]
    assert registration.calls == {CALL.identity.call: replace(CALL, bandwidth=9000)}


def test_who_has_lost_our_registration_gets_it_again() -> None:
    registration = registered()
    registration.admit(CALL, PARTIES, 5.0)
    say(registration, 5.0, "admissionReject", 2, rejectReason=("callerNotRegistered", 0))
    assert (registration.registered, registration.next_due) == (False, 5.0)


def test_the_end_of_a_call_is_told_once_and_what_nobody_wanted_is_given_back() -> None:
    registration = with_call()
    registration.disengage(CALL.identity.call, 1.0)
    registration.disengage(CALL.identity.call, 1.0)
    assert sent(registration) == [("disengageRequest", 3)]
    say(registration, 1.0, "disengageConfirm", 3)
    assert not registration.waiting
    registration.abandon(registration.admit(CALL, PARTIES, 1.0))
    say(registration, 1.0, "admissionConfirm", 4, **ADMITTED)
    assert sent(registration)[1:] == [("disengageRequest", 5)] and registration.events == []


def test_leaving_ends_all_calls_and_the_registration() -> None:
    registration = with_call()
    registration.leave(1.0)
    assert sent(registration) == [("disengageRequest", 3), ("unregistrationRequest", 4)]
    assert (registration.registered, registration.calls) == (False, {})


def test_calls_are_reported_as_often_as_the_gatekeeper_asks() -> None:
    registration = with_call(irrFrequency=20)
    assert registration.next_due == 20.0
    registration.tick(20.0)
    assert sent(registration) == [("infoRequestResponse", 3)] and registration.next_due == 40.0
    registration.disengage(CALL.identity.call, 21.0)
    assert "infoRequestResponse" not in dict(sent(registration))


def test_nothing_is_reported_before_the_gatekeeper_has_named_us() -> None:
    registration = with_call(irrFrequency=20)
    registration.begin(0.0)
    registration.registered = False
    registration.tick(20.0)
    say(registration, 20.0, "infoRequest", 50, callReferenceValue=0)
    assert "infoRequestResponse" not in dict(sent(registration))


def test_the_gatekeeper_asks_for_calls_ends_them_and_changes_their_bandwidth() -> None:
    registration = with_call()
    for number, wanted in ((50, 9000), (51, 9001), (52, 100)):
        say(registration, 0.0, "bandwidthRequest", number, **NAMED, bandWidth=wanted)
    say(registration, 0.0, "bandwidthRequest", 53, **{**NAMED, "callReferenceValue": 8}, bandWidth=1)
    say(registration, 0.0, "infoRequest", 54, callReferenceValue=CALL.reference)
    say(registration, 0.0, "disengageRequest", 55, **NAMED, disengageReason=("forcedDrop", 0))
    say(registration, 0.0, "disengageRequest", 56, **NAMED, disengageReason=("forcedDrop", 0))
    say(registration, 0.0, "locationRequest", 57, destinationInfo=[], replyAddress=h225.address(THEIRS, 1))
    assert sent(registration) == [
        ("bandwidthConfirm", 50),
        ("bandwidthConfirm", 51),
        ("bandwidthReject", 52),
        ("bandwidthReject", 53),
        ("infoRequestResponse", 54),
        ("disengageConfirm", 55),
        ("disengageConfirm", 56),
        ("unknownMessageResponse", 57),
    ]
    assert registration.events == [Event("dropped", call=replace(CALL, bandwidth=9001))]
    assert registration.calls == {}


def test_answers_to_other_requests_are_dropped() -> None:
    registration = registered()
    registration.admit(CALL, PARTIES, 0.0)
    registration.outbox.clear()
    say(registration, 0.0, "registrationConfirm", 2, **CONFIRMED)
    say(registration, 0.0, "admissionConfirm", 9, **ADMITTED)
    say(registration, 0.0, "requestInProgress", 9, delay=1)
    assert (registration.events, registration.outbox, registration.calls) == ([], [], {})


def test_numbers_begin_again_after_the_last() -> None:
    registration = Registration(ENDPOINT, GATEKEEPER, 65_535)
    registration.begin(0.0)
    registration.begin(0.0)
    assert sent(registration) == [("registrationRequest", 65_535), ("registrationRequest", 1)]
