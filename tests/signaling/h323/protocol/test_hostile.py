"""PDUs that cost the most time or have no end, and those whose values cannot be printed."""

import signal
from collections.abc import Iterator

import pytest
from pycrate_asn1rt import codecs

from signaling.h323.protocol import asn1, trace
from signaling.h323.protocol.errors import BadPdu
from tests.signaling.h323.hostile import cost, hostile_pdus

PDUS = {name: (kind, encoded) for name, kind, encoded in hostile_pdus()}
FEW_FIELDS = "extensions", "fewer parameters", "long identifier", "32 channels"


@pytest.mark.parametrize("name", PDUS)
def test_no_pdu_has_more_fields_than_are_read(name: str) -> None:
    kind, encoded = PDUS[name]
    assert len(encoded) <= asn1.MAX_BYTES
    _, how = cost(kind, encoded)
    if name == "32 tunnelled":
        assert how == "11 of 32 decoded"
    else:
        assert how == ("decoded" if name in FEW_FIELDS else f"{kind}: BadPdu more fields than are read")


def test_an_object_identifier_of_thousands_of_digits_has_a_text() -> None:
    content = {"messageIdentifier": ("standard", (0, 0, 8, 1 << 20_000))}
    pdu = asn1.decode("control", asn1.encode("control", ("indication", ("genericIndication", content))))
    assert trace.control_text(pdu) == "H.245 genericIndication\ntoo long to be shown"


NESTED_FAULTS = (
    ("control", "712012200700088171000001010017010008010010"),
    (
        "signalling",
        "2680060008914a00068101001f00001100000102030405060708090a0b0c"
        "0d0e0f10810180160140000100004000015000004000013b00004000011c",
    ),
)
"""Parameters in a parameter, one of whose values is of a kind that a later version may have, or of none."""


@pytest.fixture
def _alarm() -> Iterator[None]:
    """End what goes on for ever."""

    def late(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 20.0)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("_alarm")
@pytest.mark.parametrize(("kind", "encoded"), NESTED_FAULTS, ids=("control", "signalling"))
def test_pycrate_ends_where_a_nested_type_has_a_fault(kind: str, encoded: str) -> None:
    assert "TimeoutError" not in cost(kind, bytes.fromhex(encoded))[1]


def test_pdus_that_cannot_be_decoded_leave_nothing_behind() -> None:
    for _ in range(3):
        with pytest.raises(BadPdu):
            asn1.decode("control", b"\x02strange")
    assert codecs.ASN1CodecPER._off == []
