"""A picture and a tone that aiortc publishes over WHIP reach a viewer over WHEP. A browser test tries GStreamer."""

from typing import Any

import numpy as np
from aiortc import AudioStreamTrack, MediaStreamTrack, RTCPeerConnection, VideoStreamTrack
from av import AudioFrame, VideoFrame

from signaling.app.settings import Settings
from tests.signaling.cameras.described import described
from tests.signaling.cameras.viewer import TONE_HZ, connected, hears, sees_red, watching
from tests.signaling.sip.whole_server import served
from tests.signaling.world import HOST, NHA_TRANG


class RedCamera(VideoStreamTrack):
    """A camera that sees red."""

    async def recv(self) -> VideoFrame:
        """Return the next picture."""
        frame = VideoFrame.from_ndarray(np.full((180, 320, 3), (254, 0, 0), np.uint8), format="rgb24")
        frame.pts, frame.time_base = await self.next_timestamp()
        return frame


class Tone(AudioStreamTrack):
    """A microphone that hears a tone."""

    async def recv(self) -> AudioFrame:
        """Return the next 20 ms."""
        silent: Any = await super().recv()
        rate = silent.sample_rate
        times = (silent.pts + np.arange(silent.samples)) / rate
        wave = (8000 * np.sin(2 * np.pi * TONE_HZ * times)).astype(np.int16)
        frame = AudioFrame.from_ndarray(wave[np.newaxis], format="s16", layout="mono")
        frame.pts, frame.time_base, frame.sample_rate = silent.pts, silent.time_base, rate
        return frame


def publishing() -> RTCPeerConnection:
    """Return a peer that only sends."""
    peer = RTCPeerConnection()
    for track in (Tone(), RedCamera()):
        peer.addTransceiver(track, direction="sendonly")
    return peer


async def test_a_published_camera_is_seen_and_heard(settings: Settings) -> None:
    async with served(settings) as world:
        _, camera = await described(world, HOST)
        _, screen = await described(world, NHA_TRANG, protocol="WHEP")
        await world.session(NHA_TRANG)
        client = world.client()
        tracks: dict[str, MediaStreamTrack] = {}
        async with (
            connected(publishing(), client, f"/whip/{camera}"),
            connected(watching(tracks), client, f"/whep/{screen}"),
        ):
            await sees_red(tracks["video"])
            await hears(tracks["audio"], TONE_HZ)
