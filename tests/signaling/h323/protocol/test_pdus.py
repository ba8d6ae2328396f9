"""PDUs against bytes that others wrote, and against hostile ones."""

import sys
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.h323.protocol import asn1, capabilities, channels, fast_connect, h225
from signaling.h323.protocol.capabilities import Capabilities, Picture
from signaling.h323.protocol.errors import BadPdu
from signaling.h323.protocol.h225 import Body
from tests.signaling.h323.pdus import IDENTITY, OURS, ROOM, THEIRS, ports

PICTURES = st.builds(
    Picture,
    st.sampled_from((10, 11, 12, 13, 20, 22, 30, 31, 32, 40, 41, 42, 50, 51)),
    st.integers(0, 600).map(lambda steps: steps * 500),
    st.integers(0, 100).map(lambda steps: steps * 256),
    st.integers(1, 60_000).map(lambda steps: steps * 100),
    st.sampled_from(((0,), (0, 1))),
)
CAPABILITIES = st.builds(
    Capabilities,
    st.lists(st.sampled_from(("G722", "PCMA", "PCMU")), unique=True, min_size=1).map(tuple),
    st.none() | PICTURES,
    st.none() | st.integers(96, 127),
    st.booleans(),
    st.none() | PICTURES,
    st.booleans(),
).map(lambda own: replace(own, slides=own.slides and own.picture and replace(own.slides, modes=own.picture.modes)))
"""A second picture is packed as the first is, and never comes without it."""


def test_master_slave_determination_is_encoded_as_asn1tools_does() -> None:
    fields = {"terminalType": 190, "statusDeterminationNumber": 0x12D687}
    encoded = asn1.encode("control", ("request", ("masterSlaveDetermination", fields)))
    assert encoded.hex() == "0100be8012d687"


@given(CAPABILITIES)
def test_capabilities_are_read_as_they_were_written(own: Capabilities) -> None:
    encoded = asn1.encode("control", capabilities.write(own, 1))
    _, (name, fields) = asn1.decode("control", encoded)
    assert (name, capabilities.read(fields)) == ("terminalCapabilitySet", own)


def test_capabilities_that_we_have_not_are_left_out() -> None:
    high = ("genericVideoCapability", {"capabilityIdentifier": ("standard", capabilities.H264), "collapsing": []})
    h263 = {"maxBitRate": 100, "unrestrictedVector": False, "arithmeticCoding": False, "advancedPrediction": False}
    h263 |= {"pbFrames": False, "temporalSpatialTradeOffCapability": False, "errorCompensation": False}
    table = [
        ("receiveVideoCapability", high),
        ("receiveVideoCapability", ("h263VideoCapability", {"qcifMPI": 1} | h263)),
        ("receiveAudioCapability", ("g728", 20)),
        ("receiveAndTransmitAudioCapability", ("g711Alaw64k", 20)),
    ]
    entries = [{"capabilityTableEntryNumber": number, "capability": each} for number, each in enumerate(table, 1)]
    fields = {"sequenceNumber": 1, "protocolIdentifier": (0, 0, 8, 245, 0, 7), "capabilityTable": entries}
    _, (_, found) = asn1.decode("control", asn1.encode("control", ("request", ("terminalCapabilitySet", fields))))
    assert capabilities.read(found) == Capabilities(("PCMA",), dtmf=False)


def test_a_setup_says_who_calls_whom() -> None:
    fields = h225.setup(IDENTITY, "UBND tỉnh", "2001", (OURS, 1720), (THEIRS, 1720), [b"channel"])
    body = h225.parse(h225.write(Body("setup", fields, True, (b"tunnelled",))))
    assert (body.identity, body.names, body.dialled) == (IDENTITY, ("UBND tỉnh", ""), "2001")
    assert (body.tunnelling, body.control, body.fast_start) == (True, (b"tunnelled",), (b"channel",))
    assert body.product == "Diemcau 1"


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_addresses_of_either_kind_are_read_as_they_were_written(host: str) -> None:
    assert h225.transport(h225.address(host, 1721)) == (host, 1721)
    channel = channels.Channel(1, "sound", "PCMA", 8, media=(host, 4000), control=(host, 4001))
    encoded = asn1.encode("channel", channels.open_request(channel))
    assert channels.read_request(asn1.decode("channel", encoded)) == channel


def test_fast_connect_takes_the_best_codec_that_goes_both_ways() -> None:
    caller, callee = ports(OURS, 40000), ports(THEIRS, 50000)
    proposals = fast_connect.propose(ROOM, caller)
    theirs = Capabilities(("PCMA", "PCMU"), Picture(31, 0, 0, 500_000, (0, 1)))
    chosen = fast_connect.choose([b"\xff", *proposals], theirs, callee)
    opened = fast_connect.accepted(chosen.answer)
    assert (chosen.sending["sound"].codec, chosen.taking["sound"].codec) == ("PCMA", "PCMA")
    assert [chosen.sending[kind].media for kind in ("sound", "picture")] == [(OURS, 40000), (OURS, 40002)]
    assert [opened.sending[kind].media for kind in ("sound", "picture")] == [(THEIRS, 50000), (THEIRS, 50002)]
    assert (opened.sending["picture"].mode, opened.taking["picture"].mode) == (1, 1)
    assert fast_connect.choose(proposals, Capabilities(("PCMU",)), callee).sending.keys() == {"sound"}
    assert fast_connect.choose([], ROOM, callee).answer == ()
    assert fast_connect.choose(proposals, theirs, callee, asn1.Reads(0)).answer == ()
    assert fast_connect.accepted(chosen.answer, asn1.Reads(0)).sending == {}


@given(st.binary(max_size=400), st.sampled_from(("signalling", "control", "channel")))
def test_strange_bytes_are_a_value_or_refused(data: bytes, name: str) -> None:
    with suppress(BadPdu):
        asn1.decode(name, data)


def test_what_is_too_long_or_nested_too_deep_is_refused() -> None:
    with pytest.raises(BadPdu, match="PDU of"):
        asn1.decode("control", b"\0" * (asn1.MAX_BYTES + 1))
    value: tuple[str, Any] = ("logical", 0)
    for _ in range(300):
        value = ("genericParameter", [{"parameterIdentifier": ("standard", 1), "parameterValue": value}])
    content = [{"parameterIdentifier": ("standard", 1), "parameterValue": value}]
    message = {"messageIdentifier": ("standard", capabilities.H264), "messageContent": content}
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(50_000)
    try:
        encoded = asn1.encode("control", ("indication", ("genericIndication", message)))
    finally:
        sys.setrecursionlimit(limit)
    with pytest.raises(BadPdu, match="RecursionError"):
        asn1.decode("control", encoded)
