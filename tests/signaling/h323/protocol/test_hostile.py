"""PDUs that cost the most time, and those whose values cannot be printed."""

import pytest

from signaling.h323.protocol import asn1, trace
from tests.signaling.h323.hostile import cost, hostile_pdus

PDUS = {name: (kind, encoded) for name, kind, encoded in hostile_pdus()}
FEW_FIELDS = "extensions", "fewer parameters"
LIMIT_S = 0.25
"""Of a busy machine; docs/rooms.md has what an idle one needs."""


@pytest.mark.parametrize("name", PDUS)
def test_no_pdu_has_more_fields_than_are_read(name: str) -> None:
    kind, encoded = PDUS[name]
    assert len(encoded) <= asn1.MAX_BYTES
    seconds, how = min(cost(kind, encoded) for _ in range(3))
    assert how == ("decoded" if name in FEW_FIELDS else f"{kind}: BadPdu more fields than are read")
    assert seconds < LIMIT_S


def test_an_object_identifier_of_thousands_of_digits_has_a_text() -> None:
    content = {"messageIdentifier": ("standard", (0, 0, 8, 1 << 20_000))}
    pdu = asn1.decode("control", asn1.encode("control", ("indication", ("genericIndication", content))))
    assert trace.control_text(pdu) == "H.245 genericIndication\ntoo long to be shown"
