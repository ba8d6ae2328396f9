"""Tests of reading and writing frames of H.224 and messages of H.281, and what is none; Wireshark reads ours alike."""

import json
import struct
import subprocess
from pathlib import Path

import pytest

from mediaserver.api import CameraMovement
from mediaserver.fecc import h281
from mediaserver.fecc.h224 import (
    CME,
    H281,
    MAX_DATA,
    BadFrame,
    ClientList,
    ClientListCommand,
    ExtraCapabilities,
    ExtraCapabilitiesCommand,
    Frame,
    Management,
    read_frame,
    read_management,
    write_frame,
    write_management,
)
from mediaserver.fecc.h281 import Action, BadMessage, Capabilities, Message, VideoSource
from tests.debian import demand

MANAGEMENT: list[tuple[str, Management]] = [
    ("01ff", ClientListCommand()),
    ("02ff81", ExtraCapabilitiesCommand(H281)),
    ("01000181", ClientList((H281,))),
    ("0200810514e0", ExtraCapabilities(H281, bytes.fromhex("0514e0"))),
]
MESSAGES = [
    ("01c000", Message(Action.START, CameraMovement(pan=1))),
    ("02b0", Message(Action.CONTINUE, CameraMovement(pan=-1, tilt=1))),
    ("030e", Message(Action.STOP, CameraMovement(zoom=1, focus=-1))),
    ("0420", Message(Action.SELECT_VIDEO_SOURCE, number=2)),
    ("0520", Message(Action.VIDEO_SOURCE_SWITCHED, number=2)),
    ("0630", Message(Action.STORE_PRESET, number=3)),
    ("07e0", Message(Action.ACTIVATE_PRESET, number=14)),
]
"""Bytes as Wireshark 4.4 reads them."""
PTZ = VideoSource(1, ("pan", "tilt", "zoom"))
CAPABILITIES = [
    ("05", Capabilities(5, ())),
    ("0514e0", Capabilities(5, (PTZ,))),
    ("0014e0644448440010", Capabilities(0, (PTZ, VideoSource(6, ("focus",), "DHD")))),
    ("002000", Capabilities(0, (VideoSource(2, (), motion=False),))),
]


@pytest.mark.parametrize("client", [CME, H281])
def test_a_frame_has_the_header_of_h224_before_its_data(client: int) -> None:
    frame = Frame(client, b"\x01\xc0\x00")
    assert write_frame(frame).hex() == f"00710300000000{client:02x}c001c000"
    assert read_frame(write_frame(frame)) == frame
    assert read_frame(b"\x00\x61" + write_frame(frame)[2:]) == frame, "low priority"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        bytes.fromhex("0071030000000001"),
        bytes.fromhex("0171030000000001c0"),
        bytes.fromhex("0071010000000001c0"),
        bytes.fromhex("0071030000000002c0"),
        bytes.fromhex("007103000000000140"),
        write_frame(Frame(H281, bytes(MAX_DATA + 1))),
    ],
    ids=("empty", "cut off", "address", "control", "client", "segment", "long"),
)
def test_what_is_no_frame_is_refused(payload: bytes) -> None:
    with pytest.raises(BadFrame):
        read_frame(payload)


@pytest.mark.parametrize(("data", "message"), MANAGEMENT)
def test_messages_of_the_management_entity(data: str, message: Management) -> None:
    assert write_management(message).hex() == data
    assert read_management(bytes.fromhex(data)) == message


def test_a_client_list_may_have_longer_ids() -> None:
    data = bytes.fromhex("01 00 04 81 02 7e05 ffb500112233")
    assert read_management(data) == ClientList((1, 2, 0x7E, 0x7F))


@pytest.mark.parametrize("data", ["", "01", "0100", "010001", "0100017e", "01000580", "0100ff", "0200", "02ff", "0300"])
def test_what_is_no_message_of_the_management_entity_is_refused(data: str) -> None:
    with pytest.raises(BadFrame):
        read_management(bytes.fromhex(data))


@pytest.mark.parametrize(("data", "message"), MESSAGES)
def test_messages_of_h281(data: str, message: Message) -> None:
    assert h281.write(message).hex() == data
    assert h281.read(bytes.fromhex(data)) == message


@pytest.mark.parametrize("data", ["", "01", "01c0", "0800", "0000", "04"])
def test_what_is_no_message_of_h281_is_refused(data: str) -> None:
    with pytest.raises(BadMessage):
        h281.read(bytes.fromhex(data))


@pytest.mark.parametrize(("data", "capabilities"), CAPABILITIES)
def test_extra_capabilities(data: str, capabilities: Capabilities) -> None:
    assert h281.write_capabilities(capabilities).hex() == data
    assert h281.read_capabilities(bytes.fromhex(data)) == capabilities


@pytest.mark.parametrize(
    "data", ["", "0514", "0064444844", "006444484400", "00" + 16 * "14e0", "0064" + 17 * "44" + "00e0"]
)
def test_what_are_no_capabilities_is_refused(data: str) -> None:
    with pytest.raises(BadMessage):
        h281.read_capabilities(bytes.fromhex(data))


def _capture(frames: list[bytes], path: Path) -> None:
    """Write frames as RTP of payload type 100 into a file of packets."""
    data = struct.pack("!IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for number, frame in enumerate(frames):
        rtp = struct.pack("!BBHII", 0x80, 0x80 | 100, number, 0, 7) + frame
        udp = struct.pack("!HHHH", 5000, 5000, 8 + len(rtp), 0) + rtp
        packet = struct.pack("!BBHHHBBH8x", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + udp
        data += struct.pack("!IIII", number, 0, len(packet), len(packet)) + packet
    path.write_bytes(data)


def test_wireshark_reads_our_messages_alike(tmp_path: Path) -> None:
    demand("tshark")
    frames = [Frame(CME, write_management(message)) for _, message in MANAGEMENT]
    frames += [Frame(H281, h281.write(message)) for _, message in MESSAGES]
    _capture([write_frame(frame) for frame in frames], tmp_path / "frames.pcap")
    command = ["tshark", "-r", str(tmp_path / "frames.pcap"), "-d", "udp.port==5000,rtp", "-d", "rtp.pt==100,h224"]
    names = "client_list_code ex_caps_code response_code number_of_presets pan_cap zoom_cap focus_cap fecc_message_code"
    names += " pan_action pan_dir tilt_action tilt_dir zoom_action zoom_dir focus_action focus_dir vs_id preset_number"
    fields = [word for name in names.split() for word in ("-e", f"h224.{name}")]
    out = subprocess.run([*command, "-T", "json", *fields], capture_output=True, check=True, text=True).stdout
    read = [
        {name[5:]: int(values[0].replace("True", "1").replace("False", "0"), 0) for name, values in layers.items()}
        for layers in (packet["_source"]["layers"] for packet in json.loads(out))
    ]
    still = dict.fromkeys(
        ["pan_action", "pan_dir", "tilt_action", "tilt_dir", "zoom_action", "zoom_dir", "focus_action", "focus_dir"], 0
    )
    assert read == [
        {"client_list_code": 1, "response_code": 255},
        {"ex_caps_code": 2, "response_code": 255},
        {"client_list_code": 1, "response_code": 0},
        {
            "ex_caps_code": 2,
            "response_code": 0,
            "number_of_presets": 5,
            "vs_id": 1,
            "pan_cap": 1,
            "zoom_cap": 1,
            "focus_cap": 0,
        },
        {"fecc_message_code": 1, **still, "pan_action": 1, "pan_dir": 1},
        {"fecc_message_code": 2, **still, "pan_action": 1, "tilt_action": 1, "tilt_dir": 1},
        {"fecc_message_code": 3, **still, "zoom_action": 1, "zoom_dir": 1, "focus_action": 1},
        {"fecc_message_code": 4, "vs_id": 2},
        {"fecc_message_code": 5, "vs_id": 2},
        {"fecc_message_code": 6, "preset_number": 3},
        {"fecc_message_code": 7, "preset_number": 14},
    ]
