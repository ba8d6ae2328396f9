"""Capabilities, addresses and PDUs of two terminals, for tests and as seeds for fuzzing."""

from collections.abc import Sequence
from dataclasses import replace

from signaling.h323.protocol import asn1, capabilities, fast_connect, h225, q931, ras, tpkt
from signaling.h323.protocol.capabilities import Capabilities, Pdu, Picture
from signaling.h323.protocol.control import Control, Ports
from signaling.h323.protocol.h225 import Body, Identity
from signaling.h323.protocol.q931 import Message
from signaling.h323.protocol.ras import AdmittedCall, Endpoint, Parties

OURS, THEIRS = "192.0.2.1", "192.0.2.9"
IDENTITY = Identity(bytes(range(16)), bytes(range(16, 32)))
ROOM = Capabilities(("G722", "PCMA", "PCMU"), Picture(31, 0, 0, 1_100_000, (0, 1)), 101)


def ports(host: str, first: int) -> Ports:
    """Return four ports in a row."""
    return {"sound": ((host, first), (host, first + 1)), "picture": ((host, first + 2), (host, first + 3))}


WITH_CAMERA = replace(ROOM, camera=True)
WITH_SLIDES = replace(ROOM, slides=Picture(40, 0, 0, 1_500_000, (0, 1)))


def with_camera(held: Ports) -> Ports:
    """Return ports for camera control besides."""
    host, port = held["picture"][1]
    return {**held, "camera": ((host, port + 1), (host, port + 2))}


def with_slides(held: Ports) -> Ports:
    """Return ports for slides besides."""
    host, port = held["picture"][1]
    return {**held, "slides": ((host, port + 3), (host, port + 4))}


def presenting(theirs: Capabilities = WITH_SLIDES) -> tuple[Control, Control]:
    """Return two terminals with all their channels open, of which the first can show slides."""
    one = Control(WITH_SLIDES, with_slides(ports(OURS, 40000)))
    other = Control(theirs, with_slides(ports(THEIRS, 50000)), terminal_type=50)
    one.start()
    other.start()
    exchange(one, other)
    for each in (one, other):
        each.close_unused()
        each.events.clear()
    return one, other


def exchange(one: Control, other: Control) -> list[Pdu]:
    """Pass messages between two terminals, encoded, until both are silent; return them all."""
    passed: list[Pdu] = []
    while one.outbox or other.outbox:
        for sender, receiver in ((one, other), (other, one)):
            messages, sender.outbox[:] = list(sender.outbox), []
            for each in messages:
                passed.append(each)
                receiver.receive(asn1.decode("control", asn1.encode("control", each)))
    return passed


def connected(own: Capabilities = ROOM, theirs: Capabilities = ROOM) -> tuple[Control, Control]:
    """Return two terminals with all their channels open."""
    one, other = Control(own, ports(OURS, 40000)), Control(theirs, ports(THEIRS, 50000), terminal_type=50)
    one.start()
    other.start()
    exchange(one, other)
    return one, other


def _signalling(kind: int, body: Body, elements: Sequence[tuple[int, bytes]] = ()) -> bytes:
    encoded = q931.body(h225.write(body))
    return tpkt.frame(q931.write(Message(kind, 7, kind != q931.SETUP, (*elements, encoded))))


def call_signalling() -> tuple[bytes, ...]:
    """Return packets of each kind of call signalling."""
    proposals = fast_connect.propose(ROOM, ports(OURS, 40000))
    accepted = fast_connect.choose(proposals, ROOM, ports(THEIRS, 50000)).answer
    setup = h225.setup(IDENTITY, "UBND tỉnh", "1234567890", (OURS, 1720), (THEIRS, 1720), proposals)
    elements = q931.bearer(1_100_000), q931.display("UBND tỉnh"), q931.called("1234567890")
    listening = h225.answer("connect", IDENTITY, h245=(THEIRS, 1721))
    tunnelled = tuple(control_messages()[:2])
    return (
        _signalling(q931.SETUP, Body("setup", setup, True), elements),
        _signalling(q931.CALL_PROCEEDING, Body("callProceeding", h225.answer("callProceeding", IDENTITY), True)),
        _signalling(
            q931.CONNECT, Body("connect", h225.answer("connect", IDENTITY, fast_start=accepted), True, tunnelled)
        ),
        _signalling(q931.CONNECT, Body("connect", listening, False)),
        _signalling(q931.FACILITY, Body("facility", h225.facility(IDENTITY, "startH245", (THEIRS, 1721)), False)),
        _signalling(
            q931.RELEASE_COMPLETE, Body("releaseComplete", h225.release(IDENTITY), True), [q931.cause(h225.NORMAL)]
        ),
    )


def control_messages() -> list[bytes]:
    """Return encoded messages of H.245 of every kind that we understand."""
    one, other = Control(ROOM, ports(OURS, 40000)), Control(ROOM, ports(THEIRS, 50000))
    one.start()
    other.start()
    found = exchange(one, other)
    one.press("5")
    one.request_picture()
    found += exchange(one, other)
    one.pause()
    found += exchange(one, other)
    one.end()
    found += exchange(one, other)
    one, other = presenting()
    one.show_slides("other")
    found += exchange(one, other)
    one.show_slides(None)
    other.show_slides("other")
    found += exchange(one, other)
    one.refuse_slides()
    found += exchange(one, other)
    found += [
        ("request", ("roundTripDelayRequest", {"sequenceNumber": 3})),
        ("request", ("requestChannelClose", {"forwardLogicalChannelNumber": 2})),
        ("response", ("openLogicalChannelReject", {"forwardLogicalChannelNumber": 2, "cause": ("unspecified", 0)})),
        ("response", ("masterSlaveDeterminationReject", {"cause": ("identicalNumbers", 0)})),
        ("command", ("flowControlCommand", flow(3840))),
        ("indication", ("userInput", ("alphanumeric", "*3"))),
        ("indication", ("genericIndication", nested())),
    ]
    return [asn1.encode("control", each) for each in found]


def nested() -> dict[str, object]:
    """Return the fields of a generic message with a parameter in a parameter, as deep as few peers send it."""
    inner = {"parameterIdentifier": ("standard", 1), "parameterValue": ("logical", 0)}
    parameter = {"parameterIdentifier": ("standard", 1), "parameterValue": ("genericParameter", [inner])}
    return {"messageIdentifier": ("standard", capabilities.H264), "messageContent": [parameter]}


def flow(hundreds: int) -> dict[str, object]:
    """Return the flowControlCommand of so many hundred bit/s for all channels."""
    return {"scope": ("wholeMultiplex", 0), "restriction": ("maximumBitRate", hundreds)}


ENDPOINT = Endpoint(("9000", "Diemcau"), (OURS, 1720), (OURS, 1719), "1_ep")
CALL = AdmittedCall(IDENTITY, 7, answering=False, bandwidth=23_280)
PARTIES = Parties(("9000",), ("2001", "p.hop"), (OURS, 1720), (THEIRS, 1720))


def own_registration_messages() -> list[ras.Message]:
    """Return each message of RAS that we send."""
    asked = [
        ras.gatekeeper_request(ENDPOINT),
        ras.registration_request(ENDPOINT, "", 300, discovered=False),
        ras.keep_alive(ENDPOINT, "gk", 300),
        ras.unregistration_request(ENDPOINT),
        ras.admission_request(ENDPOINT, CALL, PARTIES),
        ras.disengage_request(ENDPOINT, CALL),
    ]
    return [ras.numbered(each, number + 1) for number, each in enumerate(asked)] + [
        ras.info_response(ENDPOINT, 9, [CALL, replace(CALL, answering=True, routed=True)]),
        ras.confirm("unregistrationConfirm", 9),
        ras.confirm("disengageConfirm", 9),
        ras.confirm("bandwidthConfirm", 9, bandWidth=23_280),
        ras.confirm("bandwidthReject", 9, rejectReason=("notBound", 0), allowedBandWidth=0),
        ras.confirm("unknownMessageResponse", 9, messageNotUnderstood=b"strange"),
    ]


def registration_messages() -> list[bytes]:
    """Return encoded messages of a gatekeeper: answers to the first requests, and requests of its own."""
    version, where = {"protocolIdentifier": h225.PROTOCOL}, h225.address(THEIRS, 1719)
    named = {"endpointIdentifier": "1_ep", "conferenceID": IDENTITY.conference, "callReferenceValue": 7}
    found: list[ras.Message] = [
        ("gatekeeperConfirm", {"requestSeqNum": 1, **version, "gatekeeperIdentifier": "gk", "rasAddress": where}),
        ("gatekeeperReject", {"requestSeqNum": 1, **version, "rejectReason": ("terminalExcluded", 0)}),
        (
            "registrationConfirm",
            {"requestSeqNum": 1, **version, "callSignalAddress": [], "endpointIdentifier": "1_ep", "timeToLive": 60},
        ),
        ("registrationReject", {"requestSeqNum": 1, **version, "rejectReason": ("discoveryRequired", 0)}),
        (
            "admissionConfirm",
            {
                "requestSeqNum": 2,
                "bandWidth": 23_280,
                "callModel": ("gatekeeperRouted", 0),
                "destCallSignalAddress": where,
                "irrFrequency": 60,
            },
        ),
        ("admissionReject", {"requestSeqNum": 2, "rejectReason": ("callerNotRegistered", 0)}),
        ("requestInProgress", {"requestSeqNum": 2, "delay": 9000}),
        ("disengageReject", {"requestSeqNum": 3, "rejectReason": ("notRegistered", 0)}),
        ("unregistrationRequest", {"requestSeqNum": 4, "callSignalAddress": [], "reason": ("ttlExpired", 0)}),
        ("disengageRequest", {"requestSeqNum": 5, **named, "disengageReason": ("forcedDrop", 0)}),
        ("bandwidthRequest", {"requestSeqNum": 6, **named, "bandWidth": 9}),
        ("infoRequest", {"requestSeqNum": 7, "callReferenceValue": 7}),
        ("locationRequest", {"requestSeqNum": 8, "destinationInfo": [("h323-ID", "9000")], "replyAddress": where}),
    ]
    return [asn1.encode("ras", each) for each in found]
