"""The packets that a simulated endpoint sends, tick by tick."""

from dataclasses import replace

from loadtest.endpoint.sender import ANNOUNCED_PACKETS, CameraLayer, VoiceStream, extension_block, with_extension
from loadtest.media.clip import Clip, Codec, Frame
from mediaserver.rtp.packet import parse
from mediaserver.rtp.payload import packetize_vp8, vp8_descriptor

EXTENSION = extension_block([(4, b"1"), (10, b"q")])


def clip(codec: Codec = "H264", *, packets: int = 2, frames: int = 4, key_every: int = 2) -> Clip:
    payloads = packetize_vp8(bytes(1500), 0) if codec == "VP8" else [bytes([0x41, i]) for i in range(packets)]
    return Clip(codec, 640, 360, tuple(Frame(tuple(payloads), i % key_every == 0) for i in range(frames)))


def test_a_voice_goes_on_by_20_ms_a_packet() -> None:
    voice = VoiceStream(7, 111, (b"a", b"b"))
    packets = [voice.next() for _ in range(3)]
    assert [p[4] for p in packets] == [b"a", b"b", b"a"]
    assert [(p[1] - packets[0][1]) & 0xFFFF for p in packets] == [0, 1, 2]
    assert [(p[2] - packets[0][2]) & 0xFFFFFFFF for p in packets] == [0, 960, 1920]
    assert (voice.sent.packets, voice.sent.octets, voice.sent.timestamp) == (3, 3, packets[2][2])


def test_silence_leaves_a_gap_in_time_but_not_in_numbers() -> None:
    voice = VoiceStream(7, 111, (b"a",))
    first = voice.next()
    voice.skip(5)
    second = voice.next()
    assert (second[1] - first[1]) & 0xFFFF == 1
    assert (second[2] - first[2]) & 0xFFFFFFFF == 6 * 960


def test_the_last_packet_of_a_picture_is_marked() -> None:
    packets, _ = CameraLayer(9, 102, clip(packets=3), b"").next()
    assert [p[0] for p in packets] == [102, 102, 102 | 0x80]
    assert len({p[2] for p in packets}) == 1


def test_thirty_pictures_a_second_go_on_by_a_thirtieth() -> None:
    layer = CameraLayer(9, 102, replace(clip(), fps=30), b"")
    stamps = [layer.next()[0][0][2] for _ in range(3)]
    assert [(each - stamps[0]) & 0xFFFFFFFF for each in stamps] == [0, 3000, 6000]


def test_pictures_go_on_by_40_ms() -> None:
    layer = CameraLayer(9, 102, clip(), b"")
    first, second = layer.next()[0], layer.next()[0]
    assert (second[0][2] - first[0][2]) & 0xFFFFFFFF == 3600
    assert (second[0][1] - first[-1][1]) & 0xFFFF == 1


def test_a_voice_begins_anew() -> None:
    voice = VoiceStream(7, 111, (b"a", b"b", b"c"))
    first = voice.next()
    voice.restart()
    second = voice.next()
    assert (first[4], second[4], (second[1] - first[1]) & 0xFFFF) == (b"a", b"a", 1)


def test_another_clip_begins_with_its_key_frame_and_goes_on_by_40_ms() -> None:
    layer, other = CameraLayer(9, 102, clip(packets=1), b""), clip(packets=3)
    first = layer.next()[0]
    layer.show(other)
    second = layer.next()[0]
    assert [p[4] for p in second] == list(other.frames[0].payloads)
    assert (second[0][1] - first[-1][1]) & 0xFFFF == 1
    assert (second[0][2] - first[0][2]) & 0xFFFFFFFF == 3600


def test_layers_send_mid_and_rid_at_first_and_on_key_frames() -> None:
    layer = CameraLayer(9, 102, clip(packets=1, frames=100, key_every=100), EXTENSION)
    extensions = [layer.next()[1] for _ in range(101)]
    assert extensions == [EXTENSION] * ANNOUNCED_PACKETS + [b""] * 50 + [EXTENSION]


def test_a_restart_sends_a_key_frame_next() -> None:
    frames = tuple(Frame((bytes([i]),), i in (0, 3)) for i in range(5))
    layer = CameraLayer(9, 102, Clip("H264", 1, 1, frames), b"")
    layer.next()
    layer.restart()
    assert layer.next()[0][0][4] == bytes([3])
    layer.restart()
    assert layer.next()[0][0][4] == bytes([0])


def test_requested_packets_are_sent_again_unchanged() -> None:
    layer = CameraLayer(9, 102, clip(packets=3), b"")
    packets, _ = layer.next()
    assert layer.resend([packets[1][1], packets[2][1] + 1, packets[0][1]]) == [packets[1], packets[0]]


def test_picture_ids_go_on_over_the_seam_of_the_loop() -> None:
    layer = CameraLayer(9, 96, clip("VP8", frames=2), b"")
    pictures = [[vp8_descriptor(p[4]).picture_id for p in layer.next()[0]] for _ in range(5)]
    first = pictures[0][0]
    assert first is not None
    assert pictures == [[(first + i) & 0x7FFF] * 2 for i in range(5)]


def test_a_header_extension_reads_back() -> None:
    data = with_extension((102 | 0x80, 65535, 77, 9, b"payload"), EXTENSION)
    packet, extensions = parse(data, len(data))
    assert (packet.payload_type, packet.sequence, packet.timestamp, packet.ssrc) == (102, 65535, 77, 9)
    assert (packet.marker, packet.payload) == (True, b"payload")
    assert extensions == {4: b"1", 10: b"q"}


def test_extensions_that_were_not_negotiated_are_not_sent() -> None:
    assert extension_block([(0, b"1"), (10, b"")]) == b""
    assert len(extension_block([(4, b"12345")])) % 4 == 0
