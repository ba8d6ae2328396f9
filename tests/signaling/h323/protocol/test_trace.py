"""The trace of H.323 calls has nothing that was dialled, keyed in, or entered as a password."""

from signaling.h323.protocol import asn1, h225, q931, trace
from signaling.h323.protocol.h225 import Body
from signaling.h323.protocol.q931 import Message
from tests.signaling.h323.pdus import IDENTITY, OURS, THEIRS

CODE = "1234567890"


def test_a_setup_names_no_code() -> None:
    fields = {**h225.setup(IDENTITY, CODE, CODE, (OURS, 1720), (THEIRS, 1720), [])}
    fields["destinationAddress"] = [("dialledDigits", CODE), ("h323-ID", CODE)]
    elements = (q931.display(CODE), q931.called(CODE))
    setup = h225.parse(h225.write(Body("setup", fields, True)))
    assert (setup.dialled, setup.names) == (CODE, (CODE, ""))
    assert trace.signalling_text(Message(q931.SETUP, 1, False, elements), setup) == "\n".join(
        ("H.225.0 setup", "product: Diemcau 1", "dialled: •", "h245Tunnelling: yes")
    )
    overlap = Message(q931.INFORMATION, 1, False, elements)
    assert trace.signalling_text(overlap, None) == "Q.931 0x7b"


def test_digits_and_passwords_are_not_told() -> None:
    label = {"mcuNumber": 1, "terminalNumber": 1}
    password = {"terminalLabel": label, "password": CODE.encode()}
    for pdu, text in (
        (("indication", ("userInput", ("alphanumeric", CODE))), "H.245 userInput\n•"),
        (("response", ("conferenceResponse", ("passwordResponse", password))), "H.245 conferenceResponse\n•"),
    ):
        assert trace.control_text(asn1.decode("control", asn1.encode("control", pdu))) == text
