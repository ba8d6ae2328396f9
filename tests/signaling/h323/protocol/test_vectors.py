"""Recorded PDUs: files of bytes, and beside each what tshark read in it (`record_vectors.py`)."""

import ipaddress
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from signaling.h323.protocol import asn1, q931, ras
from tests.debian import demand
from tests.signaling.h323.protocol.record_vectors import CONTROL, FIELDS, PORTS, RAS, dissect, stored

NAMES = {
    "h225.ip": "h225.ipV4",
    "h225.port": "h225.ipV4_port",
    "h245.network": "h245.ip4_network",
    "h225.h245Address.ip": "h225.h245Ip",
    "h225.h245Address.port": "h225.h245IpPort",
    "h245.simultaneousCapabilities": "h245.CapabilityTableEntryNumber",
}
"""Fields that have another name in Wireshark than in ASN.1."""
ADDRESSES, TEXTS, UUIDS = ("ip", "network"), ("productId", "versionId"), ("conferenceID", "guid")


def read(name: str) -> Iterator[tuple[str, str]]:
    """Give the fields of a vector as we decode them, by the names of Wireshark."""
    packet, _ = stored(name)
    if PORTS[name] == RAS:
        yield from leaves("h225", "", ras.parse(packet))
    elif PORTS[name] == CONTROL:
        yield from leaves("h245", "", asn1.decode("control", packet[4:]))
    else:
        message = q931.parse(packet[4:])
        yield "q931.call_ref", f"{message.reference:04x}"
        yield "q931.message_type", f"0x{message.kind:02x}"
        yield from (("q931.called_party_number.digits", each) for each in [message.called] if each)
        yield from (("q931.display_information", each) for each in [message.display] if each)
        yield from leaves("h225", "", asn1.decode("signalling", message.body))


def leaves(protocol: str, field: str, value: Any) -> Iterator[tuple[str, str]]:
    """Give the fields of a decoded value that have no fields of their own, in the order of the bytes."""
    if field == "fastStart":
        for each in value:
            yield from leaves("h245", "", asn1.decode("channel", each))
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(protocol, name, each)
    elif isinstance(value, tuple) and isinstance(value[0], str):  # a CHOICE
        inner = {f"{field}.{name}": each for name, each in value[1].items()} if field == "h245Address" else value[1]
        yield from leaves(protocol, value[0], inner)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(protocol, field, each)
    else:
        full = f"{protocol}.{field}Oid" if isinstance(value, tuple) and field == "standard" else f"{protocol}.{field}"
        yield NAMES.get(full, full.replace("-", "_")), shown(field.rpartition(".")[2], value)


def shown(field: str, value: Any) -> str:
    """Return a value as tshark shows it."""
    if isinstance(value, tuple):  # an OBJECT IDENTIFIER
        return ".".join(map(str, value))
    if field in ADDRESSES:
        return str(ipaddress.ip_address(value))
    if field in UUIDS:
        return str(uuid.UUID(bytes=value))
    return value.decode() if field in TEXTS else str(value)


@pytest.mark.parametrize("name", PORTS)
def test_a_recorded_pdu_is_read_as_tshark_reads_it(name: str) -> None:
    found: dict[str, list[str]] = {}
    for field, value in read(name):
        if field in FIELDS:
            found.setdefault(field, []).append(value)
    assert found == stored(name)[1]


@pytest.mark.parametrize("name", PORTS)
def test_a_recorded_pdu_is_written_as_it_was_read(name: str) -> None:
    packet, _ = stored(name)
    if PORTS[name] == RAS:
        written = ras.write(ras.parse(packet))
    elif PORTS[name] == CONTROL:
        written = packet[:4] + asn1.encode("control", asn1.decode("control", packet[4:]))
    else:
        message = q931.parse(packet[4:])
        body = q931.body(asn1.encode("signalling", asn1.decode("signalling", message.body)))
        elements = tuple(body if each[0] == q931.USER_USER else each for each in message.elements)
        written = packet[:4] + q931.write(q931.Message(message.kind, message.reference, message.answers, elements))
    assert written.hex() == packet.hex()


def test_what_is_recorded_is_what_tshark_reads() -> None:
    demand("tshark")
    vectors = {name: stored(name) for name in PORTS}
    assert dissect({name: packet for name, (packet, _) in vectors.items()}) == {
        name: read for name, (_, read) in vectors.items()
    }
