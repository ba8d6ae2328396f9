"""A picture and a tone that aiortc publishes over WHIP reach a viewer over WHEP. A browser test tries GStreamer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any

import numpy as np
from aiohttp import ClientSession
from aiortc import AudioStreamTrack, MediaStreamTrack, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from av import AudioFrame, VideoFrame

from loadtest.endpoint.decoder import loudest_hz, mono
from signaling.app.settings import Settings
from tests.signaling.sip.whole_server import served
from tests.signaling.whip.http_devices import SDP, TOKEN, described
from tests.signaling.world import HOST, NHA_TRANG

TONE_HZ = 660
PATIENCE_S = 30.0


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


@asynccontextmanager
async def connected(peer: RTCPeerConnection, client: ClientSession, path: str) -> AsyncIterator[None]:
    """Connect a peer over HTTP, and end its session afterwards."""
    await peer.setLocalDescription(await peer.createOffer())
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    async with client.post(path, data=peer.localDescription.sdp, headers={**SDP, **bearer}) as response:
        assert response.status == 201, await response.text()
        await peer.setRemoteDescription(RTCSessionDescription(await response.text(), "answer"))
        resource = response.headers["Location"]
    yield
    async with client.delete(resource, headers=bearer) as response:
        assert response.status == 200
    await peer.close()


def watching(tracks: dict[str, MediaStreamTrack]) -> RTCPeerConnection:
    """Return a peer that only receives, into `tracks` by their kind."""
    peer = RTCPeerConnection()
    peer.on("track", lambda track: tracks.setdefault(track.kind, track))
    for kind in ("audio", "video"):
        peer.addTransceiver(kind, direction="recvonly")
    return peer


def publishing() -> RTCPeerConnection:
    """Return a peer that only sends."""
    peer = RTCPeerConnection()
    for track in (Tone(), RedCamera()):
        peer.addTransceiver(track, direction="sendonly")
    return peer


async def sees_red(track: MediaStreamTrack) -> None:
    """Wait for a picture whose left tile is red."""
    while True:
        picture: Any = await track.recv()
        rgb = picture.to_ndarray(format="rgb24")
        red, green, blue = rgb[
            rgb.shape[0] // 3, rgb.shape[1] // 3
        ]  # within the left one of two tiles, beside its name
        if red > 200 and green < 60 and blue < 60:
            return


async def hears(track: MediaStreamTrack, tone_hz: int) -> None:
    """Wait for half a second of a tone."""
    heard: list[Any] = []
    while True:
        frame: Any = await track.recv()
        assert frame.time_base == Fraction(1, 48000)
        heard = [*heard[-24:], mono(frame)]
        if len(heard) == 25 and loudest_hz(np.concatenate(heard)) == tone_hz:
            return


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
            asyncio.timeout(PATIENCE_S),
        ):
            await sees_red(tracks["video"])
            await hears(tracks["audio"], TONE_HZ)
