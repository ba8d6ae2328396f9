"""The decoder of an endpoint shows the stream that comes now."""

from loadtest.endpoint.decoder import Decoder
from loadtest.endpoint.sender import CameraLayer
from loadtest.media.perception import sees
from loadtest.rooms.plain_media import H264, plain_clip
from mediaserver.rtp.packet import HEADER

RED, BLUE = (255, 0, 0), (0, 0, 255)


def test_a_stream_of_the_next_call_is_shown_whatever_its_first_sequence_number() -> None:
    decoder = Decoder()
    for first, colour in ((900, RED), (500, BLUE)):  # the later call counts from an earlier number
        camera, sequence = CameraLayer(first, H264, plain_clip(colour), b""), first
        for _ in range(2):
            for number, _, timestamp, ssrc, payload in camera.next()[0]:
                data = HEADER.pack(0x80, number, sequence, timestamp & 0xFFFFFFFF, ssrc) + payload
                decoder.packet("H264", memoryview(data), len(data), 0.0)
                sequence += 1
        assert sees(decoder.picture, colour)
    assert decoder.pictures == 4 and decoder.faults == 0
