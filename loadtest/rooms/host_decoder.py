"""The picture and the sound that a host receives, the key frames among its pictures, and their profile."""

from loadtest.endpoint.decoder import Decoder
from loadtest.rooms.h264_profile import profiles
from loadtest.rooms.keyframes import KeyframeTimes
from mediaserver.rtp.packet import parse
from mediaserver.rtp.payload import is_keyframe


class HostDecoder(Decoder):
    """Decodes what a host receives; while it has `keyframes`, they are told of all pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.keyframes: KeyframeTimes | None = None
        self.profiles = set[int]()
        """Profiles of H.264 of the pictures that came (`profile_idc`)."""

    def forget(self) -> None:
        """Drop the profiles, too."""
        super().forget()
        self.profiles.clear()

    def packet(self, codec: str, data: memoryview, length: int, received_at: float) -> bool:
        """Take one plain RTP packet; return True if a key frame is needed before a picture can be decoded."""
        wanted = super().packet(codec, data, length, received_at)
        if codec != "H264":
            return wanted
        packet, _ = parse(data, length)
        self.profiles |= profiles(packet.payload)
        if self.keyframes is not None:
            begins = is_keyframe(codec, packet.payload)
            self.keyframes.picture(packet.timestamp, received_at, keyframe=begins)
            if wanted:
                self.keyframes.disturb(received_at)
        return wanted
