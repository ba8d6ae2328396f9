"""Tests of the PDUs of registration, admission and status."""

import pytest

from signaling.h323.protocol import asn1, ras
from signaling.h323.protocol.errors import BadPdu
from tests.signaling.h323.pdus import CALL, ENDPOINT, PARTIES, own_registration_messages, registration_messages


@pytest.mark.parametrize("message", own_registration_messages(), ids=lambda each: each[0])
def test_what_we_send_is_read_as_it_was_meant(message: ras.Message) -> None:
    assert ras.parse(ras.write(message)) == message


def test_pycrate_alone_still_writes_no_readable_admission_request() -> None:
    asked = ras.numbered(ras.admission_request(ENDPOINT, CALL, PARTIES), 5)
    with pytest.raises(BadPdu):  # else `write` can leave all messages to pycrate
        ras.parse(asn1.encode("ras", asked))


@pytest.mark.parametrize("digits", ["1", "12", "123"])
def test_additions_follow_fields_that_end_within_an_octet(digits: str) -> None:
    parties = ras.Parties((digits,), (digits,))
    name, fields = ras.parse(ras.write(ras.numbered(ras.admission_request(ENDPOINT, CALL, parties), 5)))
    assert (name, fields["srcInfo"], fields["destinationInfo"]) == (
        "admissionRequest",
        [("dialledDigits", digits)],
        [("dialledDigits", digits)],
    )
    assert (fields["callIdentifier"], fields["canMapAlias"]) == ({"guid": CALL.identity.call}, True)


def test_a_call_is_named_by_its_identifier_or_its_reference() -> None:
    calls = {CALL.identity.call: CALL}
    assert ras.named_call({"callIdentifier": {"guid": CALL.identity.call}, "callReferenceValue": 0}, calls) == CALL
    assert ras.named_call({"callReferenceValue": 7}, calls) == CALL
    assert ras.named_call({"callReferenceValue": 7, "conferenceID": CALL.identity.conference}, calls) == CALL
    assert ras.named_call({"callReferenceValue": 7, "conferenceID": bytes(16)}, calls) is None
    assert ras.named_call({"callReferenceValue": 8}, calls) is None


def test_reasons_are_told_by_their_words() -> None:
    said = [ras.reason(ras.parse(each)[1]) for each in registration_messages()]
    assert [each for each in said if each] == [
        "terminalExcluded",
        "discoveryRequired",
        "callerNotRegistered",
        "notRegistered",
        "ttlExpired",
    ]


def test_strange_bytes_are_refused() -> None:
    with pytest.raises(BadPdu):
        ras.parse(b"strange")
