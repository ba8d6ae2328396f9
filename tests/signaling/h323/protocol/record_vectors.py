"""Records PDUs as files, and beside each what tshark reads in it.

    python -m tests.signaling.h323.protocol.record_vectors

writes `vectors/*.hex`, a whole packet each, and `vectors/*.json`: the values of fields by their names in Wireshark.
"""

import json
import struct
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from signaling.h323.protocol import asn1, ras, tpkt
from tests.signaling.h323.pdus import call_signalling, control_messages, own_registration_messages

VECTORS: Final = Path(__file__).parent / "vectors"
SIGNALLING, CONTROL, RAS = 1720, 1721, 1719
MESSAGE: Final = ("q931.call_ref", "q931.message_type", "q931.called_party_number.digits", "q931.display_information")
H225: Final = (
    *("h225.protocolIdentifier", "h225.requestSeqNum", "h225.endpointIdentifier", "h225.h323_ID"),
    *("h225.dialledDigits", "h225.t35CountryCode", "h225.productId", "h225.versionId", "h225.mc"),
    *("h225.undefinedNode", "h225.ipV4", "h225.ipV4_port", "h225.activeMC", "h225.conferenceID", "h225.guid"),
    *("h225.bandWidth", "h225.callReferenceValue", "h225.answerCall", "h225.canMapAlias", "h225.h245Tunnelling"),
    *("h225.h245Ip", "h225.h245IpPort"),
)
H245: Final = (
    *("h245.sequenceNumber", "h245.protocolIdentifier", "h245.maximumAudioDelayJitter", "h245.centralizedControl"),
    *("h245.distributedControl", "h245.capabilityTableEntryNumber", "h245.CapabilityTableEntryNumber"),
    *("h245.g722_64k", "h245.g711Alaw64k", "h245.g711Ulaw64k", "h245.standardOid", "h245.maxBitRate"),
    *("h245.standard", "h245.booleanArray", "h245.unsignedMin", "h245.dynamicRTPPayloadType"),
    *("h245.audioTelephoneEvent", "h245.forwardLogicalChannelNumber", "h245.sessionID", "h245.ip4_network"),
    *("h245.tsapIdentifier", "h245.silenceSuppression"),
)
FIELDS: Final = (*MESSAGE, *H225, *H245)
PORTS: Final[Mapping[str, int]] = {
    "setup": SIGNALLING,
    "connect": SIGNALLING,
    "terminal-capability-set": CONTROL,
    "open-logical-channel": CONTROL,
    "admission-request": RAS,
}


def recorded() -> dict[str, bytes]:
    """Return the packets: of TCP with the head of TPKT, of RAS as the datagram is."""
    control = {asn1.decode("control", each)[1][0]: each for each in reversed(control_messages())}
    setup, _, _, connect, *_ = call_signalling()
    asked = next(each for each in own_registration_messages() if each[0] == "admissionRequest")
    return {
        "setup": setup,
        "connect": connect,
        "terminal-capability-set": tpkt.frame(control["terminalCapabilitySet"]),
        "open-logical-channel": tpkt.frame(control["openLogicalChannel"]),
        "admission-request": ras.write(asked),
    }


def dissect(packets: Mapping[str, bytes]) -> dict[str, dict[str, list[str]]]:
    """Return what tshark reads in each packet, by its names of fields."""
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 101))
        for name, packet in packets.items():
            file.write(_record(packet, PORTS[name]))
        file.flush()
        names = [word for name in FIELDS for word in ("-e", name)]
        command = ["tshark", "-n", "-r", file.name, "-d", f"tcp.port=={CONTROL},h245", "-T", "json", *names]
        shown = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {name: each["_source"]["layers"] for name, each in zip(packets, shown, strict=True)}


def _record(packet: bytes, port: int) -> bytes:
    """Return the record of a segment or datagram over IPv4 in a capture (pcap, LINKTYPE_RAW)."""
    if port == RAS:
        protocol, head = 17, struct.pack("!HHHH", port, port, 8 + len(packet), 0)
    else:
        protocol, head = 6, struct.pack("!HHIIBBHHH", 50_000 + len(packet), port, 1, 1, 0x50, 0x18, 65_535, 0, 0)
    size = 20 + len(head) + len(packet)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, size, 0, 0, 64, protocol, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
    return struct.pack("<IIII", 0, 0, size, size) + ip + head + packet


def stored(name: str) -> tuple[bytes, dict[str, list[str]]]:
    """Return a packet and what tshark reads in it, as they stand in the files."""
    packet, read = (VECTORS / f"{name}.hex").read_text(), (VECTORS / f"{name}.json").read_text()
    return bytes.fromhex(packet), json.loads(read)


def main() -> None:
    """Write the files."""
    packets = recorded()
    for name, read in dissect(packets).items():
        text = packets[name].hex()
        lines = [text[at : at + 96] for at in range(0, len(text), 96)]
        (VECTORS / f"{name}.hex").write_text("\n".join([*lines, ""]))
        (VECTORS / f"{name}.json").write_text(json.dumps(read, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
